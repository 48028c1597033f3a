"""Space-time figures: one transaction message by message, and counterexamples."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, Picture, new_figure, nice_limit
from engineroom.kit.style import COLOURS
from engineroom.spanner.plots import columns

if TYPE_CHECKING:
    from matplotlib.text import Text

    from engineroom.spanner.checkers import Counterexample
    from engineroom.spanner.spacetime import Message, SpaceTime

__all__ = ["SpaceTimeFigure", "counterexample"]

WAYS = {
    "write": {"facecolor": COLOURS["sky"]},
    "read": {"facecolor": COLOURS["warm"], "hatch": "//", "edgecolor": COLOURS["ink"]},
}
REPLICATION = ("accept", "accepted", "apply")


class SpaceTimeFigure(LiveFigure):
    """One transaction as a space-time diagram: a lane per machine, an arrow per message, time downwards.

    What machines do is told beside the lanes, at its time; two things at once are pushed apart.
    """

    MOST_WORDS, MOST_DEEDS = 8, 12
    LANES_END, COLUMN, RIGHT = 3.25, 3.4, 4.85

    def __init__(self) -> None:
        figure = new_figure(8.8, 5.6)
        self.axes = figure.add_subplot()
        self.axes.set(title="One transaction, step by step", ylabel="ms since it began")
        self.axes.set(xlim=(-0.4, self.RIGHT))
        self.axes.set_xticks([0, 1, 2, 3, self.COLUMN], ["client", "Z1", "Z2", "Z3", ""])
        self.axes.xaxis.get_major_ticks()[-1].set_visible(False)
        self.axes.grid(axis="y", visible=False)
        (self.arrows,) = self.axes.plot([], [], color=COLOURS["model"], linewidth=1.8, label="message")
        (self.copies,) = self.axes.plot(
            [], [], ":", color=COLOURS["quiet"], linewidth=1.4, label="replication"
        )
        (self.heads,) = self.axes.plot([], [], "o", color=COLOURS["model"], markersize=5, label="arrives")
        (self.marks,) = self.axes.plot([], [], "s", color=COLOURS["ink"], markersize=6, label="happens")
        (self.stamp,) = self.axes.plot([], [], "--", color=COLOURS["real"], label="timestamp s")
        self.words = self._texts(self.MOST_WORDS, color=COLOURS["model"], va="bottom")
        self.deeds = self._texts(self.MOST_DEEDS, color=COLOURS["ink"], va="center")
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=5)
        super().__init__(
            figure, [self.copies, self.arrows, self.heads, self.marks, self.stamp, *self.words, *self.deeds]
        )

    def update(self, prediction: SpaceTime, measured: None = None) -> str:
        """Draw everything up to the moment that is shown."""
        lane = {name: place for place, name in enumerate(prediction.lanes)}
        now = prediction.shown_ms
        sent = [m for m in prediction.messages if m.sent_ms <= now]
        done = [mark for mark in prediction.marks if mark.at_ms <= now]
        for line, some in ((self.copies, True), (self.arrows, False)):
            ways = [_until(m, lane, now) for m in sent if (m.what in REPLICATION) is some]
            line.set_data(columns(point for way in ways for point in (*way, (np.nan, np.nan))))
        self.heads.set_data(columns((lane[m.target], m.due_ms) for m in sent if m.due_ms <= now))
        self.marks.set_data(columns((lane[mark.lane], mark.at_ms) for mark in done))
        known = any(", s = " in mark.what for mark in done)
        across = [-0.4, self.LANES_END] if known else []
        self.stamp.set_data(across, [prediction.timestamp_ms] * len(across))
        reach = self._downwards(max([prediction.end_ms, *(m.due_ms for m in prediction.messages)]))
        self._write(self.words, _labels(sent, lane, now))
        rows = _pushed_apart([mark.at_ms for mark in done], 0.045 * reach)
        told = [(self.COLUMN, y, f"{m.lane}: {m.what}", "left") for y, m in zip(rows, done, strict=True)]
        self._write(self.deeds, told)
        story = prediction.told()
        finish = f"It is answered after {prediction.end_ms:.2f} ms." if now >= prediction.end_ms else ""
        return f"{len(story)} steps; the last: {story[-1].strip() if story else 'none'}. {finish}".strip()

    def _texts(self, count: int, **style: str) -> list[Text]:
        from engineroom.kit.artists import StampedText

        look = {"transform": self.axes.transData, "fontsize": 9, "stamps": {}, **style}
        return [self.axes.add_artist(StampedText(0, 0, "", **look)) for _ in range(count)]

    def _write(self, texts: list[Text], wanted: list[tuple[float, float, str, str]]) -> None:
        for text, (x, y, words, side) in zip_longest(
            texts, wanted[: len(texts)], fillvalue=(0, 0, "", "left")
        ):
            text.set(x=x, y=y, text=words, ha=side, visible=bool(words))

    def _downwards(self, last: float) -> float:
        reach = nice_limit(last)
        self.axes.set_ylim(reach, -0.04 * reach)
        return reach


def _labels(sent: list[Message], lane: dict[str, int], now: float) -> list[tuple[float, float, str, str]]:
    """Return what each message says, once for messages of a kind that leave together.

    The label lies where others part from its message: before the farthest lane that it goes to, or on
    the last stretch of a way back; it stands on the line, on the side that the line falls away from.
    """
    labels: dict[tuple[str, int], tuple[float, float, str, str]] = {}
    for m in sorted(
        sent, key=lambda m: -lane[m.target] if lane[m.source] < lane[m.target] else lane[m.source]
    ):
        start, end = lane[m.source], lane[m.target]
        x, side = (end - 0.6, "left") if start < end else (end + 0.6, "right")
        y = m.sent_ms + (x - start) / ((end - start) or 1) * (m.due_ms - m.sent_ms)
        if m.what not in REPLICATION and y <= now:
            labels.setdefault((m.what, round(m.sent_ms)), (x, y, m.what, side))
    return list(labels.values())


def _pushed_apart(places: list[float], least: float) -> list[float]:
    """Return ascending places, each moved down as far as needed to lie ``least`` below the one before."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + least) if moved else place)
    return moved


def _until(message: Message, lane: dict[str, int], now: float) -> tuple[tuple[float, float], ...]:
    """Return where a message left and where it is now: on its way, or arrived."""
    whole = message.due_ms - message.sent_ms
    part = 1.0 if message.due_ms <= now or not whole else (now - message.sent_ms) / whole
    return (lane[message.source], message.sent_ms), _part_way(message, lane, part)


def _part_way(message: Message, lane: dict[str, int], part: float) -> tuple[float, float]:
    start, end = lane[message.source], lane[message.target]
    return start + part * (end - start), message.sent_ms + part * (message.due_ms - message.sent_ms)


def counterexample(found: Counterexample | None) -> Picture:
    """Return a counterexample as a diagram: what each transaction's client saw, and its timestamp."""
    from matplotlib.patches import Patch

    figure = new_figure(8.4, 1.8 + 0.75 * (len(found.transactions) if found else 1))
    axes = figure.add_subplot()
    if found is None:
        axes.set(title="No counterexample found", xticks=[], yticks=[])
        return Picture(figure, "The checkers found nothing wrong.")
    starts = [t.start_us for t in found.transactions]
    origin = min(starts)
    moments = [*starts, *(at for t in found.transactions for at in (t.end_us, t.ts_us) if at is not None)]
    low, high = ((moment - origin) / 1e3 for moment in (min(moments), max(moments)))
    span = (high - low) or 1.0
    for row, one in enumerate(found.transactions):
        start = (one.start_us - origin) / 1e3
        end = high if one.end_us is None else (one.end_us - origin) / 1e3
        wide = max(end - start, 0.008 * span)  # a short one must still be seen
        axes.barh(row, wide, left=start, height=0.42, **WAYS["write" if one.writes else "read"])
        if one.ts_us is not None:
            axes.plot((one.ts_us - origin) / 1e3, row, "D", color=COLOURS["real"], markersize=9)
        to_left = start > low + 0.6 * span
        text_at, side = (start + wide, "right") if to_left else (start, "left")
        axes.text(text_at, row - 0.3, _deed(one), va="bottom", ha=side, fontsize=9)
    axes.set(
        title=found.rule.capitalize(),
        xlabel=f"ms since {origin / 1e3:,.3f} ms",
        xlim=(low - 0.03 * span, high + 0.03 * span),
        ylim=(len(found.transactions) - 0.5, -0.9),
    )
    axes.set_yticks(range(len(found.transactions)), [f"T{one.txn}" for one in found.transactions])
    (stamp,) = axes.plot([], [], "D", color=COLOURS["real"], label="timestamp")
    ways = [
        Patch(label="write, from request to answer", **WAYS["write"]),
        Patch(label="read", **WAYS["read"]),
    ]
    axes.legend(handles=[stamp, *ways], loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=3)
    return Picture(figure, str(found))


def _deed(one) -> str:
    seen = ", ".join(f"reads {key}: {f'T{value}' if value else 'nothing'}" for key, value in one.reads)
    wrote = f"writes {', '.join(one.writes)}" if one.writes else ""
    return "; ".join(filter(None, (seen, wrote)))

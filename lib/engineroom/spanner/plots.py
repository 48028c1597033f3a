"""Figures of the Spanner theme: results in, matplotlib figures out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, Picture, new_figure, nice_limit
from engineroom.kit.style import COLOURS
from engineroom.spanner.closed_forms import mean_wait_beyond_paxos
from engineroom.spanner.topology import KINDS

if TYPE_CHECKING:
    from engineroom.spanner.checkers import Counterexample
    from engineroom.spanner.commit_map import CommitMap
    from engineroom.spanner.failover import FailoverRun
    from engineroom.spanner.fidelity import Row
    from engineroom.spanner.latency import Sample
    from engineroom.spanner.raft_quorum import QuorumRun
    from engineroom.spanner.spacetime import Message, SpaceTime
    from engineroom.spanner.splits import SplitRun
    from engineroom.spanner.staleness import StaleCurve
    from engineroom.spanner.two_phase import TwoPhaseCurve

__all__ = [
    "FailoverFigure",
    "MapFigure",
    "SpaceTimeFigure",
    "SplitFigure",
    "StaleFigure",
    "TwoPhaseFigure",
    "WaitFigure",
    "counterexample",
    "quorums",
    "sawtooth",
    "two_phase_table",
    "writes_table",
]

MODEL = {"color": COLOURS["model"], "linestyle": "-", "marker": "o", "markersize": 5, "label": "model"}
PAPER = {"color": COLOURS["real"], "linestyle": "--", "marker": "s", "markersize": 5}
REPLICATION = ("accept", "accepted", "apply")
SHAPES = dict(zip(KINDS, (("o", "model"), ("D", "warm"), ("^", "good")), strict=True))


class MapFigure(LiveFigure):
    """The voters on the map, and when each vote arrives."""

    MOST = 9

    def __init__(self) -> None:
        figure = new_figure(9.0, 4.0)
        self.map, self.votes = figure.subplots(1, 2, width_ratios=(3, 2))
        self.map.set(
            title="Replicas", xlabel="longitude, °", ylabel="latitude, °", xlim=(-180, 180), ylim=(-90, 90)
        )
        self.votes.set(title="Round trip to the leader", xlabel="ms", ylim=(-0.6, self.MOST - 0.4), yticks=[])
        self.votes.invert_yaxis()
        self.dots = {
            kind: self.map.plot([], [], shape, color=COLOURS[colour], markersize=9, label=kind)[0]
            for kind, (shape, colour) in SHAPES.items()
        }
        (self.lost,) = self.map.plot([], [], "x", color=COLOURS["ink"], markersize=11, label="lost")
        (self.home,) = self.map.plot(
            [], [], "o", markersize=16, markerfacecolor="none", color=COLOURS["ink"], label="leader"
        )
        self.bars = self.votes.barh(range(self.MOST), [0] * self.MOST, color=COLOURS["sky"], height=0.7)
        self.names = [self.votes.text(0, row, "", va="center", fontsize=9) for row in range(self.MOST)]
        self.line = self.votes.axvline(0, color=COLOURS["model"], linewidth=2.2, label="commit")
        self.map.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=5, fontsize=9)
        self.votes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
        super().__init__(
            figure, [*self.dots.values(), self.lost, self.home, *self.bars, *self.names, self.line]
        )

    def update(self, prediction: CommitMap, measured: None = None) -> str:
        """Draw sites (fanned out within a region), round trips and the commit's."""
        spots = _fanned_out(prediction)
        self._frame_map(spots)
        for kind, dots in self.dots.items():
            dots.set_data(_columns(spots[site] for site in spots if site.kind == kind))
        self.lost.set_data(_columns(spots[site] for site in prediction.failed))
        self.home.set_data(_columns([spots[prediction.leader]] if prediction.leader else []))
        waits = sorted(prediction.rtt_ms.items(), key=lambda pair: pair[1])
        for row, (bar, name) in enumerate(zip(self.bars, self.names, strict=True)):
            site, wait = waits[row] if row < len(waits) else (None, 0.0)
            bar.set_width(wait)
            name.set(x=wait, text=f" {site.name}, {wait:.1f} ms" if site else "")
        reached = math.isfinite(prediction.commit_ms)
        self.line.set(xdata=[prediction.commit_ms if reached else 0] * 2, visible=reached)
        self.fit(self.votes, x=1.9 * max(prediction.rtt_ms.values(), default=1.0))
        self.votes.set_ylim(self.MOST - 0.4, -0.6)
        return _map_in_words(prediction)

    def _frame_map(self, spots: dict) -> None:
        x, y = _columns(spots.values())
        limits = ((min(x) - 12, max(x) + 12), (max(-90, min(y) - 8), min(90, max(y) + 8)))
        if limits != (self.map.get_xlim(), self.map.get_ylim()):
            self.map.set(xlim=limits[0], ylim=limits[1])
            self._background = None


def _fanned_out(result: CommitMap) -> dict:
    """Return a spot for every site: zones of one region side by side."""
    places, seen, spots = result.places, {}, {}
    for site in result.placement.sites:
        turn = seen[site.region] = seen.get(site.region, -1) + 1
        place = places[site.region]
        spots[site] = (place.longitude + 1.6 * turn, place.latitude + 0.9 * turn)
    return spots


def _columns(points) -> tuple[list[float], list[float]]:
    points = list(points)
    return [x for x, _ in points], [y for _, y in points]


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _map_in_words(result: CommitMap) -> str:
    placement = result.placement
    quorum = f"{placement.quorum} of {len(placement.voters)} votes"
    survives = (
        f"It survives the loss of any {_count(placement.zone_failures(), 'zone')} and of any "
        f"{_count(placement.region_failures(), 'region')}."
    )
    if result.leader is None:
        return f"{placement.name}: no leader and no quorum ({quorum} needed): writes stop. {survives}"
    return (
        f"{placement.name}, led from {result.leader.name}: a commit has {quorum} after "
        f"{result.commit_ms:.1f} ms. {survives}"
    )


class WaitFigure(LiveFigure):
    """What commit wait adds to Paxos, on average and in one stacked bar."""

    PARTS = (
        ("client's round trip", "network", "quiet", ""),
        ("Paxos", "paxos", "sky", "//"),
        ("commit wait beyond it", "wait", "accent", ".."),
    )
    REACH = 40.0

    def __init__(self) -> None:
        figure = new_figure(8.6, 4.0)
        self.curve, self.stack = figure.subplots(1, 2, width_ratios=(3, 2))
        self.curve.set(
            title="Extra wait on average", xlabel="Paxos round, ms", ylabel="ms", xlim=(0, self.REACH)
        )
        self.stack.set(title="One write", ylabel="ms", xlim=(-0.7, 0.7), xticks=[])
        (self.line,) = self.curve.plot([], [], color=COLOURS["model"], label="(2ε − P)⁺, mean over ε")
        (self.here,) = self.curve.plot(
            [], [], "o", color=COLOURS["ink"], markersize=9, label="these settings"
        )
        self.bars = [
            self.stack.bar(
                0, 0, width=0.7, color=COLOURS[colour], hatch=hatch, label=name, ec=COLOURS["ink"]
            )[0]
            for name, _, colour, hatch in self.PARTS
        ]
        self.texts = [self.stack.text(0, 0, "", ha="center", va="center") for _ in self.PARTS]
        self.curve.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        self.stack.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), fontsize=9)
        super().__init__(figure, [self.line, self.here, *self.bars, *self.texts])

    def update(self, prediction: Sample, measured: None = None) -> str:
        """Draw the closed form over all Paxos latencies and the parts of a mean write."""
        low, high = prediction.epsilon_ms
        paxos = np.linspace(0, self.REACH, 200)
        self.line.set_data(paxos, mean_wait_beyond_paxos(paxos, low, high))
        means = [float(getattr(prediction, part).mean()) for _, part, _, _ in self.PARTS]
        self.here.set_data([means[1]], [means[2]])
        below = 0.0
        for bar, text, value in zip(self.bars, self.texts, means, strict=True):
            bar.set(y=below, height=value)
            text.set(y=below + value / 2, text=f"{value:.2f}" if value > 0.04 * sum(means) else "")
            below += value
        self.fit(self.curve, y=1.05 * (low + high))
        self.fit(self.stack, y=1.05 * below)
        return (
            f"A write takes {below:.1f} ms on average: {means[0]:.1f} ms on the way, {means[1]:.1f} ms Paxos "
            f"and {means[2]:.1f} ms of commit wait that Paxos did not hide."
        )


class SpaceTimeFigure(LiveFigure):
    """One transaction as a space-time diagram: a lane per machine, an arrow per message, time downwards."""

    MOST = 16

    def __init__(self) -> None:
        figure = new_figure(8.4, 6.0)
        self.axes = figure.add_subplot()
        self.axes.set(title="One transaction, step by step", ylabel="ms since it began", xlim=(-0.5, 3.9))
        self.axes.set_xticks([0, 1, 2, 3], ["client", "Z1", "Z2", "Z3"])
        self.axes.grid(axis="y", visible=False)
        (self.arrows,) = self.axes.plot([], [], color=COLOURS["model"], linewidth=1.8, label="message")
        (self.copies,) = self.axes.plot(
            [], [], ":", color=COLOURS["quiet"], linewidth=1.4, label="replication"
        )
        (self.heads,) = self.axes.plot([], [], "o", color=COLOURS["model"], markersize=5, label="arrives")
        (self.marks,) = self.axes.plot([], [], "s", color=COLOURS["ink"], markersize=6, label="happens")
        (self.stamp,) = self.axes.plot([], [], "--", color=COLOURS["real"], label="timestamp s")
        self.words = [self.axes.text(0, 0, "", fontsize=8, color=COLOURS["model"]) for _ in range(self.MOST)]
        self.deeds = [
            self.axes.text(0, 0, "", fontsize=8, va="bottom", color=COLOURS["ink"]) for _ in range(self.MOST)
        ]
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=4)
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
            line.set_data(_columns(point for way in ways for point in (*way, (np.nan, np.nan))))
        self.heads.set_data(_columns((lane[m.target], m.due_ms) for m in sent if m.due_ms <= now))
        self.marks.set_data(_columns((lane[mark.lane], mark.at_ms) for mark in done))
        known = any(", s = " in mark.what for mark in done)
        self.stamp.set_data([-0.5, 3.9] if known else [], [prediction.timestamp_ms] * 2 if known else [])
        told = [m for m in sent if m.what not in REPLICATION]
        middles = [(_part_way(m, lane, 0.35), m.what) for m in told]
        self._write(self.words, [(x, y, what) for (x, y), what in middles])
        self._write(self.deeds, [(lane[mark.lane] + 0.06, mark.at_ms, mark.what) for mark in done])
        self._downwards(max([prediction.end_ms, *(m.due_ms for m in prediction.messages)]))
        story = prediction.told()
        finish = f"It is answered after {prediction.end_ms:.2f} ms." if now >= prediction.end_ms else ""
        return f"{len(story)} steps; the last: {story[-1].strip() if story else 'none'}. {finish}".strip()

    def _write(self, texts: list, wanted: list[tuple[float, float, str]]) -> None:
        for text, (x, y, words) in zip(texts, [*wanted, *[(0, 0, "")] * self.MOST], strict=False):
            text.set(x=x, y=y, text=words)

    def _downwards(self, last: float) -> None:
        limit = (nice_limit(last), -0.03 * last)
        if self.axes.get_ylim() != limit:
            self.axes.set_ylim(limit)
            self._background = None


def _until(message: Message, lane: dict[str, int], now: float) -> tuple[tuple[float, float], ...]:
    """Return where a message left and where it is now: on its way, or arrived."""
    whole = message.due_ms - message.sent_ms
    part = 1.0 if message.due_ms <= now or not whole else (now - message.sent_ms) / whole
    return (lane[message.source], message.sent_ms), _part_way(message, lane, part)


def _part_way(message: Message, lane: dict[str, int], part: float) -> tuple[float, float]:
    start, end = lane[message.source], lane[message.target]
    return start + part * (end - start), message.sent_ms + part * (message.due_ms - message.sent_ms)


class TwoPhaseFigure(LiveFigure):
    """Two-phase commit by participants: the model beside the paper's table 4."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.2)
        self.axes = figure.add_subplot()
        self.axes.set(
            title="Two-phase commit", xlabel="participants", ylabel="ms", xscale="log", xlim=(0.8, 260)
        )
        self.axes.set_xticks([1, 2, 5, 10, 25, 50, 100, 200], [1, 2, 5, 10, 25, 50, 100, 200])
        self.axes.minorticks_off()
        self.mean, self.high = (
            self.axes.plot([], [], **{**MODEL, "label": f"model, {what}", "linestyle": style})[0]
            for what, style in (("mean", "-"), ("99th percentile", ":"))
        )
        self.paper = self.axes.plot([], [], **PAPER, label="OSDI 2012, mean")[0]
        (self.band,) = self.axes.plot(
            [], [], color=COLOURS["real"], linewidth=6, alpha=0.35, label="± one sd"
        )
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4)
        super().__init__(figure, [self.band, self.paper, self.high, self.mean])

    def update(self, prediction: TwoPhaseCurve, measured: None = None) -> str:
        """Draw the model's mean and tail, and the published means with their spread."""
        self.mean.set_data(prediction.participants, prediction.mean_ms)
        self.high.set_data(prediction.participants, prediction.p99_ms)
        self.paper.set_data(prediction.participants, prediction.published_ms)
        spread = [
            (x, y)
            for x, mean, sd in zip(
                prediction.participants, prediction.published_ms, prediction.published_sd_ms, strict=True
            )
            for x, y in ((x, mean - sd), (x, mean + sd), (np.nan, np.nan))
        ]
        self.band.set_data(_columns(spread))
        self.fit(self.axes, y=1.05 * max(*prediction.p99_ms, *prediction.published_ms))
        self.axes.set_xlim(0.8, 260)
        return (
            f"From 1 to 200 participants the model goes from {prediction.mean_ms[0]:.1f} to "
            f"{prediction.mean_ms[-1]:.1f} ms, the paper from {prediction.published_ms[0]:.1f} to "
            f"{prediction.published_ms[-1]:.1f} ms; typical gap {prediction.typical_gap_ms:.1f} ms."
        )


class StaleFigure(LiveFigure):
    """Staleness against latency and the share served without asking the leader."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.2)
        self.latency, self.share = figure.subplots(2, 1, sharex=True)
        self.latency.set(title="Mean latency of a read", ylabel="ms")
        self.share.set(title="Served without asking the leader", ylabel="%", xlabel="staleness allowed, s")
        self.share.set_ylim(0, 105)
        self.lines = [axes.plot([], [], color=COLOURS["model"])[0] for axes in (self.latency, self.share)]
        self.here = [
            axes.plot([], [], "o", color=COLOURS["ink"], markersize=9)[0]
            for axes in (self.latency, self.share)
        ]
        super().__init__(figure, [*self.lines, *self.here])

    def update(self, prediction: StaleCurve, measured: None = None) -> str:
        """Draw both curves and where the chosen staleness lies on them."""
        rows = (prediction.latency_ms, 100 * prediction.local)
        chosen = (prediction.chosen_latency_ms, 100 * prediction.chosen_local)
        for line, dot, values, here in zip(self.lines, self.here, rows, chosen, strict=True):
            line.set_data(prediction.staleness_s, values)
            dot.set_data([prediction.chosen_s], [here])
        self.fit(self.latency, x=prediction.staleness_s[-1], y=1.1 * max(rows[0]))
        return (
            f"With {prediction.chosen_s:g} s of staleness {prediction.chosen_local:.0%} of the reads are "
            f"served on the spot and a read takes {prediction.chosen_latency_ms:.1f} ms on average."
        )


class FailoverFigure(LiveFigure):
    """Completed reads around a kill, as in the paper's figure 5."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.0)
        self.axes = figure.add_subplot()
        self.axes.set(title="Completed reads", xlabel="seconds", ylabel="thousand reads/s")
        (self.rate,) = self.axes.plot([], [], color=COLOURS["model"], drawstyle="steps-post", label="model")
        self.killed = self.axes.axvline(0, color=COLOURS["ink"], linestyle=":", label="kill")
        self.back = self.axes.axvline(0, color=COLOURS["good"], linestyle="--", label="every group led again")
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
        super().__init__(figure, [self.rate, self.killed, self.back])

    def update(self, prediction: FailoverRun, measured: None = None) -> str:
        """Draw the rate over time, the kill and the end of the outage."""
        rate = prediction.rate / 1e3
        self.rate.set_data(prediction.edges, [*rate, rate[-1]])
        kill = prediction.knobs.kill_s
        self.killed.set_xdata([kill] * 2)
        self.back.set_xdata([kill + prediction.outage_s] * 2)
        self.fit(self.axes, x=prediction.edges[-1], y=1.25 * rate.max())
        return (
            f"{prediction.knobs.kill}: the rate falls to {rate.min():,.1f} thousand reads/s and peaks at "
            f"{rate.max():,.1f}; the last group has a leader {prediction.outage_s:.1f} s after the kill."
        )


class SplitFigure(LiveFigure):
    """Writes served over time, and the load on each node in the last minute."""

    MOST = 40

    def __init__(self) -> None:
        figure = new_figure(8.8, 4.2)
        self.served, self.nodes = figure.subplots(1, 2, width_ratios=(3, 2))
        self.served.set(title="Writes served", xlabel="minutes", ylabel="thousand writes/s")
        self.nodes.set(
            title="Load by node, last minute", xlabel="node, busiest first", ylabel="% of what it can"
        )
        self.nodes.set_xlim(-0.6, self.MOST)
        (self.line,) = self.served.plot([], [], **MODEL)
        self.offered = self.served.axhline(0, color=COLOURS["ink"], linestyle=":", label="offered")
        self.bars = self.nodes.bar(range(self.MOST), [0] * self.MOST, color=COLOURS["sky"], ec=COLOURS["ink"])
        self.full = self.nodes.axhline(100, color=COLOURS["real"], linestyle="--", label="full")
        self.served.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        self.nodes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16))
        super().__init__(figure, [self.line, self.offered, *self.bars, self.full])

    def update(self, prediction: SplitRun, measured: None = None) -> str:
        """Draw throughput over the minutes, and how evenly the load lies."""
        knobs, last = prediction.knobs, prediction.minutes[-1]
        served = [minute.served / 1e3 for minute in prediction.minutes]
        self.line.set_data(range(1, len(served) + 1), served)
        self.offered.set_ydata([knobs.writes / 1e3] * 2)
        loads = [100 * load / knobs.node_writes for load in last.node_load[: self.MOST]]
        for bar, load in zip(self.bars, [*loads, *[0.0] * self.MOST], strict=False):
            bar.set_height(load)
        self.fit(self.served, x=len(served), y=1.1 * max(knobs.writes / 1e3, 0.001))
        self.fit(self.nodes, y=1.1 * max(100.0, *loads))
        self.nodes.set_xlim(-0.6, self.MOST)
        why = f" What cannot be helped: {', '.join(last.reasons)}." if last.reasons else ""
        return (
            f"{knobs.scheme} on {knobs.nodes} nodes: {last.served:,.0f} of {knobs.writes:,} writes/s served "
            f"with {last.splits} splits.{why}"
        )


def writes_table(readings: dict[str, list[Row]]) -> Picture:
    """Return table 3's write latencies beside the model's readings of the rules.

    Args:
        readings: name of the reading -> rows.
    """
    figure = new_figure(7.6, 3.8)
    axes = figure.add_subplot()
    rows = next(iter(readings.values()))
    labels = [row.label for row in rows]
    axes.errorbar(
        labels,
        [row.published for row in rows],
        [row.published_sd for row in rows],
        capsize=5,
        **PAPER,
        zorder=3,
    )
    for (name, model), style, marker in zip(readings.items(), ("-", ":"), ("o", "^"), strict=False):
        shown = [row.model for row in model]
        axes.plot(labels, shown, style, marker=marker, color=COLOURS["model"])
        axes.text(labels[-1] + 0.15, shown[-1], f"model, {name}", color=COLOURS["model"], va="center")
    axes.text(labels[-1] + 0.15, rows[-1].published, "OSDI 2012", color=COLOURS["real"], va="center")
    axes.set(title="Writes by replicas (table 3)", xlabel="replicas", ylabel="ms", xticks=labels)
    axes.set(xlim=(0.5, 7.2), ylim=(0, None))
    told = "; ".join(
        f"{name}: " + ", ".join(f"{row.label} replicas {row.model:.1f}" for row in model)
        for name, model in readings.items()
    )
    published = ", ".join(f"{row.label} replicas {row.published}" for row in rows)
    return Picture(figure, f"Write latency in milliseconds. Published: {published}. Model, {told}.")


def two_phase_table(variants: dict[str, list[Row]]) -> Picture:
    """Return table 4's means beside variants of the model.

    Args:
        variants: what the model assumes -> rows.
    """
    figure = new_figure(8.0, 4.0)
    axes = figure.add_subplot()
    rows = next(iter(variants.values()))
    labels = [row.label for row in rows]
    axes.errorbar(
        labels,
        [row.published for row in rows],
        [row.published_sd for row in rows],
        capsize=4,
        **PAPER,
        label="OSDI 2012",
    )
    for (name, model), style, marker in zip(variants.items(), (":", "-"), ("^", "o"), strict=False):
        axes.plot(labels, [r.model for r in model], style, marker=marker, color=COLOURS["model"], label=name)
    axes.set(title="Two-phase commit (table 4)", xlabel="participants", ylabel="ms", xscale="log")
    axes.set_xticks(labels, labels)
    axes.minorticks_off()
    axes.legend(loc="upper left")
    told = "; ".join(
        f"{name}: {model[0].model:.0f} to {model[-1].model:.0f}" for name, model in variants.items()
    )
    return Picture(figure, f"Mean latency in ms from 1 to 200 participants. Published: 17 to 150.5; {told}.")


def quorums(prediction: QuorumRun, measured: QuorumRun) -> Picture:
    """Return a model's and a real quorum's latencies (medians with quartiles) and failover gaps."""
    figure = new_figure(8.4, 3.8)
    times, gaps = figure.subplots(1, 2, width_ratios=(3, 1))
    kinds = {"put": "put_ms", "linearizable read": "linearizable_ms", "serializable read": "serializable_ms"}
    told = []
    for way, run, style in ((-0.15, prediction, MODEL), (0.15, measured, PAPER)):
        low, middle, high = np.array([np.percentile(getattr(run, k), (25, 50, 75)) for k in kinds.values()]).T
        places = np.arange(len(kinds)) + way
        shown = {**style, "linestyle": "none", "label": run.origin, "markersize": 8}
        times.errorbar(places, middle, [middle - low, high - middle], capsize=5, **shown)
        gaps.plot(np.full(len(run.gap_s), way), run.gap_s, **shown)
        medians = ", ".join(f"{kind} {m:.1f} ms" for kind, m in zip(kinds, middle, strict=True))
        told.append(f"{run.origin}: {medians}, gap {np.mean(run.gap_s):.2f} s on average")
    times.set(title="A quorum of three", ylabel="ms, median and quartiles", ylim=(0, None))
    times.set_xticks(range(len(kinds)), kinds)
    times.legend(loc="upper right")
    gaps.set(title="Leader killed", ylabel="seconds without writes", xlim=(-0.6, 0.6), xticks=[])
    gaps.set_ylim(0, None)
    return Picture(figure, "; ".join(told) + ".")


def sawtooth(watched: list[tuple[float, float, float]]) -> Picture:
    """Return one clock's uncertainty over time with its actual error inside, as `truetime.watch` saw it."""
    times_s, epsilon_ms, error_ms = np.array(watched).T
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    axes.fill_between(times_s, -epsilon_ms, epsilon_ms, color=COLOURS["sky"], alpha=0.45, label="± ε")
    axes.plot(times_s, error_ms, color=COLOURS["ink"], label="the clock's actual error")
    axes.set(title="One machine's TrueTime", xlabel="seconds", ylabel="ms")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    inside = np.mean(np.abs(error_ms) <= epsilon_ms)
    return Picture(
        figure,
        f"Uncertainty of a clock over {times_s[-1]:.0f} seconds: a sawtooth from {epsilon_ms.min():.1f} to "
        f"{epsilon_ms.max():.1f} ms. The actual error is inside it {inside:.0%} of the time.",
    )


def counterexample(found: Counterexample | None) -> Picture:
    """Return a counterexample as a diagram: what each transaction's client saw, and its timestamp."""
    figure = new_figure(8.4, 1.8 + 0.75 * (len(found.transactions) if found else 1))
    axes = figure.add_subplot()
    if found is None:
        axes.set(title="No counterexample found", xticks=[], yticks=[])
        return Picture(figure, "The checkers found nothing wrong.")
    known = [t.end_us for t in found.transactions if t.end_us] + [
        t.ts_us for t in found.transactions if t.ts_us
    ]
    last = max([*known, *(t.start_us for t in found.transactions)]) / 1e3
    origin = min(t.start_us for t in found.transactions) / 1e3
    for row, one in enumerate(found.transactions):
        end = last if one.end_us is None else one.end_us / 1e3
        start = one.start_us / 1e3
        colour, hatch = ("sky", "") if one.writes else ("warm", "//")
        axes.barh(row, end - start, left=start - origin, height=0.42, color=COLOURS[colour], hatch=hatch)
        if one.ts_us is not None:
            axes.plot(one.ts_us / 1e3 - origin, row, "D", color=COLOURS["real"], markersize=9)
        axes.text(start - origin, row - 0.3, _deed(one), va="bottom", fontsize=9)
    axes.set(
        title=found.rule.capitalize(),
        xlabel=f"ms since {origin:,.3f} ms",
        ylim=(len(found.transactions) - 0.5, -0.9),
    )
    axes.set_yticks(range(len(found.transactions)), [f"T{one.txn}" for one in found.transactions])
    axes.plot([], [], "D", color=COLOURS["real"], label="timestamp")
    axes.plot([], [], linewidth=9, color=COLOURS["sky"], label="write, from request to answer")
    axes.plot([], [], linewidth=9, color=COLOURS["warm"], label="read")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=3)
    return Picture(figure, str(found))


def _deed(one) -> str:
    seen = ", ".join(f"reads {key}: {f'T{value}' if value else 'nothing'}" for key, value in one.reads)
    wrote = f"writes {', '.join(one.writes)}" if one.writes else ""
    return "; ".join(filter(None, (seen, wrote)))

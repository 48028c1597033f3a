"""Timelines: who was in which state, from when to when, as one picture and as one sentence.

A timeline is drawn as polygons while there are few spans and as an exact raster when there are
many, so 20 spans and 200,000 take about as long. Each state has a colour *and* a hatch, and the
text summary says the same without either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engineroom.kit.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = [
    "Mark",
    "Span",
    "State",
    "Table",
    "TimelinePlot",
    "describe_timeline",
    "draw_timeline",
    "rasterise",
]

RASTER_FROM = 2_000  # spans; from here on polygons would cost more than a slider's 100 ms
RASTER_WIDTH = 1_000  # pixels, about the width of a figure
BAR = 0.8  # of a lane's height
LABEL_FROM = 0.04  # of the axis' length: a shorter span has no room for its label
LABEL_HEIGHT = 1 / 30  # of the axes' height: in a lower lane a label would cover its neighbours
NAMED_LANES = 50
CHARACTERS = 110  # that fit on the axis' length


@dataclass(frozen=True, slots=True)
class Span:
    """One lane in one state from ``start`` to ``end`` (any unit, both in the same)."""

    lane: str
    start: int
    end: int
    state: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on a lane, such as an error."""

    lane: str
    time: int
    text: str


@dataclass(frozen=True, slots=True)
class State:
    """How a state looks: its name in the legend, its colour, and the hatch that stands in for the colour."""

    name: str
    colour: str
    hatch: str = ""


Spans = Iterable[Span] | Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Spans as arrays; ``lane`` and ``state`` are positions in the lists of lanes and of states."""

    lanes: list[str]
    lane: np.ndarray
    start: np.ndarray
    end: np.ndarray
    state: np.ndarray
    label: list[str]

    @classmethod
    def of(cls, spans: Spans, states: Mapping[str, State], lanes: Sequence[str] | None = None) -> Table:
        """Bring spans, or columns named like the fields of `Span`, into arrays.

        Args:
            spans: `Span` objects, or a mapping or data frame with the columns lane, start, end, state
                and, if wanted, label.
            states: the states that may occur.
            lanes: the lanes to keep, in this order; by default all in order of appearance.

        Raises:
            ValueError: a span is in a state that is not among ``states``.
        """
        names = ("lane", "start", "end", "state", "label")
        if not isinstance(spans, Mapping) and not hasattr(spans, "columns"):
            spans = list(spans)
            spans = {name: [getattr(span, name) for span in spans] for name in names}
        lane, start, end, state = (list(spans[name]) for name in names[:4])
        label = list(spans["label"]) if "label" in spans else [""] * len(lane)
        if unknown := set(state) - set(states):
            known = ", ".join(states)
            raise ValueError(f"There is no style for the state {min(unknown)!r}; there is one for: {known}.")
        lanes = list(dict.fromkeys(lane)) if lanes is None else list(lanes)
        row_of = {name: row for row, name in enumerate(lanes)}
        index_of = {name: index for index, name in enumerate(states)}
        rows = np.array([row_of.get(name, -1) for name in lane], dtype=int)
        kept = np.flatnonzero(rows >= 0)
        return cls(
            lanes,
            rows[kept],
            np.array(start, dtype=float)[kept],
            np.array(end, dtype=float)[kept],
            np.array([index_of[name] for name in state], dtype=int)[kept],
            [label[i] for i in kept],
        )

    @property
    def last(self) -> float:
        """When the last span ends; 0 if there is none."""
        return float(self.end.max()) if len(self.end) else 0.0


def rasterise(table: Table, states: int, begin: float, end: float, width: int) -> np.ndarray:
    """Return, per lane and pixel, the position of the state that fills most of that pixel, or -1 for none.

    Coverage is exact: every span counts with its overlap with each pixel that it touches.
    """
    scale = width / (end - begin) if end > begin else 0.0
    slope = np.zeros((len(table.lanes), states, width + 2))
    for edge, sign in ((table.start, 1.0), (table.end, -1.0)):
        place = np.clip((edge - begin) * scale, 0, width)
        pixel = place.astype(int)
        inside = place - pixel
        # Coverage is a step at `place`, averaged over each pixel: the pixel where it falls gets a part of it.
        np.add.at(slope, (table.lane, table.state, pixel), sign * (1 - inside))
        np.add.at(slope, (table.lane, table.state, pixel + 1), sign * inside)
    coverage = np.cumsum(slope, axis=2)[:, :, :width]
    picture = coverage.argmax(axis=1)
    picture[coverage.max(axis=1) < 1e-9] = -1
    return picture


class TimelinePlot:
    """A timeline on an axes, made once and shown anew as often as wanted.

    The lanes always fill the axes' height, so that another number of lanes needs no other axes.

    Args:
        axes: where to draw. Lane 0 is on top.
        states: the look of each state that may occur, in the legend's order.
        per_unit: how many of the spans' time units make one ``unit`` on the axis.
        unit: the unit written on the axis.
        labels: write at most so many labels into spans, the longest first.

    Attributes:
        artists: what moves; for a `LiveFigure`.
    """

    def __init__(
        self,
        axes: Axes,
        states: Mapping[str, State],
        *,
        per_unit: float = 1,
        unit: str = "",
        labels: int = 12,
    ):
        from matplotlib.patches import Patch

        from engineroom.kit.artists import Bars, StampedText

        self.axes, self.states, self.per_unit = axes, states, per_unit
        self._bars = []
        for state in states.values():
            look = {"facecolor": state.colour, "edgecolor": "white", "hatch": state.hatch, "linewidth": 0.6}
            self._bars.append(axes.add_collection(Bars([], **look), autolim=False))
        blank = {"extent": (0, 1, 1, 0), "aspect": "auto", "interpolation": "nearest", "zorder": 1}
        self._raster = axes.imshow(np.ones((1, 1, 3)), visible=False, **blank)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
        text = {"ha": "center", "va": "center", "fontsize": 8, "color": COLOURS["ink"], "clip_on": True}
        look = {"transform": axes.transData, "bbox": box, "visible": False, "stamps": {}, **text}
        self._labels = [axes.add_artist(StampedText(0, 0, "", **look)) for _ in range(labels)]
        (self._marks,) = axes.plot([], [], "X", markersize=9, color=COLOURS["ink"], markeredgecolor="white")
        keys = [
            Patch(facecolor=s.colour, hatch=s.hatch, edgecolor="white", label=s.name) for s in states.values()
        ]
        place = {"loc": "lower right", "bbox_to_anchor": (1, 1.0), "borderaxespad": 0.2}
        axes.legend(handles=keys, ncols=max(1, len(keys)), **place)
        axes.grid(axis="y", visible=False)
        axes.set(ylim=(1, 0), yticks=[], xlabel=f"time ({unit})" if unit else "time")

    @property
    def artists(self) -> list[Artist]:
        """The artists that `show` changes."""
        return [*self._bars, self._raster, self._marks, *self._labels]

    def show(
        self,
        spans: Spans,
        lanes: Sequence[str] | None = None,
        marks: Iterable[Mark] = (),
        end: float | None = None,
        rows: int = 1,
    ) -> Table:
        """Show other spans; the limits of the time axis stay as they are.

        Args:
            spans: see `Table.of`.
            lanes: which lanes, in which order.
            marks: moments to be marked by a cross.
            end: the length of the time axis in the spans' unit, by default until the last span ends.
            rows: leave room for at least so many lanes.
        """
        table = Table.of(spans, self.states, lanes)
        length, height = end or table.last or 1.0, 1 / max(rows, len(table.lanes), 1)
        many = len(table.start) >= RASTER_FROM
        self._raster.set_visible(many)
        if many:
            self._show_raster(table, length, height)
        self._show_bars(table, height, many)
        self._show_labels(table, length, height, many)
        marks = [mark for mark in marks if mark.lane in table.lanes]
        middles = [(table.lanes.index(mark.lane) + 0.5) * height for mark in marks]
        self._marks.set_data([mark.time / self.per_unit for mark in marks], middles)
        return table

    def _show_raster(self, table: Table, length: float, height: float) -> None:
        from matplotlib.colors import to_rgb

        palette = np.array([to_rgb(s.colour) for s in self.states.values()] + [(1.0, 1.0, 1.0)])
        self._raster.set_data(palette[rasterise(table, len(self.states), 0, length, RASTER_WIDTH)])
        self._raster.set_extent((0, length / self.per_unit, len(table.lanes) * height, 0))

    def _show_bars(self, table: Table, height: float, many: bool) -> None:
        for index, bars in enumerate(self._bars):
            chosen = [] if many else np.flatnonzero(table.state == index)
            left, right = table.start[chosen] / self.per_unit, table.end[chosen] / self.per_unit
            low = (table.lane[chosen] + 0.5 - BAR / 2) * height
            high = low + BAR * height
            corners = np.stack([left, low, left, high, right, high, right, low], axis=1)
            bars.set_verts(corners.reshape(-1, 4, 2))

    def _show_labels(self, table: Table, length: float, height: float, many: bool) -> None:
        width = (table.end - table.start) / length
        longest = [] if many or height < LABEL_HEIGHT else np.argsort(-width)
        rows = [i for i in longest if table.label[i] and width[i] > LABEL_FROM][: len(self._labels)]
        for text in self._labels[len(rows) :]:
            text.set_visible(False)
        for text, row in zip(self._labels, rows, strict=False):
            room, label = int(width[row] * CHARACTERS), table.label[row]
            text.set_text(label if len(label) <= room else label[: room - 1] + "…")
            middle = (table.start[row] + table.end[row]) / 2 / self.per_unit
            text.set_position((middle, (table.lane[row] + 0.5) * height))
            text.set_visible(True)


def draw_timeline(
    axes: Axes,
    spans: Spans,
    states: Mapping[str, State],
    *,
    lanes: Sequence[str] | None = None,
    marks: Iterable[Mark] = (),
    per_unit: float = 1,
    unit: str = "",
    end: float | None = None,
) -> TimelinePlot:
    """Draw spans on ``axes`` once, one lane above the other, the first lane on top.

    The arguments are those of `TimelinePlot` and of its ``show``; lanes get their names as ticks while
    there are no more than 50. Only states that occur are in the legend.

    Raises:
        ValueError: a span is in a state without a style.
    """
    table = Table.of(spans, states, lanes)
    present = set(table.state.tolist())
    spans = {"lane": [table.lanes[row] for row in table.lane], "start": table.start, "end": table.end}
    names = list(states)
    spans |= {"state": [names[i] for i in table.state], "label": table.label}
    occurring = {name: state for i, (name, state) in enumerate(states.items()) if i in present}
    plot = TimelinePlot(axes, occurring, per_unit=per_unit, unit=unit, labels=60)
    plot.show(spans, table.lanes, marks, end)
    axes.set_xlim(0, (end or table.last or 1.0) / per_unit)
    if table.lanes and len(table.lanes) <= NAMED_LANES:
        axes.set_yticks((np.arange(len(table.lanes)) + 0.5) / len(table.lanes), table.lanes)
    return plot


def describe_timeline(
    spans: Spans,
    states: Mapping[str, State],
    *,
    lanes: Sequence[str] | None = None,
    per_unit: float = 1,
    unit: str = "",
) -> str:
    """Say in words what the picture shows: how long it lasts, how many lanes, and each state's total."""
    table = Table.of(spans, states, lanes)
    if not len(table.start):
        return "An empty timeline."
    count = np.bincount(table.state, minlength=len(states))
    total = np.bincount(table.state, weights=table.end - table.start, minlength=len(states)) / per_unit
    shares = [f"{s.name} {total[i]:,.6g} {unit}".rstrip() for i, s in enumerate(states.values()) if count[i]]
    length = f"{table.last / per_unit:,.6g} {unit}".rstrip()
    return f"Timeline of {len(table.lanes)} lanes over {length}. In total: {', '.join(shares)}."

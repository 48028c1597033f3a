"""Timelines: who was in which state, from when to when, as one picture and as one paragraph.

A timeline is drawn as polygons while there are few spans and as an exact raster when there are
many, so 20 spans and 200,000 take about as long. Each state has a colour *and* a hatch, and the
text summary says the same without either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Mark", "Span", "State", "describe_timeline", "draw_timeline", "rasterise"]

RASTER_FROM = 2_000  # spans; from here on polygons would cost more than a slider's 100 ms
RASTER_WIDTH = 1_000  # pixels, about the width of a figure
BAR = 0.8  # of a lane's height


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


@dataclass(frozen=True)
class _Columns:
    """Spans as arrays: lane and state as positions in ``lanes`` and ``states``."""

    lanes: list[str]
    lane: np.ndarray
    start: np.ndarray
    end: np.ndarray
    state: np.ndarray
    label: list[str]


def _columns(spans: Iterable[Span] | Mapping[str, Any], states: Mapping[str, State], lanes) -> _Columns:
    """Bring spans, or a table with the columns of `Span`, into arrays; lanes in order of appearance."""
    if isinstance(spans, Mapping) or hasattr(spans, "columns"):
        names, start, end, state = (list(spans[c]) for c in ("lane", "start", "end", "state"))
        label = list(spans["label"]) if "label" in spans else [""] * len(names)
    else:
        rows = [astuple(s) for s in spans]
        names, start, end, state, label = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    if unknown := set(state) - set(states):
        raise ValueError(f"There is no style for the state {min(unknown)!r}; there is one for: {', '.join(states)}.")
    lanes = list(dict.fromkeys(names)) if lanes is None else list(lanes)
    lane_at = {name: i for i, name in enumerate(lanes)}
    state_at = {name: i for i, name in enumerate(states)}
    keep = [i for i, name in enumerate(names) if name in lane_at]
    return _Columns(
        lanes,
        np.array([lane_at[names[i]] for i in keep], dtype=int),
        np.array([start[i] for i in keep], dtype=float),
        np.array([end[i] for i in keep], dtype=float),
        np.array([state_at[state[i]] for i in keep], dtype=int),
        [label[i] for i in keep],
    )


def rasterise(table: _Columns, states: int, begin: float, end: float, width: int) -> np.ndarray:
    """Return, per lane and pixel, the position of the state that fills most of that pixel, or -1.

    Coverage is exact: every span adds its overlap with each pixel that it touches.
    """
    scale = width / (end - begin) if end > begin else 0.0
    left = np.clip((table.start - begin) * scale, 0, width)
    right = np.clip((table.end - begin) * scale, 0, width)
    shape = (len(table.lanes), states, width + 2)
    slope = np.zeros(shape)
    for edge, sign in ((left, 1.0), (right, -1.0)):
        pixel = edge.astype(int)
        inside = edge - pixel
        # A step of height 1 at `edge`, integrated over pixels: the pixel it falls in gets the rest of itself.
        np.add.at(slope, (table.lane, table.state, pixel), sign * (1 - inside))
        np.add.at(slope, (table.lane, table.state, pixel + 1), sign * inside)
    coverage = np.cumsum(slope, axis=2)[:, :, :width]
    picture = coverage.argmax(axis=1)
    picture[coverage.max(axis=1) < 1e-9] = -1
    return picture


def draw_timeline(
    axes: Axes,
    spans: Iterable[Span] | Mapping[str, Any],
    states: Mapping[str, State],
    *,
    lanes: Sequence[str] | None = None,
    marks: Iterable[Mark] = (),
    per_unit: float = 1,
    unit: str = "",
    end: float | None = None,
) -> Axes:
    """Draw spans on ``axes``, one lane above the other, the first lane on top.

    Args:
        axes: a matplotlib axes; it is cleared first, so a slider may redraw the same one.
        spans: `Span` objects, or a table (mapping of columns, data frame) with the columns
            lane, start, end, state and, if wanted, label.
        states: the look of each state that occurs, in the legend's order.
        lanes: which lanes to draw, in which order; by default all in order of appearance.
        marks: moments to be marked by a cross and a text.
        per_unit: how many of the spans' time units make one ``unit`` on the axis.
        unit: the unit written on the axis.
        end: the right end of the axis in the spans' unit; by default where the last span ends.

    Raises:
        ValueError: a span is in a state without a style.
    """
    table = _columns(spans, states, lanes)
    last = end if end is not None else (float(table.end.max()) if len(table.end) else 1.0)
    axes.clear()
    draw = _draw_raster if len(table.start) >= RASTER_FROM else _draw_polygons
    draw(axes, table, states, last, per_unit)
    _draw_marks(axes, table.lanes, marks, per_unit)
    _dress(axes, table, states, last / per_unit, unit)
    return axes


def _draw_polygons(axes: Axes, table: _Columns, states: Mapping[str, State], last: float, per_unit: float) -> None:
    from matplotlib.collections import PolyCollection

    for index, state in enumerate(states.values()):
        chosen = np.flatnonzero(table.state == index)
        left, right = table.start[chosen] / per_unit, table.end[chosen] / per_unit
        low, high = table.lane[chosen] - BAR / 2, table.lane[chosen] + BAR / 2
        corners = np.stack([left, low, left, high, right, high, right, low], axis=1).reshape(-1, 4, 2)
        axes.add_collection(
            PolyCollection(corners, facecolor=state.colour, edgecolor="white", hatch=state.hatch, linewidth=0.6)
        )
    for row in np.flatnonzero(table.end - table.start > last * 0.05):
        if label := table.label[row]:
            middle, room = (table.start[row] + table.end[row]) / 2, (table.end[row] - table.start[row]) / last
            text = label if len(label) <= room * 110 else label[: max(1, int(room * 110) - 1)] + "…"
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
            axes.text(middle / per_unit, table.lane[row], text, ha="center", va="center", fontsize=8, bbox=box)


def _draw_raster(axes: Axes, table: _Columns, states: Mapping[str, State], last: float, per_unit: float) -> None:
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(s.colour) for s in states.values()] + [(1.0, 1.0, 1.0)])
    picture = rasterise(table, len(states), 0, last, RASTER_WIDTH)
    extent = (0, last / per_unit, len(table.lanes) - 0.5, -0.5)
    axes.imshow(palette[picture], extent=extent, aspect="auto", interpolation="nearest")


def _draw_marks(axes: Axes, lanes: list[str], marks: Iterable[Mark], per_unit: float) -> None:
    for mark in marks:
        row = lanes.index(mark.lane)
        axes.plot(mark.time / per_unit, row, marker="X", markersize=9, color="#1F2933", markeredgecolor="white")
        place = {"xytext": (6, 6), "textcoords": "offset points", "fontsize": 8}
        axes.annotate(mark.text, (mark.time / per_unit, row), **place)


def _dress(axes: Axes, table: _Columns, states: Mapping[str, State], last: float, unit: str) -> None:
    from matplotlib.patches import Patch

    axes.set_xlim(0, last or 1)
    axes.set_ylim(len(table.lanes) - 0.5, -0.5)
    if len(table.lanes) <= 40:
        axes.set_yticks(range(len(table.lanes)), table.lanes)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"time ({unit})" if unit else "time")
    present = set(table.state.tolist())
    shown = [s for i, s in enumerate(states.values()) if i in present]
    keys = [Patch(facecolor=s.colour, hatch=s.hatch, edgecolor="white", label=s.name) for s in shown]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=max(1, len(keys)), borderaxespad=0.2)


def describe_timeline(
    spans: Iterable[Span] | Mapping[str, Any],
    states: Mapping[str, State],
    *,
    lanes: Sequence[str] | None = None,
    per_unit: float = 1,
    unit: str = "",
) -> str:
    """Say in words what the picture shows: how long it lasts, how many lanes, and each state's total."""
    table = _columns(spans, states, lanes)
    if not len(table.start):
        return "An empty timeline."
    totals = np.bincount(table.state, weights=table.end - table.start, minlength=len(states)) / per_unit
    parts = [
        f"{state.name} {total:,.6g} {unit}".rstrip()
        for state, total, count in zip(
            states.values(), totals, np.bincount(table.state, minlength=len(states)), strict=True
        )
        if count
    ]
    length = f"{table.end.max() / per_unit:,.6g} {unit}".rstrip()
    return f"Timeline of {len(table.lanes)} lanes over {length}. In total: {', '.join(parts)}."

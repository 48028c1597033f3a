"""Figures of the tracing theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, Picture, new_figure
from engineroom.kit.style import COLOURS, MARKERS
from engineroom.tracing.buffers import Buffering
from engineroom.tracing.lanes import STATES
from engineroom.tracing.looks import HATCHES, looks_of
from engineroom.tracing.overlays import PHASES, Phases
from engineroom.tracing.recorder import Window

if TYPE_CHECKING:
    import pandas as pd

    from engineroom.golang.trace import Trace
    from engineroom.tracing.lanes import Lanes

__all__ = ["BufferFigure", "WindowFigure", "draw_lanes", "draw_overhead", "draw_state_totals"]

MOST_LANES = 24
# colour, opacity, and hatch in the legend
PHASE_LOOKS = {
    "GC mark phase": (COLOURS["accent"], 0.25, "..."),
    "stop-the-world": (COLOURS["real"], 0.5, "|||"),
}
PIXELS, LANE_PIXELS = 1200, 12


def draw_lanes(trace: Trace, lanes: Lanes) -> Picture:
    """Draw a whole trace, one lane per goroutine, processor or task (the first two dozen)."""
    from matplotlib.patches import Patch

    shown = min(len(lanes.names), MOST_LANES)
    duration = max(trace.summary.duration_ns, 1)
    looks, phases = looks_of(lanes.categories), Phases(trace)
    figure = new_figure(9, 1.3 + 0.2 * max(shown, 1))
    axes = figure.add_subplot()
    edges = (0, duration / 1e6, max(shown, 1), 0)
    axes.imshow(_paint(lanes, shown, duration), aspect="auto", extent=edges, origin="upper")
    axes.set_yticks(np.arange(shown) + 0.5, lanes.names[:shown], fontsize=8)
    axes.set_xlabel("time since the trace began [ms]")
    axes.grid(visible=False)
    for kind, left, right in phases.in_window(0, duration, PIXELS):
        colour, alpha, _ = PHASE_LOOKS[PHASES[int(kind)]]
        begin, end = (edge * duration / 1e6 / PIXELS for edge in (left, right))
        axes.axvspan(begin, end, color=colour, alpha=alpha, linewidth=0)
    patches = [
        Patch(facecolor=look.colour, label=name, hatch=HATCHES[look.texture], edgecolor="white")
        for name, look in zip(lanes.categories, looks, strict=True)
    ]
    for name in phases.present:
        colour, alpha, hatch = PHASE_LOOKS[name]
        patches.append(Patch(facecolor=colour, alpha=alpha, label=name, hatch=hatch))
    figure.legend(handles=patches, loc="outside upper right", ncols=min(len(patches), 5) or 1, fontsize=9)
    over = ", ".join(f"{count} times {name}" for name, count in phases.counts().items())
    return Picture(figure, _told(trace, lanes, shown) + (f" Over them: {over}." if over else ""))


def _paint(lanes: Lanes, shown: int, duration: int) -> np.ndarray:
    """Return the first lanes over the whole duration as an image, lane by lane."""
    from matplotlib.colors import to_rgb

    bins = lanes.index.bins(np.arange(shown), 0, duration, PIXELS)
    image = np.ones((max(shown, 1), LANE_PIXELS, PIXELS, 3))
    for number, look in enumerate(looks_of(lanes.categories)):
        lane, x = np.nonzero(bins.dominant == number)
        strength = (0.3 + 0.7 * bins.filled[lane, x] / 255)[:, None]
        shade = 1 - strength * (1 - np.array(to_rgb(look.colour)))
        for y in range(round(look.top * LANE_PIXELS), LANE_PIXELS - 1):
            image[lane, y, x] = np.where(_painted(look.texture, x, y)[:, None], shade, 1)
    return image.reshape(-1, PIXELS, 3)


def _painted(texture: str, x: np.ndarray, y: int) -> np.ndarray:
    """Tell which pixels of a row a texture paints, as the viewer does."""
    if texture == "hatched":
        return (x + y) % 4 < 2
    if texture == "dotted":
        return (x % 3 == 0) | (y % 3 != 1)
    return np.full(len(x), texture == "solid" or y % 4 < 2)


def _told(trace: Trace, lanes: Lanes, shown: int) -> str:
    totals = lanes.index.totals(np.arange(len(lanes.names)), 0, trace.summary.duration_ns)
    named = zip(lanes.categories, totals.tolist(), strict=True)
    parts = [f"{name} {total / 1e6:.3g} ms" for name, total in named if total]
    rest = f" (the first {shown} are drawn)" if shown < len(lanes.names) else ""
    spent = f"In all lanes together: {', '.join(parts)}." if parts else "There is nothing to show."
    duration = trace.summary.duration_ns / 1e6
    return f"Timeline of {len(lanes.names)} {lanes.layout}{rest} over {duration:.4g} ms. {spent}"


def draw_state_totals(totals: pd.DataFrame, names: dict[int, str]) -> Picture:
    """Draw how long each goroutine spent in each state.

    Args:
        totals: one row per goroutine, one column per state [ns].
        names: what to call the goroutines; others are left out.
    """
    rows = totals[totals.index.isin(names)]
    figure = new_figure(8.5, 1.4 + 0.32 * max(len(rows), 1))
    axes = figure.add_subplot()
    left = np.zeros(len(rows))
    states = [state for state in STATES if state in rows]
    for state, look in zip(states, looks_of(states), strict=True):
        values = rows[state].to_numpy() / 1e6
        axes.barh(
            [names[g] for g in rows.index],
            values,
            left=left,
            color=look.colour,
            hatch=HATCHES[look.texture],
            edgecolor="white",
            label=state,
        )
        left += values
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("time in each state [ms]")
    figure.legend(loc="outside upper right", ncols=4)
    told = "; ".join(
        f"{names[g]}: " + ", ".join(f"{s} {v / 1e6:.3g} ms" for s, v in row.items() if v)
        for g, row in rows.iterrows()
    )
    return Picture(figure, f"Stacked bars of the time each goroutine spent in each state. {told}.")


class BufferFigure(LiveFigure):
    """Bytes produced, in the file and safe, and the memory held, over the time of tracing."""

    def __init__(self) -> None:
        figure = new_figure(8.0, 4.4)
        self._upper, self._lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        lines = []
        for axes, label, colour, style in (
            (self._upper, "recorded", COLOURS["ink"], "-"),
            (self._upper, "in the file", COLOURS["model"], "--"),
            (self._upper, "readable after a crash", COLOURS["good"], "-."),
            (self._lower, "buffers held", COLOURS["model"], "-"),
        ):
            lines += axes.plot([], [], style, color=colour, label=label)
        real = []
        for label, marker in (("recorded, real", MARKERS[0]), ("readable, real", MARKERS[1])):
            real += self._upper.plot(
                [], [], marker, color=COLOURS["real"], label=label, ms=4, markevery=16, fillstyle="none"
            )
        self._lines, self._real = lines, real
        self._upper.set_ylabel("trace data [MB]")
        self._lower.set_ylabel("buffers held [MB]")
        self._lower.set_xlabel("time since tracing began [s]")
        self._upper.legend(loc="upper left", ncols=2)
        super().__init__(figure, lines + real)

    def update(self, prediction: Buffering, measured: Buffering | None) -> str:
        """Show a run of the model, and what a real file tells of one."""
        shown = (prediction.produced, prediction.written, prediction.readable, prediction.memory)
        for line, values in zip(self._lines, shown, strict=True):
            line.set_data(prediction.time_s, values / 1e6)
        top = max(r.produced[-1] for r in (prediction, measured) if r)
        self.fit(self._upper, x=prediction.time_s[-1], y=top / 1e6)
        self.fit(self._lower, x=prediction.time_s[-1], y=prediction.peak_memory / 1e6)
        for line, name in zip(self._real, ("produced", "readable"), strict=True):
            line.set_visible(measured is not None)
            if measured:
                line.set_data(measured.time_s, getattr(measured, name) / 1e6)
        return self._told(prediction, measured)

    def _told(self, prediction: Buffering, measured: Buffering | None) -> str:
        real = ""
        if measured:
            real = (
                f" The real run made {measured.produced[-1] / 1e6:,.2f} MB in {measured.flushes:,} batches "
                f"and {len(measured.boundaries_s) + 1} generations."
            )
        return (
            f"{prediction.flushes:,} buffers reach the file. "
            f"At most {prediction.peak_memory / 1e6:,.2f} MB of buffers are held. "
            f"A crash loses at most {prediction.lost.max() / 1e6:,.2f} MB "
            f"of {prediction.produced[-1] / 1e6:,.2f} MB.{real}"
        )


class WindowFigure(LiveFigure):
    """The generations that a flight recorder has kept and thrown away."""

    def __init__(self) -> None:
        figure = new_figure(8.0, 2.6)
        self._axes = figure.add_subplot()
        (self._kept,) = self._axes.plot([], [], MARKERS[1], color=COLOURS["model"], label="kept", ms=9)
        (self._gone,) = self._axes.plot([], [], MARKERS[6], color=COLOURS["quiet"], label="thrown away", ms=8)
        (self._age,) = self._axes.plot([], [], ":", color=COLOURS["real"], label="MinAge before the snapshot")
        self._axes.set_xlabel("time since the recorder started [s]; a mark is one generation, at its middle")
        self._axes.set_yticks([])
        self._axes.set_ylim(0, 2)
        self._axes.legend(loc="upper left", ncols=3)
        super().__init__(figure, [self._kept, self._gone, self._age])

    def update(self, prediction: Window, measured: None) -> str:
        """Show what a snapshot holds."""
        for line, generations in ((self._kept, prediction.kept), (self._gone, prediction.dropped)):
            middles = [(g.begin_s + g.end_s) / 2 for g in generations]
            line.set_data(middles, [0.8] * len(middles))
        knobs = prediction.knobs
        self._age.set_data([knobs.snapshot_s - knobs.min_age_s] * 2, [0, 1.4])
        self.fit(self._axes, x=knobs.snapshot_s)
        return (
            f"The snapshot reaches back {prediction.reach_s:.2f} s (asked: {knobs.min_age_s:g} s) "
            f"and holds {prediction.size / 1e6:,.2f} MB in {len(prediction.kept)} generations."
        )


def draw_overhead(rows: pd.DataFrame) -> Picture:
    """Draw the cost of tracing against the rate of events.

    Args:
        rows: columns ``bytes_per_ms`` and ``overhead`` (a share: 0.1 is 10 % slower).
    """
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    axes.plot(rows["bytes_per_ms"], 100 * rows["overhead"], MARKERS[1], color=COLOURS["real"], ms=8)
    axes.set_xlabel("trace data while tracing [bytes per ms of work]")
    axes.set_ylabel("slower by [%]")
    told = ", ".join(f"{100 * o:.0f} % at {e:.0f}" for e, o in rows[["bytes_per_ms", "overhead"]].to_numpy())
    return Picture(
        figure, f"Cost of tracing against the rate of trace data in bytes per millisecond: {told}."
    )

"""Figures of the concurrency theme: runs in, timelines out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engineroom.concurrency.bounded import MS
from engineroom.concurrency.runs import Run
from engineroom.kit.figures import LiveFigure, Picture, new_figure
from engineroom.kit.style import COLOURS, LETTERS
from engineroom.kit.timeline import Span, State, TimelinePlot, describe_timeline, draw_timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["STATES", "RunFigure", "in_words", "timeline"]

STATES = {
    "working": State("working", COLOURS["good"]),
    "waiting": State("waiting", COLOURS["warm"], "///"),
    "cancelled": State("given up", COLOURS["accent"], "xx"),
    "stuck": State("stuck", COLOURS["quiet"], ".."),
}
NAMED_ROWS, LONGEST_NAME = 12, 18
ROWS = 6  # of lanes at least, so that two goroutines do not look like two walls
SOURCES = {"model": "Model", "real": "Real Go", "recorded": "Real Go, recorded"}


def milliseconds(ns: float) -> str:
    """Write a time in milliseconds, with as many digits as matter."""
    ms = ns / MS
    return f"{ms:,.0f} ms" if ms >= 100 or ms == int(ms) else f"{ms:,.1f} ms"


def in_words(run: Run) -> str:
    """Return one sentence with a run's totals."""
    calls = f"{len(run.work)} calls" if len(run.work) != 1 else "1 call"
    return (
        f"{milliseconds(run.makespan)} until main returns, {calls} of {milliseconds(run.worked)} together, "
        f"at most {run.peak_calls} at once, {run.peak_goroutines} goroutines at the peak, "
        f"{milliseconds(run.waited)} waited"
    )


def lanes(run: Run) -> list[str]:
    """Return the goroutines in the order of creation, each name once."""
    return list(dict.fromkeys(name for name, _, _ in run.lifetimes))


def shown(run: Run) -> list[Span]:
    """Return the spans worth drawing: main's own sleep is only the gap between callers."""
    return [span for span in run.spans if span.label != "sleep"]


def timeline(run: Run, title: str = "") -> Picture:
    """Return the timeline of one run as a figure: one lane per goroutine."""
    names = lanes(run)
    figure = new_figure(8.0, 1.3 + 0.3 * min(len(names), 16))
    axes = figure.subplots()
    draw_timeline(axes, shown(run), STATES, lanes=names, per_unit=MS, unit="ms")
    source = SOURCES[run.source]
    axes.set_title(title or source, pad=26)
    words = describe_timeline(shown(run), STATES, lanes=names, per_unit=MS, unit="ms")
    return Picture(figure, f"{title or source}. {words} {in_words(run)}.")


class RunFigure(LiveFigure):
    """The model's timeline above and the real one below, on one time axis.

    Args:
        note: what else to say about a run, given the prediction, or None.
    """

    def __init__(self, note: Callable[[Run], str] | None = None):
        figure = new_figure(8.8, 5.6)
        figure.set_layout_engine(None)  # fixed margins, with room for any lane's name and any tick
        figure.subplots_adjust(left=0.185, right=0.965, top=0.93, bottom=0.09, hspace=0.16)
        self.model, self.real = figure.subplots(2, 1, sharex=True)
        self.plots = [TimelinePlot(axes, STATES, per_unit=MS, unit="ms") for axes in (self.model, self.real)]
        self.real.get_legend().remove()
        self.model.set(xlabel="")
        for axes in (self.model, self.real):
            axes.set_ylabel("goroutines")
            axes.yaxis.set_label_coords(-0.205, 0.5)
            axes.tick_params(axis="y", length=0, labelsize=9)
        self.model.set_title("Model", color=COLOURS["model"])
        self.real.set_title("Real Go", color=LETTERS["real"])
        self.hint = self.real.text(0.5, 0.5, "not run yet", transform=self.real.transAxes, ha="center")
        self.ends = [
            axes.axvline(0, color=COLOURS[name], linestyle="--", linewidth=1.5)
            for axes, name in ((self.model, "model"), (self.real, "real"))
        ]
        self.note = note
        moving = [artist for plot in self.plots for artist in plot.artists]
        super().__init__(figure, [*moving, self.hint, *self.ends])

    def update(self, prediction: Run, measured: Run | None) -> str:
        """Show both timelines; the dashed lines are where main returns."""
        self.hint.set_visible(measured is None)
        self.ends[1].set_visible(measured is not None)
        told = []
        last = max(span.end for run in (prediction, measured) if run for span in (*run.spans, _end(run)))
        rows = max(ROWS, *(len(lanes(run)) for run in (prediction, measured) if run))
        self.fit(self.model, x=last / MS)
        length = self.model.get_xlim()[1] * MS
        for plot, end, run in zip(self.plots, self.ends, (prediction, measured), strict=True):
            names = lanes(run) if run else []
            plot.show(shown(run) if run else [], names, end=length, rows=rows)
            self._name_lanes(plot.axes, names, rows)
            if run:
                end.set_xdata([run.makespan / MS] * 2)
                told.append(f"{SOURCES[run.source]}: {in_words(run)}{self._noted(run)}.")
        return " ".join(told)

    def _name_lanes(self, axes: Axes, names: list[str], rows: int) -> None:
        """Write the lanes' names beside them while there is room for them."""
        told = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]
        told = told if rows <= NAMED_ROWS else []
        if self.named.get(axes) != (named := (rows, *told) if told else ()):
            axes.set_yticks([(row + 0.5) / rows for row in range(len(told))], told)
            self.named[axes] = named

    def _noted(self, run: Run) -> str:
        return f", {self.note(run)}" if self.note else ""


def _end(run: Run) -> Span:
    return Span("main", 0, run.makespan, "waiting")

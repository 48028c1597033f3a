"""Figures of the pacer: where a cycle may start, what the textbook leaves out, and how exact the model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import HeapKnobs
from engineroom.ballast.heapgoal import KIB, MIB, trigger_bounds
from engineroom.ballast.plots import MODEL, REAL, megabytes
from engineroom.ballast.textbook import DIVERGENCE_GOGC, floating_fixed_point, textbook
from engineroom.ballast.trajectory import simulate
from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.style import COLOURS, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from engineroom.ballast.fidelity_row import Fidelity
    from engineroom.ballast.pacer import Pacing

__all__ = ["fidelity", "floating_garbage", "goals_by_live_heap", "trigger_lateness", "where_a_cycle_starts"]

Cells = Sequence[tuple[HeapKnobs, GCRun]]
BOOK = {"color": COLOURS["quiet"], "linestyle": "--", "label": "textbook"}
SEEN = {"color": REAL["color"], "linestyle": "none", "marker": "D", "markersize": 6, "label": "real Go"}


def where_a_cycle_starts(pacing: Pacing) -> Picture:
    """Return the way from one cycle to the next as a ruler: marked heap, earliest and latest start, goal.

    Args:
        pacing: what the pacer decided.
    """
    lowest, highest = trigger_bounds(pacing.marked, pacing.goal)
    stops = (("marked", pacing.marked), ("earliest", lowest), ("latest", highest), ("goal", pacing.goal))
    figure = new_figure(8.4, 2.4)
    axes = figure.add_subplot()
    stretches = (
        (0, pacing.marked, COLOURS["grid"], "", "live and floating"),
        (pacing.marked, lowest, COLOURS["paper"], "", "too early to start"),
        (lowest, highest, COLOURS["sky"], "...", "a cycle may start here"),
        (highest, pacing.goal, COLOURS["paper"], "///", "too late to start"),
    )
    for low, high, colour, hatch, label in stretches:
        axes.barh(0, (high - low) / MIB, left=low / MIB, color=colour, hatch=hatch, ec="black", label=label)
    axes.axvline(pacing.trigger / MIB, ymin=0.26, ymax=0.74, linewidth=3, color=MODEL["color"])
    sides = (("center", -1), ("center", -1), ("left", 1), ("center", -1), ("right", 1))
    for (name, place), (side, up) in zip((*stops, ("trigger", pacing.trigger)), sides, strict=True):
        text, va = f" {name} \n {megabytes(place)} ", "bottom" if up > 0 else "top"
        axes.text(place / MIB, 0.46 * up, text, ha=side, va=va, fontsize=9.5)
    axes.set(ylim=(-0.95, 0.95), yticks=[], xlim=(0, 1.06 * pacing.goal / MIB), xlabel="heap, MB")
    axes.spines.left.set_visible(False)
    axes.grid(False)
    figure.legend(loc="outside lower center", ncols=4)
    told = ", ".join(f"{name} {megabytes(place)}" for name, place in stops)
    return Picture(
        figure, f"Where the next cycle may start: {told}. It starts at {megabytes(pacing.trigger)}."
    )


def goals_by_live_heap(cells: Cells) -> Picture:
    """Return the heap goal, in live heaps, over the live heap: textbook, shipped pacer and real runs.

    Args:
        cells: stop-the-world runs of one GOGC without a ballast.
    """
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    lives = np.geomspace(1, 100, 40)
    start = replace(cells[0][0], duration_s=2.0, allocation_mb_s=1000)
    model = [simulate(replace(start, live_mb=float(live))) for live in lives]
    axes.semilogx(lives, [textbook(1.0, gogc=start.gogc).goal] * len(lives), **BOOK)
    axes.plot(
        lives, [run.goal_bytes[1] / MIB / live for run, live in zip(model, lives, strict=True)], **MODEL
    )
    points = sorted((k.live_mb, float(run.goal_bytes[1:].mean()) / MIB / k.live_mb) for k, run in cells)
    axes.plot(*zip(*points, strict=True), **SEEN)
    axes.set(
        title=f"Heap goal at GOGC={start.gogc}", xlabel="live heap, MB (log scale)", ylabel="in live heaps"
    )
    axes.set(ylim=(0, None), xticks=[1, 3, 10, 30, 100], xticklabels=["1", "3", "10", "30", "100"])
    axes.legend(loc="lower right")
    told = ", ".join(f"{goal:.2f} at {live:g} MB" for live, goal in points)
    return Picture(figure, f"Real heap goals, in live heaps: {told}.")


def floating_garbage(cells: Cells) -> Picture:
    """Return what cycles find marked, in live heaps, over GOGC, for a program that allocates flat out.

    Args:
        cells: concurrent runs without a ballast that allocate as fast as they can.
    """
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    gogc = np.linspace(10, DIVERGENCE_GOGC - 45, 100)
    fixed = MODEL | {"label": "fixed point: 1 / (1 − 19/64 · GOGC/100)"}
    axes.plot([0, 400], [1, 1], **BOOK)
    axes.plot(gogc, [floating_fixed_point(1.0, gogc=g) for g in gogc], **fixed)
    axes.axvspan(DIVERGENCE_GOGC, 400, facecolor=COLOURS["grid"], hatch="//", edgecolor=COLOURS["paper"])
    axes.text(DIVERGENCE_GOGC - 5, 4.6, "no fixed point", rotation=90, ha="right", va="center")
    points = sorted((k.gogc, float(run.marked_bytes[1:].mean()) / MIB / k.live_mb) for k, run in cells)
    axes.plot(*zip(*points, strict=True), **SEEN)
    axes.set(title="Marked heap of a program flat out", xlabel="GOGC", ylabel="in live heaps")
    axes.set(xlim=(0, 400), ylim=(0, 8))
    axes.legend(loc="upper left")
    told = ", ".join(f"{ratio:.2f} at GOGC={gogc}" for gogc, ratio in points)
    return Picture(
        figure, f"Real marked heaps, in live heaps: {told}. Above GOGC={DIVERGENCE_GOGC:.0f}: no bound."
    )


def trigger_lateness(late: Mapping[str, np.ndarray]) -> Picture:
    """Return by how much later than computed each cycle started.

    Args:
        late: run -> bytes by which each trigger seen exceeds the trigger computed; NaN where unknown.
    """
    figure = new_figure(8.4, 3.6)
    axes = figure.add_subplot()
    axes.axhspan(0, 8, color=COLOURS["grid"])
    axes.text(1, 8.25, "one span: 8 KiB", fontsize=9.5, color=COLOURS["ink"])
    colours = [COLOURS[name] for name in ("model", "real", "good", "accent", "warm", "ink")]
    begin = 0
    for (name, bytes_), marker, colour in zip(late.items(), MARKERS, colours, strict=False):
        known = bytes_[~np.isnan(bytes_)]
        axes.plot(begin + np.arange(len(known)), known / KIB, marker, color=colour, markersize=4, label=name)
        begin += len(known)
    axes.set(title="Trigger seen, minus trigger computed", xlabel="cycle", ylabel="KiB", ylim=(-2, 10))
    figure.legend(loc="outside lower center", ncols=len(late))
    every = np.concatenate([bytes_[~np.isnan(bytes_)] for bytes_ in late.values()])
    told = f"between {every.min():,.0f} and {every.max():,.0f} bytes later, on average {every.mean():,.0f}"
    return Picture(figure, f"{len(every)} cycles each started {told} bytes later than computed.")


def fidelity(rows: Sequence[Fidelity]) -> Picture:
    """Return every comparison of the model with real runs: its errors, the textbook's, and its bands.

    Args:
        rows: what `engineroom.ballast.fidelity.fidelity_table` gives.
    """
    bands = [row for row in rows if row.bound == 0]
    errors = [row for row in rows if row.unit in ("relative", "points") and row not in bands]
    figure = new_figure(8.4, 1.9 + 0.36 * (len(errors) + len(bands)))
    left, right = figure.subplots(2, 1, height_ratios=(len(errors), len(bands)))
    _errors(left, errors)
    _coverage(right, bands)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    exact = "; ".join(
        f"{row.comparison} ({row.grid}): mean {row.mean_error:.2%}, largest {row.max_error:.2%}"
        + (f", textbook {row.textbook_max_error:.1%}" if row.textbook_max_error > 0 else "")
        for row in errors
    )
    inside = "; ".join(f"{r.comparison}: {r.inside:.0%} of {r.grid} inside" for r in bands)
    return Picture(figure, f"Errors of the model. {exact}. Bands: {inside}.")


def _errors(axes: Axes, rows: Sequence[Fidelity]) -> None:
    """Draw mean and largest error of the model and of the textbook, on a log scale of percent."""
    for shift, prefix, style in ((-0.13, "", MODEL), (0.17, "textbook_", BOOK)):
        places = np.arange(len(rows)) + shift
        means = [100 * getattr(row, f"{prefix}mean_error") for row in rows]
        largest = [100 * getattr(row, f"{prefix}max_error") for row in rows]
        axes.hlines(places, means, largest, color=style["color"], linewidth=2.5)
        axes.plot(means, places, "o" if not prefix else "s", color=style["color"], label=style["label"])
        axes.plot(largest, places, "|", color=style["color"], markersize=10, markeredgewidth=2.5)
    bounds = [100 * row.bound if np.isfinite(row.bound) else np.nan for row in rows]
    axes.plot(bounds, range(len(rows)), "kd", markersize=8, label="promised")
    labels = [f"{row.comparison} ({row.grid})" for row in rows]
    axes.set(xscale="log", yticks=range(len(rows)), yticklabels=labels, xlim=(0.003, 300))
    axes.set(xticks=[0.01, 0.1, 1, 10, 100], xticklabels=["0.01", "0.1", "1", "10", "100"])
    axes.set(title="Error: from the mean (dot) to the largest (bar)", xlabel="% (log scale)")
    axes.invert_yaxis()


def _coverage(axes: Axes, rows: Sequence[Fidelity]) -> None:
    """Draw which share of each grid lies inside the model's band, and which was promised."""
    axes.barh(range(len(rows)), [100 * row.inside for row in rows], color=COLOURS["sky"], ec=COLOURS["ink"])
    axes.plot([100 * row.promised for row in rows], range(len(rows)), "kd", markersize=8)
    for row, place in zip(rows, range(len(rows)), strict=True):
        axes.text(101, place, f"{row.inside:.0%}", va="center")
    labels = [f"{row.comparison} ({row.grid})" for row in rows]
    axes.set(yticks=range(len(rows)), yticklabels=labels, xlim=(0, 108), xlabel="% inside")
    axes.set_title("Concurrent: inside the band")
    axes.invert_yaxis()

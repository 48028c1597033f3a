"""Figures that compare several runs: what a setting buys, what a ballast avoids, where the time goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.plots import MODEL
from engineroom.ballast.textbook import cycles_saved_by_ballast
from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.style import COLOURS, MARKERS

if TYPE_CHECKING:
    from engineroom.ballast.cycles import GCRun
    from engineroom.ballast.heap_knobs import HeapKnobs

__all__ = ["ballast_savings", "cycles_avoided", "marking_and_pauses", "time_in_cycles", "trade_off"]

DIAMONDS = {"color": COLOURS["real"], "marker": "D", "linestyle": "none", "markersize": 6}


def trade_off(model: Mapping[str, GCRun], measured: Mapping[str, GCRun]) -> Picture:
    """Return what a setting pays in memory and in collections, predicted and measured.

    Args:
        model: label -> prediction; neighbours are joined by a line.
        measured: label -> real run, drawn with its label.
    """
    figure = new_figure(8.0, 3.8)
    axes = figure.add_subplot()
    axes.plot(*zip(*map(_memory_and_cycles, model.values()), strict=True), marker="o", **MODEL)
    places = {label: _memory_and_cycles(run) for label, run in measured.items()}
    axes.plot(*zip(*places.values(), strict=True), label="real Go", **DIAMONDS)
    for label, place in places.items():
        axes.annotate(label, place, xytext=(8, 6), textcoords="offset points")
    axes.set(title="Memory buys time", xlabel="highest heap, MB", ylabel="collections per 100 MB")
    axes.set(xlim=(0, 1.2 * max(memory for memory, _ in places.values())), ylim=(0, None))
    axes.legend()
    told = "; ".join(f"{label}: {memory:,.0f} MB, {cycles:.2f}" for label, (memory, cycles) in places.items())
    return Picture(figure, f"Highest heap and collections per 100 MB allocated, as measured. {told}.")


def _memory_and_cycles(run: GCRun) -> tuple[float, float]:
    """Return the highest heap in MB, and how many cycles 100 MB of allocation take after the first one."""
    allocated = float((run.peak_bytes - run.live_before_bytes)[1:].mean()) / MIB
    return float(run.peak_bytes.max()) / MIB, 100 / allocated


def cycles_avoided(cells: Sequence[tuple[HeapKnobs, GCRun]]) -> dict[str, tuple[float, float]]:
    """Return, for every run with a ballast, its size in live heaps and the share of cycles it avoided.

    Args:
        cells: knobs and runs; each with a ballast needs one that differs in having none.

    Returns:
        "live 20 MB: ballast 50 MB" and the like -> (ballast / live heap, share from 0 to 1).
    """
    per_cycle = {k: float((run.peak_bytes - run.live_before_bytes)[1:].mean()) for k, run in cells}
    plain = {(k.live_mb, k.gogc): size for k, size in per_cycle.items() if not k.ballast_mb}
    return {
        f"live {k.live_mb:g} MB: ballast {k.ballast_mb:g} MB": (
            k.ballast_mb / k.live_mb,
            1 - plain[k.live_mb, k.gogc] / size,
        )
        for k, size in per_cycle.items()
        if k.ballast_mb
    }


def ballast_savings(measured: Mapping[str, tuple[float, float]]) -> Picture:
    """Return the share of cycles that a ballast avoids over its size, in live heaps.

    Args:
        measured: label -> (ballast / live heap, share of the cycles that were avoided); points whose labels
            agree up to a colon share a marker.
    """
    figure = new_figure(8.0, 3.8)
    axes = figure.add_subplot()
    ratio = np.geomspace(0.1, 100, 200)
    axes.semilogx(ratio, 100 * cycles_saved_by_ballast(1.0, ratio), **MODEL | {"label": "B / (L + B)"})
    groups = dict.fromkeys(label.partition(":")[0] for label in measured)
    for group, marker in zip(groups, MARKERS, strict=False):
        points = [point for label, point in measured.items() if label.partition(":")[0] == group]
        x, y = np.array(points).T
        label = f"real Go, {group}"
        axes.plot(x, 100 * y, marker, color=COLOURS["real"], mec=COLOURS["paper"], markersize=9, label=label)
    axes.set(title="Cycles avoided by a ballast", xlabel="ballast, in live heaps (log scale)")
    axes.set(ylim=(0, 104), xlim=(0.1, 100), xticks=[0.1, 1, 10, 100], ylabel="% of all cycles")
    axes.set_xticklabels(["0.1", "1", "10", "100"])
    axes.legend(loc="lower right")
    off = [100 * (saved - cycles_saved_by_ballast(1.0, x)) for x, saved in measured.values()]
    told = f"{len(off)} measured points lie {min(off):+.1f} to {max(off):+.1f} percentage points off B/(L+B)"
    return Picture(figure, f"Share of GC cycles avoided over the size of the ballast. {told}.")


def marking_and_pauses(runs: Mapping[str, GCRun]) -> Picture:
    """Return how long the world was stopped and how long allocating goroutines marked, per second of run.

    Args:
        runs: label -> run.
    """
    kinds = (
        ("world stopped", "pause_s", COLOURS["sky"], "o"),
        ("assists (the program marks)", "assist_cpu_s", COLOURS["accent"], "s"),
        ("background mark workers", "mark_cpu_s", COLOURS["quiet"], "^"),
    )
    figure = new_figure(8.0, 1.6 + 0.55 * len(runs))
    axes = figure.add_subplot()
    spent = np.array(
        [
            [1e3 * np.nansum(getattr(r, column)) / r.duration_s for _, column, *_ in kinds]
            for r in runs.values()
        ]
    )
    axes.hlines(range(len(runs)), 0.01, 1000, color=COLOURS["grid"])
    for (label, _, colour, marker), values in zip(kinds, spent.T, strict=True):
        axes.plot(
            np.maximum(values, 0.01), range(len(runs)), marker, color=colour, markersize=10, label=label
        )
    axes.set(xscale="log", xlim=(0.01, 1000), xlabel="ms per second of running (log scale)")
    axes.set(xticks=[0.01, 0.1, 1, 10, 100, 1000], xticklabels=["0.01", "0.1", "1", "10", "100", "1,000"])
    axes.set(yticks=range(len(runs)), yticklabels=runs, ylim=(-0.6, len(runs) - 0.4))
    axes.set_title("Where the time goes")
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3)
    told = "; ".join(
        f"{name}: " + ", ".join(f"{kind[0]} {ms:.2g} ms" for kind, ms in zip(kinds, row, strict=True))
        for name, row in zip(runs, spent, strict=True)
    )
    return Picture(figure, f"Milliseconds per second of running. {told}.")


def time_in_cycles(runs: Mapping[str, GCRun]) -> Picture:
    """Return for which share of the time a cycle was under way, beside the 1 % that a p99 looks at.

    Args:
        runs: label -> run.
    """
    shares = [100 * float((run.end_s - run.start_s).sum()) / run.duration_s for run in runs.values()]
    figure = new_figure(8.0, 1.5 + 0.5 * len(runs))
    axes = figure.add_subplot()
    axes.axvspan(1, 100, color=COLOURS["grid"], label="every p99 request meets a cycle")
    axes.axvline(1, color=COLOURS["ink"], linestyle=":", label="1 %")
    axes.plot(shares, range(len(runs)), **DIAMONDS | {"markersize": 9})
    for row, share in enumerate(shares):
        axes.annotate(f"{share:.1f} %", (share, row), xytext=(0, 8), textcoords="offset points", ha="center")
    axes.set(xscale="log", xlim=(0.1, 100), xlabel="% of the time with a cycle under way (log scale)")
    axes.set(xticks=[0.1, 1, 10, 100], xticklabels=["0.1", "1", "10", "100"])
    axes.set(yticks=range(len(runs)), yticklabels=runs, ylim=(-0.6, len(runs) - 0.4))
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=2)
    told = ", ".join(f"{name} {share:.1f} %" for name, share in zip(runs, shares, strict=True))
    return Picture(figure, f"Share of the time with a cycle under way: {told}.")

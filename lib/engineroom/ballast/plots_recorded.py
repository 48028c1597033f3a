"""Figures of recorded runs and published figures: what was measured, beside what was predicted or claimed."""

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
    import pandas as pd
    from matplotlib.axes import Axes

    from engineroom.ballast.cycles import GCRun

__all__ = [
    "article_changes",
    "ballast_savings",
    "changes_in_pairs",
    "headline",
    "heap_shapes",
    "marking_and_pauses",
    "trade_off",
]

DIAMONDS = {"color": COLOURS["real"], "marker": "D", "linestyle": "none", "markersize": 6}
CLAIMS = {
    "change_in_gc_cycles": "GC cycles",
    "change_in_cpu": "CPU of the service",
    "change_in_p99": "p99 latency at peak",
}

SHAPES = {
    "noscan": "numbers, no pointers",
    "structs": "one slice of structs",
    "pointers": "slice of pointers",
    "tree": "binary tree",
    "list": "one linked list",
    "lists": "1,024 linked lists",
    "shuffled": "linked list, shuffled",
    "map": "map to pointers",
}


def article_changes(article: pd.DataFrame) -> Picture:
    """Return the three changes that the article reports, as what was left of each.

    Args:
        article: columns of ``article.csv``.
    """
    change = article.set_index("quantity").low
    left = [100 + change[name] for name in CLAIMS]
    figure = new_figure(8.0, 2.3)
    axes = figure.add_subplot()
    rows = np.arange(len(CLAIMS))
    axes.barh(rows, 100, color=COLOURS["paper"], ec=COLOURS["quiet"], hatch="///", label="before the ballast")
    axes.barh(rows, left, color=COLOURS["good"], ec=COLOURS["ink"], label="with the ballast")
    for row, (name, value) in enumerate(zip(CLAIMS, left, strict=True)):
        axes.text(102, row, f"{change[name]:+.0f} %".replace("-", "−"), va="center", fontweight="bold")
        axes.text(value + 1, row, f"{value:.0f}", va="center", bbox={"fc": COLOURS["paper"], "lw": 0})
    axes.set(yticks=rows, yticklabels=CLAIMS.values(), xlim=(0, 112), xlabel="before = 100")
    axes.invert_yaxis()
    axes.set_title("What the article reports")
    figure.legend(loc="outside lower center", ncols=2)
    told = ", ".join(f"{title} {change[name]:+.0f} %" for name, title in CLAIMS.items())
    return Picture(figure, f"Changes that the article reports for a ballast of 10 GiB: {told}.")


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


def ballast_savings(measured: Mapping[str, tuple[float, float]]) -> Picture:
    """Return the share of cycles that a ballast avoids over its size, in live heaps.

    Args:
        measured: label -> (ballast / live heap, share of the cycles that were avoided); several of one
            experiment may share a label's beginning up to a colon.
    """
    figure = new_figure(8.0, 3.8)
    axes = figure.add_subplot()
    ratio = np.geomspace(0.1, 100, 200)
    axes.semilogx(ratio, 100 * cycles_saved_by_ballast(1.0, ratio), **MODEL | {"label": "model: B / (L + B)"})
    groups = dict.fromkeys(label.partition(":")[0] for label in measured)
    for group, marker in zip(groups, MARKERS[1:], strict=False):
        points = [point for label, point in measured.items() if label.partition(":")[0] == group]
        x, y = np.array(points).T
        axes.plot(x, 100 * y, marker, color=COLOURS["real"], markersize=7, label=group)
    axes.set(title="Cycles avoided by a ballast", xlabel="ballast, in live heaps", ylabel="% of all cycles")
    axes.set(ylim=(0, 104), xlim=(0.1, 100), xticks=[0.1, 1, 10, 100], xticklabels=["0.1", "1", "10", "100"])
    axes.legend(loc="lower right")
    off = [abs(saved - cycles_saved_by_ballast(1.0, x)) for x, saved in measured.values()]
    told = f"{len(off)} measured points lie within {100 * max(off):.1f} percentage points of B/(L+B)"
    return Picture(figure, f"Share of GC cycles avoided over the size of the ballast. {told}.")


def changes_in_pairs(api: pd.DataFrame, baseline: str = "GOGC=100") -> pd.DataFrame:
    """Return each run's change against the baseline of the same repeat, in percent.

    Args:
        api: columns of ``api.csv``.
        baseline: the setting that the others are compared with.

    Returns:
        One row per repeat and other setting: cycles, cpu_per_request, p99; and rss_mb as it is.
    """
    import pandas as pd

    answered = api.requests - api.failed
    columns = {"cycles": api.cycles, "cpu_per_request": api.cpu_s / answered, "p99": api.p99_s}
    values = pd.DataFrame(columns).set_axis(pd.MultiIndex.from_frame(api[["repeat", "setting"]]))
    base = values.xs(baseline, level="setting").reindex(values.index.get_level_values("repeat"))
    change = 100 * (values / base.to_numpy() - 1)
    change["rss_mb"] = (api.rss_bytes / MIB).to_numpy()
    return change.reset_index()


def headline(
    api: pd.DataFrame, article: pd.DataFrame, settings: Sequence[str], baseline: str = "GOGC=100"
) -> Picture:
    """Return the HTTP experiment in pairs: changes in cycles, CPU and p99, with the article's, and the RSS.

    Args:
        api: columns of ``api.csv``.
        article: columns of ``article.csv``.
        settings: which settings to show beside the baseline, in order.
        baseline: what each repeat is compared with.
    """
    changes = changes_in_pairs(api, baseline)
    claims = article.set_index("quantity").low
    figure = new_figure(8.4, 2.3 + 1.1 * len(settings))
    panels = figure.subplots(2, 2, sharey=True).ravel()
    titles = {
        "cycles": ("GC cycles", claims["change_in_gc_cycles"]),
        "cpu_per_request": ("CPU per request", claims["change_in_cpu"]),
        "p99": ("p99 latency (noisy)", claims["change_in_p99"]),
    }
    for axes, (column, (title, claim)) in zip(panels, titles.items(), strict=False):
        axes.axvline(claim, color=COLOURS["ink"], linestyle=":", linewidth=2.2, label="the article")
        axes.axvline(0, color=COLOURS["quiet"], linewidth=1)
        _repeats(axes, changes, column, settings, places=int(column == "cycles"))
        axes.set(title=title, xlabel="% change, pair by pair")
    _repeats(panels[3], changes, "rss_mb", settings)
    base_mb = changes.rss_mb[changes.setting == baseline].median()
    panels[3].axvline(base_mb, color=COLOURS["quiet"], linewidth=1)
    panels[3].text(base_mb + 4, len(settings) - 0.5, f"{baseline}: {base_mb:,.0f} MB", fontsize=9)
    panels[3].set(title="Resident memory", xlabel="MB", xlim=(0, 1.12 * changes.rss_mb.max()))
    panels[0].set(xlim=(-112, 8))
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return Picture(figure, _headline_in_words(changes, settings, baseline))


def _repeats(
    axes: Axes, changes: pd.DataFrame, column: str, settings: Sequence[str], places: int = 0
) -> None:
    """Draw every repeat as a small dot and the median as a large diamond."""
    by_setting = [changes[changes.setting == setting][column] for setting in settings]
    for row, values in enumerate(by_setting):
        spread = row + np.linspace(-0.18, 0.18, len(values))
        axes.plot(values, spread, ".", color=COLOURS["real"], label="one repeat" if row == 0 else None)
    medians = [values.median() for values in by_setting]
    axes.plot(medians, range(len(settings)), **DIAMONDS | {"markersize": 9, "label": "median"})
    for row, median in enumerate(medians):
        text = f"{median:,.{places}f}".replace("-", "−")
        axes.annotate(text, (median, row), xytext=(0, 10), textcoords="offset points", ha="center")
    axes.set(yticks=range(len(settings)), yticklabels=settings, ylim=(-0.6, len(settings) - 0.4))


def _headline_in_words(changes: pd.DataFrame, settings: Sequence[str], baseline: str) -> str:
    told = []
    for setting in settings:
        median = changes[changes.setting == setting].median(numeric_only=True)
        told.append(
            f"{setting}: GC cycles {median.cycles:+.1f} %, CPU per request {median.cpu_per_request:+.0f} %, "
            f"p99 {median.p99:+.0f} %, RSS {median.rss_mb:,.0f} MB"
        )
    rss = changes.rss_mb[changes.setting == baseline].median()
    return (
        f"Medians of {changes['repeat'].nunique()} paired repeats against {baseline} (RSS {rss:,.0f} MB). "
        f"{'; '.join(told)}. The article: −99 %, −30 %, −45 %."
    )


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


def heap_shapes(table: pd.DataFrame) -> Picture:
    """Return what a byte costs to mark in heaps of one size and different shapes, by mark algorithm.

    Args:
        table: columns of ``heapshape.csv``.
    """
    cost = (1e9 * table.mark_cpu_s / table.live_bytes).groupby([table["shape"], table.collector]).median()
    new, old = (cost.xs(name, level="collector") for name in ("Green Tea", "before Green Tea"))
    order = new.sort_values().index
    figure = new_figure(8.0, 4.2)
    axes = figure.add_subplot()
    rows = np.arange(len(order))
    axes.hlines(rows, new[order], old[order], color=COLOURS["quiet"], linewidth=2)
    axes.plot(old[order], rows, "s", color=COLOURS["quiet"], markersize=9, label="before Green Tea")
    axes.plot(new[order], rows, label="Green Tea", **DIAMONDS | {"markersize": 9, "color": COLOURS["good"]})
    axes.set(xscale="log", xlabel="ns of CPU per live byte (log scale)", yticks=rows)
    axes.set(yticklabels=[SHAPES.get(name, name) for name in order], xlim=(0.01, 20))
    axes.set(xticks=[0.01, 0.1, 1, 10], xticklabels=["0.01", "0.1", "1", "10"])
    for row, name in enumerate(order):
        text = f"{new[name]:.2g}"
        axes.annotate(text, (new[name], row), xytext=(0, 8), textcoords="offset points", ha="center")
    axes.set_title("Marking 50 MB: the price of a byte depends on its shape")
    axes.legend(loc="lower right")
    told = "; ".join(f"{name} {new[name]:.2f} (before {old[name]:.2f})" for name in order)
    return Picture(figure, f"Nanoseconds per live byte with Green Tea. {told}.")

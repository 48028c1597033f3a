"""Figures of recorded and published tables: the HTTP experiment beside the article, and heap shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engineroom.ballast.heapgoal import MIB
from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.style import COLOURS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "article_changes",
    "changes_in_pairs",
    "headline",
    "heap_shapes",
]

DIAMONDS = {"color": COLOURS["real"], "marker": "D", "linestyle": "none", "markersize": 6}
FAR_OUT = 150  # percent: a p99 may go astray by any factor
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
    told = ", ".join(f"{title} {change[name]:+.0f} %" for name, title in CLAIMS.items()).replace("-", "−")
    return Picture(figure, f"Changes that the article reports for a ballast of 10 GiB: {told}.")


def changes_in_pairs(api: pd.DataFrame, baseline: str = "GOGC=100") -> pd.DataFrame:
    """Return each run's change against the baseline of its own repeat, in percent.

    Args:
        api: columns of ``api.csv``.
        baseline: the setting that the others are compared with.

    Returns:
        One row per repeat and setting: cycles, cpu_per_request, p99; and rss_mb as it is.
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
    panels[2].set(xlabel=f"% change, pair by pair (▸ beyond {FAR_OUT} %)", xlim=(-108, FAR_OUT + 8))
    _repeats(panels[3], changes, "rss_mb", settings)
    base_mb = changes.rss_mb[changes.setting == baseline].median()
    panels[3].axvline(base_mb, color=COLOURS["quiet"], linewidth=1)
    panels[3].text(base_mb + 4, len(settings) - 0.5, f"{baseline}: {base_mb:,.0f} MB", fontsize=9)
    panels[3].set(title="Resident memory", xlabel="MB", xlim=(0, 1.12 * changes.rss_mb.max()))
    panels[0].set(xlim=(-112, 8))
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return Picture(figure, _headline_in_words(changes, claims, settings, baseline))


def _repeats(
    axes: Axes, changes: pd.DataFrame, column: str, settings: Sequence[str], places: int = 0
) -> None:
    """Draw every repeat as a small dot and the median as a large diamond; what is far out, at the edge."""
    from matplotlib.patheffects import withStroke

    edge = FAR_OUT if column == "p99" else np.inf
    by_setting = [changes[changes.setting == setting][column] for setting in settings]
    for row, values in enumerate(by_setting):
        spread, out = row + np.linspace(-0.18, 0.18, len(values)), (values > edge).to_numpy()
        axes.plot(values[~out], spread[~out], ".", color=COLOURS["real"], label=None if row else "one repeat")
        axes.plot(np.full(out.sum(), edge), spread[out], ">", color=COLOURS["real"])
    medians = [min(values.median(), edge) for values in by_setting]
    axes.plot(medians, range(len(settings)), **DIAMONDS | {"markersize": 9, "label": "median"})
    for row, values in enumerate(by_setting):
        text = f"{values.median():,.{places}f}".replace("-", "−")
        place = (medians[row], row)
        label = axes.annotate(text, place, xytext=(0, 10), textcoords="offset points", ha="center")
        label.set_path_effects([withStroke(linewidth=3, foreground=COLOURS["paper"])])  # lines cross it
    axes.set(yticks=range(len(settings)), yticklabels=settings, ylim=(-0.6, len(settings) - 0.4))


def _headline_in_words(
    changes: pd.DataFrame, claims: pd.Series, settings: Sequence[str], baseline: str
) -> str:
    told = []
    for setting in settings:
        median = changes[changes.setting == setting].median(numeric_only=True)
        told.append(
            f"{setting}: GC cycles {median.cycles:+.1f} %, CPU per request {median.cpu_per_request:+.0f} %, "
            f"p99 {median.p99:+.0f} %, RSS {median.rss_mb:,.0f} MB"
        )
    claimed = ", ".join(f"{claims[name]:.0f} %" for name in CLAIMS)
    rss = changes.rss_mb[changes.setting == baseline].median()
    return (
        f"Medians of {changes['repeat'].nunique()} paired repeats against {baseline} (RSS {rss:,.0f} MB). "
        f"{'; '.join(told)}. The article: {claimed}."
    ).replace("-", "−")


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
    axes.set_ylim(-0.5, len(order) - 0.3)
    axes.set_title("Marking 50 MB: the price of a byte depends on its shape")
    axes.legend(loc="lower right")
    told = "; ".join(f"{name} {new[name]:.2f} (before {old[name]:.2f})" for name in order)
    return Picture(figure, f"Nanoseconds per live byte with Green Tea. {told}.")

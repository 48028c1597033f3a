"""Figures of what was published, most with the model beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.style import COLOURS
from engineroom.spanner.plots import PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from engineroom.spanner.fidelity import Row

__all__ = ["f1_latencies", "fragments", "throughput_table", "two_phase_table", "writes_table"]


def writes_table(readings: dict[str, list[Row]]) -> Picture:
    """Return table 3's write latencies beside the model's readings of the rules.

    Args:
        readings: name of the reading -> rows.
    """
    figure = new_figure(7.6, 3.8)
    axes = figure.add_subplot()
    rows = next(iter(readings.values()))
    labels = _draw_published(axes, rows)
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
    labels = _draw_published(axes, next(iter(variants.values())))
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


def _draw_published(axes: Axes, rows: list[Row]) -> list[int]:
    """Draw what was published with one standard deviation either way; return the rows' labels."""
    labels, means = [row.label for row in rows], [row.published for row in rows]
    spreads = [row.published_sd for row in rows]
    axes.errorbar(labels, means, spreads, capsize=5, **PAPER, zorder=3, label="OSDI 2012")
    return labels


def throughput_table(rows: Sequence[Mapping[str, str]]) -> Picture:
    """Return table 3's throughput by replicas, in all and for each spanserver, as there is one a replica.

    Args:
        rows: of ``osdi_table3``; those without commit wait are left out.
    """
    kept = [row for row in rows if row["commit_wait"] == "yes"]
    replicas = np.array([int(row["replicas"]) for row in kept])
    kinds = (("write", "-", "o"), ("read_only", "--", "s"), ("snapshot", ":", "^"))
    figure = new_figure(8.4, 3.6)
    in_all, each = figure.subplots(1, 2)
    told = []
    for kind, style, marker in kinds:
        kops, name = np.array([float(row[f"{kind}_kops"]) for row in kept]), kind.replace("_", "-")
        for axes, values in ((in_all, kops), (each, kops / replicas)):
            axes.plot(replicas, values, style, marker=marker, color=COLOURS["real"], label=name)
        pairs = [f"{both:.1f} ({one:.1f})" for both, one in zip(kops, kops / replicas, strict=True)]
        told.append(f"{name} {', '.join(pairs)}")
    in_all.set(title="In all (table 3)", xlabel="replicas", ylabel="thousand/s", ylim=(0, None))
    each.set(title="For each spanserver", xlabel="replicas", ylabel="thousand/s", ylim=(0, None))
    for axes in (in_all, each):
        axes.set_xticks(replicas)
    in_all.legend(loc="upper left")
    return Picture(figure, f"Thousand operations/s with 1, 3 and 5 replicas (for each): {'; '.join(told)}.")


def fragments(rows: Sequence[Mapping[str, str]]) -> Picture:
    """Return table 5: how many directories are in how many fragments; the count axis is logarithmic.

    Args:
        rows: of ``osdi_table5``.
    """
    counts = [int(row["directories"].removeprefix("more than ")) for row in rows]
    figure = new_figure(8.0, 3.4)
    axes = figure.add_subplot()
    axes.barh([row["fragments"] for row in rows], counts, color=COLOURS["real"], height=0.6)
    for place, (row, count) in enumerate(zip(rows, counts, strict=True)):
        words = row["directories"].replace(str(count), f"{count:,}")
        axes.text(1.3 * count, place, words, va="center")
    axes.set(title="Directories by fragments (table 5)", xlabel="directories", ylabel="fragments")
    axes.set(xscale="log", xlim=(1, 1e11))
    axes.invert_yaxis()
    told = "; ".join(f"{row['fragments']}: {row['directories']}" for row in rows)
    return Picture(figure, f"Directories by number of fragments. {told}.")


def f1_latencies(rows: Sequence[Mapping[str, str]]) -> Picture:
    """Return table 6: means with one standard deviation upwards, as downwards it would go below 0.

    Args:
        rows: of ``osdi_table6``.
    """
    means, spreads = (np.array([float(row[column]) for row in rows]) for column in ("mean_ms", "sd_ms"))
    millions = [float(row["count"]) / 1e6 for row in rows]
    names = [
        f"{row['operation']}\n{count:,.{0 if count > 1_000 else 1}f} million"
        for row, count in zip(rows, millions, strict=True)
    ]
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    axes.bar(names, means, width=0.5, color=COLOURS["real"], label="mean")
    axes.errorbar(
        names, means, [0 * spreads, spreads], fmt="none", ecolor=COLOURS["ink"], capsize=6, label="+ 1 sd"
    )
    axes.set(title="What F1 saw in 24 hours (table 6)", ylabel="ms", ylim=(0, None))
    axes.legend(loc="upper right")
    told = "; ".join(f"{row['operation']}: {row['mean_ms']} ms, sd {row['sd_ms']} ms" for row in rows)
    return Picture(figure, f"Latencies that F1 saw in 24 hours. {told}.")

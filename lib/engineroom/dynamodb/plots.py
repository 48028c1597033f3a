"""Figures of the DynamoDB theme: results in, matplotlib figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, Picture, new_figure
from engineroom.kit.style import COLOURS, MARKERS

if TYPE_CHECKING:
    from engineroom.dynamodb.collection_growth import CollectionResult
    from engineroom.dynamodb.latency import LatencyResult
    from engineroom.dynamodb.partitions import HeatResult

__all__ = ["CollectionFigure", "HeatFigure", "LatencyFigure", "growth_lines", "units_beside"]

SHARES = np.linspace(0.001, 0.999, 400)
BARS = 16  # partitions shown, the hottest first
CAP = 1000.0  # writes a second that one partition serves
FULL_GB = 10.0  # a partition, and so a collection under a local index


class LatencyFigure(LiveFigure):
    """The share of answers that are ready after a time, with the median and the 99th percentile."""

    def __init__(self) -> None:
        figure = new_figure(8.0, 3.8)
        self.axes = figure.subplots()
        self.axes.set(xlabel="ms until the answer is complete", ylabel="% of the answers", ylim=(0, 102))
        (self.line,) = self.axes.plot([], [], color=COLOURS["model"], label="model")
        (self.marks,) = self.axes.plot(
            [], [], MARKERS[0], color=COLOURS["ink"], linestyle="none", label="median, 99th percentile"
        )
        self.axes.legend(loc="lower right")
        super().__init__(figure, [self.line, self.marks])

    def update(self, prediction: LatencyResult, measured: None) -> str:
        """Draw the distribution of the answer's time."""
        self.line.set_data(np.quantile(prediction.times_ms, SHARES), 100 * SHARES)
        self.marks.set_data([prediction.p50_ms, prediction.p99_ms], [50, 99])
        self.fit(self.axes, x=1.1 * float(prediction.p99_ms))
        self.axes.set_ylim(0, 102)
        half, most = prediction.p50_ms, prediction.p99_ms
        return f"Half of the answers are ready after {half:.1f} ms, 99 % after {most:.1f} ms."


class HeatFigure(LiveFigure):
    """Load asked and served second by second, and how it lies on the partitions at the end."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.0)
        self.time, self.last = figure.subplots(1, 2, width_ratios=(3, 2))
        self.time.set(title="Load over time", xlabel="seconds", ylabel="writes/s")
        self.last.set(title="Partitions at the end", xlabel="hottest first", ylabel="writes/s asked")
        self.last.set(xlim=(-0.6, BARS - 0.4))
        (self.asked,) = self.time.plot([], [], ":", color=COLOURS["ink"], label="asked")
        (self.served,) = self.time.plot([], [], color=COLOURS["model"], label="served (model)")
        self.bars = self.last.bar(range(BARS), 0, color=COLOURS["model"], label="partition")
        (self.cap,) = self.last.plot(
            [-0.6, BARS], [CAP, CAP], "--", color=COLOURS["ink"], label="cap of a partition"
        )
        self.time.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        self.last.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        super().__init__(figure, [self.asked, self.served, *self.bars, self.cap])

    def update(self, prediction: HeatResult, measured: None) -> str:
        """Draw what was asked and served, and the hottest partitions."""
        seconds = np.arange(prediction.asked.size)
        self.asked.set_data(seconds, prediction.asked)
        self.served.set_data(seconds, prediction.served)
        loads = np.zeros(BARS)
        loads[: min(BARS, prediction.load.size)] = prediction.load[:BARS]
        for bar, load in zip(self.bars, loads, strict=True):
            bar.set_height(load)
        self.fit(self.time, x=float(seconds.size), y=float(prediction.asked.max()))
        high = self.last.get_ylim()[1]
        wanted = max(CAP, float(loads.max())) * 1.1
        if not wanted <= high <= 3 * wanted:
            self.last.set_ylim(0, wanted * 1.5)
            self.redraw_all()
        reads = (
            f"; a read of a whole key takes {prediction.fan_out} requests" if prediction.fan_out > 1 else ""
        )
        return (
            f"{prediction.throttled_share:.1%} of the writes are refused; "
            f"{prediction.partitions[-1]} partitions at the end; "
            f"the hottest key gets {prediction.hottest_key:.1%} of the load{reads}."
        )


class CollectionFigure(LiveFigure):
    """How one collection grows, and what it takes in, with local indexes and without any."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 3.9)
        self.size, self.flow = figure.subplots(1, 2, width_ratios=(3, 2))
        self.size.set(title="Size of the collection", xlabel="days", ylabel="GB")
        self.flow.set(title="New items", xlabel="days", ylabel="items/s")
        ink, free, held = COLOURS["ink"], COLOURS["good"], COLOURS["model"]
        (self.limit,) = self.size.plot([], [], "--", color=ink, label="10 GB")
        (self.asked,) = self.flow.plot([], [], ":", color=ink, label="asked")
        self.free = [axes.plot([], [], "-.", color=free)[0] for axes in (self.size, self.flow)]
        self.held = [axes.plot([], [], color=held)[0] for axes in (self.size, self.flow)]
        self.held[0].set_label("as set")
        self.free[0].set_label("without local index")
        (self.full,) = self.size.plot([], [], MARKERS[1], color=COLOURS["accent"], label="full")
        self.size.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=4, columnspacing=1.0)
        self.flow.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17))
        super().__init__(figure, [self.limit, self.asked, *self.free, *self.held, self.full])

    def update(self, prediction: CollectionResult, measured: None) -> str:
        """Draw size and intake over the days."""
        days, end = prediction.days, float(prediction.days[-1])
        full = prediction.full_after
        self.limit.set_data([0, end], [FULL_GB, FULL_GB])
        self.held[0].set_data(days, prediction.size_gb)
        self.free[0].set_data(days, prediction.free_gb)
        self.full.set_data([] if full is None else [full], [] if full is None else [FULL_GB])
        stop = end if full is None else full
        self.held[1].set_data(
            [0, stop, stop, end],
            [prediction.accepted] * 2 + [prediction.accepted if full is None else 0.0] * 2,
        )
        self.free[1].set_data([0, end], [prediction.free_accepted] * 2)
        self.asked.set_data([0, end], [prediction.asked] * 2)
        self.fit(self.size, x=end, y=max(1.2 * FULL_GB, float(prediction.free_gb[-1])))
        self.fit(self.flow, x=end, y=1.1 * float(prediction.asked))
        return _collection_told(prediction)


def _collection_told(result: CollectionResult) -> str:
    many = "partitions" if result.partitions[0] > 1 else "partition"
    told = f"{result.size_gb[-1]:,.1f} GB on {result.partitions[0]:,} {many}"
    if result.accepted < result.asked:
        told = f"{result.accepted:,.0f} of {result.asked:,.0f} items a second get in; {told}"
    if result.full_after is None:
        return f"{told} after {result.days[-1]:.0f} days; nothing is refused for size."
    return (
        f"{told}. From day {result.full_after:.1f} on every new item is refused for size; without a local "
        f"index it would have {result.free_gb[-1]:,.1f} GB by then, on {result.partitions[1]:,} partitions."
    )


def growth_lines(
    sizes: Sequence[int], costs: Mapping[str, Sequence[float]], *, what: str, log: bool = True
) -> Picture:
    """Return how a cost grows with the data, a line per way of asking.

    Args:
        sizes: numbers of rows or items.
        costs: the cost at each size, by way of asking.
        what: the name of the cost, with its unit.
        log: whether both axes are logarithmic.
    """
    figure = new_figure(7.6, 3.8)
    axes = figure.subplots()
    palette = (COLOURS["accent"], COLOURS["warm"], COLOURS["good"], COLOURS["ink"])
    for (name, values), marker, colour in zip(costs.items(), MARKERS, palette, strict=False):
        axes.plot(sizes, values, marker=marker, color=colour, label=name)
    if log:
        axes.set(xscale="log", yscale="log")
    axes.set(xlabel="items", ylabel=what)
    axes.legend()
    told = "; ".join(f"{name} goes from {v[0]:,.3g} to {v[-1]:,.3g}" for name, v in costs.items())
    return Picture(figure, f"{what} as the data grows from {sizes[0]:,} to {sizes[-1]:,} items: {told}.")


def units_beside(
    predicted: Mapping[str, float], measured: Mapping[str, float], *, what: str = "units"
) -> Picture:
    """Return predicted and measured units side by side, a pair of bars per name."""
    figure = new_figure(7.6, 0.6 * len(predicted) + 1.4)
    axes = figure.subplots()
    places = np.arange(len(predicted))
    axes.barh(places - 0.2, list(predicted.values()), 0.38, color=COLOURS["model"], label="model")
    values = [measured[name] for name in predicted]
    axes.barh(
        places + 0.2, values, 0.38, color=COLOURS["real"], hatch="//", ec=COLOURS["paper"], label="engine"
    )
    axes.set(yticks=places, yticklabels=list(predicted), xlabel=what)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.legend()
    told = "; ".join(f"{name}: model {p:g}, engine {measured[name]:g}" for name, p in predicted.items())
    return Picture(figure, f"{what}, predicted and measured. {told}.")

"""Figures on schemas: how many participants an order's commit has, and what a change of schema costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, new_figure
from engineroom.kit.style import COLOURS
from engineroom.spanner.schema import LAYOUTS, MOST_INDEXES

if TYPE_CHECKING:
    from engineroom.spanner.online_change import ChangeRun
    from engineroom.spanner.schema import SchemaRun

__all__ = ["ChangeFigure", "SchemaFigure"]

WAYS = dict(zip(LAYOUTS, (("model", "-", "o"), ("good", "--", "s"), ("real", ":", "^")), strict=True))


class SchemaFigure(LiveFigure):
    """Participants by the number of indexes, and their spread over many orders."""

    MOST = 40

    def __init__(self) -> None:
        figure = new_figure(8.8, 4.2)
        self.curve, self.spread = figure.subplots(1, 2, width_ratios=(3, 2))
        self.curve.set(title="Participants of one commit", xlabel="indexes apart", ylabel="splits, mean")
        self.curve.set_xlim(-0.3, MOST_INDEXES + 0.3)
        self.spread.set(title="These orders", xlabel="participants", ylabel="% of orders")
        self.lines = {
            layout: self.curve.plot([], [], style, marker=marker, color=COLOURS[colour], label=layout)[0]
            for layout, (colour, style, marker) in WAYS.items()
        }
        (self.here,) = self.curve.plot([], [], "D", color=COLOURS["ink"], markersize=10, label="these orders")
        self.bars = self.spread.bar(
            range(1, self.MOST + 1), [0] * self.MOST, color=COLOURS["sky"], ec=COLOURS["ink"]
        )
        self.curve.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=9)
        super().__init__(figure, [*self.lines.values(), *self.bars, self.here])

    def update(self, prediction: SchemaRun, measured: None = None) -> str:
        """Draw the expected participants of each layout, and the counted ones of this."""
        knobs = prediction.knobs
        for layout, line in self.lines.items():
            line.set_data(range(MOST_INDEXES + 1), prediction.by_indexes[layout])
        self.here.set_data([knobs.indexes_apart], [prediction.mean])
        shares = 100 * np.bincount(prediction.participants, minlength=self.MOST + 1) / knobs.orders
        for bar, share in zip(self.bars, shares[1:], strict=False):
            bar.set(height=share, visible=share > 0)
        self.fit(self.curve, y=1.05 * max(max(curve) for curve in prediction.by_indexes.values()))
        self.curve.set_xlim(-0.3, MOST_INDEXES + 0.3)
        self.fit(self.spread, x=max(8, prediction.participants.max()) + 1, y=1.05 * shares.max())
        indexes = f"{knobs.indexes_apart} index{'' if knobs.indexes_apart == 1 else 'es'}"
        return (
            f"{knobs.layout}, {indexes} apart: {prediction.rows} rows per order, "
            f"{prediction.mean:.2f} participants on average, {prediction.participants.max()} at most."
        )


class ChangeFigure(LiveFigure):
    """Each transaction's latency over time, the change's timestamp and its work."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.0)
        self.axes = figure.add_subplot()
        self.axes.set(
            title="A column is added under load",
            xlabel="asked for, ms",
            ylabel="ms to the answer",
            yscale="log",
        )
        self.axes.set(xlim=(0, 2_000), ylim=(0.5, 2_000))
        self.axes.yaxis.set_major_formatter("{x:g}")
        (self.dots,) = self.axes.plot([], [], "o", color=COLOURS["model"], markersize=4, label="transaction")
        self.work = self.axes.axvspan(0, 1, color=COLOURS["warm"], alpha=0.35, label="change at work")
        self.stamp = self.axes.axvline(0, color=COLOURS["real"], linestyle="--", label="its timestamp t")
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
        super().__init__(figure, [self.work, self.stamp, self.dots])

    def update(self, prediction: ChangeRun, measured: None = None) -> str:
        """Draw what each client felt, and when the change was at work and in force."""
        self.dots.set_data(prediction.asked_ms, prediction.latency_ms)
        self.work.set(x=prediction.begun_ms, width=prediction.done_ms - prediction.begun_ms)
        self.stamp.set_xdata([prediction.t_ms] * 2)
        self.fit(self.axes, x=max(prediction.asked_ms.max(), prediction.done_ms, prediction.t_ms))
        waited = int((prediction.latency_ms > 50).sum())
        took = prediction.done_ms - prediction.begun_ms
        return (
            f"The change is {prediction.state} after {took:,.0f} ms; its timestamp lies "
            f"{prediction.knobs.lead_ms:,.0f} ms ahead. The longest transaction takes "
            f"{prediction.longest_ms:,.0f} ms, and {waited} take more than 50 ms."
        )

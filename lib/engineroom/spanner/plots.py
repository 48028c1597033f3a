"""Figures of the explorers on latency, staleness, failover and splits; what the others share."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, new_figure
from engineroom.kit.style import COLOURS
from engineroom.spanner.closed_forms import mean_wait_beyond_paxos

if TYPE_CHECKING:
    from engineroom.spanner.failover import FailoverRun
    from engineroom.spanner.latency import Sample
    from engineroom.spanner.splits import SplitRun
    from engineroom.spanner.staleness import StaleCurve
    from engineroom.spanner.two_phase import TwoPhaseCurve

__all__ = [
    "MODEL",
    "PAPER",
    "FailoverFigure",
    "SplitFigure",
    "StaleFigure",
    "TwoPhaseFigure",
    "WaitFigure",
    "columns",
]

MODEL = {"color": COLOURS["model"], "linestyle": "-", "marker": "o", "markersize": 5, "label": "model"}
PAPER = {"color": COLOURS["real"], "linestyle": "--", "marker": "s", "markersize": 5}


class WaitFigure(LiveFigure):
    """What commit wait adds to Paxos, on average and in one stacked bar."""

    PARTS = (
        ("client's round trip", "network", "quiet", ""),
        ("Paxos", "paxos", "sky", "//"),
        ("commit wait beyond it", "wait", "accent", ".."),
    )
    REACH = 40.0

    def __init__(self) -> None:
        figure = new_figure(8.6, 4.0)
        self.curve, self.stack = figure.subplots(1, 2, width_ratios=(3, 2))
        self.curve.set(
            title="Extra wait on average", xlabel="Paxos round, ms", ylabel="ms", xlim=(0, self.REACH)
        )
        self.stack.set(title="One write", ylabel="ms", xlim=(-0.7, 0.7), xticks=[])
        (self.line,) = self.curve.plot([], [], color=COLOURS["model"], label="(2ε − P)⁺, mean over ε")
        (self.here,) = self.curve.plot(
            [], [], "o", color=COLOURS["ink"], markersize=9, label="these settings"
        )
        self.bars = [
            self.stack.bar(
                0, 0, width=0.7, color=COLOURS[colour], hatch=hatch, label=name, ec=COLOURS["ink"]
            )[0]
            for name, _, colour, hatch in self.PARTS
        ]
        legible = {"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 1.5}
        self.texts = [self.stack.text(0, 0, "", ha="center", va="center", bbox=legible) for _ in self.PARTS]
        self.curve.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        self.stack.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), fontsize=9)
        super().__init__(figure, [self.line, self.here, *self.bars, *self.texts])

    def update(self, prediction: Sample, measured: None = None) -> str:
        """Draw the closed form over all Paxos latencies and the parts of a mean write."""
        low, high = prediction.epsilon_ms
        paxos = np.linspace(0, self.REACH, 200)
        self.line.set_data(paxos, mean_wait_beyond_paxos(paxos, low, high))
        means = [float(getattr(prediction, part).mean()) for _, part, _, _ in self.PARTS]
        self.here.set_data([means[1]], [means[2]])
        below = 0.0
        for bar, text, value in zip(self.bars, self.texts, means, strict=True):
            bar.set(y=below, height=value)
            shown = value > 0.06 * sum(means)
            text.set(y=below + value / 2, text=f"{value:.2f}", visible=shown)
            below += value
        self.fit(self.curve, y=1.05 * (low + high))
        self.fit(self.stack, y=1.05 * below)
        return (
            f"A write takes {below:.1f} ms on average: {means[0]:.1f} ms on the way, {means[1]:.1f} ms Paxos "
            f"and {means[2]:.1f} ms of commit wait that Paxos did not hide."
        )


class TwoPhaseFigure(LiveFigure):
    """Two-phase commit by participants: the model beside the paper's table 4."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.2)
        self.axes = figure.add_subplot()
        self.axes.set(
            title="Two-phase commit", xlabel="participants", ylabel="ms", xscale="log", xlim=(0.8, 260)
        )
        self.axes.set_xticks([1, 2, 5, 10, 25, 50, 100, 200], [1, 2, 5, 10, 25, 50, 100, 200])
        self.axes.minorticks_off()
        self.mean, self.high = (
            self.axes.plot([], [], **{**MODEL, "label": f"model, {what}", "linestyle": style})[0]
            for what, style in (("mean", "-"), ("99th percentile", ":"))
        )
        self.paper = self.axes.plot([], [], **PAPER, label="OSDI 2012, mean")[0]
        (self.band,) = self.axes.plot(
            [], [], color=COLOURS["real"], linewidth=6, alpha=0.35, label="± one sd"
        )
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4)
        super().__init__(figure, [self.band, self.paper, self.high, self.mean])

    def update(self, prediction: TwoPhaseCurve, measured: None = None) -> str:
        """Draw the model's mean and tail, and the published means with their spread."""
        self.mean.set_data(prediction.participants, prediction.mean_ms)
        self.high.set_data(prediction.participants, prediction.p99_ms)
        self.paper.set_data(prediction.participants, prediction.published_ms)
        spread = [
            (x, y)
            for x, mean, sd in zip(
                prediction.participants, prediction.published_ms, prediction.published_sd_ms, strict=True
            )
            for x, y in ((x, mean - sd), (x, mean + sd), (np.nan, np.nan))
        ]
        self.band.set_data(columns(spread))
        self.fit(self.axes, y=1.05 * max(*prediction.p99_ms, *prediction.published_ms))
        self.axes.set_xlim(0.8, 260)
        return (
            f"From 1 to 200 participants the model goes from {prediction.mean_ms[0]:.1f} to "
            f"{prediction.mean_ms[-1]:.1f} ms, the paper from {prediction.published_ms[0]:.1f} to "
            f"{prediction.published_ms[-1]:.1f} ms; typical gap {prediction.typical_gap_ms:.1f} ms."
        )


class StaleFigure(LiveFigure):
    """Staleness against latency and the share served without asking the leader."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.2)
        self.latency, self.share = figure.subplots(2, 1, sharex=True)
        self.latency.set(title="Mean latency of a read", ylabel="ms")
        self.share.set(title="Served without asking the leader", ylabel="%", xlabel="staleness allowed, s")
        self.share.set_ylim(0, 105)
        self.lines = [axes.plot([], [], color=COLOURS["model"])[0] for axes in (self.latency, self.share)]
        self.here = [
            axes.plot([], [], "o", color=COLOURS["ink"], markersize=9, clip_on=False)[0]
            for axes in (self.latency, self.share)
        ]
        super().__init__(figure, [*self.lines, *self.here])

    def update(self, prediction: StaleCurve, measured: None = None) -> str:
        """Draw both curves and where the chosen staleness lies on them."""
        rows = (prediction.latency_ms, 100 * prediction.local)
        chosen = (prediction.chosen_latency_ms, 100 * prediction.chosen_local)
        for line, dot, values, here in zip(self.lines, self.here, rows, chosen, strict=True):
            line.set_data(prediction.staleness_s, values)
            dot.set_data([prediction.chosen_s], [here])
        self.fit(self.latency, x=prediction.staleness_s[-1], y=1.1 * max(rows[0]))
        return (
            f"With {prediction.chosen_s:g} s of staleness {prediction.chosen_local:.0%} of the reads are "
            f"served on the spot and a read takes {prediction.chosen_latency_ms:.1f} ms on average."
        )


class FailoverFigure(LiveFigure):
    """Completed reads around a kill, as in the paper's figure 5."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.0)
        self.axes = figure.add_subplot()
        self.axes.set(title="Completed reads", xlabel="seconds", ylabel="thousand reads/s")
        (self.rate,) = self.axes.plot([], [], color=COLOURS["model"], drawstyle="steps-post", label="model")
        self.killed = self.axes.axvline(0, color=COLOURS["ink"], linestyle=":", label="kill")
        self.back = self.axes.axvline(0, color=COLOURS["good"], linestyle="--", label="every group led again")
        self.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
        super().__init__(figure, [self.rate, self.killed, self.back])

    def update(self, prediction: FailoverRun, measured: None = None) -> str:
        """Draw the rate over time, the kill and the end of the outage."""
        rate = prediction.rate / 1e3
        self.rate.set_data(prediction.edges, [*rate, rate[-1]])
        kill = prediction.knobs.kill_s
        self.killed.set_xdata([kill] * 2)
        self.back.set_xdata([kill + prediction.outage_s] * 2)
        self.fit(self.axes, x=prediction.edges[-1], y=1.25 * rate.max())
        return (
            f"{prediction.knobs.kill}: the rate falls to {rate.min():,.1f} thousand reads/s and peaks at "
            f"{rate.max():,.1f}; the last group has a leader {prediction.outage_s:.1f} s after the kill."
        )


class SplitFigure(LiveFigure):
    """Writes served over time, and the load on each node in the last minute."""

    MOST = 40

    def __init__(self) -> None:
        figure = new_figure(8.8, 4.2)
        self.served, self.nodes = figure.subplots(1, 2, width_ratios=(3, 2))
        self.served.set(title="Writes served", xlabel="minutes", ylabel="thousand writes/s")
        self.nodes.set(
            title="Load by node, last minute", xlabel="node, busiest first", ylabel="% of what it can"
        )
        (self.line,) = self.served.plot([], [], **MODEL)
        self.offered = self.served.axhline(0, color=COLOURS["ink"], linestyle=":", label="offered")
        self.bars = self.nodes.bar(
            range(1, self.MOST + 1), [0] * self.MOST, color=COLOURS["sky"], ec=COLOURS["ink"]
        )
        self.full = self.nodes.axhline(100, color=COLOURS["real"], linestyle="--", label="full")
        self.served.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        self.nodes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16))
        super().__init__(figure, [self.line, self.offered, *self.bars, self.full])

    def update(self, prediction: SplitRun, measured: None = None) -> str:
        """Draw throughput over the minutes, and how evenly the load lies."""
        knobs, last = prediction.knobs, prediction.minutes[-1]
        served = [minute.served / 1e3 for minute in prediction.minutes]
        self.line.set_data(range(1, len(served) + 1), served)
        self.offered.set_ydata([knobs.writes / 1e3] * 2)
        loads = [100 * load / knobs.node_writes for load in last.node_load[: self.MOST]]
        for bar, load in zip_longest(self.bars, loads[: self.MOST]):
            bar.set(height=load or 0, visible=load is not None)
        self.fit(self.served, x=len(served), y=1.1 * max(knobs.writes / 1e3, 0.001))
        self.fit(self.nodes, x=max(8, len(loads)) + 1, y=1.1 * max(100.0, *loads))
        why = f" What cannot be helped: {', '.join(last.reasons)}." if last.reasons else ""
        return (
            f"{knobs.scheme} on {knobs.nodes} nodes: {last.served:,.0f} of {knobs.writes:,} writes/s served "
            f"with {last.splits} splits.{why}"
        )


def columns(points: Iterable[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return the x and the y of some points, as a line wants them."""
    points = list(points)
    return [x for x, _ in points], [y for _, y in points]

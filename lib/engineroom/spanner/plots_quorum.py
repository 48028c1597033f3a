"""Figures of a quorum of three: the model, and real servers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engineroom.kit.figures import LiveFigure, Picture, new_figure
from engineroom.kit.style import COLOURS
from engineroom.spanner.plots import MODEL, PAPER

if TYPE_CHECKING:
    from engineroom.spanner.raft_quorum import QuorumRun

__all__ = ["QuorumFigure", "quorums"]

KINDS = {"put": "put_ms", "linearizable read": "linearizable_ms", "serializable read": "serializable_ms"}


class QuorumFigure(LiveFigure):
    """A quorum's latencies, request by request in order of length, and its gaps without a leader."""

    def __init__(self) -> None:
        figure = new_figure(8.8, 4.2)
        self.times, self.gaps = figure.subplots(1, 2, width_ratios=(3, 1))
        self.times.set(title="A quorum of three", xlabel="ms", ylabel="% of requests", ylim=(0, 102))
        self.gaps.set(title="Leader killed", xlabel="seconds without writes", xlim=(0, 4))
        self.gaps.set(ylim=(-0.5, 1.5), yticks=[0, 1], yticklabels=["model", "real"])
        self.shares = {
            (way, kind): self.times.plot([], [], style, color=COLOURS[way], label=f"{way}: {kind}")[0]
            for way in ("model", "real")
            for kind, style in zip(KINDS, ("-", "--", ":"), strict=True)
        }
        self.kills = {
            way: self.gaps.plot([], [], marker, color=COLOURS[way], markersize=9)[0]
            for way, marker in (("model", "o"), ("real", "s"))
        }
        self.times.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=9)
        super().__init__(figure, [*self.shares.values(), *self.kills.values()])

    def update(self, prediction: QuorumRun, measured: QuorumRun | None = None) -> str:
        """Draw the model's run, and the real one where there is one."""
        runs = {"model": prediction, "real": measured}
        for row, (way, run) in enumerate(runs.items()):
            gaps = run.gap_s if run else []
            self.kills[way].set_data(gaps, np.full(len(gaps), row))
            for kind, name in KINDS.items():
                times = np.sort(getattr(run, name)) if run else []
                self.shares[way, kind].set_data(times, np.linspace(0, 100, len(times)))
        shown = [run for run in runs.values() if run]
        self.fit(self.times, x=1.05 * max(np.percentile(run.put_ms, 95) for run in shown))
        self.fit(self.gaps, x=1.05 * max(run.gap_s.max(initial=0.1) for run in shown))
        return " ".join(_in_words(run) for run in shown)


def _in_words(run: QuorumRun) -> str:
    medians = ", ".join(f"{kind} {np.median(getattr(run, name)):.1f} ms" for kind, name in KINDS.items())
    gaps = f", {run.gap_s.mean():.2f} s without a leader on average" if len(run.gap_s) else ""
    return f"{run.origin}: {medians}{gaps}."


def quorums(prediction: QuorumRun, measured: QuorumRun) -> Picture:
    """Return a model's and a real quorum's latencies (medians with quartiles) and failover gaps."""
    figure = new_figure(8.4, 3.8)
    times, gaps = figure.subplots(1, 2, width_ratios=(3, 1))
    told = []
    for way, run, style in ((-0.15, prediction, MODEL), (0.15, measured, PAPER)):
        low, middle, high = np.array([np.percentile(getattr(run, k), (25, 50, 75)) for k in KINDS.values()]).T
        places = np.arange(len(KINDS)) + way
        shown = {**style, "linestyle": "none", "label": run.origin, "markersize": 8}
        times.errorbar(places, middle, [middle - low, high - middle], capsize=5, **shown)
        gaps.plot(np.full(len(run.gap_s), way), run.gap_s, **shown)
        medians = ", ".join(f"{kind} {m:.1f} ms" for kind, m in zip(KINDS, middle, strict=True))
        told.append(f"{run.origin}: {medians}, gap {np.mean(run.gap_s):.2f} s on average")
    for axes in (times, gaps):
        axes.margins(y=0.1)
        axes.set_ylim(0, None)
    times.set(title="A quorum of three", ylabel="ms, median and quartiles")
    times.set_xticks(range(len(KINDS)), KINDS)
    times.legend(loc="upper right")
    gaps.set(title="Leader killed", ylabel="seconds without writes", xlim=(-0.6, 0.6), xticks=[])
    return Picture(figure, "; ".join(told) + ".")

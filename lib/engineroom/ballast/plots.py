"""Figures of the ballast theme: results in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.trajectory import heap_trajectory
from engineroom.kit.figures import LiveFigure, Picture, new_figure
from engineroom.kit.style import COLOURS

if TYPE_CHECKING:
    from engineroom.ballast.death_spiral import SpiralRun
    from engineroom.ballast.virtual_memory import MemoryCharge

__all__ = [
    "HeapFigure",
    "MemoryFigure",
    "SpiralFigure",
    "gc_share_bars",
    "heap_over_time",
    "memory_charged",
    "work_near_the_limit",
]

MODEL = {"color": COLOURS["model"], "linestyle": "-", "label": "model"}
REAL = {"color": COLOURS["real"], "linestyle": "--", "label": "real Go"}
BOTH = {style["label"]: style for style in (MODEL, REAL)}
WHO = (
    ("mark workers", "mark_cpu_s", COLOURS["sky"], ""),
    ("assists", "assist_cpu_s", COLOURS["accent"], "///"),
    ("idle workers", "idle_cpu_s", COLOURS["grid"], "..."),
)


def megabytes(size: float) -> str:
    """Write a size in MiB, as Go's own logs do."""
    return f"{size / MIB:,.0f} MB" if size >= 9.95 * MIB else f"{size / MIB:,.1f} MB"


def in_words(run: GCRun) -> str:
    """Return one sentence about a run: cycles, goal, GC share."""
    if not run.cycles:
        return (
            f"no collection in {run.duration_s:.3g} s, heap up to {megabytes(heap_trajectory(run)[1].max())}"
        )
    goal = megabytes(float(np.median(run.goal_bytes)))
    rate = f"{run.cycles_per_s:,.0f}" if run.cycles_per_s >= 10 else f"{run.cycles_per_s:.2g}"
    return f"{rate} collections/s, goal {goal}, {sum(mark_shares(run)):.1%} of the CPU marks"


class HeapFigure(LiveFigure):
    """The sawtooth of the heap with its goal, and who spends CPU on marking it."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.6)
        self.heap, self.share = figure.subplots(1, 2, width_ratios=(4, 1))
        self.heap.set(title="Heap over time", xlabel="seconds", ylabel="MB")
        self.share.set(title="CPU in GC", xticks=(0, 1), xlim=(-0.6, 1.6), ylabel="% of the CPU used")
        self.share.set_xticklabels(["model", "real"])
        self.lines = {name: self.heap.plot([], [], **style)[0] for name, style in BOTH.items()}
        self.lines["real Go"].set_linewidth(1.2)
        (self.goal,) = self.heap.plot([], [], ":", color=COLOURS["ink"], linewidth=1.4, label="goal (model)")
        self.ballast = self.heap.axhspan(0, 0, facecolor=COLOURS["grid"], hatch="//", label="ballast")
        self.ballast.set_edgecolor(COLOURS["paper"])
        self.bars = [
            self.share.bar([0, 1], 0, width=0.8, color=colour, hatch=hatch, label=who, ec=COLOURS["ink"])
            for who, _, colour, hatch in WHO
        ]
        self.totals = [self.share.text(x, 0, "", ha="center", va="bottom") for x in (0, 1)]
        self.heap.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4)
        self.share.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14))
        segments = [bar for bars in self.bars for bar in bars]
        super().__init__(figure, [self.ballast, self.goal, *self.lines.values(), *segments, *self.totals])

    def update(self, prediction: GCRun, measured: GCRun | None) -> str:
        """Draw both sawteeth, the model's goal, and what both spend on marking."""
        highest = max([0.0, *prediction.goal_bytes])
        tallest = 0.0
        for x, (name, run) in enumerate({"model": prediction, "real Go": measured}.items()):
            times, heap = heap_trajectory(run) if run else ([], np.array([]))
            self.lines[name].set_data(times, heap / MIB)
            highest = max([highest, *heap])
            tallest = max(tallest, self._stack(x, run))
        self.goal.set_data(*_steps(prediction))
        self.ballast.set_height(prediction.ballast_bytes / MIB)
        self.fit(self.heap, x=prediction.duration_s, y=1.02 * highest / MIB)
        self.fit(self.share, y=min(1.15 * tallest, 100) or 1.0)
        told = f"Model: {in_words(prediction)}."
        return f"{told} Real {measured.origin}: {in_words(measured)}." if measured else told

    def _stack(self, x: int, run: GCRun | None) -> float:
        """Draw one column of CPU shares; return its height."""
        shares = mark_shares(run) if run else [0.0] * len(WHO)
        for bars, share, below in zip(self.bars, shares, np.cumsum([0.0, *shares]), strict=False):
            bars[x].set(height=100 * share, y=100 * below)
        top = 100 * sum(shares)
        self.totals[x].set(y=top, text=f"{top:.1f}" if run else "")
        return top


def mark_shares(run: GCRun) -> list[float]:
    """Return the shares of the CPU used that went to mark workers, assists and idle workers."""
    if not run.cycles:
        return [0.0] * len(WHO)
    return [float(np.nansum(getattr(run, column))) / run.busy_cpu_s for _, column, _, _ in WHO]


def _steps(run: GCRun) -> tuple[np.ndarray, np.ndarray]:
    """Return the goal as a staircase: each goal holds from the end of the cycle before."""
    begins = np.append(0.0, run.end_s[:-1]) if run.cycles else np.array([])
    times = np.stack([begins, run.end_s], axis=1).ravel()
    return times, np.repeat(run.goal_bytes, 2) / MIB


class MemoryFigure(LiveFigure):
    """What the operating system charges for a slice: address space, resident memory, page faults."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 4.0)
        self.sizes, self.faults = figure.subplots(1, 2)
        self.sizes.set(title="Memory charged", ylabel="MB", xlim=(-0.6, 1.6), xticks=(0, 1))
        self.sizes.set_xticklabels(["address space (VSZ)", "resident (RSS)"])
        self.faults.set(title="Page faults", ylabel="pages", xlim=(-0.6, 1.6), xticks=(0, 1))
        self.faults.set_xticklabels(["touching", "first GC"])
        self.bars, self.texts = {}, {}
        for axes in (self.sizes, self.faults):
            for way, style in ((-0.2, MODEL), (0.2, REAL)):
                name = style["label"]
                hatch = "//" if name != "model" else ""
                bars = axes.bar([way, 1 + way], 0, width=0.38, color=style["color"], label=name, hatch=hatch)
                for bar in bars:
                    bar.set_edgecolor(COLOURS["paper"])
                self.bars[axes, name] = bars
                self.texts[axes, name] = [
                    axes.text(x + way, 0, "", ha="center", va="bottom", fontsize=9) for x in (0, 1)
                ]
        figure.legend(*self.sizes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        moving = [bar for bars in self.bars.values() for bar in bars]
        super().__init__(figure, moving + [text for texts in self.texts.values() for text in texts])

    def update(self, prediction: MemoryCharge, measured: MemoryCharge | None) -> str:
        """Draw both charges side by side."""
        for axes, scale, least, write, names in (
            (self.sizes, MIB, 1, "{:,.1f}", ("vsz_bytes", "rss_bytes")),
            (self.faults, 1, 1000, "{:,.0f}", ("minor_faults", "gc_faults")),
        ):
            highest = least  # a few faults always happen: no drama
            for name, charge in (("model", prediction), ("real Go", measured)):
                values = [getattr(charge, field) / scale if charge else 0.0 for field in names]
                highest = max([highest, *values])
                for bar, text, value in zip(
                    self.bars[axes, name], self.texts[axes, name], values, strict=True
                ):
                    bar.set_height(value)
                    text.set(y=value, text=write.format(value) if charge else "")
            self.fit(axes, y=1.1 * highest)
        told = f"Model: {_charge_in_words(prediction)}."
        return f"{told} Real: {_charge_in_words(measured)}." if measured else told


def _charge_in_words(charge: MemoryCharge) -> str:
    scan = f", every collection reads {megabytes(charge.scan_bytes)}" if charge.scan_bytes >= MIB else ""
    return (
        f"{megabytes(charge.vsz_bytes)} of address space, {megabytes(charge.rss_bytes)} resident, "
        f"{charge.minor_faults:,.0f} page faults{scan}"
    )


class SpiralFigure(LiveFigure):
    """A live heap that creeps up to its limit: the work still done, the CPU in GC, the memory used."""

    def __init__(self) -> None:
        figure = new_figure(8.4, 6.0)
        self.work, self.share, self.memory = figure.subplots(3, 1, sharex=True)
        self.work.set(title="Work done, compared with the first step", ylabel="%", ylim=(0, 120))
        self.share.set(title="CPU in GC", ylabel="% of the CPU used", ylim=(0, 100))
        self.memory.set(title="Memory in use", ylabel="% of the limit", xlabel="live heap, % of the limit")
        panels = (self.work, self.share, self.memory)
        self.lines = {
            (axes, style["label"]): axes.plot([], [], marker=marker, markersize=5, **style)[0]
            for axes in panels
            for style, marker in ((MODEL, "o"), (REAL, "s"))
        }
        for axes in panels:
            axes.axvline(100, color=COLOURS["ink"], linestyle=":")
        self.memory.axhline(100, color=COLOURS["ink"], linestyle=":", label="memory limit")
        self.limiter = {
            name: self.share.plot([], [], marker, color=style["color"], markersize=7)[0]
            for (name, style), marker in zip(BOTH.items(), "v^", strict=True)
        }
        for name, line in self.limiter.items():
            line.set_label(f"CPU limiter on ({name})")
        handles = [*self.memory.get_legend_handles_labels()[0], *self.limiter.values()]
        figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=9.5)
        super().__init__(figure, [*self.lines.values(), *self.limiter.values()])

    def update(self, prediction: SpiralRun, measured: SpiralRun | None) -> str:
        """Draw throughput, GC share and memory over the live heap, sizes as shares of the limit."""
        furthest, highest = 100.0, 300.0
        for (name, run), height in zip((("model", prediction), ("real Go", measured)), (95, 86), strict=True):
            lives, work, share, memory, on = _as_percent(run) if run else [np.array([])] * 5
            self.lines[self.work, name].set_data(lives, work)
            self.lines[self.share, name].set_data(lives, share)
            self.lines[self.memory, name].set_data(lives, memory)
            self.limiter[name].set_data(on, np.full(len(on), height))
            furthest, highest = max([furthest, *lives]), max([highest, *memory])
        self.fit(self.memory, x=furthest, y=highest)
        told = f"Model: {_spiral_in_words(prediction)}."
        return f"{told} Real: {_spiral_in_words(measured)}." if measured else told


def _as_percent(run: SpiralRun) -> list[np.ndarray]:
    """Return live heap, work, GC share and memory, and the live heaps at which the CPU limiter was on."""
    lives = 100 * run.live_mb / run.limit_mb
    memory = 100 * run.mapped_mb / run.limit_mb
    return [lives, 100 * run.throughput, 100 * run.gc_share, memory, lives[run.limiter_on]]


def _spiral_in_words(run: SpiralRun) -> str:
    return (
        f"at {run.live_mb[-1]:,.0f} MB live the program does {run.throughput[-1]:.0%} of its first work "
        f"and spends {run.gc_share[-1]:.0%} of its CPU in GC, with {run.mapped_mb[-1]:,.0f} MB in use "
        f"under a limit of {run.limit_mb:,.0f} MB"
    )


def heap_over_time(prediction: GCRun, measured: GCRun | None = None) -> Picture:
    """Return the heap figure of one prediction and, if given, one measurement as a still picture."""
    return _still(HeapFigure(), prediction, measured)


def memory_charged(prediction: MemoryCharge, measured: MemoryCharge | None = None) -> Picture:
    """Return the memory figure of one prediction and, if given, one measurement as a still picture."""
    return _still(MemoryFigure(), prediction, measured)


def work_near_the_limit(prediction: SpiralRun, measured: SpiralRun | None = None) -> Picture:
    """Return the figure of the death spiral, predicted and, if given, measured, as a still picture."""
    return _still(SpiralFigure(), prediction, measured)


def _still(figure: LiveFigure, prediction: Any, measured: Any | None) -> Picture:
    return figure.picture(alt=figure.update(prediction, measured))


def gc_share_bars(runs: dict[str, GCRun]) -> Picture:
    """Return who spends the collector's CPU in each run: workers, assists or idle workers.

    Args:
        runs: label -> run.
    """
    figure = new_figure(8.0, 1.6 + 0.5 * len(runs))
    axes = figure.add_subplot()
    shares = 100 * np.array([mark_shares(run) for run in runs.values()])
    left = np.zeros(len(runs))
    for (label, _, colour, hatch), share in zip(WHO, shares.T, strict=True):
        axes.barh(list(runs), share, left=left, color=colour, hatch=hatch, label=label, ec=COLOURS["ink"])
        left = left + share
    axes.set(title="Who marks", xlabel="% of the CPU used")
    axes.invert_yaxis()
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=3)
    told = "; ".join(
        f"{name}: " + ", ".join(f"{who} {share:.1f} %" for (who, *_), share in zip(WHO, row, strict=True))
        for name, row in zip(runs, shares, strict=True)
    )
    return Picture(figure, f"Share of the CPU used for marking. {told}.")

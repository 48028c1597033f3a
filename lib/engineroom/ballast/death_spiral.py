"""The death spiral: a live heap that creeps up to its memory limit, and the work that still gets done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engineroom.ballast.heap_knobs import HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.limiter import CPULimiter
from engineroom.ballast.trajectory import simulate as simulate_heap
from engineroom.kit.knobs import Knobs, integer, number

__all__ = ["SpiralKnobs", "SpiralRun", "simulate"]


@dataclass(frozen=True)
class SpiralKnobs(Knobs):
    """GOGC=off, a memory limit, and a live heap that grows step by step; the program works flat out."""

    limit_mb: float = number(200, 16, 2048, unit="MB", label="memory limit", log=True, help="GOMEMLIMIT.")
    ballast_mb: float = number(
        0, 0, 1024, unit="MB", label="ballast", help="Counts as memory, touched or not."
    )
    from_mb: float = number(
        20, 1, 1000, unit="MB", label="first live heap", log=True, help="Where it starts."
    )
    to_mb: float = number(180, 1, 1000, unit="MB", label="last live heap", log=True, help="Where it ends.")
    steps: int = integer(9, 2, 50, label="steps", help="How many live heaps to try.")
    step_s: float = number(
        0.5, 0.1, 10, step=0.1, unit="s", label="time per step", help="Wall time at each live heap."
    )
    mutator_mb_s: float = number(
        1200,
        10,
        5000,
        unit="MB/s",
        label="top allocation speed",
        log=True,
        help="With a processor to itself.",
    )
    mark_ns_per_byte: float = number(
        1, 0.01, 20, step=0.01, unit="ns/B", label="mark cost", log=True, help="CPU time to mark a live byte."
    )
    processors: int = integer(1, 1, 64, label="GOMAXPROCS", help="Threads that run Go code.")

    def conflicts(self) -> dict[str, str]:
        """Refuse a live heap that would shrink."""
        if self.to_mb < self.from_mb:
            return {
                "to_mb": f"The last live heap is {self.to_mb:g} MB, below the first of {self.from_mb:g} MB."
            }
        return {}


@dataclass(frozen=True, eq=False)
class SpiralRun:
    """What each step gave. Every column is an array of shape (steps,).

    Attributes:
        origin: "model", or the toolchain that ran.
        live_mb: live heap held.
        throughput: work per second of wall time, as a share of the first step's.
        gc_share: the collector's share of the CPU that was used.
        cycles_per_s: collections per second.
        mapped_mb: highest memory that counts against the limit.
        limiter_on: whether the CPU limiter stepped in.
        limit_mb: the memory limit.
    """

    origin: str
    live_mb: np.ndarray
    throughput: np.ndarray
    gc_share: np.ndarray
    cycles_per_s: np.ndarray
    mapped_mb: np.ndarray
    limiter_on: np.ndarray
    limit_mb: float


def simulate(knobs: SpiralKnobs) -> SpiralRun:
    """Return what the pacer model predicts for every step; the limiter's bucket is carried over.

    Good until the limiter steps in, and for when it does. Beyond that it is too kind: recorded runs do
    a third to three quarters of the work that it says, and map half to two thirds of the memory. It
    leaves out what sweeping, giving pages back and faulting them in again cost the program.
    """
    lives = np.linspace(knobs.from_mb, knobs.to_mb, knobs.steps)
    limiter = CPULimiter(knobs.processors)
    runs, limited = [], []
    for live in lives:
        limiter.ever_full = False
        runs.append(simulate_heap(_heap(knobs, float(live)), limiter=limiter))
        limited.append(limiter.ever_full)
    rate = np.array([run.allocated_bytes / run.duration_s for run in runs])
    return SpiralRun(
        origin="model",
        live_mb=lives,
        throughput=rate / rate[0],
        gc_share=np.array([run.gc_cpu_share for run in runs]),
        cycles_per_s=np.array([run.cycles_per_s for run in runs]),
        mapped_mb=np.array([run.mapped_bytes for run in runs]) / MIB,
        limiter_on=np.array(limited),
        limit_mb=knobs.limit_mb,
    )


def _heap(knobs: SpiralKnobs, live: float) -> HeapKnobs:
    return HeapKnobs(
        live_mb=live,
        ballast_mb=knobs.ballast_mb,
        gogc_off=True,
        limited=True,
        limit_mb=knobs.limit_mb,
        allocation_mb_s=knobs.mutator_mb_s,
        mutator_mb_s=knobs.mutator_mb_s,
        mark_ns_per_byte=knobs.mark_ns_per_byte,
        processors=knobs.processors,
        duration_s=knobs.step_s,
    )

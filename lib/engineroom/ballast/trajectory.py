"""The heap over time: a program allocates, the pacer triggers, the collector marks, again and again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.limiter import CPULimiter
from engineroom.ballast.mark_phase import MarkPhase, concurrent_mark, stopped_mark
from engineroom.ballast.pacer import Pacer

__all__ = ["Phase", "heap_trajectory", "simulate"]

MOST_CYCLES = 2000
RUNTIME_LIVE = 91_000
RUNTIME_STACKS = 3_760
RUNTIME_GLOBALS = 165_322
RUNTIME_NON_HEAP = 4 * MIB
RUNTIME_RESIDENT = 4 * MIB
ROOTS = RUNTIME_STACKS + RUNTIME_GLOBALS
CYCLE_CPU_S = 100e-6


@dataclass(frozen=True)
class Phase:
    """A stretch of the program's life; the live heap moves in a straight line to where it ends.

    Attributes:
        duration_s: how long it lasts.
        live_mb: live heap at its end.
        allocation_mb_s: garbage the program wants to make per second.
    """

    duration_s: float
    live_mb: float
    allocation_mb_s: float


class _Program:
    """The program's side: what is live at a moment, and when so many bytes are allocated."""

    def __init__(self, knobs: HeapKnobs, phases: Sequence[Phase]):
        self.speed = knobs.mutator_mb_s * MIB
        self.most = knobs.processors * self.speed
        self.stretches = []
        start, live = 0.0, knobs.live_mb * MIB
        for phase in phases:
            growth = (phase.live_mb * MIB - live) / phase.duration_s
            rate = phase.allocation_mb_s * MIB + max(0.0, growth)
            self.stretches.append((start, start + phase.duration_s, live, growth, rate))
            start, live = start + phase.duration_s, phase.live_mb * MIB
        self.ends = [end for _, end, *_ in self.stretches]
        self.duration_s = start

    def at(self, t: float) -> tuple[float, float, float, float, float]:
        return self.stretches[min(bisect_right(self.ends, t), len(self.ends) - 1)]

    def live(self, t: float) -> int:
        start, _, live, growth, _ = self.at(t)
        return int(live + growth * (t - start))

    def demand(self, t: float) -> float:
        """Processors that the program would keep busy."""
        return min(self.at(t)[-1], self.most) / self.speed

    def allocate(self, t: float, amount: float) -> float:
        """Return the moment by which `amount` more bytes are allocated, the collector being quiet."""
        while True:
            _, end, _, _, rate = self.at(t)
            rate = min(rate, self.most)
            if t + amount / rate <= end or end == self.duration_s:
                return t + amount / rate
            amount -= rate * (end - t)
            t = end

    def allocated(self, t: float, until: float) -> float:
        """Return the bytes allocated between two moments, the collector being quiet."""
        return sum(
            min(rate, self.most) * max(0.0, min(until, end) - max(t, start))
            for start, end, _, _, rate in self.stretches
        )


@dataclass(frozen=True)
class _Cycle:
    start_s: float
    trigger: int
    goal: int
    peak: int
    marked: int
    mark: MarkPhase


def simulate(knobs: HeapKnobs, phases: Sequence[Phase] = ()) -> GCRun:
    """Return the cycles that the pacer model predicts for a program.

    Left out: scheduling jitter, sweep and scavenge CPU, fragmentation, the CPU of allocation itself
    beyond `mutator_mb_s`, and catching up afterwards on what a mark phase held back. At most 2,000
    cycles are simulated; a run with more ends early, and its `duration_s` says when.

    Args:
        knobs: the program and its settings.
        phases: what the program does over time; by default it is steady for `knobs.duration_s`.
    """
    program = _Program(knobs, phases or [Phase(knobs.duration_s, knobs.live_mb, knobs.allocation_mb_s)])
    pacer = _pacer(knobs)
    limiter = CPULimiter(knobs.processors)
    first = pacer.marked
    cycles = list(_cycles(knobs, program, pacer, limiter))
    return _as_run(knobs, program, first, cycles, limiter)


def _pacer(knobs: HeapKnobs) -> Pacer:
    live = int(knobs.live_mb * MIB)
    return Pacer(
        gogc=None if knobs.gogc_off else knobs.gogc,
        marked=live + int(knobs.ballast_mb * MIB) + RUNTIME_LIVE,
        heap_scan=live,
        stacks=RUNTIME_STACKS,
        globals_=RUNTIME_GLOBALS,
        limit=int(knobs.limit_mb * MIB) if knobs.limited else None,
        non_heap=RUNTIME_NON_HEAP,
    )


def _cycles(knobs: HeapKnobs, program: _Program, pacer: Pacer, limiter: CPULimiter) -> Iterator[_Cycle]:
    """Yield finished cycles until the program's time is up."""
    held = int(knobs.ballast_mb * MIB) + RUNTIME_LIVE
    t = 0.0
    for _ in range(MOST_CYCLES):
        pacing = pacer.pace()
        start = program.allocate(t, pacing.trigger - pacer.marked)
        limiter.accumulate((pacing.trigger - pacer.marked) / program.speed, 0.0)
        live = program.live(start)
        mark = _mark(knobs, program.demand(start), pacer.allowance(pacing, live + ROOTS), live, limiter)
        t = start + mark.wall_s
        if t > program.duration_s:
            return
        allocated = int(mark.allocated)
        capacity = mark.wall_s * knobs.processors
        marked = live + held + allocated
        pacer.end_cycle(allocated, live, marked, mark.assist_s / capacity, mark.idle_s / capacity)
        yield _Cycle(start, pacing.trigger, pacing.goal, pacing.trigger + allocated, marked, mark)


def _mark(knobs: HeapKnobs, demand: float, allowance: int, live: int, limiter: CPULimiter) -> MarkPhase:
    work = CYCLE_CPU_S + live * knobs.mark_ns_per_byte * 1e-9
    if knobs.collector == STOP_THE_WORLD:
        limiter.accumulate(0.0, work)
        return stopped_mark(work, knobs.processors)
    return concurrent_mark(work, allowance, demand, knobs.mutator_mb_s * MIB, limiter)


def _as_run(
    knobs: HeapKnobs, program: _Program, first: int, cycles: list[_Cycle], limiter: CPULimiter
) -> GCRun:
    """Put the cycles into columns and add up the run."""
    marks = [cycle.mark for cycle in cycles]
    ended = [cycle.start_s + cycle.mark.wall_s for cycle in cycles]
    full = len(cycles) == MOST_CYCLES
    duration = ended[-1] if full else program.duration_s
    foot = [first, *(cycle.marked for cycle in cycles)]
    rest = program.allocated(ended[-1] if cycles else 0.0, duration)
    allocated = sum(cycle.peak - live for cycle, live in zip(cycles, foot, strict=False)) + rest
    gc_cpu = sum(m.background_s + m.assist_s + m.idle_s for m in marks)
    peak = max([cycle.peak for cycle in cycles] + [int(foot[-1] + rest)])
    ballast = int(knobs.ballast_mb * MIB)
    return GCRun(
        origin="model",
        label=knobs.describe(),
        start_s=[cycle.start_s for cycle in cycles],
        end_s=ended,
        trigger_bytes=[cycle.trigger for cycle in cycles],
        peak_bytes=[cycle.peak for cycle in cycles],
        goal_bytes=[cycle.goal for cycle in cycles],
        marked_bytes=foot[1:],
        stacks_bytes=np.full(len(cycles), RUNTIME_STACKS),
        globals_bytes=np.full(len(cycles), RUNTIME_GLOBALS),
        mark_cpu_s=[m.background_s for m in marks],
        assist_cpu_s=[m.assist_s for m in marks],
        idle_cpu_s=[m.idle_s for m in marks],
        pause_s=[m.pause_s for m in marks],
        initial_marked_bytes=first,
        duration_s=duration,
        allocated_bytes=allocated,
        gc_cpu_s=gc_cpu,
        busy_cpu_s=gc_cpu + allocated / program.speed,
        rss_bytes=peak - ballast + RUNTIME_RESIDENT,
        mapped_bytes=peak + RUNTIME_NON_HEAP,
        limiter_on=limiter.ever_full,
    )


def heap_trajectory(run: GCRun) -> tuple[np.ndarray, np.ndarray]:
    """Return times (s) and heap sizes (bytes) of the sawtooth: foot, trigger and peak of every cycle.

    Both arrays have shape (3 * cycles + 2,); the last point is the end of the run.
    """
    feet = np.append(run.live_before_bytes, run.marked_bytes[-1:] if run.cycles else run.initial_marked_bytes)
    begins = np.append(0.0, run.end_s)
    times = np.stack([begins[:-1], run.start_s, run.end_s], axis=1).ravel()
    heaps = np.stack([feet[:-1], run.trigger_bytes, run.peak_bytes], axis=1).ravel()
    in_cycles = float(np.sum(run.peak_bytes - run.live_before_bytes))
    last = feet[-1] + max(0.0, run.allocated_bytes - in_cycles)
    return np.append(times, [begins[-1], run.duration_s]), np.append(heaps, [feet[-1], last])

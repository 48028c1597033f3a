"""The heap over time: a program allocates, the pacer triggers, the collector marks, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.limiter import CPULimiter
from engineroom.ballast.mark_phase import MarkPhase, concurrent_mark, stopped_mark
from engineroom.ballast.pacer import Pacer
from engineroom.ballast.program import Phase, Program

__all__ = ["heap_trajectory", "simulate"]

MOST_CYCLES = 1000

# What any small Go program brings along, in bytes: measured once with go/heapload, Go 1.27.3, linux/amd64.
RUNTIME_LIVE = 90_000
RUNTIME_STACKS = 3_750
RUNTIME_GLOBALS = 165_354
ROOTS = RUNTIME_STACKS + RUNTIME_GLOBALS

# Span tables, mark bits and unusable ends of spans: a constant, a share of small live objects, of garbage.
NON_HEAP = 4 * MIB
NON_HEAP_PER_LIVE = 0.055
NON_HEAP_PER_GARBAGE = 0.03

# CPU that a cycle takes even when there is nothing to mark.
CYCLE_CPU_S = 100e-6


@dataclass(frozen=True)
class _Cycle:
    start_s: float
    end_s: float
    trigger: int
    goal: int
    peak: int
    marked: int
    mark: MarkPhase


@dataclass(frozen=True)
class _Unfinished:
    allocated: float
    gc_cpu_s: float


def simulate(knobs: HeapKnobs, phases: Sequence[Phase] = (), limiter: CPULimiter | None = None) -> GCRun:
    """Return the cycles that the pacer model predicts for a program of one goroutine.

    Left out: scheduling jitter, sweep and scavenge CPU, pauses of a concurrent cycle, and catching up
    on what a mark phase held back. At most 1,000 cycles are simulated; a run with more ends early,
    and its `duration_s` says when.

    Args:
        knobs: the program and its settings.
        phases: what the program does over time; by default it is steady for `knobs.duration_s`.
        limiter: the limiter's bucket, to carry it over from an earlier run; by default an empty one.
    """
    phases = phases or [Phase(knobs.duration_s, knobs.live_mb, knobs.allocation_mb_s)]
    program = Program(knobs.live_mb, phases, knobs.mutator_mb_s * MIB)
    limiter = limiter or CPULimiter(knobs.processors)
    pacer = _pacer(knobs)
    first = pacer.marked
    cycles, unfinished = _collect(knobs, program, pacer, limiter)
    return _as_run(knobs, program, first, cycles, unfinished, limiter)


def _pacer(knobs: HeapKnobs) -> Pacer:
    live = int(knobs.live_mb * MIB)
    return Pacer(
        gogc=None if knobs.gogc_off else knobs.gogc,
        marked=live + _held(knobs),
        heap_scan=live,
        stacks=RUNTIME_STACKS,
        globals_=RUNTIME_GLOBALS,
        limit=int(knobs.limit_mb * MIB) if knobs.limited else None,
        non_heap=_non_heap(live, 0),
    )


def _held(knobs: HeapKnobs) -> int:
    """Return what is reachable besides the live heap: the ballast and the runtime's own."""
    return int(knobs.ballast_mb * MIB) + RUNTIME_LIVE


def _non_heap(live: int, garbage: int) -> int:
    return int(NON_HEAP + NON_HEAP_PER_LIVE * live + NON_HEAP_PER_GARBAGE * garbage)


def _collect(
    knobs: HeapKnobs, program: Program, pacer: Pacer, limiter: CPULimiter
) -> tuple[list[_Cycle], _Unfinished]:
    """Return the cycles that finish in time, and what was done after the last of them."""
    cycles, t = [], 0.0
    while len(cycles) < MOST_CYCLES:
        pacing = pacer.pace()
        ahead = pacing.trigger - pacer.marked
        start = program.time_when_allocated(t, ahead)
        if start > program.duration_s:
            return cycles, _Unfinished(program.allocated(t, program.duration_s), 0.0)
        limiter.accumulate(ahead / program.speed, 0.0)
        live = program.live(start)
        mark = _mark(knobs, program.demand(start), pacer.allowance(pacing, live + ROOTS), live, limiter)
        t = start + mark.wall_s
        if t > program.duration_s:
            part = (program.duration_s - start) / mark.wall_s
            return cycles, _Unfinished(ahead + mark.allocated * part, mark.cpu_s * part)
        peak = pacing.trigger + int(mark.allocated)
        marked = live + _held(knobs) + int(mark.allocated)
        pacer.non_heap = max(pacer.non_heap, _non_heap(live, peak - live - _held(knobs)))
        capacity = mark.wall_s * knobs.processors
        pacer.end_cycle(int(mark.allocated), live, marked, mark.assist_s / capacity, mark.idle_s / capacity)
        cycles.append(_Cycle(start, t, pacing.trigger, pacing.goal, peak, marked, mark))
    return cycles, _Unfinished(0.0, 0.0)


def _mark(knobs: HeapKnobs, demand: float, allowance: int, live: int, limiter: CPULimiter) -> MarkPhase:
    work = CYCLE_CPU_S + live * knobs.mark_ns_per_byte * 1e-9
    if knobs.collector == STOP_THE_WORLD:
        limiter.accumulate(0.0, work)
        return stopped_mark(work, knobs.processors)
    return concurrent_mark(work, allowance, demand, knobs.mutator_mb_s * MIB, limiter)


def _as_run(
    knobs: HeapKnobs,
    program: Program,
    first: int,
    cycles: list[_Cycle],
    unfinished: _Unfinished,
    limiter: CPULimiter,
) -> GCRun:
    """Put the cycles into columns and add up the run."""
    marks = [cycle.mark for cycle in cycles]
    feet = [first, *(cycle.marked for cycle in cycles)]
    allocated = sum(cycle.peak - foot for cycle, foot in zip(cycles, feet, strict=False))
    allocated += unfinished.allocated
    gc_cpu = sum(mark.cpu_s for mark in marks) + unfinished.gc_cpu_s
    highest = max([cycle.peak for cycle in cycles] + [feet[-1] + int(unfinished.allocated)])
    live = int(knobs.live_mb * MIB)
    mapped = highest + _non_heap(live, highest - live - _held(knobs))
    return GCRun(
        origin="model",
        label=knobs.describe(),
        start_s=[cycle.start_s for cycle in cycles],
        end_s=[cycle.end_s for cycle in cycles],
        trigger_bytes=[cycle.trigger for cycle in cycles],
        peak_bytes=[cycle.peak for cycle in cycles],
        goal_bytes=[cycle.goal for cycle in cycles],
        marked_bytes=feet[1:],
        stacks_bytes=np.full(len(cycles), RUNTIME_STACKS),
        globals_bytes=np.full(len(cycles), RUNTIME_GLOBALS),
        mark_cpu_s=[mark.background_s for mark in marks],
        assist_cpu_s=[mark.assist_s for mark in marks],
        idle_cpu_s=[mark.idle_s for mark in marks],
        pause_s=[mark.pause_s for mark in marks],
        initial_marked_bytes=first,
        duration_s=cycles[-1].end_s if len(cycles) == MOST_CYCLES else program.duration_s,
        allocated_bytes=allocated,
        gc_cpu_s=gc_cpu,
        busy_cpu_s=gc_cpu + allocated / program.speed,
        rss_bytes=mapped - int(knobs.ballast_mb * MIB),
        mapped_bytes=mapped,
        limiter_on=limiter.ever_full,
        ballast_bytes=int(knobs.ballast_mb * MIB),
    )


def heap_trajectory(run: GCRun) -> tuple[np.ndarray, np.ndarray]:
    """Return times (s) and heap sizes (bytes) of the sawtooth: foot, trigger and peak of every cycle.

    Both arrays have shape (3 * cycles + 2,); the last two points are the last foot and the end of the run.
    """
    feet = np.append(run.live_before_bytes, run.marked_bytes[-1:] if run.cycles else run.initial_marked_bytes)
    begins = np.append(0.0, run.end_s)
    times = np.stack([begins[:-1], run.start_s, run.end_s], axis=1).ravel()
    heaps = np.stack([feet[:-1], run.trigger_bytes, run.peak_bytes], axis=1).ravel()
    in_cycles = float(np.sum(run.peak_bytes - run.live_before_bytes))
    last = feet[-1] + max(0.0, run.allocated_bytes - in_cycles)
    return np.append(times, [begins[-1], run.duration_s]), np.append(heaps, [feet[-1], last])

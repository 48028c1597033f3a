"""Who gets the processors while a cycle marks: background workers, idle workers, assists, the program.

A fluid model: CPU is shared in fractions, not in scheduling slices, so it knows no jitter.
Source: Go 1.27, ``startCycle``, ``revise`` (``runtime/mgcpacer.go``), ``gcAssistAlloc`` (``mgcmark.go``).
"""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.ballast.heapgoal import GOAL_UTILISATION
from engineroom.ballast.limiter import CPULimiter

__all__ = ["MarkPhase", "concurrent_mark", "stopped_mark"]


@dataclass(frozen=True)
class MarkPhase:
    """What one mark phase took: wall seconds, bytes allocated meanwhile, CPU-seconds by who spent them."""

    wall_s: float
    allocated: float
    background_s: float
    assist_s: float
    idle_s: float
    pause_s: float = 0.0

    @property
    def cpu_s(self) -> float:
        """All CPU-seconds of marking."""
        return self.background_s + self.assist_s + self.idle_s

    def __add__(self, other: MarkPhase) -> MarkPhase:
        """Return both phases, one after the other."""
        return MarkPhase(
            self.wall_s + other.wall_s,
            self.allocated + other.allocated,
            self.background_s + other.background_s,
            self.assist_s + other.assist_s,
            self.idle_s + other.idle_s,
            self.pause_s + other.pause_s,
        )


def stopped_mark(work_s: float, processors: int) -> MarkPhase:
    """Return the mark phase of a stopped world: every processor marks, nothing is allocated."""
    wall = work_s / processors
    return MarkPhase(wall, 0.0, work_s, 0.0, 0.0, wall)


def concurrent_mark(
    work_s: float, allowance: float, demand: float, speed: float, limiter: CPULimiter
) -> MarkPhase:
    """Return a concurrent mark phase, and let the limiter account for it.

    A quarter of the processors always marks. What the program leaves unused, idle workers take. If
    the program would allocate more than its allowance, it has to mark instead of running (assist),
    until the limiter's bucket is full. From there on assists are off and on in turns.

    Args:
        work_s: CPU-seconds of marking to do.
        allowance: bytes that may be allocated before the goal is reached.
        demand: processors the program would keep busy if nothing held it up.
        speed: bytes one such processor allocates per second.
        limiter: the bucket; it is filled or drained.
    """
    processors = limiter.processors
    background = GOAL_UTILISATION * processors
    wanted = min(demand, processors - background)
    held_to = processors * allowance / (speed * work_s + allowance)
    phase = _share(work_s, min(wanted, held_to), held_to < wanted, speed, processors)
    if held_to >= wanted:
        _account(limiter, phase)
        return phase
    return _until_full(work_s, phase, wanted, speed, limiter)


def _share(work_s: float, program: float, assisting: bool, speed: float, processors: int) -> MarkPhase:
    """Let the program have `program` processors and the collector all others."""
    wall = work_s / (processors - program)
    background = GOAL_UTILISATION * processors * wall
    rest = work_s - background
    return MarkPhase(wall, program * speed * wall, background, rest * assisting, rest * (not assisting))


def _account(limiter: CPULimiter, phase: MarkPhase) -> None:
    gc = phase.background_s + phase.assist_s
    limiter.accumulate(limiter.processors * phase.wall_s - phase.idle_s - gc, gc)


def _until_full(
    work_s: float, phase: MarkPhase, wanted: float, speed: float, limiter: CPULimiter
) -> MarkPhase:
    """Split an assisted phase where the bucket overflows.

    The runtime looks at the bucket every 10 ms. Full, it switches assists off, which drains it at
    once; not full, it switches them on, which fills it. So the program gets the mean of both.
    """
    gc = (phase.background_s + phase.assist_s) / phase.wall_s
    before = limiter.seconds_until_full(limiter.processors - gc, gc)
    if before >= phase.wall_s:
        _account(limiter, phase)
        return phase
    program = phase.allocated / (speed * phase.wall_s)
    first = _share(work_s * before / phase.wall_s, program, True, speed, limiter.processors)
    shared = (wanted + program) / 2
    second = _share(work_s - work_s * before / phase.wall_s, shared, True, speed, limiter.processors)
    _account(limiter, first)
    _account(limiter, second)
    return first + second

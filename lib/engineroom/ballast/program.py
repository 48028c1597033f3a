"""The program that the collector serves: what it keeps alive, and how fast it allocates, over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engineroom.ballast.heapgoal import MIB

__all__ = ["Phase", "Program"]


@dataclass(frozen=True)
class Phase:
    """A stretch of a program's life; its live heap moves in a straight line to where the phase ends.

    Attributes:
        duration_s: how long it lasts.
        live_mb: live heap at its end.
        allocation_mb_s: garbage that the program wants to make per second.
    """

    duration_s: float
    live_mb: float
    allocation_mb_s: float


@dataclass(frozen=True)
class _Stretch:
    start: float
    end: float
    live: float
    growth: float
    rate: float


class Program:
    """Phases, one after the other, of one goroutine that allocates so fast and no faster.

    What a growing live heap adds counts as allocation too; a shrinking one just lets go.
    """

    def __init__(self, live_mb: float, phases: Sequence[Phase], speed: float):
        """Lay out the phases.

        Args:
            live_mb: live heap at time 0.
            phases: what the program does.
            speed: bytes it allocates per second when nothing holds it up.
        """
        self.speed = speed
        self.stretches = []
        start, live = 0.0, live_mb * MIB
        for phase in phases:
            growth = (phase.live_mb * MIB - live) / phase.duration_s
            rate = min(phase.allocation_mb_s * MIB + max(0.0, growth), speed)
            self.stretches.append(_Stretch(start, start + phase.duration_s, live, growth, rate))
            start, live = start + phase.duration_s, phase.live_mb * MIB
        self.ends = [stretch.end for stretch in self.stretches]
        self.duration_s = start

    def live(self, t: float) -> int:
        """Return the live heap in bytes at a moment."""
        now = self._at(t)
        return int(now.live + now.growth * (t - now.start))

    def demand(self, t: float) -> float:
        """Return how much of a processor it would keep busy at a moment, from 0 to 1."""
        return self._at(t).rate / self.speed

    def time_when_allocated(self, t: float, amount: float) -> float:
        """Return the moment by which `amount` more bytes are allocated, the collector being quiet."""
        while True:
            now = self._at(t)
            done = t + amount / now.rate
            if done <= now.end or now is self.stretches[-1]:
                return done
            amount -= now.rate * (now.end - t)
            t = now.end

    def allocated(self, t: float, until: float) -> float:
        """Return the bytes allocated between two moments, the collector being quiet."""
        return sum(s.rate * max(0.0, min(until, s.end) - max(t, s.start)) for s in self.stretches)

    def _at(self, t: float) -> _Stretch:
        return self.stretches[min(bisect_right(self.ends, t), len(self.stretches) - 1)]

"""What one run of a concurrent program leaves behind, whether it ran in the model or in Go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engineroom.kit.timeline import Span

__all__ = ["Leak", "Run", "peak_overlap"]


def peak_overlap(intervals: Iterable[tuple[int, int]]) -> int:
    """Return how many half-open intervals overlap at most; intervals of no length count as none."""
    changes = Counter()
    for start, end in intervals:
        if end > start:
            changes[start] += 1
            changes[end] -= 1
    peak = current = 0
    for _, change in sorted(changes.items()):
        current += change
        peak = max(peak, current)
    return peak


@dataclass(frozen=True)
class Leak:
    """A goroutine that never ended, and what it waits for."""

    name: str
    waiting_for: str


@dataclass(frozen=True)
class Run:
    """The timeline and the totals of one run.

    Attributes:
        spans: who was in which state, from when to when, in the order in which they ended.
            States are ``working``, ``waiting`` (the label is Go's wait reason), ``cancelled``
            (work that was given up) and ``stuck`` (never went on).
        makespan: when main returned.
        lifetimes: name, start and end of every goroutine, in order of creation.
        result: what main returned.
        leaks: the goroutines that never ended.
        log: lines with their time, in order.
        source: ``model``, ``real`` or ``recorded``.
    """

    spans: tuple[Span, ...]
    makespan: int
    lifetimes: tuple[tuple[str, int, int], ...] = ()
    result: Any = None
    leaks: tuple[Leak, ...] = ()
    log: tuple[tuple[int, str], ...] = ()
    source: str = field(default="model")

    def of(self, *states: str) -> list[Span]:
        """Return the spans in the given states, by start."""
        return sorted((s for s in self.spans if s.state in states), key=lambda s: (s.start, s.end, s.lane))

    @property
    def work(self) -> list[Span]:
        """The calls: pieces of work that ran to their end or were given up, by start."""
        return self.of("working", "cancelled")

    @property
    def calls(self) -> Counter[str]:
        """How many calls were made, by label."""
        return Counter(s.label for s in self.work)

    @property
    def worked(self) -> int:
        """The time spent in calls, summed over goroutines."""
        return sum(s.end - s.start for s in self.work)

    @property
    def waited(self) -> int:
        """The time spent waiting for permits, locks and results, summed over all goroutines but main."""
        return sum(s.end - s.start for s in self.of("waiting") if s.lane != "main" and s.label != "sleep")

    @property
    def peak_calls(self) -> int:
        """How many calls were under way at once, at most."""
        return peak_overlap((s.start, s.end) for s in self.work)

    @property
    def peak_goroutines(self) -> int:
        """How many goroutines existed at once, at most, main included."""
        return peak_overlap((start, end) for _, start, end in self.lifetimes)

"""The CPU limiter: the leaky bucket that stops a memory limit from starving the program.

Source: Go 1.27, ``runtime/mgclimit.go``; design 48409.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CPULimiter"]

CAPACITY_PER_PROCESSOR_S = 1.0


@dataclass
class CPULimiter:
    """A bucket that GC time fills and program time drains; while it is full, nobody assists.

    Filling and draining at the same weight makes it overflow only when the collector takes more
    than half of the CPU that is not idle.

    Attributes:
        processors: GOMAXPROCS; each adds one CPU-second of capacity.
        fill_s: CPU-seconds in the bucket, between 0 and `capacity_s`.
        overflow_s: CPU-seconds that found the bucket full.
        ever_full: whether it has been full at least once.
    """

    processors: int
    fill_s: float = 0.0
    overflow_s: float = 0.0
    ever_full: bool = False

    @property
    def capacity_s(self) -> float:
        """CPU-seconds that the bucket holds."""
        return self.processors * CAPACITY_PER_PROCESSOR_S

    @property
    def limiting(self) -> bool:
        """Whether assists are switched off at this moment."""
        return self.fill_s >= self.capacity_s

    def accumulate(self, program_s: float, gc_s: float) -> None:
        """Add a window of CPU time, idle time left out (``gcCPULimiterState.accumulate``)."""
        level = self.fill_s + gc_s - program_s
        self.overflow_s += max(0.0, level - self.capacity_s)
        self.fill_s = min(max(level, 0.0), self.capacity_s)
        self.ever_full |= self.limiting

    def seconds_until_full(self, program: float, gc: float) -> float:
        """Return how long the bucket lasts at these CPU rates (CPUs); infinity when it drains."""
        net = gc - program
        return (self.capacity_s - self.fill_s) / net if net > 0 else float("inf")

"""The formulas that articles quote: where to start, and wrong in ways that can be measured.

The textbook goal ignores roots, the minimum heap, the early trigger and floating garbage; the
floating-garbage fixed point mends the last two for a program that allocates as fast as it may.
"""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.ballast.heapgoal import HIGHEST_TRIGGER, LOWEST_TRIGGER, TRIGGER_DENOMINATOR

__all__ = [
    "DIVERGENCE_GOGC",
    "TextbookCycle",
    "cycles_saved_by_ballast",
    "floating_fixed_point",
    "stopped_cycle_bytes",
    "textbook",
]

LONGEST_RUNWAY = (TRIGGER_DENOMINATOR - LOWEST_TRIGGER) / TRIGGER_DENOMINATOR
DIVERGENCE_GOGC = 100 / LONGEST_RUNWAY


@dataclass(frozen=True)
class TextbookCycle:
    """The cycle of the textbook: it starts exactly at the goal and frees all garbage. In bytes."""

    goal: float
    allocated: float


def textbook(live: float, ballast: float = 0.0, gogc: float = 100) -> TextbookCycle:
    """Return goal = (live + ballast) * (1 + GOGC/100), and what is allocated on the way there."""
    goal = (live + ballast) * (1 + gogc / 100)
    return TextbookCycle(goal, goal - live - ballast)


def stopped_cycle_bytes(marked: float, goal: float) -> float:
    """Return the bytes allocated per cycle when the world is stopped to mark.

    Without a mark phase that overlaps the program there is no runway, so a cycle starts at the
    highest trigger: 61/64 of the way to the goal, or 4 MiB short of it.
    """
    return max((goal - marked) * HIGHEST_TRIGGER / TRIGGER_DENOMINATOR, goal - marked - (4 << 20))


def floating_fixed_point(live: float, ballast: float = 0.0, gogc: float = 100) -> float:
    """Return the marked heap in bytes of a program that always uses up its longest runway.

    What is allocated while a cycle marks survives that cycle (floating garbage). Starting at the
    lowest trigger that is 19/64 of goal - marked, so M = (live + ballast) / (1 - 19/64 * GOGC/100).
    From GOGC = 337 on there is no fixed point: only the speed of marking bounds the heap. Infinity then.
    """
    kept = 1 - LONGEST_RUNWAY * gogc / 100
    return (live + ballast) / kept if kept > 0 else float("inf")


def cycles_saved_by_ballast(live: float, ballast: float) -> float:
    """Return the share of cycles that a ballast avoids, between 0 and 1: ballast / (live + ballast)."""
    return ballast / (live + ballast)

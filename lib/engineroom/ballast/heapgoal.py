"""The heap goal and the trigger: the two numbers Go's pacer sets at the end of every cycle.

All sizes are whole bytes, as in the runtime, so that a prediction can be compared byte for byte.
Source: Go 1.27, ``runtime/mgcpacer.go``; designs 44167 (goal, trigger) and 48409 (memory limit).
"""

from __future__ import annotations

__all__ = [
    "KIB",
    "MIB",
    "UNLIMITED",
    "gogc_goal",
    "heap_goal",
    "limit_goal",
    "runway",
    "trigger",
    "trigger_bounds",
]

KIB = 1 << 10
MIB = 1 << 20
UNLIMITED = (1 << 64) - 1

DEFAULT_MINIMUM_HEAP = 4 * MIB
SWEEP_DISTANCE = 1 * MIB
MINIMUM_RUNWAY = 64 * KIB
LIMIT_HEADROOM_PERCENT = 3
LIMIT_MINIMUM_HEADROOM = 1 * MIB
TRIGGER_DENOMINATOR = 64
LOWEST_TRIGGER = 45
HIGHEST_TRIGGER = 61
GOAL_UTILISATION = 0.25


def gogc_goal(marked: int, gogc: int | None, stacks: int = 0, globals_: int = 0) -> int:
    """Return the heap size in bytes that GOGC alone aims for (``gcControllerState.commit``).

    Args:
        marked: bytes the last cycle found reachable, ballast included.
        gogc: percentage, or None for GOGC=off.
        stacks: bytes of goroutine stacks scanned by the last cycle.
        globals_: bytes of package variables that hold pointers.
    """
    if gogc is None:
        return UNLIMITED
    grown = marked + (marked + stacks + globals_) * gogc // 100
    return max(grown, DEFAULT_MINIMUM_HEAP * gogc // 100)


def limit_goal(limit: int, marked: int, non_heap: int, mapped: int = 0) -> int:
    """Return the heap size in bytes that the memory limit allows (``memoryLimitHeapGoal``).

    A reserve of 3 %, at least 1 MiB, is kept below the limit; the goal never falls below what is marked.

    Args:
        limit: GOMEMLIMIT in bytes.
        marked: bytes the last cycle found reachable.
        non_heap: mapped bytes that are neither free spans nor heap objects.
        mapped: all mapped bytes; what exceeds the limit is subtracted once more.
    """
    allowance = limit - non_heap - max(0, mapped - limit)
    if allowance <= 0:
        return marked
    headroom = max(allowance // 100 * LIMIT_HEADROOM_PERCENT, LIMIT_MINIMUM_HEADROOM)
    return max(allowance - headroom, headroom, marked)


def heap_goal(
    marked: int,
    gogc: int | None,
    stacks: int = 0,
    globals_: int = 0,
    *,
    limit_allows: int = UNLIMITED,
    sweep_distance: int = SWEEP_DISTANCE,
) -> int:
    """Return the goal of the next cycle in bytes (``heapGoalInternal``).

    The smaller of both goals wins. Where that is GOGC's, the sweeper is left at least 1 MiB of
    allocation to finish; pass ``sweep_distance=0`` for the first cycle, which has nothing to sweep.
    """
    by_gogc = gogc_goal(marked, gogc, stacks, globals_)
    if limit_allows < by_gogc:
        return limit_allows
    return max(by_gogc, marked + sweep_distance if sweep_distance else 0)


def trigger_bounds(marked: int, goal: int, sweep_distance: int = SWEEP_DISTANCE) -> tuple[int, int]:
    """Return the lowest and highest heap size in bytes at which a cycle may start (``trigger``).

    The lowest is about 70 % of the way from the marked heap to the goal, the highest about 95 %, or
    4 MiB short of the goal where that is later.
    """
    step = (goal - marked) // TRIGGER_DENOMINATOR
    lowest = max(marked + step * LOWEST_TRIGGER, marked + sweep_distance)
    highest = max(marked + step * HIGHEST_TRIGGER, goal - DEFAULT_MINIMUM_HEAP)
    return lowest, max(highest, lowest)


def trigger(marked: int, goal: int, runway_: int, sweep_distance: int = SWEEP_DISTANCE) -> int:
    """Return the heap size in bytes at which the next cycle starts (``trigger``).

    Args:
        marked: bytes the last cycle found reachable.
        goal: the next cycle's goal in bytes.
        runway_: bytes expected to be allocated while it marks (see `runway`).
        sweep_distance: 1 MiB where GOGC sets the goal, 0 where the memory limit does.
    """
    if marked >= goal:
        return goal
    lowest, highest = trigger_bounds(marked, goal, sweep_distance)
    return min(max(goal - runway_, lowest), highest)


def runway(cons_mark: float, scan_work: int) -> int:
    """Return how many bytes the program should allocate during the next mark phase (``commit``).

    Args:
        cons_mark: bytes allocated per byte scanned, per equal share of CPU time.
        scan_work: bytes expected to be scanned: heap, stacks and globals of the last cycle.
    """
    return int(cons_mark * (1 - GOAL_UTILISATION) / GOAL_UTILISATION * scan_work)

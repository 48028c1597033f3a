"""The pacer: the controller that decides, once per cycle, when Go's next collection starts.

It knows nothing of time or of the program; it is told what a cycle cost and answers with the next
goal and trigger. Source: Go 1.27, ``runtime/mgcpacer.go`` (``commit``, ``trigger``, ``endCycle``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from engineroom.ballast.heapgoal import (
    GOAL_UTILISATION,
    MINIMUM_RUNWAY,
    SWEEP_DISTANCE,
    UNLIMITED,
    gogc_goal,
    heap_goal,
    limit_goal,
    runway,
    trigger,
)

__all__ = ["Pacer", "Pacing", "cons_mark"]

REMEMBERED_CYCLES = 4
OVERSHOOT = 1.1


def cons_mark(allocated: int, scan_work: int, assist_share: float, idle_share: float) -> float:
    """Return bytes allocated per byte scanned, had program and collector had equal CPU time.

    Args:
        allocated: bytes allocated while the cycle marked.
        scan_work: bytes scanned: heap, stacks and globals.
        assist_share: share of all processors' time spent on assists during the mark phase.
        idle_share: the same for idle mark workers.

    The runtime takes the background workers' 25 % as given. Where assists left them less, the shares
    add up to more than the whole and the result is negative, in the runtime as here.
    """
    utilisation = GOAL_UTILISATION + assist_share
    program = 1 - utilisation
    if program == 0:
        return float("inf")
    return allocated * (utilisation + idle_share) / (scan_work * program)


@dataclass(frozen=True)
class Pacing:
    """What the pacer decided for the next cycle, in bytes."""

    marked: int
    goal: int
    trigger: int
    runway: int
    limited: bool


@dataclass
class Pacer:
    """The state that the runtime carries from one cycle to the next.

    Attributes:
        gogc: percentage, or None for GOGC=off.
        limit: GOMEMLIMIT in bytes, or None.
        non_heap: mapped bytes that are neither free spans nor heap objects.
        marked: bytes found reachable by the last cycle.
        heap_scan: bytes of heap that cycle had to scan (a ballast without pointers adds none).
        stacks: bytes of stack it scanned.
        globals_: bytes of package variables with pointers.
        cons_mark: the largest of the last five measurements.
        recent: the last four measurements, oldest first.
    """

    gogc: int | None
    marked: int
    heap_scan: int
    stacks: int = 0
    globals_: int = 0
    limit: int | None = None
    non_heap: int = 0
    cons_mark: float = 0.0
    recent: deque[float] = field(default_factory=lambda: deque([0.0] * REMEMBERED_CYCLES, REMEMBERED_CYCLES))

    @property
    def scan_work(self) -> int:
        """Bytes that the next cycle is expected to scan."""
        return self.heap_scan + self.stacks + self.globals_

    def pace(self) -> Pacing:
        """Return the next cycle's goal and trigger (``commit`` followed by ``trigger``)."""
        allows = UNLIMITED if self.limit is None else limit_goal(self.limit, self.marked, self.non_heap)
        limited = allows < gogc_goal(self.marked, self.gogc, self.stacks, self.globals_)
        goal = heap_goal(self.marked, self.gogc, self.stacks, self.globals_, limit_allows=allows)
        ahead = runway(self.cons_mark, self.scan_work)
        start = trigger(self.marked, goal, ahead, 0 if limited else SWEEP_DISTANCE)
        return Pacing(self.marked, goal, start, ahead, limited)

    def end_cycle(
        self, allocated: int, heap_scan: int, marked: int, assist_share: float = 0.0, idle_share: float = 0.0
    ) -> None:
        """Learn from a finished mark phase (``endCycle``, then ``resetLive``).

        Args:
            allocated: bytes allocated while it marked; where there were none, nothing is learnt.
            heap_scan: bytes of heap it scanned.
            marked: bytes it found reachable.
            assist_share: share of all processors' time spent on assists meanwhile.
            idle_share: the same for idle mark workers.
        """
        self.marked, self.heap_scan = marked, heap_scan
        if allocated <= 0:
            return
        current = cons_mark(allocated, self.scan_work, assist_share, idle_share)
        self.cons_mark = max(current, *self.recent)
        self.recent.append(current)

    def allowance(self, pacing: Pacing, scan_work: int) -> int:
        """Return how many bytes may be allocated during the mark phase before assists hold the rest back.

        Where GOGC sets the goal, 64 KiB are granted at least. More work than expected stretches the
        goal in proportion, at most to the hard goal; a cycle that starts at its goal already is
        given a tenth of it (``heapGoalInternal``, ``revise``).
        """
        percent = 100_000 if self.gogc is None else self.gogc
        ahead = max(pacing.goal - pacing.trigger, 0 if pacing.limited else MINIMUM_RUNWAY)
        stretched = ahead * max(1.0, scan_work / max(1, self.scan_work))
        hard = (pacing.trigger + ahead) * (1 + percent / 100) - pacing.trigger
        return int(min(stretched, hard)) or int(pacing.goal * OVERSHOOT) - pacing.trigger

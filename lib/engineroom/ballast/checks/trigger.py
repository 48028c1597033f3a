"""Checks the trigger: cycles recorded by gcpacertrace first, then heaps where each bound binds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engineroom.ballast import heapgoal, real
from engineroom.ballast.checks.mistakes import Mistakes, hint_for
from engineroom.ballast.heapgoal import DEFAULT_MINIMUM_HEAP, KIB, MIB
from engineroom.kit.expect import answer_of, expect_close, passed

__all__ = ["check_trigger"]

WITHIN_BYTES = 16 * KIB
FORMULA = (
    "goal - 3 * cons_mark * scan_work, no lower than 45/64 of the way from marked to goal, "
    "no higher than 61/64 of it or 4 MiB short of the goal, whichever is higher"
)


@dataclass(frozen=True)
class _Trigger:
    """A trigger that is known, and what the pacer computed it from, in bytes."""

    told: str
    marked: int
    goal: int
    cons_mark: float
    scan_work: int
    trigger: int


def check_trigger(trigger: Callable[[int, int, float, int], float], *, seed: int = 0) -> None:
    """Check `trigger(marked, goal, cons_mark, scan_work)`, sizes in bytes.

    A cycle begins when the next span is wanted, up to 8 KiB after the trigger, and cons/mark is
    printed with six digits: twice that is allowed.
    """
    rng = np.random.default_rng(seed)
    recorded, drawn = _recorded_triggers(rng), _drawn_triggers(rng)
    for case in [*recorded, *drawn]:
        seen = answer_of(trigger, case.marked, case.goal, case.cons_mark, case.scan_work)
        hint = hint_for(seen, _mistakes(case), within=KIB, otherwise=FORMULA)
        expect_close(case.told, seen, case.trigger, within=WITHIN_BYTES, unit="bytes", hint=hint)
    evidence = {"real Go, gcpacertrace": f"{len(recorded)} cycles within 16 KiB"}
    passed("trigger", evidence | {"heaps of all sizes": len(drawn)})


def _recorded_triggers(rng: np.random.Generator) -> list[_Trigger]:
    """Draw half of the recorded cycles that GOGC paced."""
    table = real.table("pacer")
    table = table[table["gogc"] != "off"]
    return [
        _Trigger(
            told=f"The trigger of a recorded cycle ({row.run}, gc {row.number})",
            marked=int(row.before_marked_bytes),
            goal=int(row.goal_bytes),
            cons_mark=float(row.cons_mark),
            scan_work=int(row.expected_work_bytes),
            trigger=int(row.trigger_bytes),
        )
        for row in table.iloc[rng.permutation(len(table))[: len(table) // 2]].itertuples()
    ]


def _drawn_triggers(rng: np.random.Generator) -> list[_Trigger]:
    """Draw heaps whose runway is anything from nothing to more than the lower bound allows."""
    triggers = []
    for distance_mib in np.geomspace(8, 4096, 40):
        marked = int(rng.uniform(4, 2048) * MIB)
        goal, scan_work = marked + int(distance_mib * MIB), int(marked * rng.uniform(0.2, 1))
        cons_mark = round(float(rng.uniform(0, 0.45)) * (goal - marked) / scan_work / 3, 6)
        start = heapgoal.trigger(marked, goal, heapgoal.runway(cons_mark, scan_work))
        triggers.append(_Trigger("The trigger of another heap", marked, goal, cons_mark, scan_work, start))
    return triggers


def _mistakes(case: _Trigger) -> Mistakes:
    marked, goal, step = case.marked, case.goal, (case.goal - case.marked) / 64
    work, near = case.cons_mark * case.scan_work, goal - DEFAULT_MINIMUM_HEAP
    lowest, highest = marked + 45 * step, max(marked + 61 * step, near)

    def between(start: float, low: float, high: float) -> float:
        return min(max(start, low), high)

    return (
        (goal, "started at its goal, a cycle ends beyond it: the program allocates while it marks"),
        (goal - 3 * work, "without its two bounds a cycle would start too early or too late"),
        (min(goal - 3 * work, highest), "no lower than 45/64 of the way from marked to goal"),
        (max(goal - 3 * work, lowest), "no higher than 61/64 of the way, or 4 MiB short of the goal"),
        (
            between(goal - 3 * work, lowest, marked + 61 * step),
            "a large heap may start as late as 4 MiB short of its goal, which is later than 61/64",
        ),
        (
            between(goal - 3 * work, goal * 45 / 64, max(goal * 61 / 64, near)),
            "the bounds are shares of the way from marked to goal, not of the goal",
        ),
        (
            between(goal - work, lowest, highest),
            "the program gets three times the collector's CPU: 3 * cons_mark",
        ),
        (between(goal - 4 * work, lowest, highest), "three quarters over one quarter is 3, not 4"),
    )

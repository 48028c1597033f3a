"""Checks the heap goal: recorded stop-the-world runs first, then programs with large stacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engineroom.ballast import heapgoal, real
from engineroom.ballast.checks.mistakes import Mistakes, hint_for
from engineroom.ballast.heapgoal import DEFAULT_MINIMUM_HEAP, SWEEP_DISTANCE
from engineroom.kit.expect import answer_of, expect_close, passed

__all__ = ["check_heap_goal"]

WITHIN_BYTES = 1
FORMULA = "marked, plus GOGC percent of (marked + stacks + globals); at least GOGC percent of 4 MiB"


@dataclass(frozen=True)
class _Goal:
    """A goal that is known, and what it was computed from, in bytes and percent."""

    told: str
    marked: int
    stacks: int
    globals_: int
    gogc: int
    goal: int


def check_heap_goal(heap_goal: Callable[[int, int, int, int], float], *, seed: int = 0) -> None:
    """Check `heap_goal(marked, stacks, globals_, gogc)`, in bytes and percent.

    With the runtime's own inputs the formula has no error at all, so only rounding is allowed for.
    """
    recorded, drawn = _recorded_goals(), _drawn_goals(np.random.default_rng(seed))
    for case in [*recorded, *drawn]:
        seen = answer_of(heap_goal, case.marked, case.stacks, case.globals_, case.gogc)
        hint = hint_for(seen, _mistakes(case), within=WITHIN_BYTES, otherwise=FORMULA)
        expect_close(case.told, seen, case.goal, within=WITHIN_BYTES, unit="bytes", hint=hint)
    evidence = {"real Go, stop the world": f"{len(recorded)} runs, every goal to the byte"}
    passed("heap_goal", evidence | {"programs with large stacks": f"{len(drawn)}, to the byte"})


def _recorded_goals() -> list[_Goal]:
    """Return the second cycle's goal of every stop-the-world run where GOGC alone decided it.

    It does not where it would leave the sweeper less than 1 MiB. Plain cases come first.
    """
    goals = []
    for name in real.recordings():
        if name.startswith("stw "):
            run, gogc = real.replay(name), real.recorded_knobs(name).gogc
            inputs = run.live_before_bytes, run.stacks_bytes, run.globals_bytes, run.goal_bytes
            marked, stacks, globals_, goal = (int(column[1]) for column in inputs)
            if goal > marked + SWEEP_DISTANCE:
                told = f"The goal of a recorded run ({name.removeprefix('stw ')})"
                goals.append(_Goal(told, marked, stacks, globals_, gogc, goal))
    return sorted(goals, key=lambda case: (_is_minimum(case), case.gogc != 100, -case.goal))


def _drawn_goals(rng: np.random.Generator) -> list[_Goal]:
    goals = []
    for _ in range(30):
        marked, stacks, globals_ = (int(2**e) for e in rng.uniform((18, 12, 16), (34, 28, 24)))
        gogc = int(rng.integers(5, 1000))
        goal = heapgoal.gogc_goal(marked, gogc, stacks, globals_)
        goals.append(_Goal("The goal of a program with large stacks", marked, stacks, globals_, gogc, goal))
    return goals


def _is_minimum(case: _Goal) -> bool:
    return case.goal == DEFAULT_MINIMUM_HEAP * case.gogc // 100


def _mistakes(case: _Goal) -> Mistakes:
    marked, roots, g = case.marked, case.stacks + case.globals_, case.gogc / 100
    unscaled = (DEFAULT_MINIMUM_HEAP, "the minimum heap is 4 MiB at GOGC=100, and scales with GOGC")
    if _is_minimum(case):
        return (
            unscaled,
            (4e6 * g, "1 MiB is 2**20 bytes, not a million"),
            (marked + (marked + roots) * g, "a small heap gets the minimum heap: GOGC percent of 4 MiB"),
        )
    return (
        (marked * (1 + g), "you left out stacks and globals: since Go 1.18 GOGC applies to them too"),
        (2 * marked + roots, "that is right at GOGC=100, which is only its default"),
        (marked + (marked + case.stacks) * g, "you left out globals"),
        (marked + (marked + case.globals_) * g, "you left out stacks"),
        (2 * marked, "that is twice what is marked, whatever GOGC says: 100 is only its default"),
        ((marked + roots) * (1 + g), "stacks and globals are not heap: only GOGC percent of them is added"),
        (marked * (1 + g) + roots, "add GOGC percent of stacks and globals, not all of them"),
        (marked + (marked + roots) * case.gogc, "GOGC is a percentage: divide it by 100"),
        unscaled,
        ((marked + roots) * g, "that is by how much the heap may grow: add what is marked"),
    )

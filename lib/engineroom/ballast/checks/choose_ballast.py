"""Checks a choice of ballast: in real Go it has to save 95 % of the cycles, fit, and be the smallest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engineroom.ballast.checks.mistakes import hint_for
from engineroom.ballast.checks.stopped_runs import mb_per_cycle, modelled, run_for_real, stopped
from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.kit.expect import answer_of, expect_close, expect_equal, expect_that, passed, plain

__all__ = ["check_choose_ballast", "stand_ins"]

FEWER = 20
FEWER_WITHIN = 0.0015  # by which model and real Go differ at most in this mode
LARGEST_MB = 400
LAW = "per cycle max(61/64 * d, d - 4 MiB), where d = heap goal - marked: 20 times that of no ballast"
VIRTUAL = "only the live heap and the garbage are resident; a ballast that is never written is not"


@dataclass(frozen=True)
class Budget:
    """A program, its GOGC in percent, and what may be resident; sizes in MB."""

    live: int
    gogc: int
    cap: int

    def __str__(self) -> str:
        """Tell it in a message."""
        return f"{self.live} MB live at GOGC={self.gogc}, {self.cap} MB may be resident"


RUN_FOR_REAL = (Budget(5, 100, 130), Budget(1, 200, 170))


def stand_ins() -> list[HeapKnobs]:
    """Return the runs to record for machines without Go."""
    return [
        stopped(budget.live, ballast=ballast, gogc=budget.gogc)
        for budget in RUN_FOR_REAL
        for best in (_smallest_ballast(budget.live, budget.gogc),)
        for ballast in (0, best, _a_little_less(best))
    ]


def check_choose_ballast(choose_ballast: Callable[[int, int, int], int | None], *, seed: int = 0) -> None:
    """Check `choose_ballast(live_mb, gogc, cap_mb)` with real runs, then other budgets with the model.

    The real runs must allocate 20 times as much per cycle as without the ballast, stay below the cap,
    and no longer do so with 3 % less ballast.
    """
    budget = RUN_FOR_REAL[seed % len(RUN_FOR_REAL)]
    seen = plain(answer_of(choose_ballast, budget.live, budget.gogc, budget.cap))
    evidence = _expect_real_saving(seen, budget)
    drawn = _drawn_budgets(np.random.default_rng(seed))
    for case in drawn:
        _expect_ballast(answer_of(choose_ballast, case.live, case.gogc, case.cap), case)
    passed("choose_ballast", evidence | {"other budgets": len(drawn)})


def _expect_real_saving(seen: Any, budget: Budget) -> dict[str, str]:
    told, hint = f"The ballast for {budget}", _hint(seen, budget)
    expect_that(told, seen is not None, seen=seen, expected="a ballast: there is one that fits", hint=VIRTUAL)
    whole = type(seen) is float and 0 <= seen <= LARGEST_MB and seen.is_integer()
    expect_that(told, whole, seen=seen, expected=f"whole MB, at most {LARGEST_MB}", hint=hint)
    without, chosen = (_run(budget, ballast) for ballast in (0, int(seen)))
    told = f"{told}, run with {seen:g} MB ({chosen.origin})"
    before, after = mb_per_cycle(without), mb_per_cycle(chosen)
    per_cycle = f"{before:.2f} -> {after:.2f} MB per cycle, {after / before:.2f} times as much"
    wanted = f"{FEWER} times as much, so 95 % fewer cycles"
    expect_that(told, _enough(chosen, without), seen=per_cycle, expected=wanted, hint=hint)
    resident = f"{chosen.rss_bytes / MIB:.0f} MB resident"
    fits = not chosen.rss_bytes > budget.cap * MIB  # unknown on some systems
    expect_that(told, fits, seen=resident, expected=f"at most {budget.cap} MB", hint=hint)
    less = _a_little_less(int(seen))
    smallest = not _enough(_run(budget, less), without)
    hint = _hint(seen, budget, "asked for is the smallest that does it")
    expect_that(told, smallest, seen=f"{less} MB would do too", expected="the smallest that does", hint=hint)
    return {f"{seen:g} MB, {chosen.origin}": f"{per_cycle}, {resident}", f"{less} MB": "not enough"}


def _run(budget: Budget, ballast: int) -> GCRun:
    return run_for_real(stopped(budget.live, ballast=ballast, gogc=budget.gogc))


def _enough(chosen: GCRun, without: GCRun) -> bool:
    return mb_per_cycle(chosen) >= FEWER * (1 - FEWER_WITHIN) * mb_per_cycle(without)


def _a_little_less(ballast: int) -> int:
    return round(0.97 * ballast)


@cache
def _smallest_ballast(live: int, gogc: int) -> int:
    """Return the fewest whole MB with which the model collects 20 times less often, by bisection."""
    wanted = FEWER * mb_per_cycle(modelled(stopped(live, gogc=gogc)))
    low, high = 0, FEWER * (live + 4)
    while low < high:
        middle = (low + high) // 2
        enough = mb_per_cycle(modelled(stopped(live, ballast=middle, gogc=gogc))) >= wanted
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


@cache
def _resident_mb(live: int, ballast: int, gogc: int) -> float:
    return modelled(stopped(live, ballast=ballast, gogc=gogc)).rss_bytes / MIB


def _drawn_budgets(rng: np.random.Generator) -> list[Budget]:
    """Draw budgets whose cap is a fifth above or below what the smallest ballast needs.

    The first heap is so small that without a ballast it has the minimum goal; in the second, the last
    4 MiB before the goal matter only with the ballast.
    """
    budgets = []
    for least, most, fits in ((1, 1, 1.2), (9, 15, 1.2), (3, 15, 0.8), (3, 15, 1.2), (1, 1, 0.8)):
        live, gogc = int(rng.integers(least, most, endpoint=True)), int(rng.choice([100, 150, 200]))
        needed = _resident_mb(live, _smallest_ballast(live, gogc), gogc)
        budgets.append(Budget(live, gogc, round(fits * needed)))
    return budgets


def _expect_ballast(seen: Any, budget: Budget) -> None:
    best = _smallest_ballast(budget.live, budget.gogc)
    needed = _resident_mb(budget.live, best, budget.gogc)
    told = f"The ballast for {budget}"
    if needed > budget.cap:
        hint = f"the smallest that saves enough allows garbage that takes {needed:.0f} MB: return None"
        expect_equal(told, seen, None, hint=hint)
        return
    wanted = f"a ballast: the smallest that does it leads to {needed:.0f} MB resident"
    expect_that(told, seen is not None, seen=seen, expected=wanted, hint=VIRTUAL)
    expect_close(told, seen, best, within=max(1.0, 0.01 * best), unit="MB", hint=_hint(seen, budget))


def _hint(seen: Any, budget: Budget, otherwise: str = LAW) -> str:
    live, g = budget.live, budget.gogc / 100
    mistakes = (
        (budget.cap, "the ballast need not fill the cap, for it is not resident: look for the smallest"),
        (budget.cap - live, "look for the smallest ballast, not for the largest that fits"),
        (0.95 * live, "-95 % leaves one cycle in twenty, so live heap and ballast together grow twentyfold"),
        (
            (FEWER - 1) * live,
            "a cycle starts before its goal, at 61/64 of the way or 4 MiB short of it, "
            "and a small heap has a minimum goal: both change what the program does without a ballast",
        ),
        (
            FEWER * live,
            "that is twenty times the live heap: work out d = heap goal - marked, with and without",
        ),
        ((FEWER - 1) * live * g, "GOGC applies with and without the ballast"),
    )
    return hint_for(seen, mistakes, within=0.5, otherwise=otherwise)

"""Checks floating garbage: one cycle of it, where it settles, and from which GOGC on it never does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engineroom.ballast import real
from engineroom.ballast.checks.mistakes import hint_for
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.textbook import DIVERGENCE_GOGC, LONGEST_RUNWAY, floating_fixed_point
from engineroom.kit.expect import answer_of, expect_close, passed

__all__ = ["check_floating_garbage"]

CYCLES = 400
ONE_CYCLE_WITHIN = 1e-3
SETTLED_WITHIN = 0.01
RECORDED = ("live 20 GOGC 100 ballast 0 flat out P 1", "live 20 GOGC 100 ballast 100 flat out P 1")


def check_floating_garbage(
    marked_after: Callable[[float, float, float, float], float],
    diverges_from: Callable[[], float],
    *,
    seed: int = 0,
) -> None:
    """Check one cycle, 400 cycles, and the GOGC from which on they lead nowhere.

    Args:
        marked_after: `marked_after(marked, live, ballast, gogc)`, in MB and percent.
        diverges_from: returns a GOGC in percent; ±1 is allowed, since GOGC is a whole number.
        seed: draws the programs.
    """
    rng = np.random.default_rng(seed)
    for gogc, ballast in (
        (100, 0),
        (200, 0),
        (int(rng.integers(40, 300)), int(rng.integers(50, 500))),
        (330, 0),
    ):
        live = int(rng.integers(5, 100))
        marked = float(live + ballast)
        for _ in range(CYCLES):
            seen = answer_of(marked_after, marked, live, ballast, gogc)
            _expect_one_cycle(seen, marked, live, ballast, gogc)
            marked = float(seen)
        settled = floating_fixed_point(live, ballast, gogc)
        told = f"Marked after {CYCLES} cycles at GOGC={gogc}"
        expect_close(told, marked, settled, within=SETTLED_WITHIN * settled, unit="MB")
    _expect_divergence(answer_of(diverges_from))
    passed("floating garbage", {name: _against_recording(name) for name in RECORDED})


def _expect_one_cycle(seen: Any, marked: float, live: float, ballast: float, gogc: float) -> None:
    kept, reachable, growth = LONGEST_RUNWAY, live + ballast, marked * gogc / 100
    mistakes = (
        (reachable + growth, "only what is allocated while a cycle marks floats, not all of the garbage"),
        (
            reachable + (1 - kept) * growth,
            "what floats is the 19/64 after the trigger, not the 45/64 before it",
        ),
        (live + kept * growth, "the ballast is reachable too, so it is marked"),
        (reachable + kept * 100 * growth, "GOGC is a percentage: divide it by 100"),
        (reachable + kept * marked, "GOGC is not in there: from marked to goal it is marked * GOGC/100"),
        (
            reachable * (1 + kept * gogc / 100),
            "the goal is set from what was marked, floating garbage included",
        ),
        (marked + kept * growth, "garbage floats for one cycle only: the next one frees it"),
        (floating_fixed_point(live, ballast, gogc), "that is where it settles; asked for is the next cycle"),
    )
    expected = reachable + kept * growth
    within = ONE_CYCLE_WITHIN * expected
    hint = hint_for(seen, mistakes, within=within, otherwise="live + ballast + 19/64 of (goal - marked)")
    told = f"Marked after {marked:,.4g} MB (live {live:g}, ballast {ballast:g}, GOGC={gogc:g})"
    expect_close(told, seen, expected, within=within, unit="MB", hint=hint)


def _expect_divergence(seen: Any) -> None:
    mistakes = (
        (DIVERGENCE_GOGC / 100, "that is a factor; GOGC is a percentage"),
        (6400 / 45, "that is 64/45; what floats is 19/64"),
        (100, "at GOGC=100 each cycle adds 19/64 of the one before, and that settles"),
    )
    hint = "each cycle adds 19/64 * GOGC/100 of what the one before marked: when is that all of it?"
    hint = hint_for(seen, mistakes, within=1, otherwise=hint)
    expect_close(
        "The GOGC from which on nothing settles", seen, DIVERGENCE_GOGC, within=1, unit="%", hint=hint
    )


def _against_recording(name: str) -> str:
    knobs, run = real.recorded_knobs(name), real.replay(name)
    measured = float(np.median(run.marked_bytes[2:])) / MIB
    settled = floating_fixed_point(knobs.live_mb, knobs.ballast_mb, knobs.gogc)
    return f"yours settles at {settled:.1f} MB, real Go marked {measured:.1f} MB (median cycle)"

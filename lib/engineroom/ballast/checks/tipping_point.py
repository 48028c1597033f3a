"""Checks a forecast: from one observation, the live heap at which collecting takes half of the CPU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engineroom.ballast import real
from engineroom.ballast.checks.mistakes import Mistakes, hint_for
from engineroom.ballast.heapgoal import MIB
from engineroom.kit.expect import answer_of, expect_close, passed

__all__ = ["check_tipping_point"]

EXACT = 1e-3
RECORDED_WITHIN = 0.1
PRICES = (
    "per cycle the collector's work grows with live, the program's with goal - live; "
    "the one observation gives the ratio of both prices"
)


def check_tipping_point(tipping_point: Callable[[float, float, float], float], *, seed: int = 0) -> None:
    """Check `tipping_point(goal, live, gc_share)`, in MB, on made-up programs, then on recorded spirals.

    The spirals are held to ±10 %: three runs of one setting differ by 3 % among themselves, and
    the CPU times that the runtime states include waiting.
    """
    rng = np.random.default_rng(seed)
    for goal, part, price in rng.uniform((50, 0.05, 0.1), (2000, 0.6, 5), size=(20, 3)).tolist():
        live = goal * part
        share = price * live / (price * live + goal - live)
        seen = answer_of(tipping_point, goal, live, share)
        expected = goal / (1 + price)
        hint = hint_for(seen, _mistakes(goal, live, share), within=EXACT * goal, otherwise=PRICES)
        told = f"Half of the CPU, goal {goal:.4g} MB, if it is {share:.3g} at {live:.4g} MB live"
        expect_close(told, seen, expected, within=EXACT * expected, unit="MB", hint=hint)
    evidence = {}
    for told, goal, live, share, measured in _recorded_spirals():
        seen = answer_of(tipping_point, goal, live, share)
        expect_close(told, seen, measured, within=RECORDED_WITHIN * measured, unit="MB", hint=PRICES)
        evidence[told] = f"you say {seen:.0f} MB, it was {measured:.0f} MB"
    passed("tipping_point", evidence)


def _recorded_spirals() -> list[tuple[str, float, float, float, float]]:
    """Return each recorded leak: its first step, and the live heap at which the collector took half."""
    table, spirals = real.table("spiral"), []
    for number, steps in table[table["of"] > 1].groupby("run"):
        share = (steps["gc_cpu_s"] / steps["busy_cpu_s"]).to_numpy()
        live = steps["live_mb"].to_numpy()
        around = slice(int(np.argmax(share >= 0.5)) - 1, int(np.argmax(share >= 0.5)) + 1)
        measured = float(np.interp(0.5, share[around], live[around]))
        goal = float(steps["goal_bytes"].iloc[0]) / MIB
        spirals.append((f"Recorded spiral {number}", goal, float(live[0]), float(share[0]), measured))
    return spirals


def _mistakes(goal: float, live: float, share: float) -> Mistakes:
    return (
        (live * 0.5 / share, "the share grows faster than live does: the room for garbage shrinks as well"),
        (live * (1 - share) / share, "the room for garbage shrinks as live grows: it is goal - live"),
        (
            goal / (1 + share * (goal - live) / live),
            "share is of all CPU; the collector's to the program's is share / (1 - share)",
        ),
        (goal / 2, "that holds only where marking a byte costs as much as allocating one"),
        (goal, "at the goal itself there is no room left: the collector takes everything"),
    )

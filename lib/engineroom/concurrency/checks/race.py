"""Checks ``Total``: calls at once, and no write that another goroutine could disturb."""

from __future__ import annotations

import random
import re
from typing import Any

from engineroom.concurrency.checks.seen import HEED, drawn_cities
from engineroom.concurrency.harness.trial import Report, has_c_compiler, try_out
from engineroom.kit.expect import CheckFailed, expect_equal, expect_that, passed

__all__ = ["check_race", "draw"]

LOCK = "lock a mutex around every write that more than one goroutine makes, or collect by index"


def draw(seed: int) -> dict[str, Any]:
    """Draw cities and what the call gives for each."""
    rng = random.Random(f"race {seed}")
    names = drawn_cities(rng, rng.randint(12, 20))
    return {"names": names, "values": [rng.randint(-20, 40) for _ in names]}


def check_race(source: str, *, seed: int = 0) -> None:
    """Check ``Total``: concurrent calls, and no write that another goroutine could disturb.

    With a C compiler the race detector decides; without one, the structure of the code does.
    """
    drawn, detector, structure = draw(seed), has_c_compiler(), {}

    def judge(found: Report) -> None:
        structure.update(found)
        _expect_add_before_go(found["late_adds"])

    try:
        reports = try_out("race", source, ["Total"], drawn=drawn, judge=judge, race=detector)
    except CheckFailed as failure:
        if "concurrent map" in str(failure) or "DATA RACE" in str(failure):
            raise CheckFailed(_race_told(str(failure))) from None
        raise
    (report,) = reports.values()
    notes = report["notes"]
    hint = "a lock that is held during a call makes the calls wait for each other: fetch first, then lock"
    expect_equal("Calls at once", report["peak"], len(drawn["names"]), hint=hint)
    expect_equal("Calls still running at the end", notes["running"], 0, hint=HEED)
    found = structure["unguarded"]
    expect_that(
        "Writes to shared variables without a lock",
        not found,
        seen=", ".join(f"{write['name']} in line {write['line']}" for write in found),
        expected="none",
        hint=LOCK,
    )
    expect_equal("The total", notes["total"], sum(drawn["values"]), hint="an update was lost")
    table = dict(zip(drawn["names"], drawn["values"], strict=True))
    expect_equal("The table", notes["table"], table, hint="every city once, with its own number")
    judge = (
        "the race detector found nothing"
        if detector
        else "no unguarded write (no C compiler: no race detector)"
    )
    passed("No race", {"calls at once": report["peak"], "judge": judge})


def _expect_add_before_go(lines: list[int]) -> None:
    expect_that(
        "wg.Add inside the goroutine that it counts",
        not lines,
        seen=", ".join(f"line {line}" for line in lines),
        expected="none",
        hint="Wait may come before that Add and not wait at all: Add before go, or use wg.Go",
    )


def _race_told(output: str) -> str:
    lines = sorted(set(re.findall(r"cell\.go:(\d+)", output)), key=int)
    where = f" (lines {', '.join(lines)} of your cell)" if lines else ""
    return f"Two goroutines were seen to use one variable at once{where}.\n  hint:     {LOCK}"

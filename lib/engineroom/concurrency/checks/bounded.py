"""Checks ``Cities`` with a limit: calls at once, order of the answers, goroutines, makespan."""

from __future__ import annotations

import random
from typing import Any

from engineroom.concurrency.bounded import makespan
from engineroom.concurrency.checks.seen import HEED, answered, drawn_cities, failed, finished, saw, took
from engineroom.concurrency.harness.trial import try_out
from engineroom.kit.expect import expect_equal, expect_that, passed

__all__ = ["check_bounded", "draw"]


def draw(seed: int) -> dict[str, Any]:
    """Draw cities, how many seconds each takes, and a limit."""
    rng = random.Random(f"bounded {seed}")
    seconds = [rng.randint(1, 9) for _ in range(rng.randint(7, 12))]
    return {"names": drawn_cities(rng, len(seconds)), "seconds": seconds, "limit": rng.randint(2, 4)}


def check_bounded(source: str, *, seed: int = 0) -> None:
    """Check ``Cities``: at most ``limit`` calls at once, answers in order, few goroutines."""
    drawn = draw(seed)
    reports = try_out("bounded", source, ["Cities"], drawn=drawn)
    finished(reports, {"deadlock": "is every permit given back, also after an error?"})
    five, many, crowd, few, none, fails, other = reports.values()
    for report, limit in ((five, 2), (many, 8), (crowd, 10), (other, drawn["limit"])):
        hint = "the permit must be taken before the call begins, and given back when it has ended"
        if report["peak"] == 1:
            hint = "the calls run one after the other; start each in a goroutine"
        saw(report, "calls at once, at most", "peak", limit, hint)
    hint = "200 goroutines that wait for a permit still exist: take the permit before go, or use SetLimit"
    expect_that(
        f"“{crowd['name']}”: goroutines at once, at most",
        crowd["goroutines"] <= 10 + 3,
        seen=crowd["goroutines"],
        expected="about 10, not one per city",
        hint=hint,
    )
    for report, cities in ((five, 5), (crowd, 200)):
        hint = "every city is asked once; TryGo starts nothing while the limit is reached, Go waits"
        expect_equal(f"“{report['name']}”: calls made", sum(report["calls"].values()), cities, hint=hint)
    in_order = "start the next call as soon as any call ends, in the order of the cities; and " + HEED
    took(five, 7, in_order)
    took(many, 8, HEED)
    saw(few, "calls at once", "peak", 3, "a limit above the number of cities is fine")
    for report, cities in ((five, 5), (many, 64), (crowd, 200), (few, 3), (none, 0)):
        answered(report, cities)
    failed(fails, 0, "return the error of the call that failed first")
    saw(fails, "calls still running at the end", "running", 0, HEED)
    took(other, makespan(drawn["seconds"], drawn["limit"]), in_order)
    answered(other, drawn["names"])
    evidence = {"makespan of 5 1 1 1 4 with limit 2": "7 s", "calls at once": "2, 8, 10 as asked"}
    evidence |= {"goroutines for 200 cities": crowd["goroutines"]}
    passed("Bounded Cities", evidence | {"a drawn case": f"{other['took']:g} s, as the model says"})

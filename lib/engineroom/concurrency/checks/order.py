"""Checks ``Cities`` started longest first: the makespan, and that the caller notices no other order."""

from __future__ import annotations

import random
from typing import Any

from engineroom.concurrency.bounded import makespan
from engineroom.concurrency.checks.seen import answered, drawn_cities, finished, saw, took
from engineroom.concurrency.harness.trial import try_out
from engineroom.kit.expect import expect_equal, passed

__all__ = ["check_order", "draw"]


def draw(seed: int) -> dict[str, Any]:
    """Draw estimates and a limit for which longest-first ends earlier than other orders."""
    rng = random.Random(f"order {seed}")
    while True:
        seconds = [rng.randint(1, 20) for _ in range(rng.randint(6, 10))]
        limit = rng.randint(2, 3)
        longest = makespan(sorted(seconds, reverse=True), limit)
        others = (seconds, seconds[::-1], sorted(seconds))
        if all(longest < makespan(other, limit) for other in others):
            return {"names": drawn_cities(rng, len(seconds)), "seconds": seconds, "limit": limit}


def check_order(source: str, *, seed: int = 0) -> None:
    """Check ``Cities``: longest first lowers the makespan, and nobody else notices the other order."""
    drawn = draw(seed)
    reports = try_out("order", source, ["Cities"], drawn=drawn)
    finished(reports, {"deadlock": "is every permit given back?"})
    five, six, equal, none, other = reports.values()
    for report, limit in ((five, 2), (six, 3), (equal, 2), (other, drawn["limit"])):
        saw(report, "calls at once, at most", "peak", limit, "keep to the limit")
    took(five, 6, "7 s is the order as given; start the longest call first")
    took(six, 7, "no call can be shorter than itself: 7 s is possible; start the longest call first")
    best = makespan(sorted(drawn["seconds"], reverse=True), drawn["limit"])
    took(other, best, "start the longest call first")
    for report, cities in ((five, 5), (six, 6), (equal, 4), (none, 0), (other, drawn["names"])):
        answered(report, cities)
        expect_equal(
            f"“{report['name']}”: the caller's slice is as it was",
            report["notes"]["untouched"],
            True,
            hint="sort a copy (slices.Clone), or a slice of indices",
        )
    given = makespan(drawn["seconds"], drawn["limit"])
    evidence = {"makespan of 5 1 1 1 4 with limit 2": "6 s instead of 7 s"}
    passed("Longest first", evidence | {"a drawn case": f"{best} s instead of {given} s"})

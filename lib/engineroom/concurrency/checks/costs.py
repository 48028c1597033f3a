"""Checks ``Cities`` of unequal cost: what is under way together, who waits, and the city that is too dear."""

from __future__ import annotations

import random
from typing import Any

from engineroom.concurrency import context
from engineroom.concurrency.checks.seen import (
    HEED,
    answered,
    drawn_cities,
    failed,
    finished,
    gave_up,
    saw,
    took,
)
from engineroom.concurrency.harness.trial import try_out
from engineroom.concurrency.scheduler import Body, Scheduler, run
from engineroom.concurrency.semaphore import Weighted
from engineroom.kit.expect import expect_equal, expect_that, passed

__all__ = ["check_costs", "draw"]


def draw(seed: int) -> dict[str, Any]:
    """Draw a capacity, and cities of which one costs more than that."""
    rng = random.Random(f"costs {seed}")
    capacity = rng.randint(8, 15)
    costs = [rng.randint(1, capacity) for _ in range(rng.randint(6, 9))]
    costs[rng.randrange(2, len(costs))] = capacity + rng.randint(1, 20)
    seconds = [rng.randint(1, 5) for _ in costs]
    return {
        "names": drawn_cities(rng, len(costs)),
        "seconds": seconds,
        "costs": costs,
        "capacity": capacity,
    }


def begins(drawn: dict[str, Any]) -> list[int]:
    """Return when the model begins each call, sorted, in seconds."""

    def main(go: Scheduler) -> Body:
        pool, ctx = Weighted(go, drawn["capacity"]), context.background(go)

        def call(cost: int, seconds: int) -> Body:
            yield from go.work(seconds)
            pool.release(cost)

        for cost, seconds in zip(drawn["costs"], drawn["seconds"], strict=True):
            cut = min(cost, drawn["capacity"])
            yield from pool.acquire(ctx, cut)
            go.start(call(cut, seconds), "call")

    return sorted(span.start for span in run(main).work)


def check_costs(source: str, *, seed: int = 0) -> None:
    """Check ``Cities``: costs never exceed the capacity, and a too-dear city deadlocks nothing."""
    drawn = draw(seed)
    reports = try_out("costs", source, ["Cities"], drawn=drawn)
    too_dear = "a weight above the semaphore's size is never granted: take min(cost, capacity)"
    finished(reports, {"deadlock": too_dear + "; and is every permit given back, also after an error?"})
    mixed, equal, dear, fails, gives_up, other = reports.values()
    for report, most in ((mixed, 10), (equal, 10), (dear, 25), (other, max(drawn["costs"]))):
        what = f"“{report['name']}”: cost under way at once, at most"
        hint = "acquire the city's cost, not 1, before the call begins"
        seen = report["peak_cost"]
        expect_that(what, seen <= most, seen=seen, expected=f"{most} at the very most", hint=hint)
    answered(mixed, 5)
    alone = "a city that costs more than the capacity is no error: it has the capacity for itself"
    expect_equal(f"“{dear['name']}”: the error", dear["error"], "", hint=alone)
    hint = "acquire in the order of the cities, let nobody overtake, and let what fits run at once"
    for report, expected in ((mixed, [0, 1, 1, 1, 2]), (other, begins(drawn))):
        starts = sorted(report["starts"].values())
        expect_equal(f"“{report['name']}”: when the calls began", starts, expected, hint=hint)
    took(equal, 2, "two cities of cost 5 fit into 10 at once")
    saw(dear, "calls at once", "peak", 1, "beside a city that fills all, nothing fits")
    for report, cities in ((equal, 4), (dear, 3), (other, drawn["names"])):
        answered(report, cities)
    failed(fails, 0, "return the error of the call that failed")
    hint = "who waits for a permit must stop waiting when the context ends: give Acquire the context"
    expect_equal(f"“{gives_up['name']}”: calls made", sum(gives_up["calls"].values()), 2, hint=hint)
    gave_up(
        gives_up,
        "Acquire returns an error when the context ends: who breaks out of the loop must not lose it",
    )
    saw(gives_up, "calls still running at the end", "running", 0, HEED)
    passed("Unequal costs", {"began at": "0 1 1 1 2 s", "cost 25 of capacity 10": "runs alone, no deadlock"})

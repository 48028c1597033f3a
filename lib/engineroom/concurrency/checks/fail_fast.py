"""Checks ``Cities`` that fail fast: who is stopped, when, and which error is told."""

from __future__ import annotations

import random
from typing import Any

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
from engineroom.kit.expect import expect_that, passed

__all__ = ["check_fail_fast", "draw"]


def draw(seed: int) -> dict[str, Any]:
    """Draw cities that take different times, of which one fails, neither the first to end nor the last."""
    rng = random.Random(f"fail_fast {seed}")
    seconds = rng.sample(range(1, 30), rng.randint(5, 9))
    names = drawn_cities(rng, len(seconds))
    fails = rng.choice(sorted(zip(seconds, names, strict=True))[1:-1])[1]
    return {"names": names, "seconds": seconds, "fails": [fails]}


def check_fail_fast(source: str, *, seed: int = 0) -> None:
    """Check ``Cities``: the first error ends the others, and is the error that is returned."""
    drawn = draw(seed)
    reports = try_out("fail_fast", source, ["Cities"], drawn=drawn)
    finished(reports, {})
    early, fine, two, deaf, gives_up, other = reports.values()
    saw(fine, "calls at once", "peak", 5, "the calls run one after the other; start goroutines")
    answered(fine, 5)
    told = "use errgroup.WithContext, and give the calls *its* context, not the caller's; " + HEED
    took(early, 1, f"the others ran on: {told}")
    saw(early, "calls that were stopped", "cancelled", 4, "pass the group's context")
    saw(early, "calls still running at the end", "running", 0, HEED)
    saw(deaf, "calls still running at the end", "running", 0, HEED)
    (fails,) = drawn["fails"]
    end = drawn["seconds"][drawn["names"].index(fails)]
    took(other, end, told)
    saw(other, "calls that were stopped", "cancelled", sum(s > end for s in drawn["seconds"]), told)
    hint = "siblings that were cancelled return “context canceled”; the error that caused it is the first one"
    for report, city in ((early, 2), (two, 2), (other, fails)):
        failed(report, city, hint)
        expect_that(
            f"“{report['name']}”: the answers",
            not report["results"],
            seen=report["results"],
            expected="nil next to an error",
            hint="return nil and the error",
        )
    took(gives_up, 3, "derive the group's context from the caller's")
    gave_up(gives_up, "when the caller's context ends, its error is the answer")
    passed("Fail fast", {"returned after": "1 s instead of 10 s", "calls stopped": early["cancelled"]})

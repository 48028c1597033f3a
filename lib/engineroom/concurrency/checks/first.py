"""Checks ``First``: the first good answer, the calls that it stops, and the goroutines that it leaves."""

from __future__ import annotations

import random
from typing import Any

from engineroom.concurrency.checks.seen import drawn_cities, finished, gave_up, saw, took
from engineroom.concurrency.harness.trial import try_out
from engineroom.kit.expect import expect_that, passed

__all__ = ["check_first", "draw"]


def draw(seed: int) -> dict[str, Any]:
    """Draw mirrors that take different times, the quickest of which fail."""
    rng = random.Random(f"first {seed}")
    seconds = rng.sample(range(1, 30), rng.randint(4, 8))
    names = drawn_cities(rng, len(seconds))
    quick_first = [name for _, name in sorted(zip(seconds, names, strict=True))]
    return {"names": names, "seconds": seconds, "fails": quick_first[: rng.randint(1, 2)]}


def check_first(source: str, *, seed: int = 0) -> None:
    """Check ``First``: the first good answer wins, the other calls stop, and no goroutine stays behind."""
    drawn = draw(seed)
    reports = try_out("first", source, ["First"], drawn=drawn)
    leak = "a sender waits for ever if nobody receives any more: give the channel room for every answer"
    lost = "count the failures: after the last one nothing more will come"
    finished(reports, {"leak": leak, "deadlock": lost})
    quick, second, bad, deaf, gives_up, other = reports.values()
    saw(quick, "calls at once", "peak", 4, "ask all mirrors at the same time")
    saw(quick, "the answer", "results", ["weather in city 002"], "the first to come")
    took(quick, 1, "return with the first good answer; do not wait for the others")
    stopped = "give the calls a context of their own and cancel it when you return"
    saw(quick, "calls that were stopped", "cancelled", 3, stopped)
    hint = "an error is no answer while another mirror may still give one"
    saw(second, "the answer", "results", ["weather in city 001"], hint)
    took(second, 3, hint)
    expect_that(
        f"“{bad['name']}”: the error",
        "no such city" in bad["error"],
        seen=bad["error"] or "nil",
        expected="an error of one of the mirrors",
        hint="if no mirror answers, say so",
    )
    took(deaf, 1, "calls that do not heed their context are left to themselves")
    took(gives_up, 2, "when the caller's context ends, return its error")
    gave_up(gives_up, "when the caller's context ends, return its error")
    good = {n: s for n, s in zip(drawn["names"], drawn["seconds"], strict=True) if n not in drawn["fails"]}
    best = min(good, key=good.get)
    saw(other, "the answer", "results", [f"weather in {best}"], hint)
    took(other, good[best], hint)
    saw(other, "calls that were stopped", "cancelled", len(good) - 1, stopped)
    evidence = {"returned after": "1 s", "calls stopped": quick["cancelled"], "goroutines left": 0}
    passed("First result", evidence | {"a drawn case": f"{best}, after {good[best]} s"})

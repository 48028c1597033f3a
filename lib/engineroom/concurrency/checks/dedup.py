"""Checks ``Service.Weather``: calls made, and when each caller was answered with what."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from engineroom.concurrency.channels import Recv, after, select
from engineroom.concurrency.checks.seen import drawn_cities, finished, saw
from engineroom.concurrency.harness.trial import Report, try_out
from engineroom.concurrency.scheduler import Body, Scheduler, run
from engineroom.concurrency.singleflight import Group
from engineroom.kit.expect import expect_equal, passed

__all__ = ["check_dedup", "draw"]

CALL_MS = 1000


def draw(seed: int) -> dict[str, Any]:
    """Draw callers: when each comes, for which city, and after how many milliseconds it gives up (0: never).

    Callers come in different hundredths of a second, so nobody comes in the instant in which a call lands
    or another caller gives up.
    """
    rng = random.Random(f"dedup {seed}")
    cities = drawn_cities(rng, 3)
    at_ms = sorted(100 * rng.randrange(40) + 3 * number + 1 for number in range(rng.randint(8, 12)))
    callers = [
        {"city": rng.choice(cities), "at": at, "patience": rng.choice([0, 0, 100 * rng.randint(1, 9) + 50])}
        for at in at_ms
    ]
    return {"callers": callers}


def model(callers: list[dict[str, Any]]) -> tuple[Counter[str], dict[int, str]]:
    """Return the calls per city, and what each caller was told when, as the harness words it."""

    def main(go: Scheduler) -> Body:
        flights = Group(go)

        def call(city: str) -> Body:
            yield from go.work(CALL_MS, city)
            return city, None

        def come(number: int, caller: dict[str, Any]) -> Body:
            yield from go.sleep(caller["at"])
            cases = [Recv(flights.do_chan(caller["city"], lambda: call(caller["city"])))]
            cases += [Recv(after(go, caller["patience"]))] if caller["patience"] else []
            case, _, _ = yield from select(go, *cases)
            said = "context deadline exceeded" if case else f"weather in {caller['city']}"
            told[number] = f"{go.now / 1000:g} s: {said}"

        for number, caller in enumerate(callers, 1):
            go.start(come(number, caller), f"caller {number}")
        yield from go.sleep(0)

    told: dict[int, str] = {}
    return run(main).calls, told


def check_dedup(source: str, *, seed: int = 0) -> None:
    """Check ``Service.Weather``: one call per city in flight; nobody's patience decides over the others."""
    drawn = draw(seed)
    reports = try_out("dedup", source, ["NewService", "Weather"], drawn=drawn)
    finished(reports, {"deadlock": "does the service still hold a lock while it waits?"})
    six, two, leader, follower, fails, other = reports.values()
    hint = "calls for one city that overlap are one call; calls that do not are two (it is no cache)"
    expect_equal(f"“{six['name']}”: calls made", six["calls"].get("Oslo", 0), 2, hint=hint)
    for number, time in enumerate(["1 s"] * 3 + ["2.2 s"] * 3, 1):
        _caller(six, number, f"{time}: weather in Oslo", "everybody gets the shared answer")
    saw(two, "calls at once", "peak", 2, "different cities do not wait for each other")
    saw(two, "calls made", "calls", {"Oslo": 1, "Lima": 1}, "the key is the city")
    own = "the shared call must not end with one caller's context: context.WithoutCancel(ctx)"
    leave = "use DoChan and select on ctx.Done()"
    _caller(leader, 1, "0.3 s: context deadline exceeded", leave)
    _caller(leader, 2, "1 s: weather in Oslo", own)
    saw(leader, "calls made", "calls", {"Oslo": 1}, own)
    _caller(follower, 1, "1 s: weather in Oslo", own)
    _caller(follower, 2, "0.4 s: context deadline exceeded", leave)
    for number in (1, 2):
        _caller(fails, number, "1 s: Oslo: no such city", "an error is shared like an answer")
    calls, told = model(drawn["callers"])
    saw(other, "calls made", "calls", dict(calls), hint)
    for number, said in told.items():
        _caller(other, number, said, own if "weather" in said else leave)
    evidence = {"calls for six callers": 2, "first caller gives up": "the second is answered"}
    passed("One call per city", evidence | {f"{len(told)} drawn callers": f"{calls.total()} calls"})


def _caller(report: Report, number: int, expected: str, hint: str) -> None:
    seen = report["notes"].get(f"caller {number}", "never")
    expect_equal(f"“{report['name']}”: caller {number} was answered at", seen, expected, hint=hint)

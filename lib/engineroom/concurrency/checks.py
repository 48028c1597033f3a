"""Checks of the concurrency exercises: on virtual time and on structure, never on the clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engineroom.concurrency.harness.trial import Report, has_c_compiler, structure_of, try_out
from engineroom.kit.expect import CheckFailed, expect_equal, expect_that, passed

__all__ = [
    "check_bounded",
    "check_costs",
    "check_dedup",
    "check_fail_fast",
    "check_first",
    "check_order",
    "check_race",
]

HEED = "return when all calls have ended, not before; who starts a goroutine waits for it"


def _finished(reports: Mapping[str, Report], hints: Mapping[str, str]) -> None:
    """Expect that every trial ended and left nothing behind."""
    for name, report in reports.items():
        if report["ended"] == "deadlock":
            hint = hints.get("deadlock", "who is to receive what is sent, or to release what is acquired?")
            _wrong(
                f"“{name}”", "it never returned: all goroutines are asleep - deadlock!", "it returns", hint
            )
        if report["ended"] == "leak":
            hint = hints.get("leak", "a goroutine waits for something that nobody does any more")
            _wrong(f"“{name}”", "it returned, but left goroutines behind that wait for ever", "none", hint)


def _wrong(what: str, seen: str, expected: str, hint: str) -> None:
    expect_that(what, False, seen=seen, expected=expected, hint=hint)


def _took(report: Report, seconds: float, hint: str) -> None:
    what = f"“{report['name']}”: seconds until the function returned"
    expect_equal(what, round(report["took"], 9), seconds, hint=hint)


def _answered(report: Report, order: range) -> None:
    expected = [f"weather in city {i:03d}" for i in order]
    hint = "answers belong in the order of the cities: give each goroutine an index of its own"
    expect_equal(f"“{report['name']}”: the answers", report["results"] or [], expected, hint=hint)
    expect_equal(f"“{report['name']}”: the error", report["error"], "", hint="nothing failed here")


def _failed(report: Report, city: int, hint: str) -> None:
    expected = f"city {city:03d}: no such city"
    said = report["error"]
    expect_that(
        f"“{report['name']}”: the error", expected in said, seen=said or "nil", expected=expected, hint=hint
    )


def _saw(report: Report, what: str, key: str, expected: Any, hint: str) -> None:
    expect_equal(f"“{report['name']}”: {what}", report[key], expected, hint=hint)


def _gave_up(report: Report, hint: str) -> None:
    what, seen = f"“{report['name']}”: the error", report["error"] or "nil"
    ended = report["notes"].get("deadline") is True
    expect_that(what, ended, seen=seen, expected="context deadline exceeded", hint=hint)


def check_bounded(source: str) -> None:
    """Check ``Cities``: at most ``limit`` calls at once, answers in order, few goroutines.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    reports = try_out("bounded", source, ["Cities"])
    _finished(reports, {"deadlock": "is every permit given back, also after an error?"})
    five, many, crowd, few, none, fails = reports.values()
    for report in (five, many, crowd):
        limit = {five["name"]: 2, many["name"]: 8, crowd["name"]: 10}[report["name"]]
        hint = "the permit must be taken before the call begins, and given back when it has ended"
        if report["peak"] == 1:
            hint = "the calls run one after the other; start each in a goroutine"
        _saw(report, "calls at once, at most", "peak", limit, hint)
    hint = "200 goroutines that wait for a permit still exist: take the permit before go, or use SetLimit"
    expect_that(
        f"“{crowd['name']}”: goroutines at once, at most",
        crowd["goroutines"] <= 10 + 3,
        seen=crowd["goroutines"],
        expected="about 10, not one per city",
        hint=hint,
    )
    _took(five, 7, "start the next call as soon as any call ends, in the order of the cities; and " + HEED)
    _took(many, 8, HEED)
    _saw(few, "calls at once", "peak", 3, "a limit above the number of cities is fine")
    for report, count in ((five, 5), (many, 64), (crowd, 200), (few, 3), (none, 0)):
        _answered(report, range(count))
    _failed(fails, 0, "return the error of the call that failed first")
    _saw(fails, "calls still running at the end", "running", 0, HEED)
    evidence = {"makespan of 5 1 1 1 4 with limit 2": "7 s", "calls at once": "2, 8, 10 as asked"}
    passed("Bounded Cities", evidence | {"goroutines for 200 cities": crowd["goroutines"]})


def check_fail_fast(source: str) -> None:
    """Check ``Cities``: the first error ends the others, and is the error that is returned.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    reports = try_out("fail_fast", source, ["Cities"])
    _finished(reports, {})
    early, fine, two, deaf, gives_up = reports.values()
    _saw(fine, "calls at once", "peak", 5, "the calls run one after the other; start goroutines")
    _answered(fine, range(5))
    _took(
        early,
        1,
        "the others ran on: use errgroup.WithContext, and give the calls *its* context, not the caller's; "
        + HEED,
    )
    _saw(early, "calls that were stopped", "cancelled", 4, "pass the group's context")
    _saw(early, "calls still running at the end", "running", 0, HEED)
    _saw(deaf, "calls still running at the end", "running", 0, HEED)
    hint = "siblings that were cancelled return “context canceled”; the error that caused it is the first one"
    for report in (early, two):
        _failed(report, 2, hint)
        expect_that(
            f"“{report['name']}”: the answers",
            not report["results"],
            seen=report["results"],
            expected="nil next to an error",
            hint="return nil and the error",
        )
    _took(gives_up, 3, "derive the group's context from the caller's")
    _gave_up(gives_up, "when the caller's context ends, its error is the answer")
    passed("Fail fast", {"returned after": "1 s instead of 10 s", "calls stopped": early["cancelled"]})


def check_costs(source: str) -> None:
    """Check ``Cities``: costs under way never exceed the capacity, and a too-dear city deadlocks nothing.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    reports = try_out("costs", source, ["Cities"])
    too_dear = "a weight above the semaphore's size is never granted: take min(cost, capacity)"
    _finished(reports, {"deadlock": too_dear + "; and is every permit given back, also after an error?"})
    mixed, equal, dear, fails, gives_up = reports.values()
    for report, most in ((mixed, 10), (equal, 10), (dear, 25)):
        what = f"“{report['name']}”: cost under way at once, at most"
        hint = "acquire the city's cost, not 1, before the call begins"
        seen = report["peak_cost"]
        expect_that(what, seen <= most, seen=seen, expected=f"{most} at the very most", hint=hint)
    starts = sorted(mixed["starts"].values())
    hint = "acquire in the order of the cities, and let what fits run at once"
    expect_equal(f"“{mixed['name']}”: when the calls began", starts, [0, 1, 1, 1, 2], hint=hint)
    _took(equal, 2, "two cities of cost 5 fit into 10 at once")
    _saw(dear, "calls at once", "peak", 1, "beside a city that fills all, nothing fits")
    for report, count in ((mixed, 5), (equal, 4), (dear, 3)):
        _answered(report, range(count))
    _failed(fails, 0, "return the error of the call that failed")
    hint = "who waits for a permit must stop waiting when the context ends: give Acquire the context"
    expect_equal(f"“{gives_up['name']}”: calls made", sum(gives_up["calls"].values()), 2, hint=hint)
    _gave_up(
        gives_up,
        "Acquire returns an error when the context ends: who breaks out of the loop must not lose it",
    )
    _saw(gives_up, "calls still running at the end", "running", 0, HEED)
    passed("Unequal costs", {"began at": "0 1 1 1 2 s", "cost 25 of capacity 10": "runs alone, no deadlock"})


def check_first(source: str) -> None:
    """Check ``First``: the first good answer wins, the other calls stop, and no goroutine stays behind.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    reports = try_out("first", source, ["First"])
    leak = "a sender waits for ever if nobody receives any more: give the channel room for every answer"
    _finished(
        reports, {"leak": leak, "deadlock": "count the failures: after the last one nothing more will come"}
    )
    quick, second, bad, deaf, gives_up = reports.values()
    _saw(quick, "calls at once", "peak", 4, "ask all mirrors at the same time")
    _saw(quick, "the answer", "results", ["weather in city 002"], "the first to come")
    _took(quick, 1, "return with the first good answer; do not wait for the others")
    _saw(
        quick,
        "calls that were stopped",
        "cancelled",
        3,
        "give the calls a context of their own and cancel it when you return",
    )
    hint = "an error is no answer while another mirror may still give one"
    _saw(second, "the answer", "results", ["weather in city 001"], hint)
    _took(second, 3, hint)
    expect_that(
        f"“{bad['name']}”: the error",
        "no such city" in bad["error"],
        seen=bad["error"] or "nil",
        expected="an error of one of the mirrors",
        hint="if no mirror answers, say so",
    )
    _took(deaf, 1, "calls that do not heed their context are left to themselves")
    _took(gives_up, 2, "when the caller's context ends, return its error")
    _gave_up(gives_up, "when the caller's context ends, return its error")
    passed(
        "First result", {"returned after": "1 s", "calls stopped": quick["cancelled"], "goroutines left": 0}
    )


def check_dedup(source: str) -> None:
    """Check ``Service.Weather``: one call per city in flight, and nobody's patience decides over the others.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    reports = try_out("dedup", source, ["NewService", "Weather"])
    _finished(reports, {"deadlock": "does the service still hold a lock while it waits?"})
    six, two, leader, follower, fails = reports.values()
    hint = "calls for one city that overlap are one call; calls that do not are two (it is no cache)"
    expect_equal(f"“{six['name']}”: calls made", six["calls"].get("Oslo", 0), 2, hint=hint)
    _callers(
        six,
        ["1 s", "1 s", "1 s", "2.2 s", "2.2 s", "2.2 s"],
        "weather in Oslo",
        "everybody gets the shared answer",
    )
    _saw(two, "calls at once", "peak", 2, "different cities do not wait for each other")
    _saw(two, "calls made", "calls", {"Oslo": 1, "Lima": 1}, "the key is the city")
    own = "the shared call must not end with one caller's context: context.WithoutCancel(ctx)"
    _caller(leader, 1, "0.3 s: context deadline exceeded", "use DoChan and select on ctx.Done()")
    _caller(leader, 2, "1 s: weather in Oslo", own)
    _saw(leader, "calls made", "calls", {"Oslo": 1}, own)
    _caller(follower, 1, "1 s: weather in Oslo", own)
    _caller(follower, 2, "0.4 s: context deadline exceeded", "use DoChan and select on ctx.Done()")
    _callers(fails, ["1 s", "1 s"], "Oslo: no such city", "an error is shared like an answer")
    passed(
        "One call per city", {"calls for six callers": 2, "first caller gives up": "the second is answered"}
    )


def _callers(report: Report, times: list[str], said: str, hint: str) -> None:
    for number, time in enumerate(times, 1):
        _caller(report, number, f"{time}: {said}", hint)


def _caller(report: Report, number: int, expected: str, hint: str) -> None:
    seen = report["notes"].get(f"caller {number}", "never")
    expect_equal(f"“{report['name']}”: caller {number} was answered at", seen, expected, hint=hint)


def check_race(source: str) -> None:
    """Check ``Total``: concurrent calls, and no write that another goroutine could disturb.

    With a C compiler the race detector decides; without one, the structure of the code does.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    detector = has_c_compiler()
    try:
        (report,) = try_out("race", source, ["Total"], race=detector).values()
    except CheckFailed as failure:
        if "concurrent map" in str(failure) or "DATA RACE" in str(failure):
            raise CheckFailed(_race_told(str(failure))) from None
        raise
    notes = report["notes"]
    hint = "a lock that is held during a call makes the calls wait for each other: fetch first, then lock"
    expect_equal("Calls at once", report["peak"], 16, hint=hint)
    expect_equal("Calls still running at the end", notes["running"], 0, hint=HEED)
    found = (structure_of(source) or {})["unguarded"]
    expect_that(
        "Writes to shared variables without a lock",
        not found,
        seen=", ".join(f"{write['name']} in line {write['line']}" for write in found),
        expected="none",
        hint="lock a mutex around every write that more than one goroutine makes, or collect by index",
    )
    expect_equal("The total", notes["total"], notes["want"], hint="an update was lost")
    expect_equal(
        "The table is right", notes["table_right"], True, hint="every city once, with its own number"
    )
    judge = (
        "the race detector found nothing"
        if detector
        else "no unguarded write (no C compiler: no race detector)"
    )
    passed("No race", {"calls at once": report["peak"], "judge": judge})


def _race_told(output: str) -> str:
    lines = sorted(set(re.findall(r"cell\.go:(\d+)", output)), key=int)
    where = f" (lines {', '.join(lines)} of your cell)" if lines else ""
    return (
        f"Two goroutines were seen to use one variable at once{where}.\n"
        "  hint:     lock a mutex around every write that more than one goroutine makes, or collect by index"
    )


def check_order(source: str) -> None:
    """Check ``Cities``: longest first lowers the makespan, and nobody else notices the other order.

    Raises:
        CheckFailed: with what was seen, what was expected, and a hint that names the likely mistake.
    """
    reports = try_out("order", source, ["Cities"])
    _finished(reports, {"deadlock": "is every permit given back?"})
    five, six, equal, none = reports.values()
    for report, limit in ((five, 2), (six, 3), (equal, 2)):
        _saw(report, "calls at once, at most", "peak", limit, "keep to the limit")
    _took(five, 6, "7 s is the order as given; start the longest call first")
    _took(six, 7, "no call can be shorter than itself: 7 s is possible; start the longest call first")
    for report, count in ((five, 5), (six, 6), (equal, 4), (none, 0)):
        _answered(report, range(count))
        expect_equal(
            f"“{report['name']}”: the caller's slice is as it was",
            report["notes"]["untouched"],
            True,
            hint="sort a copy (slices.Clone), or a slice of indices",
        )
    passed("Longest first", {"makespan of 5 1 1 1 4 with limit 2": "6 s instead of 7 s"})

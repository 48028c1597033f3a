"""What the checks of several exercises expect of a trial's report."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from engineroom.concurrency.cities import NAMES
from engineroom.concurrency.harness.trial import Report
from engineroom.kit.expect import expect_equal, expect_that

__all__ = ["HEED", "answered", "drawn_cities", "failed", "finished", "gave_up", "saw", "took"]

HEED = "return when all calls have ended, not before; who starts a goroutine waits for it"


def finished(reports: Mapping[str, Report], hints: Mapping[str, str]) -> None:
    """Expect that every trial ended and left nothing behind."""
    for name, report in reports.items():
        if report["ended"] == "deadlock":
            hint = hints.get("deadlock", "who is to receive what is sent, or to release what is acquired?")
            seen = "it never returned: all goroutines are asleep - deadlock!"
            expect_that(f"“{name}”", False, seen=seen, expected="it returns", hint=hint)
        if report["ended"] == "leak":
            hint = hints.get("leak", "a goroutine waits for something that nobody does any more")
            seen = "it returned, but left goroutines behind that wait for ever"
            expect_that(f"“{name}”", False, seen=seen, expected="none", hint=hint)


def took(report: Report, seconds: float, hint: str) -> None:
    """Expect that the function returned after that many seconds of virtual time, exactly."""
    what = f"“{report['name']}”: seconds until the function returned"
    expect_equal(what, round(report["took"], 9), seconds, hint=hint)


def answered(report: Report, cities: int | Sequence[str]) -> None:
    """Expect every city's answer, in order, and no error; a number stands for the laboratory's own names."""
    names = [f"city {i:03d}" for i in range(cities)] if isinstance(cities, int) else cities
    hint = "answers belong in the order of the cities: give each goroutine an index of its own"
    expected = [f"weather in {name}" for name in names]
    ended = (
        "; the group's context ends with Wait, ask the caller's" if report["notes"].get("canceled") else ""
    )
    expect_equal(f"“{report['name']}”: the error", report["error"], "", hint=f"nothing failed here{ended}")
    expect_equal(f"“{report['name']}”: the answers", report["results"] or [], expected, hint=hint)


def failed(report: Report, city: int | str, hint: str) -> None:
    """Expect the error of that city's call."""
    expected = f"{f'city {city:03d}' if isinstance(city, int) else city}: no such city"
    said, what = report["error"], f"“{report['name']}”: the error"
    expect_that(what, expected in said, seen=said or "nil", expected=expected, hint=hint)


def saw(report: Report, what: str, key: str, expected: Any, hint: str) -> None:
    """Expect a value in a report."""
    expect_equal(f"“{report['name']}”: {what}", report[key], expected, hint=hint)


def gave_up(report: Report, hint: str) -> None:
    """Expect the error of the caller's own context."""
    what, seen = f"“{report['name']}”: the error", report["error"] or "nil"
    ended = report["notes"].get("deadline") is True
    expect_that(what, ended, seen=seen, expected="context deadline exceeded", hint=hint)


def drawn_cities(rng: random.Random, count: int) -> list[str]:
    """Draw that many different cities of the sample data."""
    return rng.sample(NAMES, count)

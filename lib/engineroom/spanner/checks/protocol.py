"""Checks of the exercises on the protocol's rules: commit wait, timestamps, safe time and leases."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import pairwise

from engineroom.kit.expect import (
    CheckFailed,
    answer_of,
    expect_close,
    expect_equal,
    expect_that,
    passed,
    plain,
)
from engineroom.spanner.events import Kernel, stream
from engineroom.spanner.leases import lease_from_votes
from engineroom.spanner.protocol import MUTANTS, Protocol
from engineroom.spanner.safetime import SafeTime
from engineroom.spanner.scenarios import SCENARIOS, try_rule
from engineroom.spanner.truetime import Interval, Sawtooth, TrueTime

__all__ = ["check_coordinator", "check_lease", "check_may_answer", "check_overlap", "check_safe_time"]


def check_may_answer(may_answer: Callable[[int, Interval], bool], seed: int = 1) -> None:
    """Check the commit-wait rule: may the client be told, given the timestamp and ``TT.now()``?

    Besides single cases, a whole deployment runs under the rule, and the checkers of histories look for
    a counterexample; pairs of transactions on two clocks that are wrong in opposite ways find what waits
    for too long, or for ever.
    """
    run, found = try_rule(lambda s, now: answer_of(may_answer, s, now) is True, seed)
    if found:
        raise CheckFailed(
            f"In a deployment with clocks at opposite ends of their ε, your rule lets this happen:\n{found}\n"
            "  hint:     is the timestamp in the past for the *slowest* clock when the client is told?"
        )
    expect_equal(
        "May a commit at 100 be told at [101, 120]?", answer_of(may_answer, 100, Interval(101, 120)), True
    )
    expect_equal(
        "May a commit at 100 be told at [100, 119]?",
        answer_of(may_answer, 100, Interval(100, 119)),
        False,
        hint="100 has not definitely passed: the true time may be exactly 100",
    )
    rng, waits = random.Random(seed), []
    for _ in range(200):
        law = Sawtooth(rng.randint(500, 7_000), 0, 10**9)
        kernel = Kernel()
        kernel.now = 10**7
        clocks = [TrueTime(kernel, law, stream(seed, i), lean=rng.uniform(-1, 1)) for i in (0, 1)]
        first = clocks[0].now().latest
        waits.append(_wait_out(may_answer, first, clocks[0], kernel, 4 * law.base_us))
        _expect_later(first, clocks[1].now().latest, law.base_us, kernel.now)
        expect_that(
            "The wait",
            waits[-1] <= 2 * law.base_us + 2,
            seen=f"{waits[-1]} µs for ε = {law.base_us} µs",
            expected="no longer than 2ε",
            hint="as soon as the timestamp has definitely passed, the client may know",
        )
    count = len(run.history.transactions)
    passed(
        "commit wait",
        f"{count} transactions and no counterexample; 200 pairs waited {min(waits)} to {max(waits)} µs",
    )


def _wait_out(
    rule: Callable[[int, Interval], bool], s_us: int, clock: TrueTime, kernel: Kernel, limit_us: int
) -> int:
    """Return the first delay at which the rule says yes; it may only change its mind from no to yes."""
    began, low, high = kernel.now, 0, limit_us
    while low < high:
        middle = (low + high) // 2
        kernel.now = began + middle
        low, high = (low, middle) if answer_of(rule, s_us, clock.now()) is True else (middle + 1, high)
    kernel.now = began + low
    if answer_of(rule, s_us, clock.now()) is not True:
        raise CheckFailed(f"The rule still says no {limit_us} µs after the commit: that wait never ends.")
    return low


def _expect_later(first_us: int, second_us: int, epsilon_us: int, now_us: int) -> None:
    expect_that(
        "Two transactions on two clocks, the second requested when the first had been answered",
        second_us > first_us,
        seen=f"timestamps {first_us} and then {second_us} (ε = {epsilon_us} µs, true time {now_us} µs)",
        expected="the second timestamp to be larger",
        hint="is the first timestamp in the past for the *slowest* clock when you answer?",
    )


def check_coordinator(commit_timestamp: Callable[[int, int, list[int]], int], seed: int = 1) -> None:
    """Check a function (``now().latest`` at receipt, last assigned, prepares) → commit timestamp."""
    rng = random.Random(seed)
    cases = [(100, 50, [80, 90]), (100, 150, [80, 90]), (100, 50, [80, 170]), (100, 100, [100])]
    cases += [(rng.randint(1, 99), rng.randint(1, 99), rng.choices(range(1, 99), k=3)) for _ in range(30)]
    for latest, last, prepares in cases:
        s = plain(answer_of(commit_timestamp, latest, last, list(prepares)))
        if not isinstance(s, float):
            raise CheckFailed(f"The timestamp is {s!r}; it must be a number.")
        asked = f"now().latest {latest}, last assigned {last}, prepares {prepares}"
        rules = {
            "at least now().latest at receipt": s >= latest,
            "later than the last one assigned": s > last,
            "at least every prepare timestamp": s >= max(prepares),
            "no later than it has to be (a larger one waits longer)": s <= max(latest, last + 1, *prepares),
        }
        for rule, holds in rules.items():
            expect_that(f"The timestamp for {asked}", holds, seen=s, expected=rule)
    passed("commit timestamp", f"{len(cases)} transactions, each at the earliest timestamp that is allowed")


def check_safe_time(t_safe: Callable[[int, Mapping[int, int]], float], seed: int = 1) -> None:
    """Check a function (t_paxos, prepare timestamp by transaction) → safe time."""
    rng = random.Random(seed)
    cases = [(500, {}), (500, {1: 400}), (500, {1: 400, 2: 300}), (500, {1: 900}), (500, {1: 501})]
    cases += [(rng.randint(1, 999), {i: rng.randint(1, 999) for i in range(3)}) for _ in range(20)]
    for t_paxos, prepared in cases:
        truth = SafeTime()
        truth.applied(1, t_paxos)
        for txn, ts in prepared.items():
            truth.prepare(txn, ts, ["k"])
        expect_close(
            f"Safe time with t_paxos {t_paxos} and prepared {prepared}",
            answer_of(t_safe, t_paxos, dict(prepared)),
            truth.t_safe(),
            within=0,
            hint="a transaction prepared at t may commit at t itself",
        )
    passed("safe time", f"{len(cases)} replicas")


def check_lease(lease_of: Callable[[Interval, Interval, int], tuple[int, int]], seed: int = 1) -> None:
    """Check a function (now() before asking, now() at the quorum, length) → (start, end) of the lease."""
    rng = random.Random(seed)
    for _ in range(40):
        sent, epsilon = rng.randint(10**6, 10**7), rng.randint(1, 7_000)
        back, length = sent + rng.randint(1, 50_000), rng.randint(10**5, 10**7)
        before, after = (Interval(t - epsilon, t + epsilon) for t in (sent, back))
        right = lease_from_votes(after, [before], length)
        expect_equal(
            f"The lease asked for at {tuple(before)} and won at {tuple(after)}, length {length}",
            answer_of(lease_of, before, after, length),
            [right.start_us, right.end_us],
            hint="begin when the true time is surely past the quorum; end before any voter is free again",
        )
    passed("lease", "40 leases, each disjoint from the one that comes next on any clocks within ε")


def check_overlap(
    find_overlap: Callable[[list[tuple[int, int]]], tuple[int, int] | None], seed: int = 1
) -> None:
    """Check a function from a group's leases, oldest first, to the first interval with two leaders, or None.

    The leases are (start, end) in microseconds, both ends included. Two of the logs come from the model,
    with and without the rule of exclusive votes.
    """
    rng = random.Random(seed)
    logs = [_leases(MUTANTS["overlapping leases"]), _leases(Protocol()), [], [(0, 10)], [(0, 10), (10, 20)]]
    logs += [_random_leases(rng) for _ in range(25)]
    for log in logs:
        expect_equal(
            f"The first interval with two leaders in {log[:6]}{'…' if len(log) > 6 else ''}",
            answer_of(find_overlap, list(log)),
            _first_overlap(log),
            hint="both ends belong to a lease; it lasts from the later start to the earlier end",
        )
    passed("overlap", f"{len(logs)} logs, one of them of a group whose voters forget their promises")


def _leases(protocol: Protocol) -> list[tuple[int, int]]:
    (leases,) = SCENARIOS["overlapping leases"].run(protocol).leases.values()
    return [(lease.start_us, lease.end_us) for lease in leases]


def _random_leases(rng: random.Random) -> list[tuple[int, int]]:
    """Draw leases of which few begin before the one before them has ended."""
    log, at = [], rng.randint(0, 100)
    for _ in range(rng.randint(2, 8)):
        end = at + rng.randint(5, 50)
        log.append((at, end))
        at = max(at, end + rng.choice((-20, -3, 0, 1, 4, 9, 9, 9)))
    return log


def _first_overlap(log: list[tuple[int, int]]) -> list[int] | None:
    for (_, end), (start, other_end) in pairwise(log):
        if start <= end:
            return [start, min(end, other_end)]
    return None

"""Checks for the Spanner theme's exercises: kind to learners, strict to answers.

Each takes the learner's answer, raises `CheckFailed` with what was seen and expected, and prints the
evidence when it holds. ``seed`` changes the cases, which is how grading tries others than learners see.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from engineroom.kit.expect import (
    CheckFailed,
    answer_of,
    expect_close,
    expect_equal,
    expect_that,
    passed,
    plain,
)
from engineroom.spanner import closed_forms, failover, topology
from engineroom.spanner.events import Kernel, stream
from engineroom.spanner.leases import lease_from_votes
from engineroom.spanner.safetime import SafeTime
from engineroom.spanner.splits import SplitKnobs
from engineroom.spanner.splits import simulate as run_table
from engineroom.spanner.staleness import StaleKnobs
from engineroom.spanner.staleness import simulate as read_stale
from engineroom.spanner.truetime import Interval, Sawtooth, TrueTime

__all__ = [
    "check_coordinator",
    "check_figure_5",
    "check_keys",
    "check_lease",
    "check_may_answer",
    "check_placement",
    "check_quorum_latency",
    "check_safe_time",
    "check_staleness",
]

Placed = tuple[Sequence[tuple[str, str, str]], str]
LATENCY_BUDGET_MS = 12.0
DETOUR, ZONE_RTT_MS = 1.4, 0.5


def check_quorum_latency(quorum_latency: Callable[[list[float]], float], seed: int = 1) -> None:
    """Check a function from followers' round trips (ms) to the time until a majority has an entry.

    The leader's own vote comes at once. Cases have 1 to 9 voters.
    """
    rng = random.Random(seed)
    cases = [[], [7.0, 3.0], [30.0, 30.0, 1.0, 90.0]]
    cases += [[round(rng.uniform(0.2, 90), 1) for _ in range(2 * rng.randint(1, 4))] for _ in range(12)]
    for followers in cases:
        voters = len(followers) + 1
        expected = float(closed_forms.quorum_latency([0.0, *followers], voters // 2 + 1))
        expect_close(
            f"The quorum of a leader and followers {followers} ms away",
            answer_of(quorum_latency, list(followers)),
            expected,
            within=1e-9,
            unit="ms",
            hint=f"{voters // 2 + 1} of {voters} votes are needed, and the leader's is one of them",
        )
    passed("quorum latency", f"right for {len(cases)} groups of 1 to 9 voters")


def check_may_answer(may_answer: Callable[[int, Interval], bool], seed: int = 1) -> None:
    """Check the commit-wait rule: may the client be told, given the timestamp and ``TT.now()``?

    Besides single cases, pairs of transactions run on two clocks that are wrong in opposite ways; the
    rule must keep them in order, and must not wait longer than it has to.
    """
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
    passed("commit wait", f"200 pairs on contrary clocks in order, waits of {min(waits)} to {max(waits)} µs")


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


def check_placement(place_replicas: Callable[[], Placed]) -> None:
    """Check a placement: five votes, survives any region, commits within 12 ms at a detour of 1.4.

    Args:
        place_replicas: returns ((region, zone, kind) of each replica, the leader's region).
    """
    try:
        sites, leader_region = answer_of(place_replicas)
        placement = topology.Placement("yours", tuple(topology.Site(*site) for site in sites), leader_region)
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"This placement cannot work: {error}") from None
    commit = placement.commit_rtt_ms(DETOUR, ZONE_RTT_MS)
    hint = "a witness votes, a read-only replica does not"
    expect_equal("The number of votes", len(placement.voters), 5, hint=hint)
    expect_that(
        "Regions that may be lost",
        placement.region_failures() >= 1,
        seen=placement.region_failures(),
        expected="any one",
        hint="if one region holds three of five votes, losing it loses the quorum",
    )
    expect_that(
        "The commit's round trip",
        commit <= LATENCY_BUDGET_MS,
        seen=f"{commit:.1f} ms",
        expected=f"at most {LATENCY_BUDGET_MS:.0f} ms",
        hint="which vote completes the quorum, and how far away is it?",
    )
    passed("placement", {"votes": 5, "commit": f"{commit:.1f} ms", "survives": "any region"})


def check_keys(choose_key: Callable[[int, int], tuple[str, Mapping[str, int]]], seed: int = 1) -> None:
    """Check a function (nodes, writes per second) → (scheme, settings) for rows read in time order.

    Args:
        choose_key: returns one of the schemes of `splits.SCHEMES` and knobs for it.
        seed: draws further tables.
    """
    rng = random.Random(seed)
    cases = [(14, 40_000), (3, 7_000), (20, 3_501)]
    cases += [(nodes := rng.randint(2, 40), rng.randint(1, nodes * 3_500)) for _ in range(6)]
    for nodes, writes in cases:
        scheme, settings = _pair(answer_of(choose_key, nodes, writes))
        _expect_key(scheme, settings, nodes, writes)
    passed("keys", f"{len(cases)} tables with as few shards as their load allows")


def _pair(answer: object) -> tuple[str, Mapping[str, int]]:
    if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], Mapping)):
        raise CheckFailed(f"The answer is {answer!r}; a scheme and its settings were expected.")
    return answer


def _expect_key(scheme: str, settings: Mapping[str, int], nodes: int, writes: int) -> None:
    table = f"{writes:,} writes per second on {nodes} nodes"
    try:
        run = run_table(SplitKnobs(scheme=scheme, nodes=nodes, writes=writes, **settings))
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"That table cannot be simulated: {error}") from None
    hint = "each shard's rows must stay in the order of time: nothing random"
    expect_equal("The key", scheme, "hash prefix", hint=hint)
    expect_that(
        f"Writes served: {table}",
        run.throughput >= writes - 1e-6,
        seen=f"{run.throughput:,.0f} per second with {run.knobs.prefixes} prefixes",
        expected=f"{writes:,} per second",
        hint="each prefix is a tail of its own, worth one node",
    )
    fewest = -(-writes // run.knobs.node_writes)
    expect_that(
        f"Shards to read for the newest rows: {table}",
        run.knobs.prefixes <= fewest,
        seen=run.knobs.prefixes,
        expected=str(fewest),
        hint="every query for the newest rows reads each shard: more than needed is not free",
    )


def check_staleness(smallest_staleness: Callable[[float, float, float, float], float], seed: int = 1) -> None:
    """Check a function (heartbeat s, delay ms, local ms, budget ms) → smallest staleness in seconds.

    The budget is for the mean latency at a distant replica of an idle split; cases lie between a local
    read and a round trip to the leader.
    """
    rng = random.Random(seed)
    cases = [(8.0, 60.0, 1.3, 10.0), (1.0, 10.0, 1.0, 5.0)]
    cases += [(rng.uniform(1, 12), rng.uniform(20, 150), 1.3, rng.uniform(3, 40)) for _ in range(15)]
    for heartbeat_s, delay_ms, local_ms, budget_ms in cases:
        may_ask = (budget_ms - local_ms) / (2 * delay_ms)
        expect_close(
            f"Staleness for {budget_ms:.1f} ms: heartbeat {heartbeat_s:.1f} s, delay {delay_ms:.0f} ms",
            answer_of(smallest_staleness, heartbeat_s, delay_ms, local_ms, budget_ms),
            delay_ms / 1e3 + max(0.0, 1 - may_ask) * heartbeat_s,
            within=1e-6 * heartbeat_s,
            unit="s",
            hint="what share may still ask the leader? For the others safe time must be young enough",
        )
    shown = read_stale(StaleKnobs(staleness_s=plain(smallest_staleness(*cases[0])), delay_ms=60))
    passed("staleness", f"{shown.chosen_s:.2f} s gives {shown.chosen_latency_ms:.1f} ms on average")


def check_figure_5(read_figure_5: Callable[[float, float], Mapping[str, float]], seed: int = 1) -> None:
    """Check a function (lease s, offered reads/s) → readings of figure 5.

    The readings are rates per second at a fifth and at nine tenths of the lease after the kill, the
    peak, and one group's mean gap in seconds: ``{"early": …, "late": …, "peak": …, "mean gap": …}``.
    """
    rng = random.Random(seed)
    cases = [(10.0, 50_000.0), (2.0, 1_000.0)] + [
        (rng.uniform(1, 30), rng.uniform(1e3, 1e5)) for _ in range(8)
    ]
    for lease_s, reads in cases:
        answers = answer_of(read_figure_5, lease_s, reads)
        if not isinstance(answers, Mapping):
            raise CheckFailed(f"Four readings in a dictionary are expected, not {type(answers).__name__}.")
        rate = closed_forms.catch_up_rate
        expected = {
            "early": float(rate(0.2 * lease_s, reads, lease_s)),
            "late": float(rate(0.9 * lease_s, reads, lease_s)),
            "peak": 2.0 * reads,
            "mean gap": closed_forms.lease_gap_mean(lease_s),
        }
        for name, value in expected.items():
            expect_close(
                f"Figure 5 with a lease of {lease_s:.1f} s and {reads:,.0f} reads/s, {name}",
                answers.get(name),
                value,
                within=1e-6 * value,
                unit="s" if "gap" in name else "reads/s",
                hint="count the groups led again, and what those returning now have to catch up with",
            )
    outage = failover.simulate(failover.FailoverKnobs()).outage_s
    passed("figure 5", f"a simulated kill of 1,250 leaders ends its outage after {outage:.2f} s")

"""Checks for the Spanner theme's exercises: kind to learners, strict to answers.

Each takes the learner's answer, raises `CheckFailed` with what was seen and expected, and prints the
evidence when it holds. ``seed`` changes the cases, which is how grading tries others than learners see.
Those on the protocol's rules stand in `protocol`, those on design and operation here.
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
from engineroom.spanner.checks.protocol import (
    check_coordinator,
    check_lease,
    check_may_answer,
    check_overlap,
    check_safe_time,
)
from engineroom.spanner.splits import SplitKnobs
from engineroom.spanner.splits import simulate as run_table
from engineroom.spanner.staleness import StaleKnobs
from engineroom.spanner.staleness import simulate as read_stale

__all__ = [
    "check_coordinator",
    "check_figure_5",
    "check_keys",
    "check_lease",
    "check_may_answer",
    "check_overlap",
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

"""Deployments in which a broken rule soon shows: one for each mutant of the protocol.

They are unkind but legal: clocks that sit at opposite ends of their ε, clients that go from one
group to the next, a leader cut off from its followers. The right protocol survives all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .checkers import Counterexample, check_all
from .cluster import Cluster, ClusterKnobs, Run, Zone, simulate
from .faults import Fault
from .protocol import MUTANTS, Protocol
from .truetime import Interval

__all__ = ["SCENARIOS", "Scenario", "break_rule", "try_rule"]

QUICK = {
    "transactions": 600,
    "clients": 12,
    "keys": 4,
    "lease_s": 1,
    "promise_s": 0.8,
    "timeout_s": 0.5,
    "log_write_ms": 0.5,
    "log_spread_ms": 0.3,
    "epsilon_ms": 4,
    "max_events": 60_000,
}
CUT_OFF = ((1_000_000, "cut"), (2_500_000, "heal"))  # just after the lease was renewed
AT_ODDS = (Zone("Z1", lean=1), Zone("Z2", lean=-1), Zone("Z3", lean=0))


@dataclass(frozen=True)
class Scenario:
    """A deployment, its faults, and what is unkind about it."""

    story: str
    knobs: ClusterKnobs
    zones: tuple[Zone, ...] = ()
    faults: tuple[Fault, ...] = field(default=())

    def run(self, protocol: Protocol | None = None, keep_log: bool = False) -> Run:
        """Run it under a protocol, by default the right one."""
        return simulate(self.knobs, protocol, self.faults, zones=self.zones, keep_log=keep_log)


_CLOCKS = Scenario(
    "One leader's clock is as fast as its ε allows, another's as slow.", ClusterKnobs(**QUICK), AT_ODDS
)
_DOUBT = Scenario(
    "Most transactions span two groups and most reads go to the nearest replica.",
    ClusterKnobs(**QUICK | {"across": 0.8, "read_write": 0.4, "stale": 0.1, "staleness_ms": 2}),
)
_CUT_OFF = Scenario(
    "A leader is cut off from its followers, but not from the clients beside it.",
    ClusterKnobs(
        **QUICK | {"groups": 1, "span": 1, "transactions": 1_200, "from_leader": True, "think_ms": 20}
    ),
    faults=tuple(Fault(at, what, "Z1", to) for at, what in CUT_OFF for to in ("Z2", "Z3")),
)

SCENARIOS = {
    "no commit wait": _CLOCKS,
    "wait ε, not 2ε": _CLOCKS,
    "understated ε": _CLOCKS,
    "ignore prepared": _DOUBT,
    "overlapping leases": _CUT_OFF,
    "timestamp before prepares": _DOUBT,
    "earliest for reads": _CLOCKS,
}


def break_rule(mutant: str) -> tuple[Run, Counterexample | None]:
    """Run a mutant in its scenario; return the run and the smallest counterexample found.

    Raises:
        ValueError: for a mutant that does not exist.
    """
    if mutant not in MUTANTS:
        raise ValueError(f"There is no mutant {mutant!r}; the mutants are: {', '.join(MUTANTS)}.")
    run = SCENARIOS[mutant].run(MUTANTS[mutant], keep_log=True)
    return run, check_all(run.history)


def try_rule(
    may_answer: Callable[[int, Interval], bool], seed: int = 1, transactions: int = 600
) -> tuple[Run, Counterexample | None]:
    """Run a deployment under somebody's own commit-wait rule; return the run and a counterexample, if any.

    Args:
        may_answer: says, given a commit timestamp and ``now()`` in microseconds, whether the client may know.
        seed: of the workload, the network and the disks.
        transactions: how many.
    """
    scenario = SCENARIOS["no commit wait"]
    knobs = replace(scenario.knobs, seed=seed, transactions=transactions)
    cluster = Cluster(knobs, zones=scenario.zones, keep_log=True)
    for server in cluster.servers:
        server.may_answer = may_answer
    run = cluster.run()
    cluster.dismantle()
    return run, check_all(run.history)

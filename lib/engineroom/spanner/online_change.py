"""What a schema change costs those who read and write meanwhile, by how far ahead its timestamp lies.

Twelve clients at three zones run transactions on four splits while a column is added; see
`schema_change` for the rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engineroom.kit.knobs import Knobs, integer, number

from .cluster import ClusterKnobs
from .cluster import simulate as run_cluster
from .schema_change import ChangePlan
from .workload import microseconds

__all__ = ["ChangeKnobs", "ChangeRun", "simulate"]

BEGIN_MS = 200.0  # when the change is asked for, after the workload's start
QUIET = {
    "clients": 12,
    "keys": 2_000,
    "lease_s": 1,
    "promise_s": 0.8,
    "timeout_s": 10,
    "log_write_ms": 1,
    "log_spread_ms": 0.5,
    "epsilon_ms": 4,
    "drift_us_per_s": 0,
    "think_ms": 80,
    "read_write": 0.7,
    "stale": 0,
}


@dataclass(frozen=True)
class ChangeKnobs(Knobs):
    """A schema change."""

    lead_ms: float = number(
        500,
        0,
        1_000,
        step=10,
        unit="ms",
        label="t lies ahead by",
        help="0: the change is to hold from now on.",
    )
    work_ms: float = number(200, 0, 1_000, step=10, unit="ms", label="work of the change")
    epsilon_ms: float = number(4, 0.1, 50, step=0.5, unit="ms", label="ε")
    transactions: int = integer(200, 20, 2_000, label="transactions")
    seed: int = integer(1, 0, 2**31 - 1, label="seed")


@dataclass(frozen=True)
class ChangeRun:
    """What clients felt; times in milliseconds since the workload began.

    Attributes:
        asked_ms: when each transaction was asked for.
        latency_ms: how long each took.
        t_ms: the change's timestamp.
        begun_ms: when the change was asked for.
        done_ms: when every group had it.
        state: ``"done"``, or ``"refused"`` because a group had already used a timestamp after t.
    """

    knobs: ChangeKnobs
    asked_ms: NDArray[np.float64]
    latency_ms: NDArray[np.float64]
    t_ms: float
    begun_ms: float
    done_ms: float
    state: str

    @property
    def longest_ms(self) -> float:
        """The longest wait of any client."""
        return float(self.latency_ms.max())


def simulate(knobs: ChangeKnobs) -> ChangeRun:
    """Change the schema under load."""
    cluster = ClusterKnobs(
        seed=knobs.seed, transactions=knobs.transactions, **QUIET | {"epsilon_ms": knobs.epsilon_ms}
    )
    began_us = cluster.timings().tick_us  # the clients wait so long for the first leaders
    plan = ChangePlan(
        began_us + microseconds(BEGIN_MS), microseconds(knobs.lead_ms), microseconds(knobs.work_ms)
    )
    run = run_cluster(cluster, changes=[plan])
    done = [one for one in run.history.transactions if one.end_us is not None]
    (change,) = run.changes
    return ChangeRun(
        knobs,
        np.array([(one.start_us - began_us) / 1e3 for one in done]),
        np.array([(one.end_us - one.start_us) / 1e3 for one in done]),
        (change.t_us - began_us) / 1e3,
        BEGIN_MS,
        ((change.over_us or run.stopped.at_us) - began_us) / 1e3,
        change.state,
    )

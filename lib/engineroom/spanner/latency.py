"""Latencies of many independent transactions at once, with NumPy: what sliders need.

The same steps as in `cluster`, without queueing for locks: order statistics for quorums, maxima for
participants, the commit wait beside the coordinator's log write. A test compares both on one set-up.
All times are in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engineroom.kit.knobs import Knobs, integer, number

from .closed_forms import quorum_latency

__all__ = ["LatencyKnobs", "Sample", "majority", "simulate"]

Times = NDArray[np.float64]


@dataclass(frozen=True)
class LatencyKnobs(Knobs):
    """One kind of write on one deployment."""

    participants: int = integer(
        1, 1, 500, label="participants", help="Groups that a transaction writes.", log=True
    )
    replicas: int = integer(3, 1, 9, step=2, label="replicas")
    rtt_ms: float = number(1, 0, 400, step=0.5, unit="ms", label="round trip to the other replicas")
    client_rtt_ms: float = number(0.9, 0, 400, step=0.1, unit="ms", label="round trip of the client")
    log_ms: float = number(7, 0, 50, step=0.5, unit="ms", label="smallest log write")
    spread_ms: float = number(1.5, 0, 50, step=0.1, unit="ms", label="mean extra log write")
    epsilon_low_ms: float = number(1, 0.001, 100, step=0.5, unit="ms", label="smallest ε")
    epsilon_high_ms: float = number(7, 0.001, 100, step=0.5, unit="ms", label="largest ε")
    participant_ms: float = number(0, 0, 10, step=0.05, unit="ms", label="coordinator's work per participant")
    samples: int = integer(4_000, 100, 100_000, label="transactions", log=True)
    seed: int = integer(1, 0, 2**31 - 1, label="seed")

    def conflicts(self) -> dict[str, str]:
        """Check the rules between knobs."""
        problems = {}
        if self.replicas % 2 == 0:
            problems["replicas"] = f"replicas is {self.replicas}; it must be odd."
        if self.epsilon_high_ms < self.epsilon_low_ms:
            problems["epsilon_high_ms"] = "The largest ε is below the smallest ε."
        return problems


@dataclass(frozen=True)
class Sample:
    """Latencies of many transactions, by part; arrays of one length, in milliseconds.

    Attributes:
        network: the client's round trip.
        prepare: until the coordinator has counted every participant (0 for one participant).
        paxos: the coordinator's log write, to a majority.
        wait: what commit wait added to that.
        epsilon_ms: the range that ε was drawn from.
    """

    network: Times
    prepare: Times
    paxos: Times
    wait: Times
    epsilon_ms: tuple[float, float]

    @property
    def total(self) -> Times:
        """What the client sees."""
        return self.network + self.prepare + self.paxos + self.wait


def majority(rng: np.random.Generator, size: tuple[int, ...], knobs: LatencyKnobs) -> Times:
    """Draw how long a log entry takes to be durable on a majority; shape ``size``."""
    n = knobs.replicas
    writes = knobs.log_ms + knobs.spread_ms * rng.standard_exponential((*size, n))
    writes[..., 1:] += knobs.rtt_ms
    return quorum_latency(writes, n // 2 + 1)


def simulate(knobs: LatencyKnobs) -> Sample:
    """Draw the latencies of ``knobs.samples`` transactions."""
    rng = np.random.default_rng(knobs.seed)
    others, n = knobs.participants - 1, knobs.samples
    epsilon = rng.uniform(knobs.epsilon_low_ms, knobs.epsilon_high_ms, n)
    paxos = majority(rng, (n,), knobs)
    prepare = np.zeros(n)
    if others:
        prepared = np.sort(majority(rng, (n, others), knobs), axis=1) + knobs.rtt_ms / 2
        # Served one after the other: the k-th arrival and everyone after it still have to be counted.
        still = knobs.participant_ms * np.arange(others, 0, -1)
        prepare = np.max(prepared + still, axis=1)
    wait = np.maximum(2 * epsilon - paxos, 0.0)
    range_ms = (knobs.epsilon_low_ms, knobs.epsilon_high_ms)
    return Sample(np.full(n, knobs.client_rtt_ms), prepare, paxos, wait, range_ms)

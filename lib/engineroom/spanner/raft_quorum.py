"""What a quorum of three on one machine should show: etcd's Raft instead of Spanner's Paxos.

No TrueTime, no leases by default, but the same majority: a put waits for two of three disks, a
linearizable read for the leader's word, a serializable one for nobody, and after the leader's death
the first follower to lose patience stands for election.
Source of the defaults: etcd's tuning guide (heartbeat 100 ms, election timeout 1,000 ms); a follower's
patience is drawn from [1, 2) timeouts (Ongaro, *Consensus*, 2014, section 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engineroom.kit.knobs import Knobs, integer, number

from .closed_forms import quorum_latency

__all__ = ["QuorumKnobs", "QuorumRun", "calibrated", "election_gap_mean", "simulate"]


@dataclass(frozen=True)
class QuorumKnobs(Knobs):
    """A machine, a request count and etcd's two timeouts."""

    disk_ms: float = number(2, 0.01, 100, step=0.1, unit="ms", label="smallest durable write")
    disk_spread_ms: float = number(1, 0, 100, step=0.1, unit="ms", label="mean extra of a durable write")
    hop_ms: float = number(0.6, 0.01, 50, step=0.05, unit="ms", label="one request and its answer")
    heartbeat_ms: float = number(100, 10, 1_000, step=10, unit="ms", label="heartbeat")
    election_ms: float = number(1_000, 100, 10_000, step=100, unit="ms", label="election timeout")
    requests: int = integer(100, 5, 2_000, label="requests of each kind")
    kills: int = integer(1, 0, 5, label="leaders killed")
    seed: int = integer(1, 0, 2**31 - 1, label="seed")


@dataclass(frozen=True)
class QuorumRun:
    """What a quorum of three did; times in milliseconds, gaps in seconds.

    Attributes:
        origin: ``"model"``, or which etcd on how many processors.
        disk_ms: durable writes of one disk alone, without a quorum.
        put_ms: durable writes.
        linearizable_ms: reads at a follower that are up to date.
        serializable_ms: reads at a follower of whatever it has.
        gap_s: from killing the leader to the next successful put.
    """

    origin: str
    disk_ms: NDArray[np.float64]
    put_ms: NDArray[np.float64]
    linearizable_ms: NDArray[np.float64]
    serializable_ms: NDArray[np.float64]
    gap_s: NDArray[np.float64]


def simulate(knobs: QuorumKnobs) -> QuorumRun:
    """Draw puts, reads and gaps."""
    rng = np.random.default_rng(knobs.seed)
    n = knobs.requests
    disks = knobs.disk_ms + knobs.disk_spread_ms * rng.standard_exponential((n, 3))
    leaders_own = disks[:, 0].copy()
    disks[:, 1:] += knobs.hop_ms
    patience = knobs.election_ms * rng.uniform(1, 2, (knobs.kills, 2)).min(axis=1)
    heard = knobs.heartbeat_ms * rng.uniform(0, 1, knobs.kills)
    hop = np.full(n, knobs.hop_ms)
    put = hop + quorum_latency(disks, 2)
    return QuorumRun("model", leaders_own, put, 2 * hop, hop, (patience - heard) / 1e3)


def calibrated(run: QuorumRun) -> QuorumKnobs:
    """Return the knobs of the machine that a run was made on.

    Taken from it are its disk alone and the read that waits for nobody, which gives the time of a request;
    so its puts and its up-to-date reads remain for the model to predict.
    """
    low, mean = float(run.disk_ms.min()), float(run.disk_ms.mean())
    return QuorumKnobs(
        disk_ms=max(low, 0.01),
        disk_spread_ms=mean - low,
        hop_ms=float(np.median(run.serializable_ms)),
        requests=len(run.put_ms),
        kills=len(run.gap_s),
    )


def election_gap_mean(heartbeat_ms: float, election_ms: float) -> float:
    """Return the mean gap in milliseconds: 4/3 timeouts less half a heartbeat.

    The smaller of two patiences uniform on [T, 2T) has mean 4T/3; the last heartbeat was heard half a
    heartbeat before the kill on average.
    """
    return 4 * election_ms / 3 - heartbeat_ms / 2

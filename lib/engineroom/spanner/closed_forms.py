"""Closed forms: what the model must show on average, under the idealised laws each one names.

All times of one call share one unit (the caller's); arrays broadcast. Where no other source is
given the formula is elementary probability, derived in the docstring, and a test compares it with
sampling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "catch_up_rate",
    "epsilon",
    "epsilon_mean",
    "lease_gap_last",
    "lease_gap_mean",
    "mean_wait_beyond_paxos",
    "quorum_latency",
    "quorum_mean_exponential",
    "quorum_sd_exponential",
    "served_locally",
    "violation_rate_no_wait",
    "violation_rate_understated",
    "wait_beyond_paxos",
]


def epsilon(t: ArrayLike, base: float, drift: float, poll: float) -> NDArray[np.float64]:
    """Return ε at time ``t``: base + drift · (t mod poll), the sawtooth of OSDI 2012 section 3."""
    return base + drift * np.mod(t, poll)


def epsilon_mean(base: float, drift: float, poll: float) -> float:
    """Return ε averaged over time, base + drift · poll / 2."""
    return base + drift * poll / 2


def wait_beyond_paxos(epsilon: ArrayLike, paxos: ArrayLike) -> NDArray[np.float64]:
    """Return how much commit wait adds to a write: (2ε - P)⁺.

    The wait of 2ε and the Paxos round of length P begin together. The clock's actual error cancels:
    the timestamp was latest = local + ε, and it has passed when local - ε exceeds it.
    """
    return np.maximum(2 * np.asarray(epsilon, float) - paxos, 0.0)


def mean_wait_beyond_paxos(paxos: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """Return the mean of (2ε - P)⁺ for ε uniform on [low, high].

    2ε is uniform on [2·low, 2·high]; integrating the positive part gives 2ε̄ - P for P ≤ 2·low,
    (2·high - P)² / (4·(high - low)) between, and 0 beyond 2·high.
    """
    p = np.asarray(paxos, float)
    if high <= low:
        return wait_beyond_paxos(low, p)
    partly = np.clip(2 * high - p, 0, None) ** 2 / (4 * (high - low))
    return np.where(p <= 2 * low, low + high - p, partly)


def quorum_latency(times: ArrayLike, quorum: int) -> NDArray[np.float64]:
    """Return when a quorum has answered: the ``quorum``-th smallest along the last axis.

    Args:
        times: answer times, shape (..., voters).
        quorum: how many answers are needed.

    Raises:
        ValueError: when more answers are needed than there are voters.
    """
    times = np.asarray(times, float)
    if not 1 <= quorum <= times.shape[-1]:
        raise ValueError(f"The quorum is {quorum}; it must be between 1 and {times.shape[-1]} voters.")
    return np.partition(times, quorum - 1, axis=-1)[..., quorum - 1]


def quorum_mean_exponential(voters: int, mean: float = 1.0) -> float:
    """Return the mean time until a majority has it, the leader at once and 2f followers Exp(mean).

    The f-th smallest of 2f exponentials has mean ``mean`` · (H₂f - H_f) (Rényi's representation:
    spacings are independent exponentials with rates 2f, 2f - 1, …, f + 1).
    """
    f = _minority(voters)
    return mean * float(np.sum(1 / np.arange(f + 1, 2 * f + 1)))


def quorum_sd_exponential(voters: int, mean: float = 1.0) -> float:
    """Return the standard deviation of the same time: the spacings' variances add up."""
    f = _minority(voters)
    return mean * float(np.sqrt(np.sum(1 / np.arange(f + 1, 2 * f + 1) ** 2.0)))


def _minority(voters: int) -> int:
    if voters < 1 or voters % 2 == 0:
        raise ValueError(f"The number of voters is {voters}; it must be odd and at least 1.")
    return voters // 2


def violation_rate_no_wait(epsilon: float, gap: ArrayLike) -> NDArray[np.float64]:
    """Return how often the second of two transactions gets the smaller timestamp without commit wait.

    Two leaders' clock errors are independent and uniform on ±ε; the second transaction starts
    ``gap`` after the first was acknowledged. Their difference is triangular on ±2ε, so
    P(difference > gap) = (2ε - gap)² / 8ε² up to 2ε.
    """
    return np.clip(2 * epsilon - np.asarray(gap, float), 0, None) ** 2 / (8 * epsilon**2)


def violation_rate_understated(k: ArrayLike) -> NDArray[np.float64]:
    """Return how often order breaks, with the wait kept, when true errors reach k times the reported ε.

    Errors are uniform on ±kε, the wait is 2ε, the next transaction starts at once:
    P(difference > 2ε) = (2kε - 2ε)² / 8k²ε² = (k - 1)² / 2k², and 0 for k ≤ 1.
    """
    k = np.asarray(k, float)
    return np.clip(k - 1, 0, None) ** 2 / (2 * k**2)


def lease_gap_mean(lease: float) -> float:
    """Return the mean time from a leader's death to its lease's end, for a death at a uniform phase."""
    return lease / 2


def lease_gap_last(lease: float, groups: ArrayLike) -> NDArray[np.float64]:
    """Return the mean time until the last of G independent leases ends: L · G / (G + 1)."""
    groups = np.asarray(groups, float)
    return lease * groups / (groups + 1)


def catch_up_rate(t: ArrayLike, rate: float, lease: float) -> NDArray[np.float64]:
    """Return the rate of completed requests at time ``t`` after every leader died.

    An open loop offers ``rate``, spread evenly over groups whose gaps are uniform on [0, lease];
    a group's backlog drains at once when it is led again. At t the groups led make rate · t / L, and
    those recovering now complete a backlog of t each: density 1/L · rate · t. Together 2 · rate · t / L.
    """
    t = np.asarray(t, float)
    return np.where(t < 0, rate, np.where(t < lease, 2 * rate * t / lease, rate))


def served_locally(staleness: ArrayLike, heartbeat: float, delay: float) -> NDArray[np.float64]:
    """Return how often an idle replica's safe time already covers a read that stale.

    Safe time is renewed every ``heartbeat`` and arrives ``delay`` later, so its age is uniform on
    [delay, delay + heartbeat]: P = (staleness - delay) / heartbeat, clipped to [0, 1].
    """
    return np.clip((np.asarray(staleness, float) - delay) / heartbeat, 0, 1)

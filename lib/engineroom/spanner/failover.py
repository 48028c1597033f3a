"""Leaders die: reads stop and come back as leases run out, as in figure 5 of the OSDI 2012 paper.

An open loop of reads is spread evenly over many groups, all led from one zone. That zone is killed.
A hard kill leaves each group without a leader until its lease has lapsed; its backlog then drains at
once. A soft kill hands the leadership over first. Killing a zone without leaders changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engineroom.kit.knobs import Knobs, choice, integer, number

__all__ = ["FailoverKnobs", "FailoverRun", "simulate"]


@dataclass(frozen=True)
class FailoverKnobs(Knobs):
    """A zone full of leaders, a load and a way to die."""

    kill: str = choice("leader-hard", ("non-leader", "leader-soft", "leader-hard"), label="kill")
    lease_s: float = number(10, 0.5, 60, step=0.5, unit="s", label="lease")
    groups: int = integer(1_250, 1, 10_000, label="groups", log=True)
    reads: int = integer(50_000, 1, 1_000_000, unit="reads/s", label="offered reads", log=True)
    kill_s: float = number(5, 0, 60, step=0.5, unit="s", label="killed at")
    until_s: float = number(25, 1, 120, unit="s", label="until")
    handover_s: float = number(
        0.2, 0, 10, step=0.05, unit="s", label="soft hand-over", help="How long one group is without leader."
    )
    handovers_s: float = number(
        6, 0, 60, step=0.5, unit="s", label="hand-overs take", help="Over what time the groups hand over."
    )
    bin_s: float = number(0.25, 0.05, 5, step=0.05, unit="s", label="bin")
    seed: int = integer(1, 0, 2**31 - 1, label="seed")


@dataclass(frozen=True)
class FailoverRun:
    """Completed reads over time.

    Attributes:
        edges: bin edges in seconds, one more than there are rates.
        rate: completed reads per second in each bin.
        led_again_s: when each group had a leader again, in seconds; the kill's time if it never lost it.
    """

    knobs: FailoverKnobs
    edges: NDArray[np.float64]
    rate: NDArray[np.float64]
    led_again_s: NDArray[np.float64]

    @property
    def outage_s(self) -> float:
        """From the kill until the last group is led again."""
        return float(self.led_again_s.max() - self.knobs.kill_s)


def simulate(knobs: FailoverKnobs) -> FailoverRun:
    """Compute the rate of completed reads, exactly for each group, in bins."""
    rng = np.random.default_rng(knobs.seed)
    lost, led = _gaps(knobs, rng)
    edges = np.arange(0, knobs.until_s + knobs.bin_s / 2, knobs.bin_s)
    per_group = knobs.reads / knobs.groups
    done = per_group * _completed(edges, lost[:, None], led[:, None]).sum(axis=0)
    return FailoverRun(knobs, edges, np.diff(done) / knobs.bin_s, led)


def _gaps(knobs: FailoverKnobs, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return when each group loses its leader and when it has one again."""
    lost = np.full(knobs.groups, float(knobs.kill_s))
    if knobs.kill == "leader-hard":
        return lost, lost + rng.uniform(0, knobs.lease_s, knobs.groups)
    if knobs.kill == "leader-soft":
        lost += rng.uniform(0, knobs.handovers_s, knobs.groups)
        return lost, lost + knobs.handover_s
    return lost, lost


def _completed(
    t: NDArray[np.float64], lost: NDArray[np.float64], led: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how much of a unit-rate stream is complete by ``t``: nothing during the gap, all of it after."""
    return np.where(t < led, np.minimum(t, lost), t)

"""Staleness against latency: when may a replica answer without asking the leader?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engineroom.kit.knobs import Knobs, number

from .closed_forms import served_locally

__all__ = ["StaleCurve", "StaleKnobs", "simulate"]


@dataclass(frozen=True)
class StaleKnobs(Knobs):
    """Reads of a certain staleness at a replica far from the leader, of keys that are seldom written."""

    staleness_s: float = number(10, 0, 30, step=0.5, unit="s", label="staleness allowed")
    heartbeat_s: float = number(8, 0.1, 30, step=0.5, unit="s", label="safe-time heartbeat")
    delay_ms: float = number(50, 0, 1_000, step=5, unit="ms", label="one way from the leader")
    local_ms: float = number(1.3, 0, 50, step=0.1, unit="ms", label="read on the spot")


@dataclass(frozen=True)
class StaleCurve:
    """Share served on the spot (0 to 1) and mean latency over staleness, and at the chosen one."""

    staleness_s: NDArray[np.float64]
    local: NDArray[np.float64]
    latency_ms: NDArray[np.float64]
    chosen_s: float
    chosen_local: float
    chosen_latency_ms: float


def simulate(knobs: StaleKnobs) -> StaleCurve:
    """Return the curve of an idle key range.

    The replica's safe time is between one delay and one delay plus a heartbeat old. A read that it does
    not cover asks the leader, which costs a round trip.
    """
    grid = np.linspace(0, max(30.0, knobs.staleness_s), 301)
    local = served_locally([*grid, knobs.staleness_s], knobs.heartbeat_s, knobs.delay_ms / 1e3)
    latency = knobs.local_ms + (1 - local) * 2 * knobs.delay_ms
    return StaleCurve(grid, local[:-1], latency[:-1], knobs.staleness_s, float(local[-1]), float(latency[-1]))

"""Two-phase commit by number of participants, beside the paper's table 4."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .latency import LatencyKnobs
from .latency import simulate as sample
from .published import table

__all__ = ["TwoPhaseCurve", "simulate"]


@dataclass(frozen=True)
class TwoPhaseCurve:
    """Latencies in milliseconds by number of participants: the model's, and those published."""

    participants: NDArray[np.float64]
    mean_ms: NDArray[np.float64]
    p99_ms: NDArray[np.float64]
    published_ms: NDArray[np.float64]
    published_sd_ms: NDArray[np.float64]

    @property
    def typical_gap_ms(self) -> float:
        """Root mean square of model minus published."""
        return float(np.sqrt(np.mean((self.mean_ms - self.published_ms) ** 2)))


def simulate(knobs: LatencyKnobs) -> TwoPhaseCurve:
    """Draw as many transactions as ``knobs.samples`` for each number of participants of the table.

    ``knobs.participants`` is not used.
    """
    rows = table("osdi_table4")
    columns = {
        name: np.array([float(row[name]) for row in rows])
        for name in ("participants", "mean_ms", "mean_sd_ms")
    }
    totals = [sample(replace(knobs, participants=int(count))).total for count in columns["participants"]]
    return TwoPhaseCurve(
        columns["participants"],
        np.array([total.mean() for total in totals]),
        np.array([np.percentile(total, 99) for total in totals]),
        columns["mean_ms"],
        columns["mean_sd_ms"],
    )

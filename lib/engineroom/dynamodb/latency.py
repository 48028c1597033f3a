"""How long an answer takes when its requests go out one after the other, or together.

One request's time is lognormal, fitted to 400 measured PutItem calls from AWS Lambda (DeBrie, 2020:
7.55 ms at the median, 16.2 ms at the 99th percentile). What it says of other calls is an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log
from statistics import NormalDist

import numpy as np

from engineroom.kit.knobs import Knobs, choice, integer, number

__all__ = [
    "PUT_MEDIAN_MS",
    "PUT_P99_MS",
    "LatencyKnobs",
    "LatencyResult",
    "answer_time",
    "parallel_quantile",
    "simulate",
]

PUT_MEDIAN_MS, PUT_P99_MS = 7.55, 16.2
DRAWS = 4000
Z99 = NormalDist().inv_cdf(0.99)


def sigma_of(median: float, p99: float) -> float:
    """Return the lognormal's sigma that has this median and 99th percentile."""
    return log(p99 / median) / Z99


def parallel_quantile(
    share: float, calls: int, median: float = PUT_MEDIAN_MS, p99: float = PUT_P99_MS
) -> float:
    """Return a quantile, in ms, of the slowest of `calls` independent requests, in closed form."""
    return median * exp(sigma_of(median, p99) * NormalDist().inv_cdf(share ** (1 / calls)))


@lru_cache(maxsize=256)
def answer_time(waves: tuple[int, ...]) -> tuple[float, float]:
    """Return the median and 99th percentile, in ms, of a plan's time.

    Args:
        waves: how many requests are in flight together, wave after wave.
    """
    times = _wave_times(waves, PUT_MEDIAN_MS, PUT_P99_MS, np.random.default_rng(2020))
    p50, p99 = np.quantile(times, (0.5, 0.99))
    return float(p50), float(p99)


def _wave_times(waves: Sequence[int], median: float, p99: float, rng: np.random.Generator) -> np.ndarray:
    """Add up each wave's slowest request, drawn from its own distribution by inversion."""
    total = np.zeros(DRAWS)
    spread = sigma_of(median, p99)
    for calls in waves:
        if calls == 1:
            total += median * np.exp(spread * rng.standard_normal(DRAWS))
        else:
            slowest = rng.standard_normal((calls, DRAWS)).max(axis=0)
            total += median * np.exp(spread * slowest)
    return total


@dataclass(frozen=True)
class LatencyKnobs(Knobs):
    """A question answered by several requests."""

    calls: int = integer(5, 1, 50, label="requests", help="How many requests one answer takes.")
    arrangement: str = choice("one after the other", ("one after the other", "all together"), label="sent")
    median_ms: float = number(7.5, 0.2, 50, unit="ms", step=0.1, label="median of one request")
    p99_ms: float = number(16.2, 0.3, 200, unit="ms", step=0.1, label="99th percentile of one request")

    def conflicts(self) -> dict[str, str]:
        """The tail can't be faster than the middle."""
        if self.p99_ms <= self.median_ms:
            return {"p99_ms": f"99th percentile is {self.p99_ms:g} ms; it must be above the median."}
        return {}


@dataclass(frozen=True)
class LatencyResult:
    """Times of many simulated answers.

    Attributes:
        times_ms: one time per answer, ascending.
        p50_ms: their median.
        p99_ms: their 99th percentile.
    """

    times_ms: np.ndarray
    p50_ms: float
    p99_ms: float


def simulate(knobs: LatencyKnobs, rng: np.random.Generator | None = None) -> LatencyResult:
    """Return the distribution of an answer's time; the same knobs give the same draws."""
    serial = knobs.arrangement == "one after the other"
    waves = (1,) * knobs.calls if serial else (knobs.calls,)
    rng = rng or np.random.default_rng(2020)
    times = np.sort(_wave_times(waves, knobs.median_ms, knobs.p99_ms, rng))
    return LatencyResult(times, *(float(q) for q in np.quantile(times, (0.5, 0.99))))

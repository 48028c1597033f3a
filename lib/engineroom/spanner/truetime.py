"""TrueTime: a clock that answers with an interval which contains the true time.

Between two polls of the time masters a machine's uncertainty grows with the assumed drift, so
ε is a sawtooth: base + drift · (time since the poll). With the paper's figures (200 µs/s, a
poll every 30 s, about 1 ms to reach a master) it runs from 1 to 7 ms and averages 4 ms.
Source: Corbett et al., OSDI 2012, section 3.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from .events import Kernel

__all__ = ["Interval", "Sawtooth", "TrueTime", "watch"]


class Interval(NamedTuple):
    """``[earliest, latest]`` in microseconds of true time."""

    earliest: int
    latest: int


@dataclass(frozen=True)
class Sawtooth:
    """The law by which ε grows between polls; all times in whole microseconds.

    Raises:
        ValueError: when ε could be 0 or negative, the poll never comes, or drift is negative.
    """

    base_us: int = 1_000
    drift_us_per_s: int = 200
    poll_us: int = 30_000_000

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.base_us < 1:
            raise ValueError(
                f"ε at a poll is {self.base_us} µs; no clock is exact, so it must be at least 1 µs."
            )
        if self.drift_us_per_s < 0:
            raise ValueError(f"The drift is {self.drift_us_per_s} µs/s; it must be 0 or more.")
        if self.poll_us < 1:
            raise ValueError(f"The poll interval is {self.poll_us} µs; it must be at least 1 µs.")

    def epsilon(self, since_poll_us: int) -> int:
        """Return ε that long after a poll, rounded up so that it stays a bound."""
        return self.base_us - (-self.drift_us_per_s * since_poll_us // 1_000_000)

    def mean(self) -> float:
        """Return ε averaged over time: base + drift · poll / 2, in microseconds."""
        return self.base_us + self.drift_us_per_s * self.poll_us / 2e6


class TrueTime:
    """One machine's clock: an error that is never larger than its own ε, unless a fault makes it so.

    Args:
        kernel: supplies the true time.
        law: how ε grows.
        rng: draws, at each poll, the error left by the poll and the oscillator's drift.
        lean: fixes the error at this fraction of ε (-1 slowest, 1 fastest) instead of drawing it.
        understated: reports ε times this factor; below 1 the interval may miss the true time.
    """

    def __init__(
        self,
        kernel: Kernel,
        law: Sawtooth,
        rng: random.Random,
        *,
        lean: float | None = None,
        understated: float = 1.0,
    ):
        self._kernel, self._law, self._rng = kernel, law, rng
        self._lean, self._understated = lean, understated
        self.skew_us = 0  # a fault: an error that ε knows nothing about
        self._polled_us = -rng.randrange(law.poll_us)
        self._poll()

    def now(self) -> Interval:
        """Return the interval that this machine believes to contain the true time."""
        since = self._since_poll()
        epsilon = self._law.epsilon(since)
        local = self._kernel.now + self._error(since, epsilon) + self.skew_us
        reported = epsilon if self._understated == 1.0 else round(epsilon * self._understated)
        return Interval(local - reported, local + reported)

    def error_us(self) -> int:
        """Return local minus true time, which no real machine can know."""
        since = self._since_poll()
        return self._error(since, self._law.epsilon(since)) + self.skew_us

    def after(self, t_us: int) -> bool:
        """Return whether ``t_us`` has definitely passed."""
        return self.now().earliest > t_us

    def before(self, t_us: int) -> bool:
        """Return whether ``t_us`` has definitely not arrived."""
        return self.now().latest < t_us

    def _since_poll(self) -> int:
        since = self._kernel.now - self._polled_us
        while since >= self._law.poll_us:
            self._polled_us += self._law.poll_us
            since -= self._law.poll_us
            self._poll()
        return since

    def _poll(self) -> None:
        self._left_by_poll = self._rng.uniform(-1, 1) * self._law.base_us
        self._drift = self._rng.uniform(-1, 1) * self._law.drift_us_per_s / 1e6

    def _error(self, since: int, epsilon: int) -> int:
        if self._lean is not None:
            return int(self._lean * epsilon)
        return int(self._left_by_poll + self._drift * since)  # towards zero: stays within ε


def watch(
    law: Sawtooth, rng: random.Random, seconds: float, steps: int = 600
) -> list[tuple[float, float, float]]:
    """Watch one clock: return (seconds, ε in ms, error in ms) at regular steps."""
    kernel, seen = Kernel(), []
    clock = TrueTime(kernel, law, rng)
    for step in range(steps + 1):
        kernel.now = round(seconds * 1e6 * step / steps)
        earliest, latest = clock.now()
        seen.append((kernel.now / 1e6, (latest - earliest) / 2e3, clock.error_us() / 1e3))
    return seen

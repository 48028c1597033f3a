"""Multi-version storage: every value a key ever had, by timestamp."""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["Versions"]


class Versions:
    """The versions of one replica's keys; a value is the id of the transaction that wrote it.

    Id 0 stands for "never written".
    """

    def __init__(self) -> None:
        self._times: dict[str, list[int]] = {}
        self._values: dict[str, list[int]] = {}

    def write(self, key: str, at_us: int, value: int) -> None:
        """Add a version; versions may arrive out of order."""
        times = self._times.setdefault(key, [])
        place = bisect_right(times, at_us)
        times.insert(place, at_us)
        self._values.setdefault(key, []).insert(place, value)

    def read(self, key: str, at_us: int) -> int:
        """Return the newest value not later than ``at_us``."""
        times = self._times.get(key)
        place = bisect_right(times, at_us) if times else 0
        return self._values[key][place - 1] if place else 0

    def newest(self, key: str) -> int:
        """Return the newest value."""
        values = self._values.get(key)
        return values[-1] if values else 0

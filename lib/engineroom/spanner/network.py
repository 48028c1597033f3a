"""Messages between zones: a fixed one-way time, jitter, slow links and partitions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from .events import Kernel

__all__ = ["Network"]


class Network:
    """Delivers callbacks after half a round trip; a cut link loses what is in flight.

    Args:
        kernel: the event kernel.
        rtt_us: round-trip time by (zone, zone), in microseconds; one direction is enough.
        rng: draws the jitter.
        jitter: largest extra delay, as a fraction of the one-way time.

    Raises:
        ValueError: for a negative round-trip time.
    """

    def __init__(
        self, kernel: Kernel, rtt_us: Mapping[tuple[str, str], int], rng: random.Random, jitter: float = 0.1
    ):
        for (a, b), rtt in rtt_us.items():
            if rtt < 0:
                raise ValueError(f"The round trip between {a} and {b} is {rtt} µs; it must not be negative.")
        self._kernel, self._random, self._jitter = kernel, rng.random, jitter
        self._one_way = {(a, b): rtt // 2 for (x, y), rtt in rtt_us.items() for a, b in ((x, y), (y, x))}
        self._slow: dict[tuple[str, str], float] = {}
        self._cut: set[tuple[str, str]] = set()
        self.messages: list[tuple[int, str, int, str, str]] | None = None  # (sent, from, due, to, what)

    def send(self, source: str, target: str, action: Callable[..., None], *args: Any) -> None:
        """Deliver ``action(*args)`` at ``target``, unless the link is cut now or on arrival."""
        link = (source, target)
        if link in self._cut:
            return
        delay = self._one_way[link] * (1 + self._jitter * self._random()) * self._slow.get(link, 1.0)
        if self.messages is not None:
            due = self._kernel.now + int(delay)
            self.messages.append((self._kernel.now, source, due, target, _what(action, args)))
        self._kernel.after(int(delay), self._arrive, link, action, args)

    def reachable(self, source: str, target: str) -> bool:
        """Return whether the link is whole."""
        return (source, target) not in self._cut

    def one_way_us(self, source: str, target: str) -> int:
        """Return the one-way time without jitter or faults."""
        return self._one_way[source, target]

    def cut(self, a: str, b: str) -> None:
        """Cut the link between two zones, both ways."""
        self._cut |= {(a, b), (b, a)}

    def heal(self, a: str, b: str) -> None:
        """Mend the link between two zones and make it as fast as it was."""
        for link in ((a, b), (b, a)):
            self._cut.discard(link)
            self._slow.pop(link, None)

    def slow(self, a: str, b: str, factor: float) -> None:
        """Multiply the delay of the link between two zones, both ways."""
        self._slow[a, b] = self._slow[b, a] = factor

    def _arrive(self, link: tuple[str, str], action: Callable[..., None], args: tuple[Any, ...]) -> None:
        if link not in self._cut:
            action(*args)


def _what(action: Callable[..., None], args: tuple[Any, ...]) -> str:
    """Return what a message asks for, below the envelopes that carry it."""
    while action.__name__ in ("handle", "deliver"):
        action, args = args[0], args[1:]
        if isinstance(action, str):
            return action
    return action.__name__

"""Bounded concurrency: many calls, a few at a time, and where the permit is taken."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from engineroom.concurrency import cities, errgroup
from engineroom.concurrency.channels import Channel
from engineroom.concurrency.runs import Run
from engineroom.concurrency.scheduler import Body, Scheduler, run
from engineroom.kit.knobs import Knobs, choice, integer

__all__ = ["MS", "LimitKnobs", "bound_of", "lower_bound", "makespan", "simulate"]

MS = 1_000_000  # ns
SET_LIMIT, BEFORE_GO, INSIDE = "SetLimit", "channel, before go", "channel, inside the goroutine"
PATTERN = (50, 10, 10, 10, 40)


@dataclass(frozen=True)
class LimitKnobs(Knobs):
    """How many calls there are, how long they take, and how many may run at once."""

    tasks: int = integer(5, 1, 200, label="cities", help="calls to make, one goroutine each")
    limit: int = integer(2, 1, 64, label="limit", help="calls that may be under way at once")
    durations: str = choice(
        "50 10 10 10 40 ms",
        ("50 10 10 10 40 ms", "all 10 ms", "one long at the end", "the sample cities"),
        label="durations",
        help="how long the calls take",
    )
    order: str = choice(
        "as given",
        ("as given", "longest first", "shortest first"),
        label="order",
        help="who is started first",
    )
    permit: str = choice(
        SET_LIMIT, (SET_LIMIT, BEFORE_GO, INSIDE), label="permit taken by", help="what bounds the calls"
    )

    @property
    def calls(self) -> list[tuple[str, int]]:
        """The calls in the order of starting: a city's name and how many milliseconds it takes."""
        names = [cities.NAMES[i % len(cities.NAMES)] for i in range(self.tasks)]
        calls = list(zip(names, self._durations_ms(), strict=True))
        if self.order == "as given":
            return calls
        return sorted(calls, key=lambda call: call[1], reverse=self.order == "longest first")

    def _durations_ms(self) -> list[int]:
        if self.durations == "all 10 ms":
            return [10] * self.tasks
        if self.durations == "one long at the end":
            return [10] * (self.tasks - 1) + [50]
        if self.durations == "the sample cities":
            drawn = cities.draw_cities(random.Random(cities.SEED))
            return [drawn[i % len(drawn)].latency_ms for i in range(self.tasks)]
        return [PATTERN[i % len(PATTERN)] for i in range(self.tasks)]


def simulate(knobs: LimitKnobs) -> Run:
    """Make the calls in the model; times in nanoseconds."""
    return run(partial(_main, knobs))


def _main(knobs: LimitKnobs, go: Scheduler) -> Body:
    group, permits = errgroup.Group(go), Channel(go, knobs.limit)
    if knobs.permit == SET_LIMIT:
        group.set_limit(knobs.limit)

    def task(city: str, ms: int) -> Body:
        if knobs.permit == INSIDE:
            yield from permits.send()
        yield from go.work(ms * MS, city)
        if knobs.permit != SET_LIMIT:
            yield from permits.recv()

    for number, (city, ms) in enumerate(knobs.calls, 1):
        if knobs.permit == BEFORE_GO:
            yield from permits.send()
        yield from group.go(partial(task, city, ms), f"{number} {city}")
    return (yield from group.wait())


def makespan(durations: Sequence[int], limit: int) -> int:
    """Return when the last call ends if each starts, in order, as soon as one of ``limit`` places is free."""
    free = [0] * min(limit, max(1, len(durations)))
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def lower_bound(durations: Sequence[int], limit: int) -> int:
    """Return a makespan that no order can beat: the longest call, or all calls shared out evenly.

    Longest-first stays within 4/3 − 1/(3·limit) of the best order (Graham 1969, doi:10.1137/0117039).
    """
    return max(max(durations, default=0), math.ceil(sum(durations) / limit))


def bound_of(run: Run) -> int:
    """Return `lower_bound` for the calls of a run, with the concurrency that it reached."""
    return lower_bound([span.end - span.start for span in run.work], max(1, run.peak_calls))

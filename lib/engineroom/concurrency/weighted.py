"""Calls of unequal cost: a weighted semaphore, its queue, and who waits behind whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from engineroom.concurrency import context, errgroup
from engineroom.concurrency.bounded import MS
from engineroom.concurrency.cities import NAMES
from engineroom.concurrency.runs import Run
from engineroom.concurrency.scheduler import Body, Scheduler, run
from engineroom.concurrency.semaphore import Weighted
from engineroom.kit.knobs import Knobs, choice, integer

__all__ = ["WeightKnobs", "simulate"]

WEIGHTS = (6, 8, 1, 1, 1)


@dataclass(frozen=True)
class WeightKnobs(Knobs):
    """The costs of some calls, the capacity they share, and how they ask for it."""

    cities: int = integer(5, 1, 40, label="cities", help="how many ask, one goroutine each")
    capacity: int = integer(10, 1, 20, label="capacity", help="units that may be in use at once")
    dear: int = integer(
        8, 1, 24, label="cost of the dear city", help="of the second city and every fifth after it"
    )
    order: str = choice(
        "dear ones early", ("dear ones early", "cheap ones first", "dear ones first"), label="order of asking"
    )
    ask: str = choice(
        "Acquire", ("Acquire", "TryAcquire"), label="ask with", help="wait in the queue, or give up at once"
    )
    hold_ms: int = integer(50, 10, 200, step=10, unit="ms", label="call takes")
    patience_ms: int = integer(
        1000, 50, 2000, step=50, unit="ms", label="context ends after", help="for everybody who still waits"
    )

    @property
    def costs(self) -> list[tuple[str, int]]:
        """The cities in the order of asking, with their cost."""
        costs = [self.dear if i % 5 == 1 else WEIGHTS[i % 5] for i in range(self.cities)]
        named = [(NAMES[i], cost) for i, cost in enumerate(costs)]
        if self.order == "dear ones early":
            return named
        return sorted(named, key=lambda city: city[1], reverse=self.order == "dear ones first")


def simulate(knobs: WeightKnobs) -> Run:
    """Let all cities ask at once, in order; the result is how many were answered. Times in nanoseconds."""
    return run(partial(_main, knobs))


def _main(knobs: WeightKnobs, go: Scheduler) -> Body:
    ctx, _ = context.with_timeout(context.background(go), knobs.patience_ms * MS)
    pool, group = Weighted(go, knobs.capacity), errgroup.Group(go)
    answered = []

    def task(city: str, cost: int) -> Body:
        if knobs.ask == "TryAcquire":
            if not pool.try_acquire(cost):
                return
        elif (yield from pool.acquire(ctx, cost)) is not None:
            return
        yield from go.work(knobs.hold_ms * MS, city)
        pool.release(cost)
        answered.append(city)

    for city, cost in knobs.costs:
        yield from group.go(partial(task, city, cost), f"{city}, cost {cost}")
    yield from group.wait()
    return len(answered)

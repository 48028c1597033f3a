"""One call fails: what the others do, and how much work is wasted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from engineroom.concurrency import context, errgroup
from engineroom.concurrency.bounded import MS
from engineroom.concurrency.cities import NAMES
from engineroom.concurrency.runs import Run
from engineroom.concurrency.scheduler import Body, GoError, Scheduler, run
from engineroom.kit.knobs import Knobs, integer, switch

__all__ = ["FailKnobs", "simulate", "wasted"]


@dataclass(frozen=True)
class FailKnobs(Knobs):
    """Some calls, one of which fails, and whether the others hear of it."""

    cities: int = integer(10, 2, 40, label="cities", help="calls to make; the first one fails")
    fail_ms: int = integer(20, 5, 200, step=5, unit="ms", label="failure after")
    call_ms: int = integer(200, 10, 400, step=10, unit="ms", label="other calls take")
    limit: int = integer(40, 1, 40, label="limit", help="calls that may be under way at once")
    context: bool = switch(True, label="WithContext", help="the group's first error cancels its context")
    heeds: bool = switch(
        True, label="calls heed the context", help="they select on ctx.Done() while they wait"
    )


def simulate(knobs: FailKnobs) -> Run:
    """Make the calls; the result is the group's error. Times in nanoseconds."""
    return run(partial(_main, knobs))


def _main(knobs: FailKnobs, go: Scheduler) -> Body:
    group, ctx = errgroup.with_context(context.background(go))
    if not knobs.context:
        group, ctx = errgroup.Group(go), context.background(go)
    group.set_limit(knobs.limit)

    def task(city: str) -> Body:
        if city == NAMES[0]:
            yield from go.work(knobs.fail_ms * MS, city)
            return GoError(f"{city}: no such city")
        if ctx.err is not None:
            return ctx.err
        if knobs.heeds:
            return (yield from context.work(ctx, knobs.call_ms * MS, city))
        yield from go.work(knobs.call_ms * MS, city)
        return None

    for city in NAMES[: knobs.cities]:
        yield from group.go(partial(task, city), city)
    return str((yield from group.wait()))


def wasted(run: Run) -> int:
    """Return the time spent in calls after the failure was known: nobody will read those answers."""
    failed = next(span.end for span in run.work if span.label == NAMES[0])
    return sum(max(0, span.end - max(span.start, failed)) for span in run.work if span.label != NAMES[0])

"""The concurrency theme's explorers: knobs, the model, a button for real Go; and the adversary."""

from __future__ import annotations

from engineroom.concurrency import bounded, fail_fast, real, shared_calls, weighted
from engineroom.concurrency.adversary import Adversary
from engineroom.concurrency.plots import RunFigure, milliseconds
from engineroom.concurrency.runs import Run
from engineroom.kit.explorer import Explorer, Progress
from engineroom.kit.knobs import Knobs

__all__ = ["explore_costs", "explore_failure", "explore_limit", "explore_schedules", "explore_sharing"]


def _run(knobs: Knobs, progress: Progress) -> Run:
    progress(None, "running Go…")
    return real.run(knobs, cancel=progress.cancel)


def explore_limit() -> Explorer:
    """Explore how limit, order and durations decide when the last call ends."""
    return Explorer(
        "A few calls at a time",
        bounded.LimitKnobs,
        bounded.simulate,
        RunFigure(lambda run: f"no order could beat {milliseconds(bounded.bound_of(run))}"),
        run=_run,
        presets={
            "Longest first": {"order": "longest first"},
            "A long one at the end": {"tasks": 20, "limit": 4, "durations": "one long at the end"},
            "Permit inside the goroutine": {"tasks": 40, "limit": 4, "permit": bounded.INSIDE},
            "The sample cities": {"tasks": 40, "limit": 8, "durations": "the sample cities"},
        },
    )


def explore_costs() -> Explorer:
    """Explore who waits behind whom when calls cost different amounts of one capacity."""
    return Explorer(
        "Calls of unequal cost",
        weighted.WeightKnobs,
        weighted.simulate,
        RunFigure(lambda run: f"{run.result} answered"),
        run=_run,
        show=("capacity", "dear", "order", "ask", "patience_ms"),
        presets={
            "Cheap ones first": {"order": "cheap ones first"},
            "Dearer than the capacity": {"dear": 12, "patience_ms": 400},
            "TryAcquire": {"ask": "TryAcquire"},
        },
    )


def explore_sharing() -> Explorer:
    """Explore how many calls singleflight saves, depending on when callers come."""
    return Explorer(
        "One call for many callers",
        shared_calls.FlightKnobs,
        shared_calls.simulate,
        RunFigure(lambda run: f"{run.result} callers answered"),
        run=_run,
        presets={
            "Too late to share": {"gap_ms": 120},
            "A stampede": {"callers": 40, "gap_ms": 0},
            "Without singleflight": {"sharing": False},
            "Callers without patience": {"wait": "DoChan, patience 120 ms", "work_ms": 222},
        },
    )


def explore_failure() -> Explorer:
    """Explore how much work is wasted after the first failure, with and without a context."""
    return Explorer(
        "One call fails",
        fail_fast.FailKnobs,
        fail_fast.simulate,
        RunFigure(lambda run: f"{milliseconds(fail_fast.wasted(run))} of work after the failure"),
        run=_run,
        show=("cities", "fail_ms", "limit", "context", "heeds"),
        presets={
            "No context": {"context": False},
            "Calls that do not listen": {"heeds": False},
            "Four at a time": {"limit": 4},
        },
    )


def explore_schedules() -> Adversary:
    """Be the scheduler: choose whose step comes next until a small program breaks."""
    return Adversary()

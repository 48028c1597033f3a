"""Checks of exercises 1 to 3: questions that a trace's tables answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from engineroom.kit.expect import CheckFailed, answer_of, expect_close, expect_equal, passed

if TYPE_CHECKING:
    import pandas as pd

    from engineroom.golang.trace import Trace

__all__ = ["check_bottleneck", "check_gc_counts", "check_scheduling"]


def check_gc_counts(count: Callable[[pd.DataFrame], tuple[int, int]], *, seed: int = 0) -> None:
    """Check a function from the table of ranges to (GC cycles, the collector's own pauses).

    Raises:
        CheckFailed: with what was seen and expected.
    """
    seen = {}
    for name, trace in _collections(seed):
        names = trace.texts(trace.columns("ranges")["name"])
        pauses = sum(text.startswith("stop-the-world (GC") for text in names)
        cycles = names.count("GC concurrent mark phase")
        answer = answer_of(count, trace.ranges.copy())
        expect_equal(
            f"{name}: (cycles, pauses)",
            list(answer) if isinstance(answer, tuple) else answer,
            [cycles, pauses],
            hint="starting the trace stops the world, too, but that is not the collector's pause",
        )
        seen[name] = f"{cycles} cycles"
    passed("GC cycles and pauses", seen)


def _collections(seed: int) -> Iterator[tuple[str, Trace]]:
    from engineroom.tracing.real import replay, run

    if seed == 0:
        for name in ("collect_gogc50", "collect", "collect_gogc400", "collect_off"):
            yield name, replay(name)
        return
    chance = random.Random(seed)
    for _ in range(2):
        megabytes, gogc = chance.randrange(12, 40), chance.randrange(40, 300)
        yield (
            f"{megabytes} MB at GOGC={gogc}, run just now",
            run("collect", f"-mb={megabytes}", GOGC=str(gogc)),
        )


def check_scheduling(measure: Callable[[Trace], tuple[float, float]], *, seed: int = 0) -> None:
    """Check a function from a trace to (mean scheduling latency in µs, utilisation from 0 to 1).

    Raises:
        CheckFailed: with what was seen and expected.
    """
    for name, trace in _schedules(seed):
        columns = trace.columns("states")
        states, whole = trace.names("states.state"), columns["cut"] == 0
        length = columns["end_ns"] - columns["start_ns"]
        runnable = (columns["state"] == states.index("Runnable")) & whole
        running = columns["state"] == states.index("Running")
        latency = length[runnable].mean() / 1e3
        used = length[running].sum() / (trace.summary.processors * trace.summary.duration_ns)
        answer = answer_of(measure, trace)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise CheckFailed("Return two numbers: the mean latency in µs, and the utilisation.")
        hint = "leave out the intervals that an edge of the trace cuts off (column cut)"
        expect_close(f"{name}: mean latency", answer[0], latency, within=1e-6 * latency, unit="µs", hint=hint)
        hint = "running time of all goroutines, over processors × duration"
        expect_close(f"{name}: utilisation", answer[1], used, within=1e-6, hint=hint)
    passed("Scheduling latency and utilisation", "all traces agree")


def _schedules(seed: int) -> Iterator[tuple[str, Trace]]:
    """Traces of all sorts; in `crowd_cut` many Runnable intervals are cut off by an edge."""
    from engineroom.tracing.real import replay, run

    if seed == 0:
        for name in ("crowd_cut", "collect", "waits", "pingpong"):
            yield name, replay(name)
        return
    chance = random.Random(seed)
    goroutines, processors = chance.randrange(4, 12), chance.randrange(1, 4)
    flags = ("-cut", f"-goroutines={goroutines}")
    name = f"{goroutines} goroutines on {processors} processors, run just now"
    yield name, run("crowd", *flags, GOMAXPROCS=str(processors))


def check_bottleneck(find: Callable[[Trace], str], *, seed: int = 0) -> None:
    """Check a function from a trace to the name of the region in which goroutines wait longest for a lock.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    cases = _services(seed)
    for what, (trace, expected) in cases.items():
        answer = answer_of(find, trace)
        told = answer if type(answer) is str else str(answer)
        expect_equal(
            f"{what}: the region where the lock is waited for",
            told,
            expected,
            hint='look for waits with reason "sync", and for the region around them on the same goroutine',
        )
    passed("The bottleneck", {what: expected for what, (_, expected) in cases.items()})


def _services(seed: int) -> dict[str, tuple[Trace, str]]:
    """Return traces, each with the region in which its lock is."""
    from engineroom.tracing.real import replay, run

    if seed == 0:
        return {
            "the recorded service": (replay("bottleneck"), "audit"),
            "a shop, run just now": (run("checkout"), "reserve"),
        }
    steps = random.Random(seed).sample(["decode", "price", "encode"], 2)
    return {
        f"a service with its lock elsewhere ({i})": (run("bottleneck", f"-lock={step}"), step)
        for i, step in enumerate(steps, 1)
    }

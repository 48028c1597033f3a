"""Checks of the tracing exercises: on recorded traces, and on invariants of fresh ones.

Nothing here depends on how fast the machine is: what counts is order, overlap and number.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engineroom.kit.expect import (
    CheckFailed,
    answer_of,
    expect_close,
    expect_equal,
    expect_that,
    passed,
)
from engineroom.tracing import recorder, wire

if TYPE_CHECKING:
    import pandas as pd

    from engineroom.golang.trace import Trace

__all__ = [
    "check_annotations",
    "check_batch_header",
    "check_bottleneck",
    "check_gc_counts",
    "check_nesting",
    "check_repair",
    "check_scheduling",
    "check_window",
    "exercise_source",
]

PROGRAMS = Path(__file__).parent / "go"


def exercise_source(program: str, file: str) -> str:
    """Return a file of one of the exercises' Go programs, as it is before the exercise."""
    return (PROGRAMS / program / file).read_text()


def check_gc_counts(count: Callable[[pd.DataFrame], tuple[int, int]]) -> None:
    """Check a function from the table of ranges to (GC cycles, the collector's own pauses).

    Raises:
        CheckFailed: with what was seen and expected.
    """
    from engineroom.tracing.real import replay

    seen = {}
    for name in ("collect_gogc50", "collect", "collect_gogc400", "collect_off"):
        trace = replay(name)
        cycles = trace.summary.gc_cycles
        answer = answer_of(count, trace.ranges.copy())
        expect_equal(
            f"{name}: (cycles, pauses)",
            list(answer) if isinstance(answer, tuple) else answer,
            [cycles, trace.summary.stops - 1],
            hint="starting the trace stops the world, too, but that is not the collector's pause",
        )
        seen[name] = f"{cycles} cycles"
    passed("GC cycles and pauses", seen)


def check_scheduling(measure: Callable[[Trace], tuple[float, float]]) -> None:
    """Check a function from a trace to (mean scheduling latency in µs, utilisation from 0 to 1).

    Raises:
        CheckFailed: with what was seen and expected.
    """
    from engineroom.tracing.real import replay

    for name in ("collect", "waits", "pingpong"):
        trace = replay(name)
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
    passed("Scheduling latency and utilisation", "three traces agree")


def check_bottleneck(find: Callable[[Trace], str]) -> None:
    """Check a function from a trace to the name of the region in which goroutines wait longest for a lock.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    from engineroom.tracing.real import replay, run

    cases = {
        "the recorded service": (replay("bottleneck"), "audit"),
        "a shop, run just now": (run("checkout"), "reserve"),
    }
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


def check_repair(source: Callable[[], str]) -> None:
    """Check a repaired ``reserve.go``: calls to the warehouse overlap, and the lock is still respected.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    trace, printed = _run_with("checkout", "reserve.go", source)
    expect_equal("items reserved", printed["reserved"], 30, hint="every order reserves one item")
    calls = trace.regions[trace.regions.name == "warehouse"]
    expect_equal("calls to the warehouse", len(calls), 30, hint="every order asks once")
    together = _most_at_once(calls)
    expect_that(
        "calls to the warehouse at the same time",
        together >= 3,
        seen=together,
        expected="at least 3 of 6 workers",
        hint="hold the lock only while the shelf is changed",
    )
    passed("The repaired shop", f"up to {together} workers asked the warehouse at the same time")


def check_annotations(source: Callable[[], str]) -> None:
    """Check an annotated ``handle.go`` by answering from its trace which picture was slow to shrink.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    for seed in (1, 5):
        trace, printed = _run_with("thumbnails", "handle.go", source, f"-seed={seed}")
        _expect_annotated(trace)
        shrinking = trace.regions[trace.regions.name == "shrink"]
        slow = shrinking.sort_values("duration_ns").task.iloc[-1]
        ids = trace.logs[(trace.logs.category == "id") & (trace.logs.task == slow)].message
        expect_equal("the picture slow to shrink, as the trace tells", ids.tolist(), [printed["large"]])
    passed("Annotations", "the trace alone tells which picture was slow to shrink")


def _expect_annotated(trace: Trace) -> None:
    tasks = trace.tasks[trace.tasks.name == "picture"]
    expect_equal("tasks named picture", len(tasks), 8, hint='begin handle with trace.NewTask(ctx, "picture")')
    expect_equal("pictures whose task ended", int((tasks.cut == "no").sum()), 8, hint="defer task.End()")
    ids = trace.logs[trace.logs.category == "id"]
    expect_equal(
        "tasks with a log entry id",
        sorted(ids.task.tolist()),
        sorted(tasks.task.tolist()),
        hint='trace.Log(ctx, "id", id), with the context that NewTask returned',
    )
    for name in ("fetch", "shrink", "store"):
        found = trace.regions[trace.regions.name == name]
        expect_equal(
            f"regions named {name}, by task",
            sorted(found.task.tolist()),
            sorted(tasks.task.tolist()),
            hint="a region belongs to the task in the context that it is given",
        )


def check_nesting(source: Callable[[], str]) -> None:
    """Check a repaired ``deliver.go``: the regions are nested properly and cover the right work.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    trace, _ = _run_with("parcels", "deliver.go", source)
    expect_equal("what the reader complains about", trace.summary.note, "", hint="last begun, first ended")
    for name, work in (("packing", "packed"), ("labelling", "labelled")):
        regions = trace.regions[trace.regions.name == name]
        expect_equal(f"regions named {name}", len(regions), 5, hint="one for each parcel")
        times = trace.logs[trace.logs.category == work].time_ns
        for other in ("packing", "labelling"):
            spans = trace.regions[trace.regions.name == other]
            inside = sum(((spans.start_ns <= at) & (at < spans.end_ns)).any() for at in times)
            expect_equal(
                f"parcels {work} inside a region {other}",
                int(inside),
                5 if other == name else 0,
                hint="end packing before labelling begins",
            )
    passed("Regions", "five parcels, each packed and labelled in its own region")


def check_window(predict: Callable[[list[float], float], float]) -> None:
    """Check a function from (edges of the generations, MinAge) to how far back a snapshot reaches, in s.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    chance = random.Random(7)
    cases = [(2.3, 0.5), (2.8, 0.5), (4.0, 10.0), (6.5, 2.0)]
    cases += [(round(chance.uniform(0.5, 12), 2), round(chance.uniform(0.1, 6), 2)) for _ in range(40)]
    for snapshot, min_age in cases:
        knobs = recorder.RecorderKnobs(min_age_s=min_age, max_mb=100, trace_rate=0.1, snapshot_s=snapshot)
        window = recorder.simulate(knobs)
        edges = [g.begin_s for g in (*window.dropped, *window.kept)] + [snapshot]
        expect_close(
            f"snapshot at {snapshot} s, MinAge {min_age} s: the window reaches back",
            answer_of(predict, edges, min_age),
            window.reach_s,
            within=1e-6,
            unit="s",
            hint="an older generation is added as long as what is kept reaches back no further than MinAge",
        )
    passed("The flight recorder's window", f"{len(cases)} snapshots")


def check_batch_header(decode: Callable[[bytes], dict[str, int]]) -> None:
    """Check a function that decodes the header and first event of a batch.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    from engineroom.tracing.real import recording

    chosen = 0
    for name in ("pingpong", "steady", "collect"):
        data = recording(name).read_bytes()
        for batch in wire.batches(data):
            if batch.kind != "events":
                continue
            first = next(wire.events(batch))
            answer = answer_of(decode, data[batch.offset : batch.offset + 40])
            expected = {
                "generation": batch.generation,
                "thread": batch.thread,
                "time": batch.time,
                "length": len(batch.data),
                "type": batch.data[0],
                "elapsed": first.time - batch.time,
            }
            hint = "seven bits a byte, the lowest first; the top bit says that another byte follows"
            expect_equal(f"{name}, the batch at byte {batch.offset}", answer, expected, hint=hint)
            chosen += 1
    passed("The bytes", f"{chosen} batches decoded")


def _run_with(
    program: str, file: str, source: Callable[[], str], *flags: str
) -> tuple[Trace, dict[str, Any]]:
    """Build an exercise's program with the learner's file in place of its own; run and trace it."""
    from engineroom.golang import GoBuildError, GoRunError, Limits, build_source
    from engineroom.golang.trace import read
    from engineroom.kit.places import cache_folder

    text = answer_of(source)
    if type(text) is not str:
        raise CheckFailed(f"Return the text of {file}.")
    go = {f.relative_to(PROGRAMS).as_posix(): f.read_text() for f in (PROGRAMS / "traced").glob("*.go")}
    own = {f.name: f.read_text() for f in (PROGRAMS / program).glob("*.go")} | {file: text}
    files = {"go.mod": (PROGRAMS / "go.mod").read_text(), **go, **own}
    with TemporaryDirectory(prefix="exercise-", dir=cache_folder("work")) as folder:
        path = Path(folder) / "run.trace"
        try:
            done = build_source(files, name=program).run([*flags, "-o", path], limits=Limits(time_s=10))
        except (GoBuildError, GoRunError) as error:
            raise CheckFailed(str(error)) from None
        printed = json.loads(done.stdout) if done.stdout.strip() else {}
        return read(path), printed


def _most_at_once(spans: pd.DataFrame) -> int:
    """Return how many intervals at most lie over one instant."""
    steps = sorted([(at, 1) for at in spans.start_ns] + [(at, -1) for at in spans.end_ns])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most

"""Checks of exercises 4 to 6: Go programs that learners repair or annotate, judged by their traces."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engineroom.kit.expect import CheckFailed, answer_of, expect_equal, expect_that, passed

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace

__all__ = ["check_annotations", "check_nesting", "check_repair", "exercise_source"]

PROGRAMS = Path(__file__).parents[1] / "go"


def exercise_source(program: str, file: str) -> str:
    """Return a file of one of the exercises' Go programs, as it is before the exercise."""
    return (PROGRAMS / program / file).read_text()


def check_repair(source: Callable[[], str], *, seed: int = 0) -> None:
    """Check a repaired ``reserve.go``: calls to the warehouse overlap, and the lock is still respected.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    from engineroom.golang.trace_frames import most_at_once

    chance = random.Random(seed)
    workers, orders = (chance.randrange(5, 10), chance.randrange(24, 60)) if seed else (6, 30)
    flags = (f"-workers={workers}", f"-orders={orders}")
    trace, printed = _run_with("checkout", "reserve.go", source, *flags)
    expect_equal("items reserved", printed["reserved"], orders, hint="every order reserves one item")
    calls = trace.regions[trace.regions.name == "warehouse"]
    expect_equal("calls to the warehouse", len(calls), orders, hint="every order asks once")
    together = most_at_once(calls)
    expect_that(
        "calls to the warehouse at the same time",
        together >= 3,
        seen=together,
        expected=f"at least 3 of {workers} workers",
        hint="hold the lock only while the shelf is changed",
    )
    passed("The repaired shop", f"up to {together} workers asked the warehouse at the same time")


def check_annotations(source: Callable[[], str], *, seed: int = 0) -> None:
    """Check an annotated ``handle.go`` by answering from its trace which picture was slow to shrink.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    chance = random.Random(seed)
    for drawn in (chance.randrange(100), chance.randrange(100)):
        trace, printed = _run_with("thumbnails", "handle.go", source, f"-seed={drawn}")
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


def check_nesting(source: Callable[[], str], *, seed: int = 0) -> None:
    """Check a repaired ``deliver.go``: the regions are nested properly and cover the right work.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    parcels = random.Random(seed).randrange(6, 12) if seed else 5
    trace, _ = _run_with("parcels", "deliver.go", source, f"-parcels={parcels}")
    expect_equal("what the reader complains about", trace.summary.note, "", hint="last begun, first ended")
    for name, work in (("packing", "packed"), ("labelling", "labelled")):
        regions = trace.regions[trace.regions.name == name]
        expect_equal(f"regions named {name}", len(regions), parcels, hint="one for each parcel")
        times = trace.logs[trace.logs.category == work].time_ns
        for other in ("packing", "labelling"):
            spans = trace.regions[trace.regions.name == other]
            inside = sum(((spans.start_ns <= at) & (at < spans.end_ns)).any() for at in times)
            expect_equal(
                f"parcels {work} inside a region {other}",
                int(inside),
                parcels if other == name else 0,
                hint="end packing before labelling begins",
            )
    passed("Regions", f"{parcels} parcels, each packed and labelled in its own region")


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

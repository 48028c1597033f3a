"""Runs the theme's Go programs under tracing, or replays recordings of them."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engineroom.golang import Limits, Program, build, json_lines
from engineroom.golang.trace import Trace, read
from engineroom.kit.places import cache_folder
from engineroom.tracing import buffers, wire

__all__ = [
    "RECORDINGS",
    "Flushes",
    "Recipe",
    "batch_counts",
    "compare_flushes",
    "measure_overhead",
    "record",
    "recording",
    "replay",
    "run",
]

PROGRAMS = Path(__file__).parent / "go"
LIMITS = Limits(time_s=30, memory_mb=1024)


@dataclass(frozen=True)
class Recipe:
    """How a recording was made: the program, its flags and its GODEBUG/GOGC environment."""

    program: str
    flags: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


RECORDINGS = {
    "waits": Recipe("waits"),
    "tasks": Recipe("tasks"),
    "misnested": Recipe("tasks", ("-misnested",)),
    "exit": Recipe("tasks", ("-exit",)),
    "bottleneck": Recipe("bottleneck"),
    "bottleneck_fixed": Recipe("bottleneck", ("-fixed",)),
    "collect_gogc50": Recipe("collect", (), (("GOGC", "50"),)),
    "collect": Recipe("collect"),
    "collect_gogc400": Recipe("collect", (), (("GOGC", "400"),)),
    "collect_off": Recipe("collect", (), (("GOGC", "off"),)),
    "pingpong": Recipe("pingpong"),
    "steady": Recipe("steady", ("-threads=1", "-rate=12000", "-run=1500ms")),
    "recorder": Recipe("recorder", ("-every=2ms",)),
}


def recording(name: str) -> Path:
    """Return the file of a recording.

    Raises:
        KeyError: naming the recordings there are.
    """
    from engineroom.kit.data import data_file

    if name not in RECORDINGS:
        raise KeyError(f"there is no recording {name!r}; there are: {', '.join(RECORDINGS)}")
    return data_file("tracing", f"{name}.trace")


def replay(name: str, *, events: bool = False) -> Trace:
    """Read a recording into tables.

    Args:
        name: one of `RECORDINGS`.
        events: also make the table of all events.
    """
    return read(recording(name), events=events)


def run(program: str, *flags: str, events: bool = False, **env: str) -> Trace:
    """Run one of the theme's programs now and read the trace of it.

    Args:
        program: the name of its folder, such as ``bottleneck``.
        flags: its command line, such as ``-fixed``.
        events: also make the table of all events.
        env: variables such as ``GOGC="50"``.

    Raises:
        GoMissing: if there is no Go toolchain.
        GoRunError: if the program fails or does not end in time.
    """
    with TemporaryDirectory(prefix="traced-", dir=cache_folder("work")) as folder:
        path = record(Recipe(program, flags, tuple(env.items())), Path(folder) / f"{program}.trace")
        return read(path, events=events)


def record(recipe: Recipe, path: Path, cancel: threading.Event | None = None) -> Path:
    """Run a recipe and leave its trace in a file."""
    program = _program(recipe.program)
    program.run([*recipe.flags, "-o", path], env=dict(recipe.env), limits=LIMITS, cancel=cancel)
    return path


def _program(name: str) -> Program:
    folder = PROGRAMS / name
    if not (folder / "main.go").is_file():
        there = ", ".join(sorted(f.parent.name for f in PROGRAMS.glob("*/main.go")))
        raise KeyError(f"there is no program {name!r}; there are: {there}")
    return build(folder)


def batch_counts(path: Path) -> Counter[str]:
    """Count what a trace file is made of: batches by kind, and generations."""
    counts = Counter(batch.kind for batch in wire.batches(path.read_bytes()))
    counts["generations"] = counts.pop("end", 0)
    return counts


@dataclass(frozen=True)
class Flushes:
    """Batches that the recording threads put into a file, as predicted and as counted.

    Attributes:
        knobs: what was predicted from: the rate and size of events as they turned out.
        predicted: batches by the model.
        counted: batches in the file.
        predicted_generations: generations by the model.
        counted_generations: generations in the file.
    """

    knobs: buffers.BufferKnobs
    predicted: int
    counted: int
    predicted_generations: int
    counted_generations: int


def compare_flushes(threads: int = 2, rate: int = 100_000, seconds: float = 2.5) -> Flushes:
    """Record events at a steady rate for real, and compare the file's batches with the model's.

    Args:
        threads: threads that record.
        rate: events a second on each.
        seconds: how long.
    """
    flags = (f"-threads={threads}", f"-rate={rate}", f"-run={seconds}s")
    with TemporaryDirectory(prefix="traced-", dir=cache_folder("work")) as folder:
        path = record(Recipe("steady", flags), Path(folder) / "steady.trace")
        batches = list(wire.batches(path.read_bytes()))
    size = Counter[int]()
    for batch in (b for b in batches if b.kind == "events"):
        size[batch.thread] += len(batch.data)
    recording_threads = {thread for thread, _ in size.most_common(threads)}
    theirs = [b for b in batches if b.kind == "events" and b.thread in recording_threads]
    events = sum(1 for batch in theirs for _ in wire.events(batch))
    knobs = buffers.BufferKnobs(
        writers=threads,
        event_rate=events / threads / seconds / 1e3,
        event_bytes=sum(len(b.data) for b in theirs) / events,
        duration_s=seconds,
        reader_speed=500,
    )
    predicted = buffers.simulate(knobs)
    return Flushes(
        knobs,
        predicted.flushes,
        len(theirs),
        len(predicted.boundaries_s) + 1,
        sum(b.kind == "end" for b in batches),
    )


def measure_overhead(*flags: str) -> list[dict[str, Any]]:
    """Time operations with and without tracing, in rounds that alternate.

    Args:
        flags: of the program ``overhead``: ``-reads``, ``-spins``, ``-operations``, ``-rounds``.

    Returns:
        One dict a round: traced, ns_per_op [ns], trace_bytes [B], operations.
    """
    return list(json_lines(_program("overhead").run(flags, limits=LIMITS).stdout))

"""Runs the theme's Go programs under tracing, or replays recordings of them."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engineroom.golang import Limits, Program, build, json_lines
from engineroom.golang.trace import Trace, read
from engineroom.kit.places import cache_folder
from engineroom.tracing import buffers, wire

__all__ = [
    "RECORDINGS",
    "Recipe",
    "batch_counts",
    "measure_overhead",
    "record",
    "recording",
    "replay",
    "run",
    "run_buffers",
]

PROGRAMS = Path(__file__).parent / "go"
LIMITS = Limits(time_s=30, memory_mb=1024)


@dataclass(frozen=True)
class Recipe:
    """How a recording was made: the program, its flags and its environment."""

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
    "crowd_p1": Recipe("crowd", (), (("GOMAXPROCS", "1"),)),
    "crowd_p2": Recipe("crowd", (), (("GOMAXPROCS", "2"),)),
    "crowd_p4": Recipe("crowd", (), (("GOMAXPROCS", "4"),)),
    "crowd_cut": Recipe("crowd", ("-cut",), (("GOMAXPROCS", "1"),)),
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
    program.run([*recipe.flags, "-o", path.resolve()], env=dict(recipe.env), limits=LIMITS, cancel=cancel)
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


def run_buffers(knobs: buffers.BufferKnobs, progress: Any = None) -> buffers.Buffering:
    """Record events at a steady rate for real and read from the file how they came into it.

    The events are regions, about 5 bytes each, whatever the knob for their size says; the
    runtime's own buffers have 64 KiB and its generations a second. What the runtime held in
    memory is not in the file: `Buffering.memory` is not a number.

    Args:
        knobs: writers become threads; rate and duration are taken from here.
        progress: called with (share, message); its ``cancel`` event stops the run.

    Raises:
        GoRunError: if the program fails, or is stopped.
    """
    flags = [
        f"-threads={knobs.writers}",
        f"-rate={round(knobs.event_rate * 1e3)}",
        f"-run={knobs.duration_s}s",
    ]
    cancel = getattr(progress, "cancel", None)
    with TemporaryDirectory(prefix="traced-", dir=cache_folder("work")) as folder:
        path = record(Recipe("steady", tuple(flags)), Path(folder) / "steady.trace", cancel)
        return _as_buffering(path.read_bytes(), knobs.writers)


def _as_buffering(data: bytes, writers: int) -> buffers.Buffering:
    """Turn a file's batches into curves over time: recorded, handed over, readable."""
    batches = _batches_of_writers(list(wire.batches(data)), writers)
    second = wire.clock_hz(data)
    times = [np.array([event.time for event in wire.events(batch)]) / second for batch in batches]
    sizes = np.array([len(batch.data) for batch in batches], float)
    handed = np.array([instants[-1] for instants in times])
    generations = np.array([batch.generation for batch in batches])
    ends = {g: handed[generations == g].max() for g in np.unique(generations).tolist()}
    begin, end = min(instants[0] for instants in times), handed.max()
    clock = np.linspace(begin, end, buffers.GRID)
    per_event = np.concatenate([np.full(len(t), size / len(t)) for t, size in zip(times, sizes, strict=True)])
    return buffers.Buffering(
        time_s=clock - begin,
        produced=_sum_until(clock, np.concatenate(times), per_event),
        written=_sum_until(clock, handed, sizes),
        readable=_sum_until(clock, np.array([ends[g] for g in generations.tolist()]), sizes),
        memory=np.full(len(clock), np.nan),
        flushes=len(batches),
        boundaries_s=np.array(sorted(ends.values()))[:-1] - begin,
        finished_s=float(end - begin),
    )


def _batches_of_writers(batches: list[wire.Batch], writers: int) -> list[wire.Batch]:
    """Return the batches of events of the threads that wrote most."""
    size = Counter[int]()
    for batch in batches:
        size[batch.thread] += len(batch.data) * (batch.kind == "events")
    chosen = {thread for thread, _ in size.most_common(writers)}
    return [batch for batch in batches if batch.kind == "events" and batch.thread in chosen]


def _sum_until(clock: np.ndarray, instants: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    order = np.argsort(instants, kind="stable")
    return np.append(0, np.cumsum(amounts[order]))[np.searchsorted(instants[order], clock, "right")]


def measure_overhead(*flags: str) -> list[dict[str, Any]]:
    """Time operations with and without tracing, in rounds that alternate.

    Args:
        flags: of the program ``overhead``: ``-reads``, ``-spins``, ``-operations``, ``-rounds``.

    Returns:
        One dict a round: traced, ns_per_op [ns], trace_bytes [B], operations.
    """
    return list(json_lines(_program("overhead").run(flags, limits=LIMITS).stdout))

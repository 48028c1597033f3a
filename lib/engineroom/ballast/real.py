"""Runs the ballast theme's Go programs on this machine, or replays recorded runs of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.heapload import gc_run
from engineroom.ballast.virtual_memory import MemoryCharge, PageKnobs
from engineroom.golang import Finished, Limits, build, json_lines
from engineroom.kit.places import course_folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TooLargeToRun",
    "calibrate",
    "measure",
    "prepare",
    "recorded_knobs",
    "recordings",
    "replay",
    "run",
    "table",
    "touch_pages",
]

GO = Path(__file__).with_name("go")
PROGRAMS = ("heapload", "pagetouch", "spiral", "heapshape", "apiserver")
MOST_MB = {"ballast": 1024, "slice": 1024, "resident heap": 1536}
SPARE_S = 20.0  # start, building the live heap, and a busy machine
MEMORY_MB = 3072
TRACE = "gctrace=1,gcpacertrace=1"

Progress = Callable[[float], None]


class TooLargeToRun(ValueError):
    """Knobs that the model may have, but that would not be kind to this machine."""


def prepare(on_program: Callable[[str], None] | None = None) -> None:
    """Build every program of this theme now, so that no later run waits for the compiler.

    Args:
        on_program: called with each program's name before it is built.
    """
    for name in PROGRAMS:
        if on_program:
            on_program(name)
        build(GO / name)


def run(
    knobs: HeapKnobs,
    *,
    at_most_s: float = 5.0,
    hurry: bool = False,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> GCRun:
    """Run the program that the knobs describe and return its cycles.

    The knobs of the machine (`mutator_mb_s`, `mark_ns_per_byte`) are not set but measured: see
    `calibrate`.

    Args:
        knobs: the program and its settings.
        at_most_s: only this much of `knobs.duration_s` is run.
        hurry: allocate what that time would have allocated as fast as possible. In stop-the-world
            mode, sizes and counts do not depend on speed; times do.
        on_progress: called with the part that is done, from 0 to 1.
        cancel: when set, the program is killed and GoRunError raised.

    Raises:
        TooLargeToRun: when the heap would outgrow what a live run may use.
        GoRunError: when the program fails or is stopped.
    """
    seconds = min(knobs.duration_s, at_most_s)
    total_mb = max(1.0, knobs.allocation_mb_s * seconds)
    _refuse_too_large(knobs, total_mb)
    stopped = knobs.collector == STOP_THE_WORLD
    flags = {
        "live-mb": knobs.live_mb,
        "ballast-mb": knobs.ballast_mb,
        "gogc": "off" if knobs.gogc_off else knobs.gogc,
        "limit-mb": knobs.limit_mb if knobs.limited else 0,
        "rate-mb": 0 if hurry else knobs.allocation_mb_s,
        "total-mb": total_mb,
        "seconds": 60 if hurry else max(0.1, seconds),
    }
    env = {
        "GODEBUG": TRACE + (",gcstoptheworld=1" if stopped else ""),
        "GOMAXPROCS": str(knobs.processors),
    }
    rows, finished = _report("heapload", flags, env, flags["seconds"], on_progress, cancel)
    return gc_run(rows, finished.stderr, label=knobs.describe(), stopped=stopped)


def _refuse_too_large(knobs: HeapKnobs, total_mb: float) -> None:
    by_gogc = (knobs.live_mb + knobs.ballast_mb) * (1 + knobs.gogc / 100) - knobs.ballast_mb
    by_limit = max(knobs.limit_mb, knobs.live_mb) if knobs.limited else float("inf")
    goal = by_limit if knobs.gogc_off else min(by_gogc, by_limit)
    _at_most("ballast", knobs.ballast_mb)
    _at_most("resident heap", max(knobs.live_mb, min(goal, knobs.live_mb + total_mb)))


def _at_most(what: str, size_mb: float) -> None:
    if size_mb > MOST_MB[what]:
        raise TooLargeToRun(
            f"The {what} would be {size_mb:,.0f} MB; a live run may have at most {MOST_MB[what]:,} MB. "
            "The model still answers for it."
        )


def calibrate(knobs: HeapKnobs, run: GCRun) -> HeapKnobs:
    """Return the knobs with the two speeds of the machine as a real run shows them.

    Mark cost is the CPU of all mark workers and assists per live byte; allocation speed is what was
    allocated per second of the program's own CPU. Both within their knobs' ranges.

    Raises:
        ValueError: when the run has no cycle to measure.
    """
    if not run.cycles:
        raise ValueError("The run has no GC cycle, so there is nothing to measure the mark cost by.")
    marking = float((run.mark_cpu_s + run.assist_cpu_s + run.idle_cpu_s).sum())
    allocated_mb = float((run.peak_bytes - run.live_before_bytes).sum()) / MIB
    measured = {
        "mark_ns_per_byte": marking / (run.cycles * knobs.live_mb * MIB) * 1e9,
        "mutator_mb_s": allocated_mb / max(run.busy_cpu_s - run.gc_cpu_s, 1e-6),
    }
    declared = HeapKnobs.declared()
    within = {name: min(max(v, declared[name].low), declared[name].high) for name, v in measured.items()}
    settings = {name: getattr(knobs, name) for name in declared}
    return HeapKnobs(**settings | within)


def touch_pages(knobs: PageKnobs, *, cancel: threading.Event | None = None) -> MemoryCharge:
    """Make the slice, touch it, and return what Linux charged for it.

    The page size is this machine's own, whatever the knob says.

    Raises:
        TooLargeToRun: when the slice is above 1,024 MB.
        GoRunError: where there is no ``/proc``, and when the program fails or is stopped.
    """
    _at_most("slice", knobs.size_mb)
    flags = {
        "size-mb": knobs.size_mb,
        "touch": knobs.touched_percent / 100,
        "access": knobs.access,
        "kind": knobs.element,
    }
    [row] = measure("pagetouch", flags, cancel=cancel)
    return MemoryCharge(
        vsz_bytes=row["vsz_grew_bytes"],
        rss_bytes=row["rss_grew_bytes"],
        minor_faults=row["minor_faults"],
        scan_bytes=row["scan_bytes"],
        gc_faults=row["faults_by_gc"],
    )


def measure(
    program: str,
    flags: Mapping[str, Any] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    at_most_s: float = 60.0,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> list[dict[str, Any]]:
    """Run one of this theme's programs and return the rows that it reports.

    Args:
        program: "heapload", "pagetouch", "spiral", "heapshape" or "apiserver".
        flags: its flags without the dash, e.g. ``{"live-mb": 20}``; its source says which.
        env: variables to add, e.g. ``{"GOMAXPROCS": "1"}``.
        at_most_s: wall time after which it is killed.
        on_progress: called with the part that is done, from 0 to 1.
        cancel: when set, the program is killed.

    Raises:
        GoRunError: when it fails, with its own sentence, or is stopped.
    """
    if program not in PROGRAMS:
        raise ValueError(f"There is no program {program!r}; there are: {', '.join(PROGRAMS)}.")
    return _report(program, flags or {}, env or {}, at_most_s, on_progress, cancel)[0]


def _report(
    program: str,
    flags: Mapping[str, Any],
    env: Mapping[str, str],
    seconds: float,
    on_progress: Progress | None,
    cancel: threading.Event | None,
) -> tuple[list[dict[str, Any]], Finished]:
    """Build and run a program; return its rows without progress, and all else that it did."""

    def tell(line: str) -> None:
        if line.startswith('{"done"'):
            on_progress(json.loads(line)["done"])

    finished = build(GO / program).run(
        [f"-{name}={value}" for name, value in flags.items()],
        env=env,
        limits=Limits(time_s=seconds + SPARE_S, memory_mb=MEMORY_MB),
        on_line=tell if on_progress else None,
        cancel=cancel,
    )
    rows = [row for row in json_lines(finished.stdout) if row["kind"] != "progress"]
    if on_progress:
        on_progress(1.0)
    return rows, finished


def recordings() -> list[str]:
    """Return the names of the recorded runs that `replay` knows."""
    return list(_recorded())


def replay(name: str) -> GCRun:
    """Return a recorded run.

    Raises:
        KeyError: when there is no recording of that name.
    """
    return GCRun.from_record(_recording(name)["run"])


def recorded_knobs(name: str) -> HeapKnobs:
    """Return the knobs that a recorded run was made with.

    Raises:
        KeyError: when there is no recording of that name.
    """
    return HeapKnobs(**_recording(name)["knobs"])


def table(name: str) -> pd.DataFrame:
    """Return a recorded table: api, article, heapshape, pacer, pagetouch or spiral.

    Raises:
        FileNotFoundError: when there is no such table.
    """
    import pandas as pd

    return pd.read_csv(_data() / f"{name}.csv")


def _data() -> Path:
    return course_folder() / "data" / "ballast"


@cache
def _recorded() -> dict[str, dict[str, Any]]:
    lines = [line for file in sorted(_data().glob("*.jsonl")) for line in file.read_text().splitlines()]
    return {record["name"]: record for record in map(json.loads, lines)}


def _recording(name: str) -> dict[str, Any]:
    if name not in _recorded():
        raise KeyError(f"There is no recorded run named {name!r}; recordings() lists them.")
    return _recorded()[name]

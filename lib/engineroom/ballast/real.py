"""Runs the ballast theme's Go programs on this machine, or replays recorded runs of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.death_spiral import SpiralKnobs, SpiralRun
from engineroom.ballast.go.programs import Progress, measure, prepare, report
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.heapload import gc_run
from engineroom.ballast.recordings import (
    recorded_knobs,
    recordings,
    replay,
    replay_spiral,
    spiral_run,
    table,
)
from engineroom.ballast.virtual_memory import MemoryCharge, PageKnobs
from engineroom.kit.plainly import ToldPlainly

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "API_SETTINGS",
    "TooLargeToRun",
    "calibrate",
    "compare_api",
    "heapload_report",
    "measure",
    "prepare",
    "recorded_knobs",
    "recordings",
    "replay",
    "replay_spiral",
    "run",
    "spiral",
    "table",
    "touch_pages",
]

MOST_MB = {"ballast": 1024, "slice": 1024, "resident heap": 1536}
HURRY_S = 60.0
TRACE = "gctrace=1,gcpacertrace=1"

# What the API is run with; the first is what the others are compared to.
API_SETTINGS: dict[str, dict[str, Any]] = {
    "GOGC=100": {},
    "32 MB ballast": {"ballast-mb": 32},
    "256 MB ballast": {"ballast-mb": 256},
    "GOGC=off, limit 300 MB": {"gogc": "off", "limit-mb": 300},
    "GOGC=2500": {"gogc": 2500},
    "GOGC=100, limit 300 MB": {"limit-mb": 300},
}


class TooLargeToRun(ToldPlainly, ValueError):
    """Knobs that the model may have, but that would not be kind to this machine."""


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
    rows, stderr = heapload_report(
        knobs, at_most_s=at_most_s, hurry=hurry, on_progress=on_progress, cancel=cancel
    )
    return gc_run(rows, stderr, label=knobs.describe(), stopped=knobs.collector == STOP_THE_WORLD)


def heapload_report(
    knobs: HeapKnobs,
    *,
    at_most_s: float = 5.0,
    hurry: bool = False,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> tuple[list[dict[str, Any]], str]:
    """Run as `run` does, and return the raw report: the program's rows and its traces on stderr.

    Raises:
        TooLargeToRun: when the heap would outgrow what a live run may use.
        GoRunError: when the program fails or is stopped.
    """
    seconds = max(0.1, min(knobs.duration_s, at_most_s))
    total_mb = max(1.0, knobs.allocation_mb_s * seconds)
    _refuse_too_large(knobs, total_mb)
    flags = {
        "live-mb": knobs.live_mb,
        "ballast-mb": knobs.ballast_mb,
        "gogc": "off" if knobs.gogc_off else knobs.gogc,
        "limit-mb": knobs.limit_mb if knobs.limited else 0,
        "rate-mb": 0 if hurry else knobs.allocation_mb_s,
        "total-mb": total_mb,
        "seconds": HURRY_S if hurry else seconds,
    }
    stopped = ",gcstoptheworld=1" if knobs.collector == STOP_THE_WORLD else ""
    env = {"GODEBUG": TRACE + stopped, "GOMAXPROCS": str(knobs.processors)}
    rows, finished = report("heapload", flags, env, flags["seconds"], on_progress, cancel)
    return rows, finished.stderr


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
    allocated_mb = float((run.peak_bytes - run.live_before_bytes).sum()) / MIB
    measured = {
        "mark_ns_per_byte": run.marking_cpu_s / (run.cycles * knobs.live_mb * MIB) * 1e9,
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


def spiral(
    knobs: SpiralKnobs, *, on_progress: Progress | None = None, cancel: threading.Event | None = None
) -> SpiralRun:
    """Let the live heap walk into the memory limit and return what each step gave.

    The knobs of the machine (`mutator_mb_s`, `mark_ns_per_byte`) are what they are.

    Raises:
        TooLargeToRun: when limit or live heap is above what a live run may use.
        GoRunError: when the program fails or is stopped.
    """
    import pandas as pd

    _at_most("resident heap", max(knobs.limit_mb, knobs.to_mb))
    flags = {
        "limit-mb": knobs.limit_mb,
        "ballast-mb": knobs.ballast_mb,
        "from-mb": knobs.from_mb,
        "to-mb": knobs.to_mb,
        "steps": knobs.steps,
        "step-seconds": knobs.step_s,
    }
    rows = measure(
        "spiral",
        flags,
        env={"GOMAXPROCS": str(knobs.processors)},
        at_most_s=2 * knobs.steps * knobs.step_s,
        on_progress=on_progress,
        cancel=cancel,
    )
    return spiral_run(pd.DataFrame(rows))


def compare_api(
    settings: Sequence[str] = tuple(API_SETTINGS),
    *,
    repeats: int = 1,
    seconds: float = 4.0,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> pd.DataFrame:
    """Serve the API under load in each setting in turn, and return one row per run.

    The columns are those of the recorded table "api". The settings take turns within a repeat, so
    that what else the machine does meets all of them; compare within a repeat.

    Args:
        settings: names in `API_SETTINGS`.
        repeats: how often to go through all settings.
        seconds: how long each run measures.
        on_progress: called with the part that is done, from 0 to 1.
        cancel: when set, the program is killed.

    Raises:
        KeyError: when there is no such setting.
        GoRunError: when the program fails or is stopped.
    """
    import pandas as pd

    turns = [(repeat, name, API_SETTINGS[name]) for repeat in range(1, repeats + 1) for name in settings]
    rows = []
    for done, (repeat, name, flags) in enumerate(turns):

        def tell(part: float, done: int = done) -> None:
            if on_progress:
                on_progress((done + part) / len(turns))

        flags = {"seconds": seconds, **flags}
        [row] = measure("apiserver", flags, env={"GOMAXPROCS": "2"}, on_progress=tell, cancel=cancel)
        rows.append({"repeat": repeat, "setting": name, **row})
    return pd.DataFrame(rows)

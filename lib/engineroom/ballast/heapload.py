"""Joins what the Go program heapload reports with what the runtime traced meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.gcpacertrace import PacerEnd
from engineroom.ballast.gctrace import GCTrace, separate, with_pacing
from engineroom.ballast.heapgoal import MIB
from engineroom.kit.plainly import ToldPlainly

__all__ = ["HeaploadError", "gc_run"]

Row = Mapping[str, Any]


class HeaploadError(ToldPlainly, ValueError):
    """A report that is incomplete or contradicts itself."""


def gc_run(rows: Sequence[Row], stderr: str, *, label: str, stopped: bool = False) -> GCRun:
    """Return one run's cycles.

    Sizes are exact bytes where gcpacertrace or the program's own reading of `runtime/metrics` gives
    them, and whole MB where only gctrace does.

    Args:
        rows: the program's JSON lines: one "start", any "cycle", one "end".
        stderr: its standard error under GODEBUG=gctrace=1,gcpacertrace=1.
        label: the settings as one line.
        stopped: whether it ran under gcstoptheworld=1, where a trigger is known from what was
            allocated (to within 8 pieces of garbage), and marking counts as a pause.

    Raises:
        HeaploadError: when the start, the end, or a cycle's trace is missing.
    """
    start, end = _only(rows, "start"), _only(rows, "end")
    seen = {row["number"]: row for row in rows if row["kind"] == "cycle"}
    seen[start["number"]] = {**start, "allocated_bytes": 0.0}
    cycles = _automatic(stderr, start["number"], end["automatic_cycles"])
    began = max((c.ended_at_s - seen[c.number]["seen_s"] for c, _ in cycles if c.number in seen), default=0.0)
    sizes = [_sizes(c, account, seen, stopped) for c, account in cycles]
    columns = {name: [size[name] for size in sizes] for name in (sizes[0] if sizes else SIZE_COLUMNS)}
    traced = [cycle for cycle, _ in cycles]
    pause_ms = [c.stop_ms + c.end_stop_ms + (c.mark_ms if stopped else 0.0) for c in traced]
    return GCRun(
        origin=start["go"],
        label=label,
        start_s=np.maximum([c.at_s - began for c in traced], 0.0),
        end_s=[c.ended_at_s - began for c in traced],
        **columns,
        mark_cpu_s=[c.background_cpu_ms / 1e3 for c in traced],
        assist_cpu_s=[c.assist_cpu_ms / 1e3 for c in traced],
        idle_cpu_s=[c.idle_cpu_ms / 1e3 for c in traced],
        pause_s=np.array(pause_ms) / 1e3,
        initial_marked_bytes=start["marked_bytes"],
        duration_s=end["seconds"],
        allocated_bytes=end["allocated_bytes"],
        gc_cpu_s=end["gc_cpu_s"] if cycles else 0.0,
        busy_cpu_s=_number(end["busy_cpu_s"] if cycles else end["cpu_s"]),
        rss_bytes=_number(end["rss_bytes"]),
        mapped_bytes=end["mapped_bytes"],
        limiter_on=end["limiter_on"],
    )


SIZE_COLUMNS = (
    "trigger_bytes",
    "peak_bytes",
    "goal_bytes",
    "marked_bytes",
    "stacks_bytes",
    "globals_bytes",
)


def _only(rows: Sequence[Row], kind: str) -> Row:
    found = [row for row in rows if row.get("kind") == kind]
    if len(found) != 1:
        raise HeaploadError(f"The report of heapload has {len(found)} {kind!r} lines; it should have one.")
    return found[0]


def _automatic(stderr: str, first: float, count: float) -> list[tuple[GCTrace, PacerEnd | None]]:
    """Return the traced cycles that ran between the start and the end, none missing."""
    trace = separate(stderr)
    wanted = np.arange(first + 1, first + count + 1)
    cycles = [pair for pair in with_pacing(trace.records) if first < pair[0].number <= first + count]
    if [cycle.number for cycle, _ in cycles] != wanted.tolist():
        why = str(trace.damaged[0]) if trace.damaged else "Is gctrace=1 in GODEBUG?"
        raise HeaploadError(f"{count:g} cycles ran, but gctrace shows {len(cycles)} of them. {why}")
    return cycles


def _sizes(
    cycle: GCTrace, account: PacerEnd | None, seen: Mapping[float, Row], stopped: bool
) -> dict[str, float]:
    """Return one cycle's sizes in bytes, each from the most exact source there is."""
    before, after = seen.get(cycle.number - 1), seen.get(cycle.number)
    trigger, peak, goal = cycle.start_mb * MIB, cycle.end_mb * MIB, cycle.goal_mb * MIB
    if before:
        goal = before["next_goal_bytes"]
    if account:
        trigger, peak, goal = account.trigger_bytes, account.end_bytes, account.goal_bytes
    elif stopped and before and after:
        allocated = after["allocated_bytes"] - before["allocated_bytes"]
        trigger = peak = before["marked_bytes"] + allocated
    return {
        "trigger_bytes": trigger,
        "peak_bytes": peak,
        "goal_bytes": goal,
        "marked_bytes": after["marked_bytes"] if after else cycle.marked_mb * MIB,
        "stacks_bytes": before["stacks_bytes"] if before else np.nan,
        "globals_bytes": before["globals_bytes"] if before else np.nan,
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value

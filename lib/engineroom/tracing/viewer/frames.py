"""What the viewer says in words: details of an instant, of a lane and of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace
    from engineroom.tracing.lanes import Lanes

__all__ = ["details", "duration_text", "lane_details", "window_summary"]

DEEP = 8


def duration_text(ns: float) -> str:
    """Write a duration as a reader expects it, such as ``1.25 ms``."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(ns) >= size:
            return f"{ns / size:.4g} {unit}"
    return f"{ns:.0f} ns"


def details(trace: Trace, lanes: Lanes, lane: int, instant: int) -> dict[str, Any] | None:
    """Return what a lane shows at an instant: a title, lines of text, and the span's edges [ns]."""
    if not 0 <= lane < len(lanes.names) or (span := lanes.index.at(lane, instant)) < 0:
        return None
    row = int(lanes.rows[span])
    columns = {name: column[row] for name, column in trace.columns(lanes.table).items()}
    begin, end = int(columns["start_ns"]), int(columns["end_ns"])
    lines = [f"{duration_text(end - begin)}, from {duration_text(begin)} to {duration_text(end)}"]
    if lanes.table == "regions":
        title = f"region {trace.texts([columns['name']])[0]}"
        lines.append(f"goroutine {columns['goroutine']}, task {columns['task']}")
    else:
        state = trace.names("states.state")[int(columns["state"])]
        reason = trace.texts([columns["reason"]])[0]
        title = f"G{columns['goroutine']} {state}" + (f" ({reason})" if reason else "")
        if columns["processor"] >= 0:
            lines.append(f"on P{columns['processor']}, thread {columns['thread']}")
        lines += [str(frame) for frame in trace.stack(int(columns["stack"]))[:DEEP]]
    return {"title": title, "lines": lines, "begin": begin, "end": end, "lane": lane}


def lane_details(trace: Trace, lanes: Lanes, lane: int) -> dict[str, Any] | None:
    """Return what is known of a whole lane: a title, and lines on its family and how it spent its time."""
    if not 0 <= lane < len(lanes.names):
        return None
    totals = lanes.index.totals(np.array([lane]), 0, trace.summary.duration_ns)
    spent = _spent(lanes.categories, totals) or "nothing"
    key = next(number for number, at in lanes.lane_of.items() if at == lane)
    lines = {"goroutines": _goroutine_family, "tasks": _task_family}.get(lanes.layout, lambda *_: [])
    return {"title": lanes.names[lane].strip(), "lines": [*lines(trace, key), f"In all: {spent}."]}


def _goroutine_family(trace: Trace, number: int) -> list[str]:
    table = trace.columns("goroutines")
    row = int(np.flatnonzero(np.asarray(table["goroutine"]) == number)[0])
    children = int((np.asarray(table["creator"]) == number).sum())
    creator, born = int(table["creator"][row]), int(table["created_ns"][row])
    place = trace.places([table["created_at"][row]])[0]
    by = (
        f"Created by G{creator} at {duration_text(born)}, {place}" if creator >= 0 else "Older than the trace"
    )
    return [f"{by}; created {children} goroutine{'s' * (children != 1)}."]


def _task_family(trace: Trace, number: int) -> list[str]:
    table = trace.columns("tasks")
    rows = np.flatnonzero(np.asarray(table["task"]) == number)
    if not len(rows):
        return []
    begin, end, parent = (int(table[name][rows[0]]) for name in ("start_ns", "end_ns", "parent"))
    children = int((np.asarray(table["parent"]) == number).sum())
    of = f"Part of task {parent}" if parent > 0 else "Part of no other task"
    length = f"{duration_text(end - begin)} from {duration_text(begin)}"
    return [f"{of}; has {children} part{'s' * (children != 1)} of its own; took {length}."]


def window_summary(lanes: Lanes, begin: int, end: int) -> str:
    """Return in words what all lanes spent their time on in a window."""
    totals = lanes.index.totals(np.arange(len(lanes.names)), begin, end)
    spent = _spent(lanes.categories, totals) or "nothing"
    count = len(lanes.names)
    window = f"{duration_text(end - begin)} from {duration_text(begin)}"
    return f"{window}, {count} lane{'s' * (count != 1)}: {spent}."


def _spent(categories: list[str], totals: np.ndarray) -> str:
    whole = max(int(totals.sum()), 1)
    named = zip(categories, totals.tolist(), strict=True)
    return ", ".join(f"{name} {duration_text(spent)} ({spent / whole:.0%})" for name, spent in named if spent)

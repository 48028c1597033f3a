"""What the viewer's kernel side answers: bins of a window, details of an instant, exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace
    from engineroom.tracing.lanes import Lanes

__all__ = ["Phases", "arrows", "chrome_events", "details", "duration_text", "window_summary"]

MOST_ARROWS = 400
MOST_EXPORTED = 200_000
DEEP = 8


def duration_text(ns: float) -> str:
    """Write a duration as a reader expects it, such as ``1.25 ms``."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(ns) >= size:
            return f"{ns / size:.4g} {unit}"
    return f"{ns:.0f} ns"


class Phases:
    """The phases of the whole program: concurrent marks (kind 0) and stop-the-world pauses (kind 1)."""

    def __init__(self, trace: Trace):
        ranges = trace.columns("ranges")
        present = np.unique(ranges["name"])
        names = trace.texts(present)
        kinds = [0 if n.startswith("GC concurrent") else 1 if n.startswith("stop-the") else -1 for n in names]
        kind = np.array(kinds, np.int64)[np.searchsorted(present, ranges["name"])]
        rows = np.flatnonzero(kind >= 0)
        self._kind = kind[rows]
        self._start, self._end = np.asarray(ranges["start_ns"])[rows], np.asarray(ranges["end_ns"])[rows]

    def in_window(self, begin: int, end: int, pixels: int) -> list[list[float]]:
        """Return [kind, left, right] in pixels; phases on the very same pixels are given once."""
        rows = (self._end >= begin) & (self._start <= end)
        scale = pixels / max(end - begin, 1)
        left = np.floor(np.maximum(self._start[rows] - begin, 0) * scale)
        right = np.ceil(np.minimum(self._end[rows] - begin, end - begin) * scale)
        return np.unique(np.stack([self._kind[rows], left, right], axis=1), axis=0).tolist()


def arrows(trace: Trace, lanes: Lanes, first: int, last: int, begin: int, end: int) -> list[list[int]]:
    """Return the wake-ups in a window as [time, lane of the waker, lane of the woken].

    None when there are too many to tell apart, or when lanes are not goroutines.
    """
    if lanes.layout != "goroutines":
        return []
    wakeups = trace.columns("wakeups")
    time = np.asarray(wakeups["time_ns"])
    rows = slice(*np.searchsorted(time, [begin, end]).tolist())
    if rows.stop - rows.start > 50 * MOST_ARROWS:
        return []
    made = []
    for at, waker, woken in zip(*(np.asarray(wakeups[c])[rows].tolist() for c in _EDGE), strict=True):
        source, target = lanes.lane_of.get(waker, -1), lanes.lane_of.get(woken, -1)
        if source >= 0 and target >= 0 and first <= max(source, target) and min(source, target) <= last:
            made.append([at, source, target])
    return made if len(made) <= MOST_ARROWS else []


_EDGE = ("time_ns", "waker", "goroutine")


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


def window_summary(lanes: Lanes, begin: int, end: int) -> str:
    """Return in words what all lanes spent their time on in a window."""
    totals = lanes.index.totals(np.arange(len(lanes.names)), begin, end)
    whole = max(int(totals.sum()), 1)
    parts = [
        f"{name} {duration_text(total)} ({total / whole:.0%})"
        for name, total in zip(lanes.categories, totals.tolist(), strict=True)
        if total
    ]
    spent = ", ".join(parts) or "nothing"
    return f"{duration_text(end - begin)} from {duration_text(begin)}, {len(lanes.names)} lanes: {spent}."


def chrome_events(trace: Trace, lanes: Lanes, begin: int, end: int) -> str:
    """Return a window in Chrome's trace event format, which Perfetto opens.

    Lanes become threads of one process, spans complete events with times in microseconds.

    Raises:
        ValueError: if the window holds more spans than a browser's download should.
    """
    columns = trace.columns(lanes.table)
    start, stop = np.asarray(columns["start_ns"])[lanes.rows], np.asarray(columns["end_ns"])[lanes.rows]
    rows = lanes.rows[(stop > begin) & (start < end)]
    if len(rows) > MOST_EXPORTED:
        raise ValueError(
            f"{len(rows):,} intervals are too many for one file; zoom in below {MOST_EXPORTED:,}."
        )
    return json.dumps({"traceEvents": [*_threads(lanes), *_complete(trace, lanes, rows)]})


def _threads(lanes: Lanes) -> Iterator[dict[str, Any]]:
    for lane, name in enumerate(lanes.names):
        yield {"ph": "M", "pid": 1, "tid": lane, "name": "thread_name", "args": {"name": name.strip()}}


def _complete(trace: Trace, lanes: Lanes, rows: np.ndarray) -> Iterator[dict[str, Any]]:
    columns = {name: np.asarray(column)[rows] for name, column in trace.columns(lanes.table).items()}
    key = {"goroutines": "goroutine", "processors": "processor", "tasks": "task"}[lanes.layout]
    regions = lanes.table == "regions"
    numbers = columns["name" if regions else "reason"]
    texts = dict(zip(np.unique(numbers).tolist(), trace.texts(np.unique(numbers)), strict=True))
    states = [] if regions else trace.names("states.state")
    for i, lane_key in enumerate(columns[key].tolist()):
        text = texts[int(numbers[i])]
        begin = int(columns["start_ns"][i])
        yield {
            "ph": "X",
            "pid": 1,
            "tid": lanes.lane_of[lane_key],
            "name": text if regions else states[int(columns["state"][i])],
            "ts": begin / 1e3,
            "dur": (int(columns["end_ns"][i]) - begin) / 1e3,
            "args": {} if regions else {"reason": text},
        }

"""A window of a trace in Chrome's trace event format, which Perfetto opens, too.

Lanes become threads of one process, spans complete events; the collector's phases have a thread of
their own, and wake-ups become flows. Times are in microseconds, as the format asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from engineroom.tracing.overlays import PHASES, Phases

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace
    from engineroom.tracing.lanes import Lanes

__all__ = ["chrome_events"]

MOST_EXPORTED = 200_000
PROCESS = 1


def chrome_events(trace: Trace, lanes: Lanes, begin: int, end: int) -> str:
    """Return a window in Chrome's trace event format.

    Args:
        trace: the tables.
        lanes: what is shown.
        begin: left edge of the window [ns].
        end: right edge of the window [ns].

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
    events = [
        *_names(trace, lanes),
        *_spans(trace, lanes, rows),
        *_phases(trace, len(lanes.names), begin, end),
        *_flows(trace, lanes, begin, end),
    ]
    return json.dumps({"displayTimeUnit": "ns", "traceEvents": events})


def _metadata(kind: str, tid: int, **args: Any) -> dict[str, Any]:
    return {"ph": "M", "pid": PROCESS, "tid": tid, "ts": 0, "name": kind, "args": args}


def _names(trace: Trace, lanes: Lanes) -> Iterator[dict[str, Any]]:
    yield _metadata("process_name", 0, name=trace.summary.path.name)
    for lane, name in enumerate([*(name.strip() for name in lanes.names), "GC and pauses"]):
        yield _metadata("thread_name", lane, name=name)
        yield _metadata("thread_sort_index", lane, sort_index=lane)


def _spans(trace: Trace, lanes: Lanes, rows: np.ndarray) -> Iterator[dict[str, Any]]:
    columns = {name: np.asarray(column)[rows] for name, column in trace.columns(lanes.table).items()}
    key = {"goroutines": "goroutine", "processors": "processor", "tasks": "task"}[lanes.layout]
    regions = lanes.table == "regions"
    numbers = columns["name" if regions else "reason"]
    texts = dict(zip(np.unique(numbers).tolist(), trace.texts(np.unique(numbers)), strict=True))
    states = [] if regions else trace.names("states.state")
    for i, lane_key in enumerate(columns[key].tolist()):
        text = texts[int(numbers[i])]
        args = {"goroutine": int(columns["goroutine"][i])} | (
            {"reason": text} if text and not regions else {}
        )
        name = text if regions else states[int(columns["state"][i])]
        yield _complete(name, lanes.lane_of[lane_key], columns["start_ns"][i], columns["end_ns"][i], **args)


def _complete(name: str, tid: int, begin: int, end: int, **args: Any) -> dict[str, Any]:
    span = {"ph": "X", "pid": PROCESS, "tid": tid, "name": name, "cat": "go"}
    return span | {"ts": int(begin) / 1e3, "dur": int(end - begin) / 1e3, "args": args}


def _phases(trace: Trace, tid: int, begin: int, end: int) -> Iterator[dict[str, Any]]:
    for kind, start, stop in Phases(trace).within(begin, end):
        yield _complete(PHASES[kind], tid, start, stop)


def _flows(trace: Trace, lanes: Lanes, begin: int, end: int) -> Iterator[dict[str, Any]]:
    """A flow starts in the waker's slice and ends where the woken begins to be runnable."""
    if lanes.layout != "goroutines":
        return
    wakeups = trace.columns("wakeups")
    rows = slice(*np.searchsorted(wakeups["time_ns"], [begin, end]).tolist())
    edges = zip(
        *(np.asarray(wakeups[c])[rows].tolist() for c in ("time_ns", "waker", "goroutine")), strict=True
    )
    for number, (at, waker, woken) in enumerate(edges):
        if waker in lanes.lane_of and woken in lanes.lane_of:
            flow = {"pid": PROCESS, "cat": "go", "name": "wake-up", "id": number, "ts": at / 1e3}
            yield flow | {"ph": "s", "tid": lanes.lane_of[waker]}
            yield flow | {"ph": "f", "bp": "e", "tid": lanes.lane_of[woken]}

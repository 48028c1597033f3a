"""The tables of a trace: what each column means, and its unit.

All times are integers, in nanoseconds since the first event of the trace. A number of -1
means "none" (no processor, no waker, no parent). `cut` tells what the edges of the trace
hide: ``start`` (it began before), ``end`` (it had not ended when the trace or its
goroutine did), ``both``, or ``no``.
"""

from __future__ import annotations

__all__ = ["COLUMNS", "describe"]

_SPAN = {
    "start_ns": "begin of the interval [ns]",
    "end_ns": "end of the interval [ns]",
    "duration_ns": "end minus start [ns]",
    "cut": "whether an edge of the trace cuts it off: no, start, end, both",
}
_WHERE = {
    "where": "innermost frame of the program's own code, else the innermost frame: function file:line",
    "stack": "number of the call stack; Trace.stack(number) lists its frames",
}
_ON = {"processor": "the P it ran on, or -1", "thread": "the thread (M) it ran on, or -1"}

COLUMNS: dict[str, dict[str, str]] = {
    "states": {
        "goroutine": "number of the goroutine",
        "function": "the function the goroutine was started with",
        "state": "Runnable, Running, Waiting or Syscall",
        **_SPAN,
        "reason": "why it entered the state: what it waits for, or why it was stopped; may be empty",
        **_WHERE,
        **_ON,
    },
    "processors": {
        "processor": "number of the P",
        "state": "Running or Idle",
        **_SPAN,
        "thread": "the thread (M) that the P was bound to, or -1",
    },
    "goroutines": {
        "goroutine": "number of the goroutine",
        "function": "the function it was started with; empty if no stack was ever recorded",
        "system": "whether it belongs to the runtime",
        "created_ns": "when it was created, or 0 if before the trace [ns]",
        "ended_ns": "when it ended, or the end of the trace [ns]",
        "cut": _SPAN["cut"],
        "creator": "the goroutine whose go statement made it, or -1",
        "created_at": "where that go statement is: function file:line",
    },
    "wakeups": {
        "time_ns": "when the sleeper became runnable [ns]",
        "waker": "the goroutine that woke it, or -1 (network poller, timer, runtime)",
        "goroutine": "the goroutine that was woken",
        "reason": "what the woken goroutine had been waiting for",
        "where": "where in the waker's code",
        "stack": "number of the waker's call stack",
        "processor": "the P the waker ran on, or -1",
    },
    "ranges": {
        "name": "GC concurrent mark phase, GC incremental sweep, GC mark assist, stop-the-world (reason)",
        "scope": "what it belongs to: None (the whole program), Goroutine or Proc",
        "scope_id": "number of that goroutine or P, or -1",
        **_SPAN,
        "goroutine": "the goroutine that began it, or -1",
        "processor": "the P it began on, or -1",
        "swept": "for a sweep: bytes swept, else -1 [B]",
        "reclaimed": "for a sweep: bytes reclaimed, else -1 [B]",
        **_WHERE,
    },
    "tasks": {
        "task": "number of the task",
        "parent": "the enclosing task, 0 for the background task, or -1 if not known",
        "name": "the type given to trace.NewTask",
        "path": "names from the outermost task to this one, joined by /",
        **_SPAN,
        "goroutine": "the goroutine that began it, or -1",
        "ended_by": "the goroutine that ended it, or -1",
    },
    "regions": {
        "goroutine": "the goroutine that the region lies in",
        "task": "the task it belongs to; 0 is the background task",
        "name": "the type given to trace.StartRegion or trace.WithRegion",
        **_SPAN,
        "depth": "how many regions of the same goroutine enclose it",
    },
    "logs": {
        "time_ns": "when trace.Log was called [ns]",
        "goroutine": "the goroutine that called it",
        "task": "the task in its context; 0 is the background task",
        "category": "first argument of trace.Log",
        "message": "second argument of trace.Log",
    },
    "metrics": {
        "time_ns": "when it was sampled [ns]",
        "name": "as in runtime/metrics, with the unit after the colon",
        "value": "the value, in the unit that the name ends with",
    },
    "labels": {
        "time_ns": "when the label was set [ns]",
        "goroutine": "the goroutine it was set on",
        "label": "the label, such as a GC worker's mode",
    },
    "samples": {
        "time_ns": "when the CPU profiler took it [ns]",
        "goroutine": "the goroutine that ran, or -1",
        **_ON,
        **_WHERE,
    },
    "syncs": {
        "time_ns": "where a generation begins, or the trace ends [ns]",
        "wall_ns": "the wall clock at that time in ns since 1970, or -1 if not recorded",
    },
    "events": {
        "time_ns": "when it happened [ns]",
        "kind": "StateTransition, RangeBegin, RegionEnd, Log …",
        "goroutine": "the goroutine that was executing, or -1",
        **_ON,
        **_WHERE,
    },
}


def describe(table: str) -> str:
    """Return the columns of a table with their meaning, one line each.

    Raises:
        KeyError: if there is no such table.
    """
    width = max(map(len, COLUMNS[table]))
    return "\n".join(f"{name:<{width}}  {meaning}" for name, meaning in COLUMNS[table].items())

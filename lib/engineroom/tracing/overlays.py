"""What lies over the lanes: the collector's phases, pauses, assists and sweeps, and who woke whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engineroom.tracing.binning import LaneIndex

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace
    from engineroom.tracing.lanes import Lanes

__all__ = ["MARKS", "PHASES", "Marks", "Phases", "arrows"]

MOST_ARROWS = 400
PHASES = ("GC mark phase", "stop-the-world")
MARKS = ("mark assist", "sweep")
_PREFIXES = {
    "GC concurrent mark": (PHASES, 0),
    "stop-the-world": (PHASES, 1),
    "GC mark assist": (MARKS, 0),
    "GC incremental sweep": (MARKS, 1),
}


def _kinds(trace: Trace, family: tuple[str, ...]) -> np.ndarray:
    """Return for each range its position in a family of names, or -1."""
    numbers = trace.columns("ranges")["name"]
    present, inverse = np.unique(numbers, return_inverse=True)
    kinds = [
        next((k for p, (f, k) in _PREFIXES.items() if f is family and n.startswith(p)), -1)
        for n in trace.texts(present)
    ]
    return np.array(kinds, np.int64)[inverse]


class Phases:
    """The phases of the whole program, as positions in `PHASES`."""

    def __init__(self, trace: Trace):
        ranges = trace.columns("ranges")
        kind = _kinds(trace, PHASES)
        rows = np.flatnonzero(kind >= 0)
        self._kind = kind[rows]
        self._start, self._end = np.asarray(ranges["start_ns"])[rows], np.asarray(ranges["end_ns"])[rows]
        self.present = [PHASES[kind] for kind in np.unique(self._kind)]

    def in_window(self, begin: int, end: int, pixels: int) -> list[list[float]]:
        """Return [kind, left, right] in pixels; phases on the very same pixels are given once."""
        rows = (self._end >= begin) & (self._start <= end)
        scale = pixels / max(end - begin, 1)
        left = np.floor(np.maximum(self._start[rows] - begin, 0) * scale)
        right = np.ceil(np.minimum(self._end[rows] - begin, end - begin) * scale)
        return np.unique(np.stack([self._kind[rows], left, right], axis=1), axis=0).tolist()

    def counts(self) -> dict[str, int]:
        """Return how often each phase occurs."""
        return {name: int((self._kind == PHASES.index(name)).sum()) for name in self.present}

    def within(self, begin: int, end: int) -> list[list[int]]:
        """Return [kind, start, end] of the phases that touch a window [ns]."""
        rows = (self._end > begin) & (self._start < end)
        return np.stack([self._kind[rows], self._start[rows], self._end[rows]], axis=1).tolist()

    def at(self, instant: int) -> list[tuple[str, int]]:
        """Return the phases at an instant: name and length [ns]."""
        rows = np.flatnonzero((self._start <= instant) & (self._end > instant))
        return [(PHASES[self._kind[row]], int(self._end[row] - self._start[row])) for row in rows]


class Marks:
    """Mark assists and sweeps in their lanes, binned as the lanes are; categories are `MARKS`.

    An assist belongs to a goroutine and may move between processors, so lanes of processors show sweeps only.
    """

    def __init__(self, trace: Trace, lanes: Lanes):
        ranges = trace.columns("ranges")
        kind = _kinds(trace, MARKS)
        owner = {"goroutines": "goroutine", "processors": "scope_id"}.get(lanes.layout)
        wanted = kind >= 0 if lanes.layout == "goroutines" else kind == MARKS.index("sweep")
        known = np.array(sorted(lanes.lane_of), np.int64)
        rows = np.flatnonzero(wanted & np.isin(ranges[owner], known)) if owner else np.empty(0, np.int64)
        lane_of = np.array([lanes.lane_of[key] for key in known.tolist()], np.int64)
        lane = lane_of[np.searchsorted(known, np.asarray(ranges[owner])[rows])] if len(rows) else rows
        self._start, self._end = np.asarray(ranges["start_ns"])[rows], np.asarray(ranges["end_ns"])[rows]
        duration = trace.summary.duration_ns
        self._index = LaneIndex(lane, self._start, self._end, kind[rows], len(MARKS), duration)
        self._kind = kind[rows]
        self.present = [MARKS[kind] for kind in np.unique(self._kind)]

    def bins(self, lanes: np.ndarray, begin: int, end: int, pixels: int) -> bytes:
        """Return a byte per pixel, lane by lane: a position in `MARKS`, or 255; nothing if there are none."""
        return self._index.bins(lanes, begin, end, pixels).dominant.tobytes() if self.present else b""

    def at(self, lane: int, instant: int) -> tuple[str, int] | None:
        """Return what covers an instant in a lane: name and length [ns]."""
        row = self._index.at(lane, instant)
        return None if row < 0 else (MARKS[self._kind[row]], int(self._end[row] - self._start[row]))


def arrows(trace: Trace, lanes: Lanes, first: int, last: int, begin: int, end: int) -> list[list[int]] | None:
    """Return the wake-ups in a window as [time, lane of the waker, lane of the woken].

    None when there are too many to tell apart; an empty list when lanes are not goroutines.
    """
    if lanes.layout != "goroutines":
        return []
    wakeups = trace.columns("wakeups")
    rows = slice(*np.searchsorted(wakeups["time_ns"], [begin, end]).tolist())
    if rows.stop - rows.start > 50 * MOST_ARROWS:
        return None
    made = []
    for at, waker, woken in zip(*(np.asarray(wakeups[c])[rows].tolist() for c in _EDGE), strict=True):
        source, target = lanes.lane_of.get(waker, -1), lanes.lane_of.get(woken, -1)
        if source >= 0 and target >= 0 and first <= max(source, target) and min(source, target) <= last:
            made.append([at, source, target])
    return made if len(made) <= MOST_ARROWS else None


_EDGE = ("time_ns", "waker", "goroutine")

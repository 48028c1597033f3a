"""Read a Go execution trace into tidy tables.

::

    trace = read("run.trace")
    trace.summary                      # what is in it, and what is wrong with it, if anything
    trace.states.groupby("state", observed=True).duration_ns.sum()

What the columns mean stands in `trace_columns`. Every number is what the toolchain's own
reader reports; nothing is sampled or estimated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engineroom.golang.trace_faults import explain_fault
from engineroom.golang.trace_helper import run_helper

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Frame", "Summary", "Trace", "read", "summarise"]

CUTS = ("no", "start", "end", "both")


class Frame(NamedTuple):
    """One frame of a call stack."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} {self.file.rpartition('/')[2]}:{self.line}"


@dataclass(frozen=True)
class Summary:
    """What a trace holds.

    Attributes:
        path: the file.
        format: the version in its header, such as ``go 1.26``; "" if it is no trace.
        size: size of the file [B].
        duration_ns: time from the first to the last event [ns].
        events: number of events by kind.
        goroutines: goroutines seen.
        processors: Ps seen.
        threads: threads (Ms) seen.
        gc_cycles: concurrent mark phases begun or under way.
        stops: stop-the-world pauses begun.
        note: "" or a sentence on what could not be read.
    """

    path: Path
    format: str
    size: int
    duration_ns: int
    events: dict[str, int]
    goroutines: int
    processors: int
    threads: int
    gc_cycles: int
    stops: int
    note: str = ""
    origin_ns: int = field(default=0, repr=False)

    @property
    def total_events(self) -> int:
        """Number of events of all kinds."""
        return sum(self.events.values())

    def __str__(self) -> str:
        text = (
            f"{self.path.name}: {self.total_events:,} events over {self.duration_ns / 1e6:,.3f} ms, "
            f"{self.goroutines:,} goroutines, {self.processors} Ps, {self.threads} threads, "
            f"{self.gc_cycles} GC cycles, {self.stops} stop-the-world pauses"
        )
        return f"{text}. {self.note}" if self.note else text


def summarise(*paths: str | Path, timeout_s: float | None = None) -> list[Summary]:
    """Read traces without keeping their events; a file may be larger than memory.

    Raises:
        FileNotFoundError: if there is no such file.
        RuntimeError: if the Go toolchain is missing or the time limit is passed.
    """
    files = [Path(path) for path in paths]
    size = sum(file.stat().st_size for file in files)
    reports = run_helper([str(file) for file in files], timeout_s or _patience(size))
    return [_summary(file, report) for file, report in zip(files, reports, strict=True)]


def read(path: str | Path, *, events: bool = False, timeout_s: float | None = None) -> Trace:
    """Read a trace into tables.

    A damaged trace is no error: its tables end where it could not be read further, and
    `Summary.note` says so.

    Args:
        path: file written by ``runtime/trace``.
        events: also make the table of all events, which is as large as all others together.
        timeout_s: time limit; by default 60 s and a second per megabyte.

    Raises:
        FileNotFoundError: if there is no such file.
        RuntimeError: if the Go toolchain is missing or the time limit is passed.
    """
    file = Path(path)
    patience = timeout_s or _patience(file.stat().st_size)
    folder = tempfile.TemporaryDirectory(prefix="engineroom-trace-", ignore_cleanup_errors=True)
    flags = ["-events"] if events else []
    (report,) = run_helper([*flags, "-out", folder.name, str(file)], patience)
    return Trace(_summary(file, report), folder, report)


def _patience(size: int) -> float:
    return 60 + size / 1e6


def _summary(file: Path, report: dict) -> Summary:
    size = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(16)
    known = head.startswith(b"go 1.") and report["events"]
    kept = f"{sum(report['events'].values()):,} events over {report['duration_ns'] / 1e6:,.3f} ms"
    return Summary(
        path=file,
        format=head.split(b" trace")[0].decode() if known else "",
        size=size,
        note=explain_fault(report["error"], head, size, report["bytes_read"], kept),
        **{name: report[name] for name in _COUNTS},
    )


_COUNTS = (
    "duration_ns",
    "events",
    "goroutines",
    "processors",
    "threads",
    "gc_cycles",
    "stops",
    "origin_ns",
)


class Trace:
    """A trace as tables.

    Every table is a data frame, made when first asked for and sorted by time. `columns`
    gives the same as NumPy arrays, straight from the file.
    """

    def __init__(self, summary: Summary, folder: tempfile.TemporaryDirectory, report: dict):
        self.summary = summary
        self._folder = folder
        self._layout = {table: dict(columns) for table, columns in report["layout"].items()}
        self._names = {
            "states.state": report["goroutine_states"],
            "processors.state": report["processor_states"],
            "ranges.scope": report["scopes"],
            "events.kind": report["kinds"],
        }

    def __repr__(self) -> str:
        return f"<Trace {self.summary}>"

    def __getattr__(self, name: str) -> pd.DataFrame:
        from engineroom.golang import trace_frames

        if name.startswith("_") or name not in self._layout or name not in trace_frames.FRAMES:
            hint = " Use read(path, events=True)." if name == "events" else ""
            raise AttributeError(f"A trace has no table {name!r}.{hint}")
        frame = trace_frames.make(self, name)
        self.__dict__[name] = frame
        return frame

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._layout]

    def columns(self, table: str) -> dict[str, np.ndarray]:
        """Return a table's raw columns as read-only arrays that are mapped from disk.

        Rows are in the order in which the intervals ended. Texts are numbers for `texts`,
        states are positions in `names`.
        """
        return {name: self._column(table, name, kind) for name, kind in self._layout[table].items()}

    def _column(self, table: str, name: str, kind: str) -> np.ndarray:
        file = Path(self._folder.name) / f"{table}.{name}"
        if file.stat().st_size == 0:
            return np.empty(0, dtype=f"<{kind}")
        return np.memmap(file, dtype=f"<{kind}", mode="r")

    def names(self, column: str) -> list[str]:
        """Return what the codes of ``states.state``, ``events.kind`` … stand for."""
        return self._names[column]

    def texts(self, numbers: Sequence[int] | np.ndarray) -> list[str]:
        """Return the texts with these numbers."""
        text, ends = self._strings
        return [
            bytes(text[ends[n - 1] if n else 0 : ends[n]]).decode("utf-8", "replace")
            for n in np.asarray(numbers, dtype=np.int64).tolist()
        ]

    @cached_property
    def _strings(self) -> tuple[np.ndarray, np.ndarray]:
        return self._column("strings", "text", "u1"), np.asarray(self._column("strings", "end", "i8"))

    def stack(self, number: int) -> list[Frame]:
        """Return a call stack, innermost frame first."""
        ends, frames = self._column("stacks", "end", "i8"), self.columns("frames")
        rows = slice(int(ends[number - 1]) if number else 0, int(ends[number]))
        functions, files = self.texts(frames["function"][rows]), self.texts(frames["file"][rows])
        return [Frame(*frame) for frame in zip(functions, files, frames["line"][rows].tolist(), strict=True)]

    def close(self) -> None:
        """Remove the columns from disk now, not at the end of this object's life."""
        self._folder.cleanup()

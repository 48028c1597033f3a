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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engineroom.golang.trace_faults import explain_fault
from engineroom.golang.trace_helper import run_helper
from engineroom.kit.children import Limits
from engineroom.kit.places import cache_folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Frame", "Summary", "Trace", "read", "summarise"]

WORTH_MAPPING = 1 << 16  # bytes; below, a copy is faster


class Frame(NamedTuple):
    """One frame of a call stack."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} {self.file.rpartition('/')[2]}:{self.line}"


@dataclass(frozen=True, repr=False)
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
        origin_ns: the clock at the first event, from which all times of the tables count [ns].
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
    origin_ns: int = 0

    @property
    def total_events(self) -> int:
        """Number of events of all kinds."""
        return sum(self.events.values())

    def __repr__(self) -> str:
        text = (
            f"{self.path.name}: {self.total_events:,} events over {self.duration_ns / 1e6:,.3f} ms, "
            f"{self.goroutines:,} goroutines, {self.processors} Ps, {self.threads} threads, "
            f"{self.gc_cycles} GC cycles, {self.stops} stop-the-world pauses"
        )
        return f"{text}. {self.note}" if self.note else text


def summarise(*paths: str | Path, limits: Limits | None = None) -> list[Summary]:
    """Read traces without keeping their events; a file may be larger than memory.

    Raises:
        FileNotFoundError: if there is no such file.
        GoMissing: if there is no Go toolchain.
        GoRunError: if reading took more time or memory than `limits`.
    """
    files = [Path(path) for path in paths]
    reports = run_helper([str(file.resolve()) for file in files], limits or _limits(files))
    return [_summary(file, report) for file, report in zip(files, reports, strict=True)]


def read(path: str | Path, *, events: bool = False, limits: Limits | None = None) -> Trace:
    """Read a trace into tables.

    A damaged trace is no error: its tables end where it could not be read further, and
    `Summary.note` says so.

    Args:
        path: file written by ``runtime/trace``.
        events: also make the table of all events, which is as large as all others together.
        limits: by default generous for a file of this size.

    Raises:
        FileNotFoundError: if there is no such file.
        GoMissing: if there is no Go toolchain.
        GoRunError: if reading took more time or memory than `limits`.
    """
    file = Path(path)
    flags = ["-events"] if events else []
    limits = limits or _limits([file])
    with tempfile.TemporaryDirectory(prefix="trace-", dir=cache_folder("work")) as folder:
        (report,) = run_helper([*flags, "-out", folder, str(file.resolve())], limits)
        # a mapped file stays readable after its name is gone, so nothing is left behind
        columns = _map_columns(Path(folder), report["layout"])
    return Trace(_summary(file, report), columns, report)


def _map_columns(folder: Path, layout: dict[str, list]) -> dict[str, dict[str, np.ndarray]]:
    layout = layout | {"text": [["text", "u1"]]}
    files = {"text": folder / "strings.text"}
    return {
        table: {name: _map(files.get(table, folder / f"{table}.{name}"), kind) for name, kind in columns}
        for table, columns in layout.items()
    }


def _map(file: Path, kind: str) -> np.ndarray:
    if file.stat().st_size < WORTH_MAPPING:
        return np.fromfile(file, dtype=f"<{kind}")
    return np.memmap(file, dtype=f"<{kind}", mode="r")


def _limits(files: list[Path]) -> Limits:
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    return Limits(time_s=60 + megabytes, memory_mb=512 + 4 * megabytes)


def _summary(file: Path, report: dict) -> Summary:
    size = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(16)
        opened.seek(max(size - 1, 0))
        tail = opened.read(1)
    known = head.startswith(b"go 1.") and report["events"]
    count = sum(report["events"].values())
    kept = f"{count:,} event{'s' * (count != 1)} over {report['duration_ns'] / 1e6:,.3f} ms"
    return Summary(
        path=file,
        format=head.split(b" trace")[0].decode() if known else "",
        size=size,
        note=explain_fault(report["error"], head, tail, size, report["bytes_read"], kept),
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

    def __init__(self, summary: Summary, columns: dict[str, dict[str, np.ndarray]], report: dict):
        self.summary = summary
        self._columns = columns
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

        if name.startswith("_") or name not in self._columns or name not in trace_frames.FRAMES:
            hint = " Use read(path, events=True)." if name == "events" else ""
            raise AttributeError(f"A trace has no table {name!r}.{hint}")
        frame = trace_frames.make(self, name)
        self.__dict__[name] = frame
        return frame

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._columns]

    def columns(self, table: str) -> dict[str, np.ndarray]:
        """Return a table's raw columns as arrays, mapped from disk when large.

        Rows are in the order in which the intervals ended. Texts are numbers for `texts`,
        states are positions in `names`.
        """
        return self._columns[table]

    def names(self, column: str) -> list[str]:
        """Return what the codes of ``states.state``, ``events.kind`` … stand for."""
        return self._names[column]

    def texts(self, numbers: Sequence[int] | np.ndarray) -> list[str]:
        """Return the texts with these numbers."""
        text, ends = self._columns["text"]["text"], self._columns["strings"]["end"]
        return [
            bytes(text[ends[n - 1] if n else 0 : ends[n]]).decode("utf-8", "replace")
            for n in np.asarray(numbers, dtype=np.int64).tolist()
        ]

    @staticmethod
    def is_system(function: str) -> bool:
        """Tell a goroutine of the runtime, or of its tracer, by the function that it was started with."""
        ours = function == "runtime.main" or not function.startswith(("runtime.", "runtime/trace."))
        return function == "" or not ours

    def stack(self, number: int) -> list[Frame]:
        """Return a call stack, innermost frame first."""
        ends, frames = self._columns["stacks"]["end"], self._columns["frames"]
        rows = slice(int(ends[number - 1]) if number else 0, int(ends[number]))
        functions, files = self.texts(frames["function"][rows]), self.texts(frames["file"][rows])
        return [Frame(*frame) for frame in zip(functions, files, frames["line"][rows].tolist(), strict=True)]

    def places(self, numbers: Sequence[int] | np.ndarray) -> list[str]:
        """Return for each stack its innermost frame in the program's own code, else its innermost."""
        user = self._columns["stacks"]["user"]
        stacks = [(self.stack(n), max(int(user[n]), 0)) for n in np.asarray(numbers).tolist()]
        return [str(frames[at]) if frames else "" for frames, at in stacks]

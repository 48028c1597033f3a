"""Reads what a Go program prints under GODEBUG=gctrace=1,gcpacertrace=1 (Go 1.17 to 1.27).

Both are debugging output without a promise of stability: a line that does not have a known
shape is an error, never a guess. "MB" is 2**20 bytes, cut down to a whole number; the pacer's
lines give exact bytes. Source: `runtime/mgc.go`, `runtime/mgcpacer.go`, `runtime/extern.go`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engineroom.ballast.gcpacertrace import PacerEnd, PacerStart, PacerSweep
from engineroom.ballast.trace_line import LineShape, TraceLineError

__all__ = [
    "GCTrace",
    "Separated",
    "TraceLineError",
    "parse",
    "parse_line",
    "separate",
    "with_pacing",
]

MS = r"\d+(?:\.\d+)?"


@dataclass(frozen=True)
class GCTrace(LineShape):
    """One cycle, from a ``gc N @…`` line.

    Attributes:
        number: the cycle's number since the program started.
        at_s: when it began, in seconds since the program started.
        cpu_percent: share of all CPU that collection has taken since then.
        stop_ms: wall time of the first pause (sweep termination).
        mark_ms: wall time of concurrent marking.
        end_stop_ms: wall time of the second pause (mark termination).
        stop_cpu_ms: CPU idled by the first pause.
        assist_cpu_ms: CPU that allocating goroutines spent on marking.
        background_cpu_ms: CPU of dedicated and fractional mark workers.
        idle_cpu_ms: CPU of mark workers that ran because a P was idle.
        end_stop_cpu_ms: CPU idled by the second pause.
        start_mb: heap when the cycle began.
        end_mb: heap when marking ended.
        marked_mb: heap found reachable.
        goal_mb: heap goal.
        stacks_mb: scannable stacks; None before Go 1.18.
        globals_mb: scannable globals; None before Go 1.18.
        processors: GOMAXPROCS.
        leak_check: whether the cycle also looked for leaked goroutines (Go 1.26 on).
        forced: whether the program asked for the cycle.
    """

    PARTS = (
        ("the cycle's number, like 'gc 7 '", r"gc (?P<number>\d+) "),
        ("the time, like '@1.250s '", r"@(?P<at_s>\d+(?:\.\d+)?)s "),
        (
            "the share of CPU, like '3%'",
            r"(?P<cpu_percent>\d+)%(?P<leak_check> \(checking for goroutine leaks\))?",
        ),
        (
            "three wall times, like ': 0.02+1.5+0.01 ms clock, '",
            rf": (?P<stop_ms>{MS})\+(?P<mark_ms>{MS})\+(?P<end_stop_ms>{MS}) ms clock, ",
        ),
        (
            "five CPU times, like '0.04+0.1/1.2/0.3+0.02 ms cpu, '",
            rf"(?P<stop_cpu_ms>{MS})\+(?P<assist_cpu_ms>{MS})/(?P<background_cpu_ms>{MS})/(?P<idle_cpu_ms>{MS})"
            rf"\+(?P<end_stop_cpu_ms>{MS}) ms cpu, ",
        ),
        (
            "three heap sizes, like '39->40->21 MB, '",
            r"(?P<start_mb>\d+)->(?P<end_mb>\d+)->(?P<marked_mb>\d+) MB, ",
        ),
        ("the heap goal, like '40 MB goal, '", r"(?P<goal_mb>\d+) MB goal, "),
        (
            "stacks and globals (Go 1.18 on), processors, like '0 MB stacks, 0 MB globals, 2 P'",
            r"(?:(?P<stacks_mb>\d+) MB stacks, (?P<globals_mb>\d+) MB globals, )?(?P<processors>\d+) P",
        ),
        ("' (forced)' or the end of the line", r"(?P<forced> \(forced\))?(?=$)"),
    )
    number: int
    at_s: float
    cpu_percent: int
    stop_ms: float
    mark_ms: float
    end_stop_ms: float
    stop_cpu_ms: float
    assist_cpu_ms: float
    background_cpu_ms: float
    idle_cpu_ms: float
    end_stop_cpu_ms: float
    start_mb: int
    end_mb: int
    marked_mb: int
    goal_mb: int
    stacks_mb: int | None
    globals_mb: int | None
    processors: int
    leak_check: bool
    forced: bool

    @property
    def ended_at_s(self) -> float:
        """When the cycle's mark phase had ended, in seconds since the program started."""
        return self.at_s + (self.stop_ms + self.mark_ms + self.end_stop_ms) / 1e3

    @property
    def gc_cpu_ms(self) -> float:
        """CPU that the cycle took in all: pauses, assists, background and idle workers."""
        workers = self.assist_cpu_ms + self.background_cpu_ms + self.idle_cpu_ms
        return self.stop_cpu_ms + workers + self.end_stop_cpu_ms


Record = GCTrace | PacerStart | PacerEnd | PacerSweep
BEGINNINGS = (
    ("gc ", GCTrace),
    ("pacer: assist", PacerStart),
    ("pacer: sweep", PacerSweep),
    ("pacer: ", PacerEnd),
)
LOOKS_LIKE_TRACE = re.compile(r"gc \d+ @|pacer: ")


@dataclass(frozen=True)
class Separated:
    """Standard error taken apart.

    Attributes:
        records: the trace lines, in order.
        other: all other lines: the program's own.
        damaged: one error per line that began as a trace line and broke off or went astray.
    """

    records: list[Record] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    damaged: list[TraceLineError] = field(default_factory=list)


def parse_line(line: str, number: int = 1) -> Record:
    """Parse one trace line, of whichever kind.

    Two cuts can't be told from a complete line: exactly before an optional ``(forced)``, and inside
    the number that ends a ``pacer: assist ratio=…`` line.

    Raises:
        TraceLineError: when it is foreign, truncated or continues after its end.
    """
    line = line.rstrip("\r\n")
    for beginning, shape in BEGINNINGS:
        if line.startswith(beginning):
            return shape.read(line, number)
    raise TraceLineError(number, line, 1, "'gc N @…' or 'pacer: …'")


def parse(text: str) -> list[Record]:
    """Parse text that holds trace lines only; empty lines are passed over.

    Raises:
        TraceLineError: at the first line that is not a complete trace line.
    """
    return [parse_line(line, n) for n, line in enumerate(text.splitlines(), 1) if line.strip()]


def separate(text: str) -> Separated:
    """Tell trace lines from what else a program printed on standard error."""
    found = Separated()
    for number, line in enumerate(text.splitlines(), 1):
        if not LOOKS_LIKE_TRACE.match(line):
            found.other.append(line)
            continue
        try:
            found.records.append(parse_line(line, number))
        except TraceLineError as error:
            found.damaged.append(error)
    return found


def with_pacing(records: list[Record]) -> list[tuple[GCTrace, PacerEnd | None]]:
    """Pair each cycle with the pacer's account of it, which is printed just before.

    The account is None without gcpacertrace, and in stop-the-world mode, where there is none.
    """
    pairs, account = [], None
    for record in records:
        if isinstance(record, PacerEnd):
            account = record
        elif isinstance(record, GCTrace):
            pairs.append((record, account))
            account = None
    return pairs

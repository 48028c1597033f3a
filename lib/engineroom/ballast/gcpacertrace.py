"""The three lines of GODEBUG=gcpacertrace=1, Go 1.18 to 1.27; sizes are exact bytes where it says so.

Source: `runtime/mgcpacer.go`, `runtime/mgcsweep.go`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.ballast.trace_line import LineShape

__all__ = ["PacerEnd", "PacerStart", "PacerSweep"]

FLOAT = r"[+-]?(?:Inf|NaN|\d+(?:\.\d*)?(?:e[+-]?\d+)?)"


@dataclass(frozen=True)
class PacerStart(LineShape):
    """The pacer's plan as marking begins, from a ``pacer: assist ratio=…`` line.

    Attributes:
        assist_ratio: bytes to scan per byte allocated.
        scan_mb: heap that is expected to be scanned.
        start_mb: heap when the cycle began.
        goal_mb: heap goal.
        dedicated_workers: Ps that do nothing but mark.
        fractional_share: share of a P's time for the fractional worker.
    """

    PARTS = (
        ("'pacer: assist ratio='", r"pacer: assist ratio="),
        ("the assist ratio", rf"(?P<assist_ratio>{FLOAT}) "),
        (
            "heap sizes, like '(scan 20 MB in 39->40 MB) '",
            r"\(scan (?P<scan_mb>\d+) MB in (?P<start_mb>\d+)->(?P<goal_mb>\d+) MB\) ",
        ),
        (
            "the workers, like 'workers=0+0.25'",
            rf"workers=(?P<dedicated_workers>\d+)\+(?P<fractional_share>{FLOAT})",
        ),
    )
    assist_ratio: float
    scan_mb: int
    start_mb: int
    goal_mb: int
    dedicated_workers: int
    fractional_share: float


@dataclass(frozen=True)
class PacerEnd(LineShape):
    """The pacer's account as marking ends, from a ``pacer: …% CPU`` line (Go 1.18 on).

    Attributes:
        cpu_percent: CPU that dedicated, fractional and assisting goroutines took, of all.
        target_percent: what it should have been.
        heap_work_bytes: heap scanned.
        stack_work_bytes: stacks scanned.
        globals_work_bytes: globals scanned.
        expected_work_bytes: what the pacer had expected these three to sum up to.
        trigger_bytes: heap when the cycle began.
        end_bytes: heap when marking ended.
        over_goal_bytes: by how much that exceeded the goal; negative when below.
        cons_mark: the cons/mark estimate that this cycle's trigger was computed with.
        controller_reset: whether Go 1.18's controller gave up on its estimate.
    """

    PARTS = (
        (
            "the CPU share, like 'pacer: 25% CPU (25 exp.) '",
            r"pacer: (?P<cpu_percent>-?\d+)% CPU \((?P<target_percent>\d+) exp\.\) ",
        ),
        (
            "the work, like 'for 442864+19112+466850 B work (466850 B exp.) '",
            r"for (?P<heap_work_bytes>\d+)\+(?P<stack_work_bytes>\d+)\+(?P<globals_work_bytes>\d+) B work "
            r"\((?P<expected_work_bytes>\d+) B exp\.\) ",
        ),
        (
            "the heap, like 'in 4030464 B -> 4308992 B '",
            r"in (?P<trigger_bytes>\d+) B -> (?P<end_bytes>\d+) B ",
        ),
        (
            "the distance, like '(∆goal 114688, cons/mark 0.2)'",
            rf"\(∆goal (?P<over_goal_bytes>-?\d+), cons/mark (?P<cons_mark>{FLOAT})\)"
            r"(?P<controller_reset>\[controller reset\])?",
        ),
    )
    cpu_percent: int
    target_percent: int
    heap_work_bytes: int
    stack_work_bytes: int
    globals_work_bytes: int
    expected_work_bytes: int
    trigger_bytes: int
    end_bytes: int
    over_goal_bytes: int
    cons_mark: float
    controller_reset: bool

    @property
    def goal_bytes(self) -> int:
        """The heap goal in bytes."""
        return self.end_bytes - self.over_goal_bytes


@dataclass(frozen=True)
class PacerSweep(LineShape):
    """The end of sweeping, from a ``pacer: sweep done…`` line.

    Attributes:
        heap_mb: heap when the last span was swept.
        allocated_mb: allocated since sweeping began.
        pages: pages swept since the program started.
        pages_per_byte: pages to sweep per byte allocated.
    """

    PARTS = (
        ("'pacer: sweep done at heap size 3MB; '", r"pacer: sweep done at heap size (?P<heap_mb>\d+)MB; "),
        ("'allocated 3MB during sweep; '", r"allocated (?P<allocated_mb>-?\d+)MB during sweep; "),
        (
            "'swept 1860 pages at 0.0001 pages/byte'",
            rf"swept (?P<pages>\d+) pages at (?P<pages_per_byte>{FLOAT}) pages/byte",
        ),
    )
    heap_mb: int
    allocated_mb: int
    pages: int
    pages_per_byte: float

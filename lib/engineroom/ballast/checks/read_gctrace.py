"""Checks a reader of gctrace on logs that are made up on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engineroom.ballast.checks.made_up_trace import TraceLog, made_up_logs
from engineroom.kit.expect import answer_of, expect_close, expect_equal, expect_that, passed

__all__ = ["check_read_gctrace"]

SIZES = "a->b->c MB is the heap at the start, at the end of marking, and what was found reachable"
COLUMN_HINTS = {
    "assist_ms": "in the 'ms cpu' group, a/b/c is assist/background/idle",
    "gc_cpu_ms": "the sum of all five numbers of the 'ms cpu' group: pauses, assist, background, idle",
    "end_mb": SIZES,
    "marked_mb": SIZES,
    "goal_mb": "as the line has it, in MB",
    "forced": "True when the line ends in '(forced)', else False",
}


def check_read_gctrace(read_gctrace: Callable[[str], Sequence[Mapping[str, Any]]], *, seed: int = 0) -> None:
    """Check `read_gctrace(text)` on lines of Go 1.27 and 1.17, forced cycles, and a log with other lines."""
    logs = made_up_logs(seed)
    for log in logs:
        rows = answer_of(read_gctrace, log.text)
        rowlike = type(rows) is list and all(type(row) is dict for row in rows)
        expect_that(
            f"What read_gctrace returns for {log.told}", rowlike, seen=rows, expected="a list of dicts"
        )
        numbers = [row["number"] for row in log.rows]
        expect_equal(f"Cycles in {log.told}", [row.get("number") for row in rows], numbers, hint=log.hint)
        for row, expected in zip(rows, log.rows, strict=True):
            _expect_row(row, expected, log)
    spent = sum(row["gc_cpu_ms"] for log in logs for row in log.rows)
    evidence = {"cycles read": sum(len(log.rows) for log in logs), "CPU they took": f"{spent:,.0f} ms"}
    passed("read_gctrace", evidence)


def _expect_row(row: dict[str, Any], expected: dict[str, Any], log: TraceLog) -> None:
    line = next(line for line in log.lines if line.startswith(f"gc {expected['number']} @"))
    for name, value in expected.items():
        told, hint = f"{name} in {line!r}", COLUMN_HINTS.get(name, log.hint)
        if type(value) is float:
            expect_close(told, row.get(name), value, within=1e-6, hint=hint)
        else:
            expect_equal(told, row.get(name), value, hint=hint)

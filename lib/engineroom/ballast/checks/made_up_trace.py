"""Makes up gctrace output together with what it says, so that a reader can be checked on lines nobody saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["TraceLog", "made_up_logs"]

CYCLES = 12


@dataclass(frozen=True)
class TraceLog:
    """A program's standard error, the rows that a reader should find in it, and a hint if it doesn't."""

    told: str
    lines: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    hint: str

    @property
    def text(self) -> str:
        """The log as one text."""
        return "\n".join(self.lines) + "\n"


def made_up_logs(seed: int) -> list[TraceLog]:
    """Return four logs, each with one more thing that happens in practice."""
    rng = np.random.default_rng(seed)
    new = [_cycle(rng, number) for number in range(1, CYCLES + 1)]
    old = [_cycle(rng, number, roots=False) for number in range(1, CYCLES + 1)]
    asked = [
        _cycle(rng, number, forced=number % 4 == 1, leaks=number % 4 == 1) for number in range(1, CYCLES)
    ]
    mixed = [_cycle(rng, number, forced=number == 5) for number in range(1, CYCLES)]
    return [
        _log(
            "Go 1.27", new, "ms clock is wall time, ms cpu is CPU time: stop + assist/background/idle + stop"
        ),
        _log("Go 1.17", old, "before Go 1.18 a line had no 'MB stacks, MB globals' part"),
        _log(
            "forced cycles and leak checks",
            asked,
            "a line may end in '(forced)' and have '(checking for goroutine leaks)' after its percentage",
        ),
        _with_noise(mixed, rng),
    ]


def _log(told: str, cycles: list[tuple[str, dict[str, Any]]], hint: str) -> TraceLog:
    lines, rows = zip(*cycles, strict=True)
    return TraceLog(told, lines, rows, hint)


def _with_noise(cycles: list[tuple[str, dict[str, Any]]], rng: np.random.Generator) -> TraceLog:
    """Mix in what else a program prints, and break off the last line, as a killed program does."""
    lines = [line for line, _ in cycles]
    noise = [
        "gc tuning: GOGC=100, ballast 0 MB",
        "pacer: 27% CPU (25 exp.) for 442864+19112+466850 B work (466850 B exp.) in 4030464 B -> 4308992 B "
        "(∆goal 114688, cons/mark +2.000000e-001)",
        "2026/03/01 12:00:00 served 1000 requests, 40->41->20 ms",
        "",
    ]
    for line in noise:
        lines.insert(int(rng.integers(0, len(lines))), line)
    broken, _ = _cycle(rng, len(cycles) + 1)
    lines.append(broken[: broken.index(" MB goal")])
    hint = "leave out the program's own lines, the pacer's, and a last one that broke off"
    return TraceLog("a log with other lines in it", tuple(lines), tuple(row for _, row in cycles), hint)


def _cycle(
    rng: np.random.Generator, number: int, *, roots: bool = True, forced: bool = False, leaks: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return a line as `runtime/mgc.go` prints it, and the row in it."""
    at = f"{number * rng.uniform(0.05, 0.4):.3f}"
    clock = [_ms(x) for x in rng.uniform((0.005, 0.2, 0.001), (0.5, 120, 0.3))]
    cpu = [_ms(x) for x in rng.uniform((0.01, 0.5, 3, 0.2, 0.002), (1, 60, 90, 150, 0.6))]
    marked = int(rng.integers(3, 500))
    start, end = marked + int(rng.integers(5, 100)), marked + int(rng.integers(101, 300))
    goal = end + int(rng.integers(-40, 40))
    checking = " (checking for goroutine leaks)" if leaks else ""
    line = f"gc {number} @{at}s {rng.integers(0, 60)}%{checking}: {'+'.join(clock)} ms clock, "
    line += f"{cpu[0]}+{'/'.join(cpu[1:4])}+{cpu[4]} ms cpu, {start}->{end}->{marked} MB, {goal} MB goal, "
    line += f"{rng.integers(0, 9)} MB stacks, {rng.integers(0, 3)} MB globals, " if roots else ""
    line += f"{rng.integers(1, 65)} P" + (" (forced)" if forced else "")
    return line, {
        "number": number,
        "at_s": float(at),
        "assist_ms": float(cpu[1]),
        "gc_cpu_ms": sum(map(float, cpu)),
        "end_mb": end,
        "marked_mb": marked,
        "goal_mb": goal,
        "forced": forced,
    }


def _ms(milliseconds: float) -> str:
    """Write a time as the runtime does: two significant digits, whole from 10 ms on."""
    if milliseconds >= 10:
        return str(int(milliseconds))
    return f"{milliseconds:.1f}" if milliseconds >= 1 else f"{milliseconds:.2g}"

"""Builds and runs the Go programs beside it: flags in, rows of JSON out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engineroom.golang import Finished, Limits, build, json_lines

__all__ = ["GO", "PROGRAMS", "Progress", "measure", "prepare", "report"]

GO = Path(__file__).parent
PROGRAMS = ("heapload", "pagetouch", "spiral", "heapshape", "apiserver")
SPARE_S = 20.0  # start, building the live heap, and a busy machine
MEMORY_MB = 3072

Progress = Callable[[float], None]


def prepare(on_program: Callable[[str], None] | None = None) -> None:
    """Build every program of this theme now, so that no later run waits for the compiler.

    Args:
        on_program: called with each program's name before it is built.
    """
    for name in PROGRAMS:
        if on_program:
            on_program(name)
        build(GO / name)


def measure(
    program: str,
    flags: Mapping[str, Any] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    at_most_s: float = 60.0,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> list[dict[str, Any]]:
    """Run one of this theme's programs and return the rows that it reports.

    Args:
        program: "heapload", "pagetouch", "spiral", "heapshape" or "apiserver".
        flags: its flags without the dash, e.g. ``{"live-mb": 20}``; its source says which.
        env: variables to add, e.g. ``{"GOMAXPROCS": "1"}``.
        at_most_s: wall time after which it is killed.
        on_progress: called with the part that is done, from 0 to 1.
        cancel: when set, the program is killed.

    Raises:
        GoRunError: when it fails, with its own sentence, or is stopped.
    """
    if program not in PROGRAMS:
        raise ValueError(f"There is no program {program!r}; there are: {', '.join(PROGRAMS)}.")
    return report(program, flags or {}, env or {}, at_most_s, on_progress, cancel)[0]


def report(
    program: str,
    flags: Mapping[str, Any],
    env: Mapping[str, str],
    seconds: float,
    on_progress: Progress | None,
    cancel: threading.Event | None,
) -> tuple[list[dict[str, Any]], Finished]:
    """Build and run a program; return its rows without progress, and all else that it did."""

    def tell(line: str) -> None:
        if line.startswith('{"done"'):
            on_progress(json.loads(line)["done"])

    finished = build(GO / program).run(
        [f"-{name}={value}" for name, value in flags.items()],
        env=env,
        limits=Limits(time_s=seconds + SPARE_S, memory_mb=MEMORY_MB),
        on_line=tell if on_progress else None,
        cancel=cancel,
    )
    rows = [row for row in json_lines(finished.stdout) if row["kind"] != "progress"]
    if on_progress:
        on_progress(1.0)
    return rows, finished

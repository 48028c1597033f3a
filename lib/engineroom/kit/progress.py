"""Remembers which exercises a learner has tried and passed: on this machine only, and never in a check's way.

Every event is one line appended to ``progress.jsonl``, so that notebooks that run at the same time
lose nothing to each other and a line torn by a power cut costs that line alone. The file lies outside
the checkout: a new kernel finds it, and so does a new version of the course.
``ENGINEROOM_PROGRESS=off`` (or ``CI``) turns recording off, as grading and tests do.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Standing", "check_under_way", "history", "progress_file", "record", "recording"]

EVENTS = {"tried", "passed"}


@dataclass(frozen=True)
class Standing:
    """How far an exercise is: tries that were not right yet, and whether it was ever passed."""

    tries: int = 0
    passed: bool = False


def recording() -> bool:
    """Return whether this process remembers progress."""
    return os.environ.get("ENGINEROOM_PROGRESS", "").lower() != "off" and not os.environ.get("CI")


def progress_file() -> Path:
    """Return where progress is kept: ``$XDG_DATA_HOME/engineroom``, else ``~/.local/share/engineroom``."""
    root = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(root) / "engineroom" / "progress.jsonl"


def check_under_way() -> str | None:
    """Return the exercise that a check is looking at, as ``theme/exercise``; None outside of checks.

    It is read off the call stack, where some ``check_<exercise>`` of a theme's checks is under way, so
    that no check needs to name itself.
    """
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "").split(".")
        name = frame.f_code.co_name
        if module[0] == "engineroom" and module[2:3] == ["checks"] and name.startswith("check_"):
            return f"{module[1]}/{name.removeprefix('check_')}"
        frame = frame.f_back
    return None


def record(event: str) -> None:
    """Remember that the exercise under way was "tried" or "passed"; where that can't be, do nothing."""
    exercise = check_under_way() if recording() else None
    if exercise is None:
        return
    line = json.dumps({"exercise": exercise, "event": event, "at": f"{datetime.now(UTC):%FT%TZ}"})
    with contextlib.suppress(OSError, RuntimeError):  # a full disk or no home must not fail a right answer
        path = progress_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write of one line; the newline before it parts it from whatever was torn.
        with path.open("ab", buffering=0) as file:
            file.write(f"\n{line}\n".encode())


def history() -> dict[str, Standing]:
    """Return the standing of every exercise that was ever tried, by ``theme/exercise``."""
    standings: dict[str, Standing] = {}
    for exercise, event in _events() if recording() else ():
        before = standings.get(exercise, Standing())
        tries = before.tries + (event == "tried")
        standings[exercise] = Standing(tries, before.passed or event == "passed")
    return standings


def _events() -> list[tuple[str, str]]:
    try:
        lines = progress_file().read_bytes().split(b"\n")
    except (OSError, RuntimeError):
        return []
    return [event for line in lines if (event := _event_of(line)) is not None]


def _event_of(line: bytes) -> tuple[str, str] | None:
    try:
        event = json.loads(line)
        known = isinstance(event["exercise"], str) and event["event"] in EVENTS
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return (event["exercise"], event["event"]) if known else None

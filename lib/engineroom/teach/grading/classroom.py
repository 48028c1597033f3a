"""Grades a whole class: in parallel, in any order, and going on where a killed run stopped.

Each submission's result is a file of its own that appears in one step; gradebook, table and pages
are made from these files afterwards. So a grade is there once or not at all.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from engineroom.teach.grading.dispatch import in_processes, on_executor
from engineroom.teach.grading.marking import Assignment, Marked
from engineroom.teach.grading.remote import Patience
from engineroom.teach.grading.sandbox import SandboxMissing, why_not
from engineroom.teach.grading.submissions import Found, Submission, find_submissions

__all__ = ["Graded", "Progress", "grade_class"]

Progress = Callable[[int, int, float], None]


@dataclass
class Graded:
    """A graded class.

    Attributes:
        marked: every submission's marks, by student and theme.
        remarks: what an instructor should know about the folder.
        graded_now: how many were not there from an earlier run.
        seconds: how long these took.
    """

    marked: list[Marked]
    remarks: list[str]
    graded_now: int
    seconds: float


def grade_class(
    folder: Path,
    to: Path,
    assignments: Mapping[str, Assignment],
    *,
    theme: str = "",
    workers: int = 0,
    executor: Executor | None = None,
    insist: bool = False,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Graded:
    """Grade every submission of a folder that has no result in `to` yet.

    Args:
        folder: submissions as a learning platform hands them out.
        to: the folder for results.
        assignments: by theme, solutions and hidden tests included.
        theme: the theme of all submissions; recognised from their cells when empty.
        workers: processes, when there is no `executor`; as many as processors when 0.
        executor: anything that is used like those of `concurrent.futures`, a Dask client's for example.
            Threads of one process take turns.
        insist: run submissions without a sandbox where there can't be one.
        patience: how long a submission's code may take.
        progress: called with (graded, in all, seconds that the rest is likely to take).

    Raises:
        SandboxMissing: when there can be no sandbox, and `insist` is false.
        FileNotFoundError: when there is no submission.
    """
    if executor is None and why_not() and not insist:
        raise SandboxMissing(why_not())
    found = find_submissions(folder, assignments, theme)
    results = to / "results"
    results.mkdir(parents=True, exist_ok=True)
    stamp = {name: assignment.digest for name, assignment in assignments.items()}
    todo = [s for s in found.submissions if _stored(results, s, stamp[s.theme]) is None]
    jobs = [(s, assignments[s.theme].text, insist, patience) for s in todo]
    began = time.monotonic()
    outcomes = on_executor(executor, jobs) if executor else in_processes(jobs, workers)
    for done, (submission, outcome) in enumerate(outcomes, 1):
        if isinstance(outcome, Marked):
            _store(results, submission, stamp[submission.theme], outcome)
        else:
            found.remarks.append(
                f"{submission.student} could not be graded ({outcome}); the next run tries again."
            )
        if progress:
            left = (time.monotonic() - began) / done * (len(jobs) - done)
            progress(len(found.submissions) - len(jobs) + done, len(found.submissions), left)
    marked = _all_stored(results, found, stamp)
    return Graded(marked, found.remarks, len(jobs), time.monotonic() - began)


def _all_stored(results: Path, found: Found, stamp: dict[str, str]) -> list[Marked]:
    stored = (_stored(results, s, stamp[s.theme]) for s in found.submissions)
    return [marked for marked in stored if marked is not None]


def _place(results: Path, submission: Submission) -> Path:
    return results / submission.theme / f"{submission.student}.json"


def _stored(results: Path, submission: Submission, stamp: str) -> Marked | None:
    """Return the result that an earlier run stored for just this notebook and assignment."""
    try:
        data = json.loads(_place(results, submission).read_text(encoding="utf-8"))
        fits = data["digest"] == submission.digest and data["assignment"] == stamp
        return Marked.from_plain(data["marked"]) if fits else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _store(results: Path, submission: Submission, stamp: str, marked: Marked) -> None:
    """Store a result in one step: whoever looks finds all of it or nothing."""
    place = _place(results, submission)
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(".unfinished")
    data = {"digest": submission.digest, "assignment": stamp, "marked": marked.plain()}
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(place)

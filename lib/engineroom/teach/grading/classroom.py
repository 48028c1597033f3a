"""Grades a whole class: in parallel, in any order, and going on where a killed run stopped.

Each submission's result is a file of its own that appears in one step; gradebook, table and pages
are made from these files afterwards. So a grade is there once or not at all.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engineroom.teach.grading.marking import Assignment, Mark, Marked, mark
from engineroom.teach.grading.remote import Patience
from engineroom.teach.grading.sandbox import Sandbox, SandboxMissing, why_not
from engineroom.teach.grading.submissions import Found, Submission, find_submissions

__all__ = ["Graded", "Progress", "grade_class", "grade_one"]

AHEAD = 4  # jobs given to each worker in advance
ATTEMPTS = 2  # alone, for a submission whose worker may have died of it
LONGEST_S = 900  # for one submission with all its checks
_mine = threading.local()

Progress = Callable[[int, int, float], None]
Outcome = Marked | Exception


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
    assignments: dict[str, Path],
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
        assignments: path of each theme's assignment, solutions and hidden tests included.
        theme: the theme of all submissions; recognised from their cells when empty.
        workers: processes, when there is no `executor`; as many as processors when 0.
        executor: anything that is used like those of `concurrent.futures`, a Dask client's for example.
            Its workers should have one thread each, as checks print on what evidence an answer holds.
        insist: run submissions without a sandbox where there can't be one.
        patience: how long a submission's code may take.
        progress: called with (graded, in all, seconds that the rest is likely to take).

    Raises:
        SandboxMissing: when there can be no sandbox, and `insist` is false.
        FileNotFoundError: when there is no submission.
    """
    if executor is None and why_not() and not insist:
        raise SandboxMissing(why_not())
    found = find_submissions(folder, {name: _assignment(path) for name, path in assignments.items()}, theme)
    results = to / "results"
    results.mkdir(parents=True, exist_ok=True)
    stamp = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in assignments.items()}
    todo = [s for s in found.submissions if _stored(results, s, stamp[s.theme]) is None]
    jobs = [(s, str(assignments[s.theme]), insist, patience) for s in todo]
    began = time.monotonic()
    for done, (submission, outcome) in enumerate(_run(jobs, workers, executor), 1):
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


def _run(jobs: list[tuple], workers: int, executor: Executor | None) -> Iterator[tuple[Submission, Outcome]]:
    """Yield each submission with its marks as they come, or with what kept it from being marked.

    When a worker dies, nobody knows on which of its jobs; so those under way are then tried one at a time.
    """
    if executor:
        yield from _run_on(executor, jobs, 64)
        return
    workers = workers or os.cpu_count() or 1
    suspects = yield from _run_in_pool(jobs, workers, AHEAD * workers)
    for job in suspects:
        for _ in range(ATTEMPTS):
            if not (yield from _run_in_pool([job], 1, 1)):
                break
        else:
            yield job[0], RuntimeError("the grader's process ended while marking it")


def _run_in_pool(jobs: list[tuple], workers: int, ahead: int) -> Generator[tuple, None, list[tuple]]:
    """Yield outcomes; return the jobs under way in pools whose worker died."""
    left, suspects = list(jobs), []
    while left:
        done = set()
        try:
            with _pool(workers) as pool:
                for submission, outcome in _run_on(pool, left, ahead):
                    done.add(submission)
                    yield submission, outcome
        except BrokenProcessPool:
            left = [job for job in left if job[0] not in done]
            suspects, left = suspects + left[:ahead], left[ahead:]
        else:
            left = []
    return suspects


def _run_on(pool: Executor, jobs: list[tuple], ahead: int) -> Iterator[tuple[Submission, Outcome]]:
    """Yield outcomes in any order; at most `ahead` jobs are handed out at a time, the first ones first."""
    waiting, running = deque(jobs), {}
    while waiting or running:
        while waiting and len(running) < ahead:
            job = waiting.popleft()
            running[pool.submit(grade_one, *job)] = job[0]
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            submission = running.pop(future)
            try:
                outcome = future.result()
            except (BrokenProcessPool, SandboxMissing):
                raise
            except Exception as error:
                outcome = error
            yield submission, outcome


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_quietly)


def _quietly() -> None:
    """Leave Ctrl-C to the process that hands out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=16)
def _assignment(path: Path) -> Assignment:
    return Assignment(path)


def grade_one(
    submission: Submission, assignment: str, insist: bool = False, patience: Patience | None = None
) -> Marked:
    """Mark one submission in this process's own warm sandbox.

    Args:
        submission: as `find_submissions` returns it.
        assignment: path of the theme's assignment.
        insist: run it without a sandbox where there can't be one.
        patience: how long its code may take.
    """
    marking = _assignment(Path(assignment))
    if submission.problem:
        return _unreadable(submission, marking, submission.problem)
    try:
        with _at_most(LONGEST_S):
            sandbox = _sandbox(marking.theme, insist)
            return mark(sandbox, marking, submission.student, submission.text, patience)
    except ValueError as error:
        return _unreadable(submission, marking, str(error))
    except _Overlong:
        _close_sandbox()
        return _unreadable(submission, marking, f"Its checks did not come to an end within {LONGEST_S} s.")


def _unreadable(submission: Submission, assignment: Assignment, problem: str) -> Marked:
    marks = [Mark(e.grade_id, e.title, 0.0, e.points, "not run", problem) for e in assignment.exercises]
    return Marked(submission.student, submission.theme, marks, [problem])


def _sandbox(theme: str, insist: bool) -> Sandbox:
    held = getattr(_mine, "sandbox", None)
    if held is None or held[0] != theme:
        _close_sandbox()
        _mine.sandbox = held = (theme, Sandbox(insist=insist, themes=[theme]))
        atexit.register(held[1].close)
    return held[1]


def _close_sandbox() -> None:
    held = getattr(_mine, "sandbox", None)
    if held:
        held[1].close()
        atexit.unregister(held[1].close)
        _mine.sandbox = None


class _Overlong(BaseException):
    """The checks of one submission took too long."""


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Break off what runs in this block; only where signals reach this thread."""
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return

    def stop(*_: object) -> None:
        raise _Overlong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

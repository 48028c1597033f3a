"""What one process of a grader does: it marks submissions, one after the other, in its own warm sandbox."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import threading
from collections.abc import Iterator
from functools import lru_cache

from engineroom.teach.grading.marking import Assignment, Mark, Marked, mark
from engineroom.teach.grading.remote import Patience
from engineroom.teach.grading.sandbox import Sandbox
from engineroom.teach.grading.submissions import Submission

__all__ = ["grade_one"]

LONGEST_S = 900  # for one submission with all its checks
_alone = threading.RLock()  # checks print, and what is printed belongs to the whole process
_held: list[tuple[tuple[str, bool], Sandbox]] = []


@lru_cache(maxsize=16)
def _assignment(theme: str, text: str) -> Assignment:
    return Assignment(theme, text)


def grade_one(
    submission: Submission, assignment: str, insist: bool = False, patience: Patience | None = None
) -> Marked:
    """Mark one submission in this process's own warm sandbox; threads take turns.

    Args:
        submission: as `find_submissions` returns it.
        assignment: the text of the theme's assignment.
        insist: run it without a sandbox where there can't be one.
        patience: how long its code may take.
    """
    with _alone:
        marking = _assignment(submission.theme, assignment)
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
            return _unreadable(
                submission, marking, f"Its checks did not come to an end within {LONGEST_S} s."
            )


def _unreadable(submission: Submission, assignment: Assignment, problem: str) -> Marked:
    marks = [Mark(e.grade_id, e.title, 0.0, e.points, "not run", problem) for e in assignment.exercises]
    return Marked(submission.student, submission.theme, marks, [problem])


def _sandbox(theme: str, insist: bool) -> Sandbox:
    if not _held or _held[0][0] != (theme, insist):
        _close_sandbox()
        _held.append(((theme, insist), Sandbox(insist=insist, themes=[theme])))
        atexit.register(_close_sandbox)
    return _held[0][1]


def _close_sandbox() -> None:
    atexit.unregister(_close_sandbox)
    while _held:
        _held.pop()[1].close()


class _Overlong(BaseException):
    """The checks of one submission took too long."""


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Break off what runs in this block, in whichever thread it runs."""
    thread, over = ctypes.c_ulong(threading.get_ident()), threading.Lock()

    def stop() -> None:
        if over.acquire(blocking=False):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Overlong))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if not over.acquire(blocking=False):
            timer.join()  # what it raises arrives before this returns, not later

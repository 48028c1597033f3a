"""Writes grades where instructors look for them: nbgrader's gradebook, and a table in CSV."""

from __future__ import annotations

import contextlib
import csv
import datetime
import os
import shutil
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engineroom.kit.plainly import ToldPlainly
from engineroom.teach.grading.marking import Assignment, Marked

__all__ = ["NbgraderMissing", "write_csv", "write_gradebook"]

NOTEBOOK = "exercises"
COLUMNS = ("student", "theme", "exercise", "title", "points", "out_of", "verdict")


class NbgraderMissing(ToldPlainly, RuntimeError):
    """nbgrader is not installed."""


def write_gradebook(path: Path, marked: Sequence[Marked], assignments: Iterable[Assignment]) -> None:
    """Write all marks into an nbgrader gradebook; marks that it has already are replaced.

    The file changes in one step, so a kill leaves the old one.

    Raises:
        NbgraderMissing: with the command that brings it.
    """
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy import text
    except ImportError:
        raise NbgraderMissing(
            "The gradebook needs nbgrader; bring it with: make grade "
            "(or: python -m pip install 'engineroom[teach]')"
        ) from None
    by_theme = defaultdict(list)
    for one in marked:
        by_theme[one.theme].append(one)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    if path.exists():
        shutil.copyfile(path, unfinished)
    with _quiet_tools(), Gradebook(f"sqlite:///{unfinished}") as book:
        book.db.execute(text("PRAGMA synchronous=OFF"))  # the file takes its place when it is complete
        for assignment in assignments:
            if by_theme[assignment.theme]:
                _declare(book, assignment)
                for one in by_theme[assignment.theme]:
                    _enter(book, one)
        book.db.commit()
    unfinished.replace(path)


@contextlib.contextmanager
def _quiet_tools() -> Iterator[None]:
    """Let nbgrader find its ``alembic`` beside this Python, and keep its own warnings to itself."""
    from sqlalchemy.exc import SAWarning

    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            yield
    finally:
        os.environ["PATH"] = before


def _declare(book, assignment: Assignment) -> None:
    """Tell the gradebook what the assignment's exercises are worth."""
    theme = assignment.theme
    book.update_or_create_assignment(theme)
    book.update_or_create_notebook(NOTEBOOK, theme)
    for exercise in assignment.exercises:
        book.update_or_create_grade_cell(
            exercise.grade_id, NOTEBOOK, theme, max_score=exercise.points, cell_type="code"
        )


def _enter(book, marked: Marked) -> None:
    book.update_or_create_student(marked.student)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    submission = book.update_or_create_submission(marked.theme, marked.student, timestamp=now)
    points = {mark.grade_id: mark for mark in marked.marks}
    notebook = next(n for n in submission.notebooks if n.name == NOTEBOOK)
    for grade in notebook.grades:
        one = points.get(grade.name)
        grade.auto_score = one.points if one else None
        grade.needs_manual_grade = one is None or one.verdict not in ("passed", "failed", "not run")


def write_csv(path: Path, marked: Sequence[Marked]) -> None:
    """Write one row for each student and exercise, and replace the file in one step."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for one in marked:
            for mark in one.marks:
                row = (
                    one.student,
                    one.theme,
                    mark.grade_id,
                    mark.title,
                    mark.points,
                    mark.out_of,
                    mark.verdict,
                )
                table.writerow([_harmless(cell) for cell in row])
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _harmless(cell: object) -> object:
    """Keep a spreadsheet from taking a student's file name for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t" else cell

"""Writes grades where instructors look for them: nbgrader's gradebook, and a table in CSV."""

from __future__ import annotations

import contextlib
import csv
import datetime
import importlib.util
import os
import shutil
import sqlite3
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engineroom.kit.plainly import ToldPlainly
from engineroom.teach.grading.marking import Assignment, Marked

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from sqlalchemy.orm import Session

__all__ = ["NbgraderMissing", "expect_nbgrader", "write_csv", "write_gradebook"]

NOTEBOOK = "exercises"
COLUMNS = ("student", "theme", "exercise", "title", "points", "out_of", "verdict")


class NbgraderMissing(ToldPlainly, RuntimeError):
    """nbgrader is not installed."""


def expect_nbgrader() -> None:
    """Make sure that there can be a gradebook, and import nbgrader meanwhile: it takes two seconds.

    Raises:
        NbgraderMissing: with the command that brings it.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise NbgraderMissing(
            "The gradebook needs nbgrader; bring it with: make grade "
            "(or: python -m pip install 'engineroom[teach]')"
        )
    threading.Thread(target=importlib.import_module, args=["nbgrader.api"], daemon=True).start()


def write_gradebook(path: Path, marked: Sequence[Marked], assignments: Iterable[Assignment]) -> None:
    """Write all marks into an nbgrader gradebook; marks that it has already are replaced.

    What was entered by hand stays. The file changes in one step, so a kill leaves the old one.

    Raises:
        NbgraderMissing: with the command that brings it.
    """
    expect_nbgrader()
    from nbgrader.api import Gradebook
    from sqlalchemy import text

    by_theme = defaultdict(list)
    for one in marked:
        by_theme[one.theme].append(one)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    if path.exists():
        shutil.copyfile(path, unfinished)
    else:
        _begin(unfinished)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", _nbgraders_own())
        with Gradebook(f"sqlite:///{unfinished}") as book:
            book.db.execute(text("PRAGMA synchronous=OFF"))  # the file takes its place when it is complete
            for assignment in assignments:
                if by_theme[assignment.theme]:
                    _declare(book, assignment)
                    _enter(book.db, assignment.theme, by_theme[assignment.theme])
            book.db.commit()
    unfinished.replace(path)


def _nbgraders_own() -> type[Warning]:
    from sqlalchemy.exc import SAWarning

    return SAWarning


def _begin(path: Path) -> None:
    """Begin a gradebook with the version of its tables, which nbgrader takes seconds to find out."""
    import nbgrader
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(Path(nbgrader.__file__).with_name("alembic"))).get_current_head()
    with contextlib.closing(sqlite3.connect(path)) as book, book:
        book.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        book.execute("INSERT INTO alembic_version VALUES (?)", (head,))


def _declare(book: Gradebook, assignment: Assignment) -> None:
    """Tell the gradebook what the assignment's exercises are worth."""
    theme = assignment.theme
    book.update_or_create_assignment(theme)
    book.update_or_create_notebook(NOTEBOOK, theme)
    for exercise in assignment.exercises:
        book.update_or_create_grade_cell(
            exercise.grade_id, NOTEBOOK, theme, max_score=exercise.points, cell_type="code"
        )


def _enter(db: Session, theme: str, marked: Sequence[Marked]) -> None:
    """Enter a theme's marks, all students' at once: one by one takes nbgrader 20 ms each."""
    from nbgrader import api
    from sqlalchemy import insert, select, update

    def write(statement: Callable, kind: type, rows: list[dict]) -> None:
        if rows:
            db.execute(statement(kind), rows)

    students = set(db.scalars(select(api.Student.id)))
    write(insert, api.Student, [{"id": name} for name in {m.student for m in marked} - students])
    assignment = db.scalars(select(api.Assignment).filter_by(name=theme)).one()
    notebook = next(n for n in assignment.notebooks if n.name == NOTEBOOK)
    graded = {cell.name: cell.id for cell in [*notebook.grade_cells, *notebook.task_cells]}
    commented = [cell.id for cell in [*notebook.solution_cells, *notebook.task_cells]]
    held = _held(db, assignment.id, notebook.id)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    new = {m.student: (api.new_uuid(), api.new_uuid()) for m in marked if m.student not in held}
    handed_in = [
        {"id": ids[0], "assignment_id": assignment.id, "student_id": student, "timestamp": now}
        for student, ids in new.items()
    ]
    write(insert, api.SubmittedAssignment, handed_in)
    books = [{"id": ids[1], "assignment_id": ids[0], "notebook_id": notebook.id} for ids in new.values()]
    write(insert, api.SubmittedNotebook, books)
    comments = [{"notebook_id": ids[1], "cell_id": cell} for ids in new.values() for cell in commented]
    write(insert, api.Comment, comments)
    known = _known_grades(db, notebook.id)
    grades = [
        {"notebook_id": ids[1], "cell_id": cell, **_grade(one, name)}
        for one in marked
        for ids in [(held | new)[one.student]]
        for name, cell in graded.items()
    ]
    old = [{"id": known[k], **g} for g in grades if (k := (g["notebook_id"], g["cell_id"])) in known]
    write(update, api.Grade, old)
    write(insert, api.Grade, [g for g in grades if (g["notebook_id"], g["cell_id"]) not in known])


def _held(db: Session, assignment_id: str, notebook_id: str) -> dict[str, tuple[str, str]]:
    """Return the ids of what was handed in already, by student: of the submission and of its notebook."""
    from nbgrader.api import SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import select

    rows = db.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.id, SubmittedNotebook.id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment_id == assignment_id)
        .where(SubmittedNotebook.notebook_id == notebook_id)
    )
    return {student: (submission, notebook) for student, submission, notebook in rows}


def _known_grades(db: Session, notebook_id: str) -> dict[tuple[str, str], str]:
    from nbgrader.api import Grade, SubmittedNotebook
    from sqlalchemy import select

    rows = db.execute(
        select(Grade.notebook_id, Grade.cell_id, Grade.id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .where(SubmittedNotebook.notebook_id == notebook_id)
    )
    return {(notebook, cell): grade for notebook, cell, grade in rows}


def _grade(marked: Marked, name: str) -> dict[str, object]:
    one = next((mark for mark in marked.marks if mark.grade_id == name), None)
    by_hand = one is None or one.verdict not in ("passed", "failed", "not run")
    return {"auto_score": one.points if one else None, "needs_manual_grade": by_hand}


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

"""Marks one submission: the course's own checks, run outside, on the learner's functions, run inside."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from engineroom.golang.build import confinement
from engineroom.kit.expect import CheckFailed
from engineroom.teach.grading.handed_in import code_cells, readable
from engineroom.teach.grading.remote import CannotLend, Ended, Patience, RemoteNotebook, TooSlow
from engineroom.teach.grading.sandbox import Sandbox

__all__ = ["Assignment", "Exercise", "Mark", "Marked", "mark"]

KEPT = re.compile(r"^%%go\b.*--keep[ =](\w+)", re.MULTILINE)
LONGEST_SAID = 4000
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """A check of an assignment, with its hidden tests, and what it is worth."""

    grade_id: str
    title: str
    source: str
    points: float


@dataclass(frozen=True)
class Mark:
    """What one exercise of one submission got, and what the check said."""

    grade_id: str
    title: str
    points: float
    out_of: float
    verdict: str
    said: str


@dataclass
class Marked:
    """A marked submission, as it is stored."""

    student: str
    theme: str
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """Points in all."""
        return sum(mark.points for mark in self.marks)

    @property
    def out_of(self) -> float:
        """Points that could be had."""
        return sum(mark.out_of for mark in self.marks)

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Marked:
        """Return what `plain` made."""
        return cls(**{**data, "marks": [Mark(**mark) for mark in data["marks"]]})


class Assignment:
    """A theme's assignment with solutions and hidden tests, as the grader uses it.

    Args:
        theme: whose it is.
        text: the notebook as JSON. It travels with each job, so that another machine needs no copy.
    """

    def __init__(self, theme: str, text: str):
        self.theme, self.text = theme, text
        self._cells = nbformat.reads(text, as_version=4).cells
        self.exercises = list(self._find_exercises())
        self.names = list(self._find_names())
        self.released = {c.metadata.nbgrader.grade_id: c.source for c in self._of_kind("solution")}
        self.grade_ids = {*self.released, *(exercise.grade_id for exercise in self.exercises)}
        self.given = {c.source for c in self._cells if not c.metadata.get("nbgrader")}
        self._setting: dict[str, Any] | None = None

    @classmethod
    def at(cls, path: Path) -> Assignment:
        """Read ``<theme>/exercises.ipynb``."""
        return cls(path.parent.name, path.read_text(encoding="utf-8"))

    @property
    def digest(self) -> str:
        """Name its content: a changed assignment has everything graded anew."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def _of_kind(self, kind: str) -> list[NotebookNode]:
        return [c for c in self._cells if c.metadata.get("nbgrader", {}).get(kind)]

    def _find_exercises(self) -> Iterator[Exercise]:
        title = self.theme
        for cell in self._cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "markdown" and (heading := re.search(r"^#+ (.+)$", cell.source, re.M)):
                title = heading[1]
            if marks.get("grade"):
                yield Exercise(marks["grade_id"], title, cell.source, float(marks["points"]))

    def _find_names(self) -> Iterator[str]:
        """Yield what learners are asked to define: functions, values, kept Go cells."""
        for cell in self._of_kind("solution"):
            if kept := KEPT.search(cell.source):
                yield kept[1]
            elif cell.cell_type == "code":
                for node in ast.parse(cell.source).body:
                    targets = node.targets if isinstance(node, ast.Assign) else []
                    yield from (target.id for target in targets if isinstance(target, ast.Name))
                    if isinstance(node, ast.FunctionDef | ast.ClassDef):
                        yield node.name

    def setting(self) -> dict[str, Any]:
        """Return the names that checks find: what the assignment's own cells import and set up."""
        if self._setting is None:
            names: dict[str, Any] = {"__name__": "__grading__"}
            for cell in self._cells:
                marks = cell.metadata.get("nbgrader", {})
                given = not (marks.get("grade") or marks.get("solution"))
                if cell.cell_type == "code" and given and not cell.source.startswith("%%"):
                    with contextlib.redirect_stdout(io.StringIO()):
                        exec(compile(MAGIC.sub("", cell.source), f"<{self.theme}>", "exec"), names)
            self._setting = names
        return dict(self._setting)


def mark(
    sandbox: Sandbox, assignment: Assignment, student: str, text: str, patience: Patience | None = None
) -> Marked:
    """Run a submission in a sandbox and mark every exercise of the assignment.

    Args:
        sandbox: where learners' processes come from.
        assignment: whose checks are run.
        student: whose submission it is.
        text: the notebook as JSON.
        patience: how long its code may take.

    Raises:
        ValueError: when the text is no notebook.
    """
    began = time.monotonic()
    cells = code_cells(text)
    marked = Marked(student, assignment.theme, notes=_remarks(cells, assignment))
    own = [c.source for c in cells if not _is_check(c, assignment)]
    notebook = RemoteNotebook(sandbox, own, patience)
    before = confinement.set(sandbox.program)
    try:
        for exercise in assignment.exercises:
            marked.marks.append(_mark_one(exercise, assignment, notebook))
    finally:
        confinement.reset(before)
        notebook.close()
    given = [f"Code cell {n}:" for n, source in enumerate(own, 1) if source in assignment.given]
    marked.notes += [readable(told) for told in notebook.troubles if not told.startswith(tuple(given))]
    marked.seconds = round(time.monotonic() - began, 3)
    return marked


def _id(cell: NotebookNode) -> str:
    marks = cell.metadata.get("nbgrader", {})
    return str(marks.get("grade_id", "")) if isinstance(marks, dict) else ""


def _is_check(cell: NotebookNode, assignment: Assignment) -> bool:
    return _id(cell) in {exercise.grade_id for exercise in assignment.exercises}


def _remarks(cells: list[NotebookNode], assignment: Assignment) -> list[str]:
    """Say what an instructor should know about the cells: none of it changes a mark."""
    ids = [_id(cell) for cell in cells]
    notes = []
    for exercise in assignment.exercises:
        found = [c.source.strip() for c in cells if _id(c) == exercise.grade_id]
        shown = _as_released(exercise.source)
        what = "is missing" if not found else "is there more than once" if len(found) > 1 else ""
        what = what or ("was changed" if found[0] != shown else "")
        if what:
            notes.append(f"The check {exercise.grade_id} {what}; the course's own was used.")
    for grade_id in assignment.released:
        if (count := ids.count(grade_id)) != 1:
            how = "is missing" if count == 0 else f"is there {count} times"
            notes.append(f"The answer cell {grade_id} {how}; what the notebook defines was marked.")
    return notes


def _as_released(source: str) -> str:
    from engineroom.teach.release import HIDDEN

    return HIDDEN.sub("", source).strip()


def _mark_one(exercise: Exercise, assignment: Assignment, notebook: RemoteNotebook) -> Mark:
    """Run one check on the learner's functions; whatever it raises is no pass."""
    printed = io.StringIO()
    verdict, said = "failed", ""
    try:
        names = assignment.setting()
        used = {n.id for n in ast.walk(ast.parse(exercise.source)) if isinstance(n, ast.Name)}
        names |= {name: notebook.name(name) for name in assignment.names if name in used}
        with contextlib.redirect_stdout(printed):
            exec(compile(exercise.source, f"<{exercise.grade_id}>", "exec"), names)
        verdict, said = "passed", printed.getvalue()
    except (CheckFailed, Ended, TooSlow) as error:
        said = str(error)
    except CannotLend as error:
        verdict, said = "to be marked by hand", str(error)
    except Exception as error:
        said = f"The answer has another form than the exercise asks for ({type(error).__name__}: {error})."
    points = exercise.points if verdict == "passed" else 0.0
    told = readable(said.strip()[:LONGEST_SAID])
    return Mark(exercise.grade_id, exercise.title, points, exercise.points, verdict, told)

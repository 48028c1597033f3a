"""Releases exercises: from an assignment with solutions, the notebook that learners get.

Assignments are notebooks in nbgrader's source format, so nbgrader can release them too: what stands
between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` is replaced by a stub, what stands between
``### BEGIN HIDDEN TESTS`` and ``### END HIDDEN TESTS`` is left out.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from engineroom.kit.places import course_folder
from engineroom.teach.stored_outputs import store_outputs

__all__ = [
    "AssignmentError",
    "assignments",
    "publish",
    "release",
    "released",
    "released_path",
    "solution_cells",
]

SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION", re.MULTILINE | re.DOTALL)
HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS[^\n]*\n?", re.MULTILINE | re.DOTALL
)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError()"
GO_STUB = r'\1// YOUR CODE HERE\n\1panic("not written yet")'


class AssignmentError(ValueError):
    """An assignment that can't be released as it stands."""


def assignments() -> list[Path]:
    """Return every assignment of the course."""
    return sorted((course_folder() / "assignments").glob("*/exercises.ipynb"))


def released_path(assignment: Path) -> Path:
    """Return where an assignment's release belongs: ``notebooks/<theme>/exercises.ipynb``."""
    return course_folder() / "notebooks" / assignment.parent.name / assignment.name


def solution_cells(assignment: NotebookNode) -> list[NotebookNode]:
    """Return the cells that hold a solution, in order."""
    return [c for c in assignment.cells if c.metadata.get("nbgrader", {}).get("solution")]


def release(assignment: Path) -> NotebookNode:
    """Return the learners' notebook of an assignment, without outputs.

    Raises:
        AssignmentError: when a solution has no marked region, or a marker is left over.
    """
    notebook = nbformat.read(assignment, as_version=4)
    try:
        return released(notebook)
    except AssignmentError as error:
        raise AssignmentError(f"{assignment}: {error}") from None


def released(notebook: NotebookNode) -> NotebookNode:
    """Turn an assignment's notebook into the learners', in place, and return it.

    Raises:
        AssignmentError: when a solution has no marked region, or a marker is left over.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        marks = cell.metadata.get("nbgrader", {})
        cell.source, cleared = SOLUTION.subn(GO_STUB if cell.source.startswith("%%go") else STUB, cell.source)
        cell.source = HIDDEN.sub("", cell.source).rstrip("\n")
        cell.outputs, cell.execution_count = [], None
        if marks.get("solution") and not cleared:
            raise AssignmentError(f"the solution {marks.get('grade_id')} has no marked region")
        if "### BEGIN" in cell.source or "### END" in cell.source:
            raise AssignmentError(f"a marker is left over in {marks.get('grade_id')}")
        if marks.get("grade"):
            tags = cell.metadata.setdefault("tags", [])
            tags += [] if "raises-exception" in tags else ["raises-exception"]  # nothing is solved yet
        if marks:
            _protect(cell)
    return notebook


def _protect(cell: NotebookNode) -> None:
    """Keep marked cells from being deleted, and checks from being edited, as nbgrader's releases do.

    The checksum is how nbgrader's *Validate* notices a check that was changed all the same.
    """
    marks = cell.metadata.nbgrader
    cell.metadata["deletable"] = False
    if marks.get("locked"):
        cell.metadata["editable"] = False
    parts = [
        cell.source,
        cell.cell_type,
        *(bool(marks.get(mark)) for mark in ("grade", "solution", "locked")),
    ]
    points = [float(marks["points"])] if marks.get("grade") else []
    text = "".join(str(part) for part in [*parts, marks["grade_id"], *points])
    marks["checksum"] = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    marks["cell_type"] = cell.cell_type


def publish(assignment: Path) -> Path:
    """Write an assignment's release with its stored outputs; return its path."""
    path = released_path(assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(release(assignment), path)
    store_outputs(path)
    return path

"""Finds the exercises in an assignment or its release: task, answer and check belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

__all__ = ["Exercise", "exercises_in", "marks_of", "sections_of"]

CHECK = re.compile(r"\bcheck_(\w+)\(")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook: the cells from its heading to the next.

    Attributes:
        name: what its check is called after ``check_``; also how a learner's progress is kept.
        grade_ids: the nbgrader ids of its cells.
        answer: the source of the cell that a learner fills in.
        points: what its check is worth.
    """

    name: str
    grade_ids: tuple[str, ...]
    answer: str
    points: float


def marks_of(cell: NotebookNode) -> dict:
    """Return what nbgrader knows about a cell; empty for any other cell."""
    return cell.metadata.get("nbgrader", {})


def sections_of(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """Return a notebook's cells, divided where a ``## `` heading begins."""
    sections: list[list[NotebookNode]] = [[]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            sections.append([])
        sections[-1].append(cell)
    return sections


def exercises_in(notebook: NotebookNode) -> list[Exercise]:
    """Return the exercises of an assignment or a release, in order."""
    found = (exercise_of(section) for section in sections_of(notebook))
    return [exercise for exercise in found if exercise is not None]


def exercise_of(section: list[NotebookNode]) -> Exercise | None:
    """Return the exercise that a section holds; None where it holds none."""
    marked = [cell for cell in section if marks_of(cell)]
    answers = [cell.source for cell in marked if marks_of(cell).get("solution")]
    checks = [cell for cell in marked if marks_of(cell).get("grade")]
    names = [name for cell in checks for name in CHECK.findall(cell.source)]
    if not (answers and names):
        return None
    return Exercise(
        name=names[0],
        grade_ids=tuple(marks_of(cell)["grade_id"] for cell in marked),
        answer="\n\n".join(answers),
        points=sum(marks_of(cell)["points"] for cell in checks),
    )

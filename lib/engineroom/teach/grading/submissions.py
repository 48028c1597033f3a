"""Finds submissions in a folder as a learning platform hands them out.

``<student>/…/exercises.ipynb``, ``<student>_exercises.ipynb``, Moodle's folders and Canvas's file
names are understood. Links are not followed: a submission could point at another's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from engineroom.teach.grading.handed_in import code_cells
from engineroom.teach.grading.marking import Assignment

__all__ = ["Found", "Submission", "find_submissions"]

LARGEST_MB = 25
CANVAS = re.compile(r"^(?P<student>.+?)(?:_LATE)?(?:_\d+_\d+)?_[^_]*$")
MOODLE = re.compile(r"^(?P<student>.+?)_\d+_assignsubmission_file_?$")
SAFE = re.compile(r"[^\w.@+ -]")


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one theme.

    Attributes:
        problem: why it can't be run, in a sentence; empty when it can.
    """

    student: str
    theme: str
    path: Path
    text: str = field(repr=False)
    problem: str = ""

    @property
    def digest(self) -> str:
        """Name its content: a changed notebook is graded anew."""
        return hashlib.sha256(
            f"{self.student}\n{self.theme}\n{self.problem}\n{self.text}".encode()
        ).hexdigest()


@dataclass
class Found:
    """All submissions of a folder, and what about it an instructor should know."""

    submissions: list[Submission] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def find_submissions(folder: Path, assignments: Mapping[str, Assignment], theme: str = "") -> Found:
    """Return every submission in a folder, the newest of each student and theme.

    Args:
        folder: what the learning platform handed out.
        assignments: by theme.
        theme: the theme of all submissions; recognised from their cells when empty.

    Raises:
        FileNotFoundError: when there is no notebook in the folder.
    """
    paths = sorted(_notebooks(folder))
    if not paths:
        raise FileNotFoundError(f"There is no notebook (.ipynb) in {folder}.")
    read = [_read(path, folder, assignments, theme) for path in paths]
    usual = Counter(s.theme for s in read if s.theme).most_common(1)
    fallback = theme or (usual[0][0] if usual else next(iter(assignments)))
    found, newest = Found(), defaultdict(list)
    for one in read:
        known = one.theme or next((t for t in assignments if t in one.path.parts), fallback)
        newest[one.student, known].append(Submission(one.student, known, one.path, one.text, one.problem))
    for (student, known), several in sorted(newest.items()):
        several.sort(key=lambda s: (s.problem == "", s.path.lstat().st_mtime))
        found.submissions.append(several[-1])
        if len(several) > 1:
            kept = several[-1].path.relative_to(folder)
            found.remarks.append(
                f"{student} handed in {len(several)} notebooks for {known}; {kept} was graded."
            )
    return found


def _notebooks(folder: Path) -> Iterable[Path]:
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in [*files, *linked] if name.endswith(".ipynb"))
        yield from (Path(place) / name for name in linked if not name.endswith(".ipynb"))


def _read(path: Path, folder: Path, assignments: Mapping[str, Assignment], theme: str) -> Submission:
    student = _student(path.relative_to(folder))
    text, problem = _text(path)
    recognised = theme
    if not problem:
        try:
            cells = code_cells(text)
            text = _without_outputs(cells)
            recognised = theme or _recognise(cells, assignments)
        except (ValueError, RecursionError) as error:
            problem = str(error)
    if not problem and not recognised:
        problem = "None of the exercises' cells is in this notebook: is it another one?"
    return Submission(student, recognised, path, "" if problem else text, problem)


def _text(path: Path) -> tuple[str, str]:
    """Return a file's text, and why it can't be read."""
    if path.is_symlink() or not path.is_file():
        return "", "This is a link, not a notebook: links are not followed."
    if path.stat().st_size > LARGEST_MB * 1_000_000:
        return "", f"This file is larger than {LARGEST_MB} MB: were outputs of gigabytes stored in it?"
    data = path.read_bytes()
    if not data.strip():
        return "", "This file is empty."
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return "", "This file is not a text in UTF-8, as notebooks are."


def _without_outputs(cells: Sequence[NotebookNode]) -> str:
    """Return a notebook of the same code: a class's stored outputs may be gigabytes, and win nothing."""
    kept = [
        {
            "cell_type": "code",
            "source": c.source,
            "metadata": c.metadata,
            "outputs": [],
            "execution_count": None,
        }
        for c in cells
    ]
    return json.dumps({"cells": kept, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def _recognise(cells: Sequence[NotebookNode], assignments: Mapping[str, Assignment]) -> str:
    """Return the theme most of whose cells or names a notebook has; empty when it has none."""
    marks = [c.metadata.get("nbgrader") for c in cells]
    ids = {str(m.get("grade_id")) for m in marks if isinstance(m, dict)}
    source = "\n".join(c.source for c in cells)
    votes = {
        theme: len(ids & a.grade_ids) + sum(f"def {name}(" in source for name in a.names)
        for theme, a in assignments.items()
    }
    theme = max(votes, key=votes.get)
    return theme if votes[theme] else ""


def _student(path: Path) -> str:
    parts: Sequence[str] = path.parts
    if len(parts) > 1:
        matched = MOODLE.match(parts[0])
        name = matched["student"] if matched else parts[0]
    else:
        matched = CANVAS.match(path.stem)
        name = matched["student"] if matched else path.stem
    return SAFE.sub("_", name)[:120].strip(". ") or "unnamed"

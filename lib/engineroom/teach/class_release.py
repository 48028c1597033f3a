"""A class's own exercises: fewer of them, or checked with other data than everybody else's.

The class's folder is laid out as nbgrader lays out a course: ``source/<theme>/exercises.ipynb`` has the
solutions and hidden tests and stays with the instructor, ``release/<theme>/exercises.ipynb`` goes
to the class.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from engineroom.teach.exercises import exercise_of, exercises_in, marks_of, sections_of
from engineroom.teach.release import AssignmentError, assignments, released

__all__ = ["ClassRelease", "class_release", "find_assignments", "only_exercises", "with_class_seed"]


@dataclass(frozen=True)
class ClassRelease:
    """What was written for a class.

    Attributes:
        source: the assignment with solutions, to grade with.
        release: what learners get.
        exercises: the names of the exercises in it.
        same_for_all: those of them whose checks draw no data, so that no seed changes them.
        seed: the class's seed; None for the public data.
    """

    source: Path
    release: Path
    exercises: tuple[str, ...]
    same_for_all: tuple[str, ...]
    seed: int | None

    def __str__(self) -> str:
        lines = [f"{self.release}: {len(self.exercises)} exercises ({', '.join(self.exercises)})"]
        if self.seed is not None and self.same_for_all:
            lines.append(f"  the same for every class, whatever its seed: {', '.join(self.same_for_all)}")
        return "\n".join([*lines, f"  keep {self.source} to yourself, and grade with it"])


def find_assignments(themes: Sequence[str] = ()) -> list[Path]:
    """Return the assignments of the named themes; all of them when none is named.

    Raises:
        AssignmentError: when a theme has no assignment.
    """
    known = {path.parent.name: path for path in assignments()}
    if unknown := [theme for theme in themes if theme not in known]:
        raise AssignmentError(f"There is no assignment {unknown[0]!r}; there are: {', '.join(known)}.")
    return [known[theme] for theme in themes or known]


def class_release(
    assignment: Path, folder: Path, *, exercises: Sequence[str] | None = None, seed: int | None = None
) -> ClassRelease:
    """Write one assignment's source and release for a class.

    Args:
        assignment: an ``assignments/<theme>/exercises.ipynb``.
        folder: the class's folder; made if needed.
        exercises: names or grade ids of the exercises to keep; all when None.
        seed: what visible checks draw their data from; hidden tests draw from seeds derived of it.

    Raises:
        AssignmentError: when an exercise is unknown, or the assignment can't be released.
    """
    theme = assignment.parent.name
    source = nbformat.read(assignment, as_version=4)
    source = only_exercises(source, exercises) if exercises else source
    steady: set[str] = set()
    if seed is not None:
        source, steady = with_class_seed(source, theme, seed)
        source.metadata["engineroom"] = {**source.metadata.get("engineroom", {}), "class_seed": seed}
    names = tuple(exercise.name for exercise in exercises_in(source))
    paths = [folder / step / theme / assignment.name for step in ("source", "release")]
    for path, notebook in zip(paths, (source, released(copy.deepcopy(source))), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
    return ClassRelease(*paths, names, tuple(name for name in names if name in steady), seed)


def only_exercises(notebook: NotebookNode, chosen: Sequence[str]) -> NotebookNode:
    """Return the notebook with the chosen exercises and everything that belongs to none.

    Raises:
        AssignmentError: naming an exercise that isn't there, and those that are.
    """
    kept, met, known = [], set(), []
    for section in sections_of(notebook):
        exercise = exercise_of(section)
        called = {exercise.name, *exercise.grade_ids} & set(chosen) if exercise else set()
        met |= called
        known += [exercise.name] if exercise else []
        if called or exercise is None:
            kept += section
    if unknown := [name for name in chosen if name not in met]:
        raise AssignmentError(f"There is no exercise {unknown[0]!r}; there are: {', '.join(known)}.")
    return nbformat.from_dict({**notebook, "cells": copy.deepcopy(kept)})


def with_class_seed(notebook: NotebookNode, theme: str, seed: int) -> tuple[NotebookNode, set[str]]:
    """Return the notebook with its checks on a class's seed, and the checks that draw nothing."""
    checks = importlib.import_module(f"engineroom.{theme}.checks")
    notebook, steady = copy.deepcopy(notebook), set()
    for cell in notebook.cells:
        if marks_of(cell).get("grade") and cell.cell_type == "code":
            cell.source, unchanged = _reseed(cell.source, checks, seed)
            steady |= unchanged
    return notebook, steady


def _reseed(source: str, checks: object, seed: int) -> tuple[str, set[str]]:
    text, steady = source.encode(), set()
    lines = [0, *(i + 1 for i, byte in enumerate(text) if byte == 0x0A)]  # where each line begins
    calls = [call for call in ast.walk(ast.parse(source)) if isinstance(call, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.end_lineno, call.end_col_offset), reverse=True):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if not name.startswith("check_"):
            continue
        if "seed" not in inspect.signature(getattr(checks, name)).parameters:
            steady.add(name.removeprefix("check_"))
            continue
        given = [keyword.value for keyword in call.keywords if keyword.arg == "seed"]
        if given:
            begin = lines[given[0].lineno - 1] + given[0].col_offset
            end = lines[given[0].end_lineno - 1] + given[0].end_col_offset
            new = str(_hidden_seed(seed, text[begin:end]))
        else:
            begin = end = lines[call.end_lineno - 1] + call.end_col_offset - 1
            new = f", seed={seed}"
        text = text[:begin] + new.encode() + text[end:]
    return text.decode(), steady


def _hidden_seed(seed: int, original: bytes) -> int:
    """Return the class's counterpart of a seed that the assignment gives; never the class's own."""
    digest = hashlib.sha256(b"%d/" % seed + original).digest()
    return 2**31 + int.from_bytes(digest[:4]) % 2**31

"""A class with a seed of its own: released, solved, graded with its own hidden tests, by the commands."""

import csv
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from engineroom.teach.grading.command import assignments_of
from engineroom.teach.grading.marking import Assignment
from engineroom.teach.grading.sandbox import why_not

needs_sandbox = pytest.mark.skipif(bool(why_not()), reason=why_not() or "none")
COURSE = Path(__file__).parents[2]
NAMES = ["heap_goal", "trigger"]
WHOLE = {"check_heap_goal", "check_trigger"}
BY_HEART = "{name}_table = {table}\ndef {name}(*args, **kwargs):\n    return {name}_table.get(repr((args, kwargs)), 0.0)"


def engineroom(*arguments):
    command = [sys.executable, "-m", "engineroom.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=COURSE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def answers(notebook):
    return {
        c.metadata.nbgrader.grade_id: c
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }


def learnt_by_heart(source, released):
    """Return answer cells that know what the checks of one class ask: all of it, or what its release shows."""
    assignment = Assignment.at(source)
    shown = {
        c.metadata.nbgrader.grade_id: c.source
        for c in released.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    learnt = {}
    for name in NAMES:
        solution, names = answers(nbformat.read(source, as_version=4))[name].source, assignment.setting()
        exec(solution, names)
        table, model = {}, names[name]

        def noted(*args, table=table, model=model, **kwargs):
            return table.setdefault(repr((args, kwargs)), model(*args, **kwargs))

        exec(shown[f"check_{name}"], {**names, name: noted})
        learnt[name] = BY_HEART.format(table=table, name=name)
    return learnt


def hand_in(folder, student, released, cells):
    book = nbformat.from_dict(released)
    for name, cell in answers(book).items():
        cell.source = cells[name]
    path = folder / student / "exercises.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)


@pytest.fixture
def classes(tmp_path):
    """Two classes of the same two exercises, each with a seed of its own."""
    for name, seed in (("spring", 2027), ("autumn", 2028)):
        engineroom("release", "ballast", "--exercises", *NAMES, "--seed", seed, "--to", tmp_path / name)
    return tmp_path


def read(path):
    return nbformat.read(path / "ballast" / "exercises.ipynb", as_version=4)


@needs_sandbox
def test_a_class_is_graded_with_its_own_seed(classes, capsys):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed: make grade brings it")
    spring = classes / "spring"
    released = read(spring / "release")
    solved = {name: cell.source for name, cell in answers(read(spring / "source")).items()}
    shown = learnt_by_heart(spring / "source" / "ballast" / "exercises.ipynb", released)
    autumn = classes / "autumn"
    everything = learnt_by_heart(autumn / "source" / "ballast" / "exercises.ipynb", read(autumn / "source"))
    capsys.readouterr()
    handed_in = {
        "honest": solved,
        "knows what spring shows": shown,
        "knows all of autumn": everything,
    }
    for student, cells in handed_in.items():
        hand_in(classes / "handed-in", student, read(spring / "release"), cells)
    engineroom("grade", classes / "handed-in", "--source", spring, "--to", classes / "graded")
    with (classes / "graded" / "grades.csv").open(encoding="utf-8") as file:
        won = {(r["student"], r["exercise"]) for r in csv.DictReader(file) if r["points"] == r["out_of"]}
    assert won == {("honest", check) for check in WHOLE}
    engineroom("grade", classes / "handed-in", "--source", autumn / "source", "--to", classes / "other")
    with (classes / "other" / "grades.csv").open(encoding="utf-8") as file:
        won = {(r["student"], r["exercise"]) for r in csv.DictReader(file) if r["points"] == r["out_of"]}
    assert won == {(student, check) for student in ("honest", "knows all of autumn") for check in WHOLE}


def test_a_folder_without_assignments_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no assignment .* make them with: engineroom release --to"):
        assignments_of(tmp_path)

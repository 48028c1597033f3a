"""A class's own release: a choice of exercises, data of its own, nbgrader's layout."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from engineroom.teach.class_release import class_release, find_assignments, only_exercises, with_class_seed
from engineroom.teach.exercises import exercises_in
from engineroom.teach.release import AssignmentError, assignments, release

[BALLAST] = find_assignments(["ballast"])
CHOICE = ["page_bill", "heap_goal", "trigger"]


def sources(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


def run_all(path):
    """Execute a notebook's cells and return what its checks said."""
    namespace, said = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source, namespace)
    return said.getvalue()


def test_a_choice_keeps_its_exercises_whole_and_what_belongs_to_none(tmp_path):
    made = class_release(BALLAST, tmp_path, exercises=CHOICE)
    assert made.exercises == tuple(CHOICE)
    chosen, whole = nbformat.read(made.release, as_version=4), release(BALLAST)
    assert [cell.source for cell in chosen.cells] == [
        cell.source for cell in whole.cells if cell.source in sources(chosen)
    ]
    assert chosen.cells[0] == whole.cells[0]
    assert chosen.cells[-1] == whole.cells[-1]
    assert "choose_ballast" not in sources(chosen)


def test_an_exercise_may_be_named_by_any_of_its_grade_ids():
    notebook = nbformat.read(BALLAST, as_version=4)
    by_check = only_exercises(notebook, ["check_heap_goal"])
    assert by_check == only_exercises(notebook, ["heap_goal"])
    assert [exercise.name for exercise in exercises_in(by_check)] == ["heap_goal"]


def test_what_is_unknown_is_said(tmp_path):
    with pytest.raises(AssignmentError, match=r"no exercise 'heap_gaol'; there are: page_bill, mark_costs"):
        class_release(BALLAST, tmp_path, exercises=["heap_gaol"])
    with pytest.raises(AssignmentError, match=r"no assignment 'balast'; there are: ballast"):
        find_assignments(["balast"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", [2027, 2028])
def test_solutions_pass_on_a_classs_own_data(tmp_path, seed):
    made = class_release(BALLAST, tmp_path, exercises=CHOICE, seed=seed)
    said = run_all(made.source)
    assert [said.count(f"✔ {name}") for name in CHOICE] == [2, 2, 2]  # the check and its hidden test


def test_two_classes_and_the_public_share_no_seed(tmp_path):
    seeds = []
    for seed in (2027, 2028):
        made = class_release(BALLAST, tmp_path / str(seed), seed=seed)
        source = nbformat.read(made.source, as_version=4)
        found = re.findall(r"seed=(\d+)", sources(source))
        assert len(found) == 2 * (len(made.exercises) - len(made.same_for_all))
        assert found.count(str(seed)) == len(found) // 2
        assert source.metadata["engineroom"]["class_seed"] == seed
        seeds.append(set(found))
    assert not seeds[0] & seeds[1]
    assert not {"0", "1"} & (seeds[0] | seeds[1])


def test_checks_that_draw_nothing_are_named(tmp_path):
    made = class_release(BALLAST, tmp_path, exercises=["heap_goal", "mark_costs"], seed=3)
    assert made.same_for_all == ("mark_costs",)
    assert "the same for every class, whatever its seed: mark_costs" in str(made)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("checks.check_trigger(f)", "checks.check_trigger(f, seed=9)"),
        ("check_trigger(max(1, 2))", "check_trigger(max(1, 2), seed=9)"),
        ("x = 'é'; check_trigger(f)", "x = 'é'; check_trigger(f, seed=9)"),
        ("check_trigger(\n    f\n)\n# end", "check_trigger(\n    f\n, seed=9)\n# end"),
        ("check_trigger(f); check_trigger(g)", "check_trigger(f, seed=9); check_trigger(g, seed=9)"),
        ("check_mark_costs(f)", "check_mark_costs(f)"),
    ],
)
def test_only_calls_of_checks_that_take_a_seed_change(call, expected):
    marks = {"nbgrader": {"grade": True, "grade_id": "x", "points": 1}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(call, metadata=marks)])
    assert with_class_seed(notebook, "ballast", 9)[0].cells[0].source == expected


def test_a_release_gives_nothing_away(tmp_path):
    made = class_release(BALLAST, tmp_path, seed=5)
    text = made.release.read_text()
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    hidden = set(re.findall(r"seed=(\d{10})", made.source.read_text()))
    assert hidden
    assert not [seed for seed in hidden if seed in text]


def test_the_command_refuses_to_overwrite_the_public_release_with_a_classs(tmp_path):
    command = [sys.executable, "-m", "engineroom.cli", "release", "ballast", "--seed", "3"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("add --to FOLDER.")
    done = subprocess.run([*command, "--to", str(tmp_path)], capture_output=True, text=True, check=True)
    assert "10 exercises" in done.stdout
    assert (tmp_path / "release" / "ballast" / "exercises.ipynb").is_file()


@pytest.mark.parametrize("assignment", assignments(), ids=lambda path: path.parent.name)
def test_nbgrader_itself_releases_the_same(assignment, tmp_path):
    """Cells and marks, to the character; only the stub of a Go cell and our tag for a failing check differ."""
    pytest.importorskip(
        "nbgrader", reason="nbgrader is not installed: .venv/bin/uv pip install -e '.[teach]'"
    )
    made = class_release(assignment, tmp_path)
    ours = nbformat.read(made.release, as_version=4)
    made.release.unlink()
    theme = assignment.parent.name
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", theme, "--force"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    theirs = nbformat.read(made.release, as_version=4)
    assert [comparable(cell) for cell in ours.cells] == [comparable(cell) for cell in theirs.cells]


def comparable(cell):
    marks = dict(cell.metadata.get("nbgrader", {}))
    source = cell.source
    if source.startswith("%%go") and marks.get("solution"):
        source = source.replace("// YOUR CODE HERE", "# YOUR CODE HERE")
        source = source.replace('panic("not written yet")', "raise NotImplementedError()")
        marks.pop("checksum")
    shown = {name: cell.metadata.get(name) for name in ("deletable", "editable")}
    return cell.cell_type, source, marks, shown

"""Released exercises are what their assignments say, without the solutions."""

import nbformat
import pytest

from engineroom.teach.release import AssignmentError, assignments, release, released_path, solution_cells

ASSIGNMENTS = assignments()


def notebook_with(source, **marks):
    cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": {"grade_id": "x", **marks}})
    return nbformat.v4.new_notebook(cells=[cell])


def release_of(tmp_path, notebook):
    nbformat.write(notebook, tmp_path / "exercises.ipynb")
    return release(tmp_path / "exercises.ipynb").cells[0]


def test_a_solution_becomes_a_stub_at_its_indentation(tmp_path):
    source = "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"
    cell = release_of(tmp_path, notebook_with(source, solution=True))
    assert cell.source == "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_hidden_tests_are_left_out_and_the_check_may_fail(tmp_path):
    source = "check_f(f)\n### BEGIN HIDDEN TESTS\ncheck_f(f, seed=7)\n### END HIDDEN TESTS"
    cell = release_of(tmp_path, notebook_with(source, grade=True, points=2))
    assert cell.source == "check_f(f)"
    assert cell.metadata.tags == ["raises-exception"]


@pytest.mark.parametrize("source", ["return x + 1", "### BEGIN SOLUTION\nreturn x + 1"])
def test_an_unmarked_solution_is_refused(tmp_path, source):
    with pytest.raises(AssignmentError, match="the solution x has no marked region"):
        release_of(tmp_path, notebook_with(source, solution=True))


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda path: path.parent.name)
class TestAssignment:
    def test_committed_release_is_up_to_date(self, assignment):
        fresh = release(assignment)
        committed = nbformat.read(released_path(assignment), as_version=4)
        assert [(c.cell_type, c.source, c.metadata) for c in committed.cells] == [
            (c.cell_type, c.source, c.metadata) for c in fresh.cells
        ], "run: make release"

    def test_release_holds_no_solution(self, assignment):
        text = released_path(assignment).read_text()
        assert "BEGIN SOLUTION" not in text
        assert "HIDDEN TESTS" not in text
        solved = solution_cells(nbformat.read(assignment, as_version=4))
        assert len(solved) >= 6
        assert text.count("YOUR CODE HERE") >= len(solved)

    def test_every_exercise_is_worth_points(self, assignment):
        cells = nbformat.read(assignment, as_version=4).cells
        graded = [c.metadata.nbgrader for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
        assert len(graded) >= 6
        assert all(marks["points"] > 0 and marks["locked"] for marks in graded)
        ids = [c.metadata.nbgrader.grade_id for c in cells if "nbgrader" in c.metadata]
        assert len(ids) == len(set(ids))

"""Every theme's exercises can be won in the sandbox, by its model answers, and by nothing less."""

import re

import nbformat
import pytest

from engineroom.golang.toolchain import find_go
from engineroom.teach.grading.classroom import grade_class
from engineroom.teach.grading.command import assignments_of
from engineroom.teach.grading.sandbox import why_not
from engineroom.teach.release import assignments, release

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "none")
MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
THEMES = [path.parent.name for path in assignments()]


def answered(assignment, released):
    """Return a release with each answer cell filled in, as somebody hands it in who has solved everything."""
    solved = {
        c.metadata.nbgrader.grade_id: MARKER.sub("", c.source)
        for c in nbformat.read(assignment, as_version=4).cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in released.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = solved[cell.metadata.nbgrader.grade_id]
    return released


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The public exercises of all themes, handed in once solved and once as released."""
    find_go()
    folder = tmp_path_factory.mktemp("class")
    for assignment in assignments():
        theme = assignment.parent.name
        for student, book in {
            "solved": answered(assignment, release(assignment)),
            "untouched": release(assignment),
        }.items():
            place = folder / "submitted" / student / theme / "exercises.ipynb"
            place.parent.mkdir(parents=True)
            nbformat.write(book, place)
    result = grade_class(folder / "submitted", folder / "out", assignments_of(), workers=1)
    return {(one.student, one.theme): one for one in result.marked}


def test_every_theme_is_there():
    assert len(THEMES) == 5


@pytest.mark.parametrize("theme", THEMES)
def test_model_answers_get_full_marks_in_the_sandbox(graded, theme):
    one = graded["solved", theme]
    assert [(mark.grade_id, mark.said) for mark in one.marks if mark.points != mark.out_of] == []
    assert one.score == one.out_of > 0
    assert one.notes == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_release_that_nobody_touched_gets_nothing(graded, theme):
    one = graded["untouched", theme]
    assert [(mark.grade_id, mark.said) for mark in one.marks if mark.points] == []
    assert all(mark.verdict == "failed" for mark in one.marks)

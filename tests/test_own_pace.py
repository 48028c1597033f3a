"""What self-learners get beside the checks: a progress page, and model answers after an honest try."""

import re

import pytest

from engineroom.ballast import checks
from engineroom.kit.expect import CheckFailed
from engineroom.kit.places import course_folder
from engineroom.model_answers import NoModelAnswer, show_solution
from engineroom.progress_page import my_progress


@pytest.fixture
def learner(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("ENGINEROOM_PROGRESS")
    monkeypatch.delenv("CI", raising=False)


def try_heap_goal(answer):
    with pytest.raises(CheckFailed):
        checks.check_heap_goal(answer)


def stub(marked, stacks, globals_, gogc):
    raise NotImplementedError


def right(marked, stacks, globals_, gogc):
    return max(marked + (marked + stacks + globals_) * gogc / 100, 4 * 2**20 * gogc / 100)


def test_a_model_answer_is_shown_after_a_try_and_not_before(learner):
    with pytest.raises(NoModelAnswer, match=r"Give heap_goal a try of your own first"):
        show_solution("ballast", "heap_goal")
    try_heap_goal(stub)
    with pytest.raises(NoModelAnswer, match=r"try of your own first"):
        show_solution("ballast", "heap_goal")
    try_heap_goal(lambda *inputs: 0)
    with pytest.raises(NoModelAnswer, match=r"Give trigger a try"):
        show_solution("ballast", "trigger")
    source = show_solution("ballast", "heap_goal").source
    assert "SOLUTION" not in source
    namespace = {}
    exec(source, namespace)
    checks.check_heap_goal(namespace["heap_goal"], seed=5)


@pytest.mark.parametrize(
    ("theme", "exercise", "told"),
    [
        ("ballast", "heap_gaol", "it has: page_bill, mark_costs, heap_goal"),
        ("balast", "heap_goal", "its assignment is not on this machine"),
        ("../assignments/ballast/x", "heap_goal", "its assignment is not on this machine"),
    ],
)
def test_a_wrong_name_is_said(learner, theme, exercise, told):
    with pytest.raises(NoModelAnswer, match=re.escape(told)):
        show_solution(theme, exercise)


def test_where_tries_are_not_remembered_it_says_so():
    with pytest.raises(NoModelAnswer, match="ENGINEROOM_PROGRESS is off"):
        show_solution("ballast", "heap_goal")
    assert "ENGINEROOM_PROGRESS is off" in str(my_progress())


def test_the_page_shows_each_exercise_as_it_stands(learner):
    assert "ballast: 0 of 10 passed" in str(my_progress())
    try_heap_goal(lambda *inputs: 0)
    assert "… heap_goal" in str(my_progress())
    checks.check_heap_goal(right)
    try_heap_goal(lambda *inputs: 0)
    page = my_progress()
    assert "ballast: 1 of 10 passed" in str(page)
    assert "✔ heap_goal" in str(page)
    assert "○ trigger" in str(page)
    html = page._repr_html_()
    assert "aria-label='ballast: 1 of 10 passed'" in html
    [link] = re.findall(r"href='(ballast[^']+)'", html)
    assert (course_folder() / "notebooks" / link).is_file()

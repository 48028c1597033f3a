"""Hostile and broken submissions beside a healthy class: none gains a point, none harms another."""

import socket
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from tests.teach.hostile.made_up_assignment import THEME, notebook, write
from tests.teach.hostile.submissions import ATTACKS, BROKEN, HEALTHY

from engineroom.teach.grading.classroom import grade_class
from engineroom.teach.grading.feedback import write_feedback, write_summary
from engineroom.teach.grading.gradebook import write_csv
from engineroom.teach.grading.marking import Assignment
from engineroom.teach.grading.remote import Patience
from engineroom.teach.grading.sandbox import why_not

needs_sandbox = pytest.mark.skipif(bool(why_not()), reason=why_not() or "none")
PATIENCE = Patience(cell_s=2, call_s=2, whole_s=60)
HEALTHY_STUDENTS = 5
CANARY = "as it was"


def _text(book):
    return (
        book
        if isinstance(book, bytes)
        else book.encode()
        if isinstance(book, str)
        else nbformat.writes(book).encode()
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The whole suite, graded in one class with healthy submissions before, between and after."""
    course = tmp_path_factory.mktemp("course")
    solution = write(notebook(), course / "assignments" / THEME / "exercises.ipynb")
    victim, gradebook = course / "class" / "healthy_0" / "notes.txt", course / "out" / "gradebook.db"
    for canary in (victim, gradebook):
        canary.parent.mkdir(parents=True, exist_ok=True)
        canary.write_text(CANARY)
    with socket.create_server(("127.0.0.1", 0)) as server:
        tokens = {
            b"SOLUTION_PATH": str(solution).encode(),
            b"VICTIM_PATH": str(victim).encode(),
            b"GRADEBOOK_PATH": str(gradebook).encode(),
            b"PORT_NUMBER": str(server.getsockname()[1]).encode(),
        }
        names = {}
        for number, (name, (book, *_)) in enumerate({**ATTACKS, **BROKEN}.items()):
            data = _text(book)
            for token, value in tokens.items():
                data = data.replace(token, value)
            names[f"hostile_{number:02d}"] = name
            write(data, course / "class" / f"hostile_{number:02d}" / "exercises.ipynb")
        for number in range(HEALTHY_STUDENTS):
            write(HEALTHY, course / "class" / f"healthy_{number}" / "exercises.ipynb")
        linked = course / "class" / "linked"
        linked.mkdir()
        (linked / "exercises.ipynb").symlink_to(course / "class" / "healthy_0" / "exercises.ipynb")
        write(HEALTHY, course / "class" / "renamed" / "my final version (2).ipynb")
        result = grade_class(
            course / "class", course / "out", {THEME: Assignment.at(solution)}, workers=2, patience=PATIENCE
        )
    by_name = {names.get(one.student, one.student): one for one in result.marked}
    write_csv(course / "grades.csv", result.marked)
    write_feedback(course / "feedback", result.marked)
    write_summary(course / "summary.html", result)
    untouched = [canary.read_text() == CANARY for canary in (victim, gradebook)]
    untouched.append("range(2, n)" in solution.read_text())
    pages = "".join(path.read_text() for path in (course / "feedback").rglob("*.html"))
    untouched.append("\x1b" not in pages and "\N{REPLACEMENT CHARACTER}" in pages)
    untouched.append("<script>" not in pages + (course / "summary.html").read_text())
    return by_name, untouched, result


@needs_sandbox
def test_no_attack_gains_harms_or_goes_untold(graded, capsys):
    by_name, untouched, _ = graded
    wrong = []
    with capsys.disabled():
        print(f"\n{'attempted':60} {'points gained':>13} {'told'}")
        for name, (_, deserved, told) in {**ATTACKS, **BROKEN}.items():
            one = by_name[name]
            said = "\n".join([*one.notes, *(mark.said for mark in one.marks)])
            gained = max(0.0, one.score - (1 if deserved is None else deserved))
            line = next((text for text in said.splitlines() if told in text), "")
            print(f"{name:60} {gained:13g} {line.strip()[:90]}")
            if gained or (deserved is not None and one.score != deserved) or told not in said:
                wrong.append(
                    f"{name}: {one.score} points, deserved {deserved}; looked for {told!r} in:\n{said}"
                )
        healthy = [by_name[f"healthy_{number}"] for number in range(HEALTHY_STUDENTS)]
        harmed = [one.student for one in healthy if one.score != one.out_of]
        print(
            f"{len(ATTACKS) + len(BROKEN)} attempted; healthy submissions harmed: {len(harmed)} of {len(healthy)}"
        )
    assert harmed == []
    assert not wrong, "\n\n".join(wrong)
    assert untouched == [True] * 5
    assert len(ATTACKS) + len(BROKEN) >= 25


@needs_sandbox
def test_healthy_submissions_beside_them_get_all_their_points(graded):
    by_name, _, result = graded
    for number in range(HEALTHY_STUDENTS):
        assert (by_name[f"healthy_{number}"].score, by_name[f"healthy_{number}"].notes) == (3, [])
    assert by_name["renamed"].score == 3
    assert by_name["linked"].score == 0
    assert "links are not followed" in by_name["linked"].notes[0]
    assert len(result.marked) == len(ATTACKS) + len(BROKEN) + HEALTHY_STUDENTS + 2
    assert [remark for remark in result.remarks if "could not be graded" in remark] == []


@needs_sandbox
def test_any_executor_can_be_passed(tmp_path):
    solution = write(notebook(), tmp_path / "assignments" / THEME / "exercises.ipynb")
    for student in ("ada", "grace"):
        write(HEALTHY, tmp_path / "class" / f"{student}_exercises.ipynb")
    with ThreadPoolExecutor(1) as executor:
        result = grade_class(
            tmp_path / "class", tmp_path / "out", {THEME: Assignment.at(solution)}, executor=executor
        )
    assert {one.student: one.score for one in result.marked} == {"ada": 3, "grace": 3}

"""A class's grades: each there once, whatever is killed; in nbgrader's gradebook, a table and pages."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from tests.teach.hostile.made_up_assignment import THEME, notebook, write
from tests.teach.hostile.submissions import HEALTHY, HONEST, NOTHING, SHOWN

from engineroom.teach.grading.classroom import grade_class
from engineroom.teach.grading.command import show_progress
from engineroom.teach.grading.feedback import common_mistakes, write_feedback, write_summary
from engineroom.teach.grading.gradebook import write_csv, write_gradebook
from engineroom.teach.grading.inside.wire import WireError, pack, unpack
from engineroom.teach.grading.marking import Assignment
from engineroom.teach.grading.sandbox import Sandbox, SandboxMissing, why_not
from engineroom.teach.grading.submissions import find_submissions

needs_sandbox = pytest.mark.skipif(bool(why_not()), reason=why_not() or "none")
COURSE = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path):
    """An assignment, and a class of four: two solved all of it, two did not."""
    solution = write(notebook(), tmp_path / "source" / THEME / "exercises.ipynb")
    half = notebook(HONEST, NOTHING, checks=SHOWN)
    for student, book in {"ada": HEALTHY, "barbara": half, "grace": HEALTHY, "hedy": half}.items():
        write(book, tmp_path / "class" / student / "exercises.ipynb")
    return tmp_path, {THEME: Assignment.at(solution)}


@needs_sandbox
def test_a_second_run_grades_only_what_changed(course):
    folder, assignments = course
    first = grade_class(folder / "class", folder / "out", assignments, workers=1)
    assert (first.graded_now, [one.score for one in first.marked]) == (4, [3, 1, 3, 1])
    write(HEALTHY, folder / "class" / "hedy" / "exercises.ipynb")
    second = grade_class(folder / "class", folder / "out", assignments, workers=1)
    assert (second.graded_now, [one.score for one in second.marked]) == (1, [3, 1, 3, 3])


@needs_sandbox
def test_a_killed_run_loses_and_doubles_nothing(course):
    folder, assignments = course
    script = textwrap.dedent(f"""
        from pathlib import Path
        from engineroom.teach.grading.classroom import grade_class
        from engineroom.teach.grading.command import assignments_of
        if __name__ == "__main__":
            tell = lambda done, total, left: print(done, flush=True)
            grade_class(Path({str(folder / "class")!r}), Path({str(folder / "out")!r}),
                        assignments_of(Path({str(folder / "source")!r})), workers=1, progress=tell)
    """)
    (folder / "run.py").write_text(script)
    run = subprocess.Popen([sys.executable, folder / "run.py"], stdout=subprocess.PIPE, cwd=COURSE, text=True)
    with run:
        assert run.stdout.readline() == "1\n"
        below = _descendants(run.pid)
        assert below
        os.kill(run.pid, signal.SIGKILL)
    assert _still_there(below) == []
    torn = folder / "out" / "results" / THEME / "hedy.json"
    torn.write_text('{"digest": "')
    stored = [json.loads(f.read_text()) for f in torn.parent.glob("*.json") if f != torn]
    assert 1 <= len(stored) < 4
    result = grade_class(folder / "class", folder / "out", assignments, workers=1)
    assert result.graded_now == 4 - len(stored)
    assert [one.student for one in result.marked] == ["ada", "barbara", "grace", "hedy"]
    assert [one.score for one in result.marked] == [3, 1, 3, 1]


@needs_sandbox
def test_nothing_is_left_running_after_a_kill(course):
    folder, _ = course
    write(notebook(HONEST, "while True: pass", checks=SHOWN), folder / "class" / "ada" / "exercises.ipynb")
    code = (
        "from pathlib import Path; from engineroom.teach.grading.worker import grade_one; "
        "from engineroom.teach.grading.submissions import Submission; "
        f"p = Path({str(folder / 'class' / 'ada' / 'exercises.ipynb')!r}); print('go', flush=True); "
        f"source = Path({str(folder / 'source' / THEME / 'exercises.ipynb')!r}).read_text(); "
        f"grade_one(Submission('ada', {THEME!r}, p, p.read_text()), source)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=COURSE) as run:
        run.stdout.readline()
        while not (below := _descendants(run.pid)):
            assert run.poll() is None
            time.sleep(0.05)
        run.kill()
    assert _still_there(below) == []


def _descendants(pid):
    import psutil

    return psutil.Process(pid).children(recursive=True)


def _still_there(processes):
    import psutil

    return psutil.wait_procs(processes, timeout=60)[1]


@needs_sandbox
def test_what_a_killed_grader_left_is_swept_up_and_what_is_in_use_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    code = "from engineroom.teach.grading.sandbox import Sandbox; kept = Sandbox(); print('made', flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], cwd=COURSE, **pipes) as other:
        other.stdout.readline()
        [left] = tmp_path.glob("engineroom-sandbox-*")
        with Sandbox():
            assert left.exists()
        other.kill()
    with Sandbox():
        assert not left.exists()
    assert list(tmp_path.glob("engineroom-sandbox-*")) == []


def test_without_linux_it_refuses_and_says_what_to_do(course, monkeypatch):
    folder, assignments = course
    monkeypatch.setattr(sys, "platform", "darwin")
    why_not.cache_clear()
    try:
        with pytest.raises(
            SandboxMissing, match=r"grade on Linux .in a container.*or insist with --without-sandbox"
        ):
            grade_class(folder / "class", folder / "out", assignments, workers=1)
    finally:
        why_not.cache_clear()
    assert not (folder / "out").exists()


def test_the_bar_says_how_far_it_is_and_how_long_it_takes(capsys):
    for done, left_s in ((1, 600.0), (4, 0.0)):
        show_progress(done, 4, left_s)
    first, last = capsys.readouterr().err.splitlines()
    assert first.endswith("1 of 4, about 10 min left")
    assert last.startswith(f"[{'█' * 30}]")


@needs_sandbox
def test_gradebook_table_and_pages(course):
    api = pytest.importorskip("nbgrader.api", reason="nbgrader is not installed: make grade brings it")
    folder, assignments = course
    graded = grade_class(folder / "class", folder / "out", assignments, workers=1)
    for _ in range(2):  # a second time changes nothing, least of all what was entered by hand
        if (folder / "gradebook.db").exists():
            with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as db, db:
                db.execute("UPDATE grade SET manual_score = 1.5 WHERE auto_score = 2")
        write_gradebook(folder / "gradebook.db", graded.marked, assignments.values())
    with api.Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        scores = {s.student.id: (s.score, s.max_score) for s in book.assignment_submissions(THEME)}
    assert scores == {"ada": (2.5, 3), "barbara": (1, 3), "grace": (2.5, 3), "hedy": (1, 3)}
    write_csv(folder / "grades.csv", graded.marked)
    assert len((folder / "grades.csv").read_text().splitlines()) == 1 + 4 * 2
    write_feedback(folder / "feedback", graded.marked)
    page = (folder / "feedback" / "barbara" / f"{THEME}.html").read_text()
    assert "1 of 3 points" in page
    assert "primes below n" in page
    assert common_mistakes(graded.marked) == {(THEME, "check_secret"): {"primes below n": 2}}
    write_summary(folder / "summary.html", graded)
    assert "2 × primes below n" in (folder / "summary.html").read_text()


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("ada/exercises.ipynb", "ada"),
        ("ada/ballast/exercises.ipynb", "ada"),
        ("ada_exercises.ipynb", "ada"),
        ("lovelaceada_12_345_exercises.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_12_345_exercises.ipynb", "lovelaceada"),
        ("Ada Lovelace_345_assignsubmission_file_/exercises.ipynb", "Ada Lovelace"),
    ],
)
def test_whose_submission_it_is(course, path, student):
    folder, assignments = course
    write(HEALTHY, folder / "other" / path)
    found = find_submissions(folder / "other", assignments)
    assert [(one.student, one.theme, one.problem) for one in found.submissions] == [(student, THEME, "")]


def test_the_newest_of_two_notebooks_counts(course):
    folder, assignments = course
    older = write(HEALTHY, folder / "class" / "ada" / "old.ipynb")
    os.utime(older, (1, 1))
    found = find_submissions(folder / "class", assignments)
    assert found.submissions[0].path.name == "exercises.ipynb"
    assert "ada handed in 2 notebooks" in found.remarks[0]


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "text", b"\x00\xff", [1, (2, {3})], {(1, 2): {"a": [None]}}]
)
def test_plain_answers_arrive_as_they_left(value):
    assert unpack(pack(value)) == value
    assert type(unpack(pack(value))) is type(value)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b'{"made": ["os", "system", []]}',
        b'{"made": ["engineroom.cli", "main", []]}',
        b'{"made": ["engineroom.teach.grading.sandbox", "Sandbox", []]}',
        b'{"made": ["engineroom.ballast.checks.choose_ballast", "Budget", []]}',
        b'{"made": ["engineroom.kit.children", "run_child", [["argv", ["id"]]]]}',
        b'{"set": [[]]}',
        b'{"unknown": 1}',
        b'{"bytes": "xyz"}',
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_what_is_not_an_answer_is_refused(message):
    with pytest.raises(WireError):
        unpack(message)


def test_released_assignments_read_back(course):
    folder, assignments = course
    assignment = assignments[THEME]
    assert assignment.names == ["double", "secret"]
    assert [(e.grade_id, e.title, e.points) for e in assignment.exercises] == [
        ("check_double", "double", 1),
        ("check_secret", "secret", 2),
    ]
    assert (
        nbformat.read(folder / "source" / THEME / "exercises.ipynb", as_version=4).cells[0].source
        == "# Numbers"
    )


@needs_sandbox
@pytest.mark.parametrize("folder", ["/course", "/scratch", "/home/ada/course"])
def test_the_sandbox_hides_python_nowhere(monkeypatch, folder):
    """Wherever the course was cloned to, nothing is mounted over its Python."""
    monkeypatch.setattr(sys, "prefix", f"{folder}/.venv")
    with Sandbox() as sandbox:
        command = sandbox._command()
    mounted = [command[i + 2] for i, word in enumerate(command) if word == "--ro-bind"]
    mounted += [command[i + 1] for i, word in enumerate(command) if word in ("--tmpfs", "--dir")]
    assert sys.prefix in mounted
    assert [m for m in mounted if m != sys.prefix and Path(sys.prefix).is_relative_to(m)] == []

"""The command ``engineroom grade``: a folder of submissions in, a gradebook and pages out."""

from __future__ import annotations

import sys
from concurrent.futures import Executor
from pathlib import Path

from engineroom.kit.places import course_folder
from engineroom.teach.grading.classroom import Graded, grade_class
from engineroom.teach.grading.feedback import write_feedback, write_summary
from engineroom.teach.grading.gradebook import write_csv, write_gradebook
from engineroom.teach.grading.marking import Assignment

__all__ = ["grade_folder"]


def grade_folder(
    folder: Path,
    to: Path | None = None,
    *,
    theme: str = "",
    workers: int = 0,
    executor: Executor | None = None,
    insist: bool = False,
) -> Graded:
    """Grade a folder and write gradebook.db, grades.csv, feedback/ and summary.html.

    Args:
        folder: submissions as a learning platform hands them out.
        to: where results go; beside the submissions, with ``-graded`` in its name, when None.
        theme: the theme of all submissions; recognised from their cells when empty.
        workers: processes; as many as processors when 0.
        executor: see `grade_class`.
        insist: run submissions without a sandbox where there can't be one.

    Raises:
        FileNotFoundError: when there is nothing to grade.
        SandboxMissing: when submissions can't be run in safety.
    """
    paths = {
        path.parent.name: path for path in sorted((course_folder() / "assignments").glob("*/exercises.ipynb"))
    }
    if theme and theme not in paths:
        raise FileNotFoundError(f"There is no assignment {theme!r}; there are: {', '.join(paths)}.")
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder of submissions.")
    to = to or folder.with_name(f"{folder.resolve().name}-graded")
    options = {"theme": theme, "workers": workers, "executor": executor, "insist": insist}
    graded = grade_class(folder, to, paths, progress=_bar, **options)
    write_csv(to / "grades.csv", graded.marked)
    write_feedback(to / "feedback", graded.marked)
    write_summary(to / "summary.html", graded)
    write_gradebook(to / "gradebook.db", graded.marked, map(Assignment, paths.values()))
    print(f"{len(graded.marked)} submissions, {graded.graded_now} graded now in {graded.seconds:.0f} s: {to}")
    return graded


def _bar(done: int, total: int, left_s: float) -> None:
    """Draw one line of progress, with an estimate of the time left."""
    filled = 30 * done // total
    left = f"{left_s / 60:.0f} min" if left_s > 90 else f"{left_s:.0f} s"
    line = f"[{'█' * filled}{'·' * (30 - filled)}] {done} of {total}, about {left} left"
    end = "\n" if done == total or not sys.stderr.isatty() else ""
    print(f"\r{line:<78}" if sys.stderr.isatty() else line, end=end, file=sys.stderr, flush=True)

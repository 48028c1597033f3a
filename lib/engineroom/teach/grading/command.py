"""The command ``engineroom grade``: a folder of submissions in, a gradebook and pages out."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from engineroom.teach.grading.classroom import Graded, grade_class
from engineroom.teach.grading.cluster import cluster_executor
from engineroom.teach.grading.feedback import write_feedback, write_summary
from engineroom.teach.grading.gradebook import expect_nbgrader, write_csv, write_gradebook
from engineroom.teach.grading.marking import Assignment
from engineroom.teach.release import assignments

__all__ = ["assignments_of", "grade_folder", "show_progress", "write_results"]


def grade_folder(
    folder: Path,
    to: Path | None = None,
    *,
    source: Path | None = None,
    theme: str = "",
    workers: int = 0,
    scheduler: str = "",
    insist: bool = False,
) -> Graded:
    """Grade a folder and write gradebook.db, grades.csv, feedback/ and summary.html.

    Args:
        folder: submissions as a learning platform hands them out.
        to: where results go; beside the submissions, with ``-graded`` in its name, when None.
        source: a class's own assignments, as `class_release` wrote them; the course's when None.
        theme: the theme of all submissions; recognised from their cells when empty.
        workers: processes; as many as processors when 0.
        scheduler: address of a Dask scheduler whose workers do it instead.
        insist: run submissions without a sandbox where there can't be one.

    Raises:
        FileNotFoundError: when there is nothing to grade, or nothing to grade it with.
        NbgraderMissing: when there can be no gradebook; before anything is graded.
        SandboxMissing: when submissions can't be run in safety.
        ClusterError: when the cluster can't be used.
    """
    known = assignments_of(source)
    if theme and theme not in known:
        raise FileNotFoundError(f"There is no assignment {theme!r}; there are: {', '.join(known)}.")
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder of submissions.")
    expect_nbgrader()
    to = to or folder.with_name(f"{folder.resolve().name}-graded")
    options = {"theme": theme, "workers": workers, "insist": insist, "progress": show_progress}
    borrowed = cluster_executor(scheduler, insist=insist) if scheduler else contextlib.nullcontext()
    with borrowed as executor:
        graded = grade_class(folder, to, known, executor=executor, **options)
    write_results(to, graded, known)
    many = "" if len(graded.marked) == 1 else "s"
    now = f"{graded.graded_now} graded now in {graded.seconds:.0f} s"
    print(f"{len(graded.marked)} submission{many}, {now}: {to}")
    return graded


def assignments_of(source: Path | None = None) -> dict[str, Assignment]:
    """Return the assignments to grade with, by theme.

    Args:
        source: a class's folder, or the ``source`` in it; the course's own assignments when None.

    Raises:
        FileNotFoundError: when there is none.
    """
    if source is None:
        paths = assignments()
    else:
        paths = sorted((source / "source").glob("*/exercises.ipynb")) or sorted(
            source.glob("*/exercises.ipynb")
        )
    if not paths:
        where = (
            f"in {source}; make them with: engineroom release --to {source}" if source else "in the course"
        )
        raise FileNotFoundError(f"There is no assignment (<theme>/exercises.ipynb) {where}.")
    return {path.parent.name: Assignment.at(path) for path in paths}


def write_results(to: Path, graded: Graded, known: dict[str, Assignment]) -> None:
    """Write table, feedback, summary and gradebook of a graded class."""
    write_csv(to / "grades.csv", graded.marked)
    write_feedback(to / "feedback", graded.marked)
    write_summary(to / "summary.html", graded)
    write_gradebook(to / "gradebook.db", graded.marked, known.values())


def show_progress(done: int, total: int, left_s: float) -> None:
    """Draw one line of progress, with an estimate of the time left."""
    filled = 30 * done // total
    left = f"{left_s / 60:.0f} min" if left_s > 90 else f"{left_s:.0f} s"
    line = f"[{'█' * filled}{'·' * (30 - filled)}] {done} of {total}, about {left} left"
    end = "\n" if done == total or not sys.stderr.isatty() else ""
    print(f"\r{line:<78}" if sys.stderr.isatty() else line, end=end, file=sys.stderr, flush=True)

"""Grading a class, beside plain ``nbgrader autograde`` on the same folder and machine, in one run.

Run with: ``python benchmarks/bench_grading.py`` (needs the extra ``teach``, and bubblewrap). Stock nbgrader,
one worker and two workers take turns, each in a process of its own, everything included: start, marks,
gradebook, and our pages of feedback. ``grade_a_thousand.py`` grades a large class.

Exercises whose checks run real Go programs are left out on both sides: such a run takes seconds of its
own, whoever starts it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import nbformat

from engineroom.kit.places import course_folder
from engineroom.publish.bench_rows import report, skipped
from engineroom.teach.grading.sandbox import Sandbox, why_not
from engineroom.teach.release import release

RUN_GO = {"choose_ballast", "replace_ballast", "floating_garbage"}
THEME = "ballast"
BIN = Path(sys.executable).parent


def assignment_in(folder: Path) -> Path:
    book = nbformat.read(course_folder() / "assignments" / THEME / "exercises.ipynb", as_version=4)
    ids = {name for go in RUN_GO for name in (go, f"check_{go}")}
    book.cells = [c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in ids]
    path = folder / THEME / "exercises.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)
    return path


def write_class(assignment: Path, folder: Path, size: int) -> None:
    """Write submissions in nbgrader's layout: two in three solve all, every third leaves half of it."""
    master = nbformat.read(assignment, as_version=4)
    for student in range(size):
        book = release(assignment)
        for number, (cell, solved) in enumerate(zip(book.cells, master.cells, strict=True)):
            if solved.metadata.get("nbgrader", {}).get("solution") and (student % 3 or number % 2):
                cell.source = solved.source
        path = folder / f"s{student:04d}" / THEME / "exercises.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(book, path)


def timed(command: list, folder: Path) -> float:
    """Return the seconds that a command takes in a folder."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # nbgrader calls alembic
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    return time.perf_counter() - began


def stock(folder: Path) -> float:
    """Grade with nbgrader alone, one process for all submissions; return seconds."""
    for made in ("autograded", "release", "gradebook.db"):
        _remove(folder / made)
    timed([BIN / "nbgrader", "generate_assignment", THEME, "--create"], folder)
    return timed([BIN / "nbgrader", "autograde", THEME, "--create"], folder)


def ours(folder: Path, workers: int) -> float:
    """Grade with `engineroom grade`; return seconds."""
    _remove(folder / "out")
    options = ["--source", "source", "--to", "out", "--workers", str(workers)]
    return timed([BIN / "engineroom", "grade", "submitted", *options], folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def scores(gradebook: Path) -> dict[str, float]:
    """Return each student's points in a gradebook."""
    query = """SELECT s.student_id, SUM(g.auto_score) FROM submitted_assignment s
        JOIN submitted_notebook n ON n.assignment_id = s.id JOIN grade g ON g.notebook_id = n.id GROUP BY 1"""
    with closing(sqlite3.connect(gradebook)) as book:
        return dict(book.execute(query))


def sandbox_overhead(times: int = 20) -> tuple[float, float]:
    """Return milliseconds to start and end a learner's process in a warm sandbox, and to start a cold one."""
    began = time.perf_counter()
    with Sandbox(themes=[THEME]) as sandbox:
        sandbox.learner().end()
        cold = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(times):
            sandbox.learner().end()
        return (time.perf_counter() - began) / times * 1e3, cold * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=40, help="submissions")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if missing := why_not() or (
        "" if find_spec("nbgrader") else "nbgrader is not installed: make grade brings it"
    ):
        print(f"skipped: {missing}")
        skipped("grading a class", missing)
        return
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {options.size} submissions", flush=True
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_class(assignment_in(folder / "source"), folder / "submitted", options.size)
        warm, cold = sandbox_overhead()
        print(f"sandbox: {warm:.1f} ms a submission once warm; {cold:.0f} ms to warm up", flush=True)
        took = defaultdict(list)
        for _ in range(options.rounds):
            took["nbgrader autograde"].append(stock(folder))
            for workers in (1, 2):
                took[f"engineroom grade, {workers} worker(s)"].append(ours(folder, workers))
                assert scores(folder / "out" / "gradebook.db") == scores(folder / "gradebook.db")
        plain = took["nbgrader autograde"]
        for what, seconds in took.items():
            ratios = sorted(stocks / mine for stocks, mine in zip(plain, seconds, strict=True))
            each = statistics.median(seconds) / options.size
            rate = f"{60 / each:6.1f} a minute ({each:.2f} s each)"
            middle, low, high = statistics.median(ratios), ratios[0], ratios[-1]
            print(f"{what:30} {rate}, {middle:.1f} times stock ({low:.1f} to {high:.1f})")
            if seconds is not plain:
                report(
                    f"submissions graded: {what}",
                    60 / each,
                    "submissions/min",
                    peer="nbgrader autograde",
                    theirs=60 * options.size / statistics.median(plain),
                    headline="2 worker" in what,
                )


if __name__ == "__main__":
    main()

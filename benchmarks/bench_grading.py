"""Grading a class, beside plain ``nbgrader autograde`` on the same notebooks and machine, in one run.

Run with: ``python benchmarks/bench_grading.py`` (needs the extra ``teach``, and bubblewrap).
``--class 1000`` grades that many submissions end to end instead, and reports the peak memory.

Exercises whose checks run real Go programs are left out on both sides: such a run takes seconds of its
own, whoever starts it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from engineroom.kit.places import course_folder
from engineroom.publish.bench_rows import report
from engineroom.teach.grading.classroom import grade_class
from engineroom.teach.grading.feedback import write_feedback, write_summary
from engineroom.teach.grading.gradebook import write_csv, write_gradebook
from engineroom.teach.grading.marking import Assignment
from engineroom.teach.grading.sandbox import Sandbox
from engineroom.teach.release import release

RUN_GO = {"choose_ballast", "replace_ballast", "floating_garbage"}
THEME = "ballast"
STOCK_CLASS, OUR_CLASS = 6, 60


def assignment_in(folder: Path) -> Path:
    book = nbformat.read(course_folder() / "assignments" / THEME / "exercises.ipynb", as_version=4)
    ids = {name for go in RUN_GO for name in (go, f"check_{go}")}
    book.cells = [c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in ids]
    path = folder / THEME / "exercises.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)
    return path


def write_class(assignment: Path, folder: Path, size: int, layout: str) -> None:
    """Write submissions: two in three solve all, every third leaves half of it."""
    master = nbformat.read(assignment, as_version=4)
    for student in range(size):
        book = release(assignment)
        for number, (cell, solved) in enumerate(zip(book.cells, master.cells, strict=True)):
            if solved.metadata.get("nbgrader", {}).get("solution") and (student % 3 or number % 2):
                cell.source = solved.source
        path = folder / layout.format(student=f"s{student:04d}")
        path.parent.mkdir(parents=True)
        nbformat.write(book, path)


def stock(assignment: Path, folder: Path, size: int) -> float:
    """Return seconds for each submission with nbgrader alone, in one process for all of them."""
    source = folder / "source" / THEME / "exercises.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(assignment, source)
    write_class(assignment, folder / "submitted", size, "{student}/" + THEME + "/exercises.ipynb")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    nbgrader = [Path(sys.executable).parent / "nbgrader"]
    run = {"cwd": folder, "env": env, "check": True, "capture_output": True}
    subprocess.run([*nbgrader, "generate_assignment", THEME, "--create"], **run)
    began = time.perf_counter()
    subprocess.run([*nbgrader, "autograde", THEME, "--create"], **run)
    return (time.perf_counter() - began) / size


class PeakMemory:
    """The largest memory of this process and all below it, each shared page counted once (PSS), in MB."""

    def __init__(self):
        self.mb, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            total = 0
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.mb = max(self.mb, total / 1e6)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def ours(assignment: Path, folder: Path, size: int, workers: int) -> float:
    """Return seconds for each submission, everything included: warming up, gradebook, pages."""
    write_class(assignment, folder / "class", size, "{student}/exercises.ipynb")
    began = time.perf_counter()
    graded = grade_class(
        folder / "class", folder / "out", {THEME: Assignment.at(assignment)}, workers=workers
    )
    write_csv(folder / "out" / "grades.csv", graded.marked)
    write_feedback(folder / "out" / "feedback", graded.marked)
    write_summary(folder / "out" / "summary.html", graded)
    write_gradebook(folder / "out" / "gradebook.db", graded.marked, [Assignment.at(assignment)])
    full = {one.out_of for one in graded.marked}
    assert len(graded.marked) == size
    assert len(full) == 1
    assert sum(one.score in full for one in graded.marked) == sum(student % 3 > 0 for student in range(size))
    return (time.perf_counter() - began) / size


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
    parser.add_argument("--class", dest="size", type=int, default=0)
    size = parser.parse_args().size
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assignment = assignment_in(folder / "assignments")
        if size:
            with PeakMemory() as peak:
                each = ours(assignment, folder / "large", size, 2)
            print(f"{size} submissions, 2 workers: {each * size:.0f} s, peak {peak.mb:.0f} MB")
            return
        warm, cold = sandbox_overhead()
        print(f"sandbox: {warm:.1f} ms a submission once warm; {cold:.0f} ms to warm up")
        plain = stock(assignment, folder / "stock", STOCK_CLASS)
        print(f"nbgrader autograde: {60 / plain:.1f} submissions a minute ({plain:.2f} s each)")
        for workers in (1, 2):
            each = ours(assignment, folder / f"ours{workers}", OUR_CLASS, workers)
            told = (
                f"{60 / each:.0f} submissions a minute ({each:.2f} s each), {plain / each:.1f} times as many"
            )
            print(f"engineroom grade, {workers} worker(s): {told}")
            report(
                f"submissions graded by {workers} worker(s)",
                60 / each,
                "submissions/min",
                peer="nbgrader autograde",
                theirs=60 / plain,
                headline=workers == 2,
            )


if __name__ == "__main__":
    main()

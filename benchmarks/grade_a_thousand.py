"""A large class end to end: time, peak memory, and that each submission has exactly one grade.

Run with: ``python benchmarks/grade_a_thousand.py`` (needs the extra ``teach``, and bubblewrap). It takes
minutes, so ``make bench`` leaves it out. ``--kill`` ends the grader with SIGKILL half-way, then goes on.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import nbformat
import psutil
from bench_grading import THEME, assignment_in

from engineroom.teach.release import release

WRONG = "\n    return None"
LACKING = 7  # answers, in turn, that a wrong submission lacks for certain
HOSTILE = (
    "import os\nwhile True: os.fork()",
    "import os\nos._exit(0)",
    "kept = []\nwhile True: kept.append(bytes(10**8))",
    "while True: pass",
    "import builtins\nbuiltins.abs = lambda x: 0\nclass int(int):\n    def __eq__(self, other): return True",
)
BROKEN = (b'{"cells": [', b"", b"\xff\xfe not UTF-8", b'["no notebook"]')


def kind_of(student: int) -> str:
    """Return what a student hands in: of 100, 60 are right, 34 wrong or half done, 5 broken, 1 hostile."""
    number = student % 100
    return "hostile" if number == 0 else "broken" if number < 6 else "right" if number < 66 else "wrong"


def write_class(assignment: Path, folder: Path, size: int) -> None:
    """Write a class: each student's notebook, no two of the wrong ones alike in what they lack."""
    master = nbformat.read(assignment, as_version=4)
    for student in range(size):
        kind, path = kind_of(student), folder / f"s{student:04d}" / "exercises.ipynb"
        path.parent.mkdir(parents=True)
        if kind == "broken":
            path.write_bytes(BROKEN[student % len(BROKEN)])
            continue
        book, answers = release(assignment), 0
        for cell, solved in zip(book.cells, master.cells, strict=True):
            if solved.metadata.get("nbgrader", {}).get("solution"):
                answers += 1
                lacks = answers == 1 + student % LACKING or not (student >> answers) & 1
                if kind != "wrong" or not lacks:
                    cell.source = solved.source
                elif answers % 2 and cell.source.startswith("def "):
                    cell.source = cell.source.partition("\n")[0] + WRONG
        if kind == "hostile":
            attack = HOSTILE[student // 100 % len(HOSTILE)]
            book.cells.insert(1, nbformat.v4.new_code_cell(attack))
        nbformat.write(book, path)


class Watched:
    """A grader's process, with the memory of it and all below it."""

    def __init__(self, folder: Path):
        command = [sys.executable, "-m", "engineroom.cli", "grade", folder / "class"]
        options = ["--source", folder / "assignments", "--to", folder / "out", "--workers", "2"]
        self.log = (folder / "log.txt").open("ab")
        self.process = subprocess.Popen([*command, *options], stdout=self.log, stderr=self.log)
        self.peak_mb = 0.0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        """Note the largest sum of proportional set sizes: each shared page counts once."""
        while self.process.poll() is None:
            self.peak_mb = max(self.peak_mb, sum(map(_pss, self.family())) / 1e6)
            time.sleep(1.0)

    def family(self) -> list[psutil.Process]:
        """Return the grader's process and all below it."""
        try:
            here = psutil.Process(self.process.pid)
            return [here, *here.children(recursive=True)]
        except psutil.Error:
            return []

    def end(self) -> int:
        """Wait for its end; return its exit code."""
        code = self.process.wait()
        self._thread.join()
        self.log.close()
        return code


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def kill_half_way(grader: Watched, results: Path, size: int) -> int:
    """Kill the grader alone, with SIGKILL, once half of the results are there; return how many are."""
    while len(list(results.glob("*.json"))) < size // 2:
        assert grader.process.poll() is None
        time.sleep(0.05)
    family = grader.family()
    grader.process.send_signal(signal.SIGKILL)
    grader.end()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, f"still running after the kill: {alive}"
    return len(list(results.glob("*.json")))


def check_grades(folder: Path, size: int) -> str:
    """Make sure that each student has one grade, in the table and in the gradebook, and the right one."""
    with (folder / "out" / "grades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    each = Counter((row["student"], row["exercise"]) for row in rows)
    exercises = {row["exercise"] for row in rows}
    assert len(each) == len(rows) == size * len(exercises), "a grade is lost or doubled"
    whole = sum(float(row["out_of"]) for row in rows) / size
    points = Counter()
    for row in rows:
        points[row["student"]] += float(row["points"])
    for student in range(size):
        kind, got = kind_of(student), points[f"s{student:04d}"]
        assert got == whole if kind == "right" else got < whole or kind == "hostile", (student, kind, got)
        assert got == 0 or kind != "broken", (student, got)
    with closing(connect(folder / "out" / "gradebook.db")) as book:
        query = "SELECT COUNT(*), COUNT(DISTINCT student_id) FROM submitted_assignment"
        assert book.execute(query).fetchone() == (size, size)
        held = book.execute("SELECT COUNT(*), SUM(auto_score) FROM grade").fetchone()
        assert held == (len(rows), sum(points.values()))
    pages = len(list((folder / "out" / "feedback").glob("*/*.html")))
    return f"{len(points)} students, {len(rows)} grades, each once; {pages} pages of feedback"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--kill", action="store_true", help="kill the grader half-way, and start it again")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_class(assignment_in(folder / "assignments"), folder / "class", options.size)
        print(dict(Counter(map(kind_of, range(options.size)))), flush=True)
        began, peak = time.perf_counter(), 0.0
        if options.kill:
            first = Watched(folder)
            held = kill_half_way(first, folder / "out" / "results" / THEME, options.size)
            peak = first.peak_mb
            print(
                f"killed after {time.perf_counter() - began:.0f} s with {held} results; nothing ran on",
                flush=True,
            )
        grader = Watched(folder)
        assert grader.end() == 0, (folder / "log.txt").read_text()[-2000:]
        took, peak = time.perf_counter() - began, max(peak, grader.peak_mb)
        print((folder / "log.txt").read_text().splitlines()[-1].rpartition(":")[0])
        each = f"{60 * options.size / took:.0f} a minute"
        print(f"{took:.0f} s in all, {each}; peak {peak:.0f} MB", flush=True)
        print(check_grades(folder, options.size))


if __name__ == "__main__":
    main()

"""A real Dask cluster of worker processes grades a class; one of them is killed in the middle of it."""

import collections
import contextlib
import csv
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.teach.hostile.made_up_assignment import THEME, notebook, write
from tests.teach.hostile.submissions import HEALTHY, HONEST, NOTHING, SHOWN

from engineroom.teach.grading.classroom import grade_class
from engineroom.teach.grading.cluster import ClusterError, cluster_executor
from engineroom.teach.grading.command import assignments_of
from engineroom.teach.grading.sandbox import why_not

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "none"),
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None,
        reason="Dask is not installed: .venv/bin/uv pip install -c constraints.txt -e '.[cluster]'",
    ),
]
COURSE = Path(__file__).parents[2]
WORKERS, STUDENTS = 3, 24


def dask(*arguments, **options):
    quiet = {"DASK_DISTRIBUTED__DASHBOARD__LINK": "", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "dask", *map(str, arguments)]
    return subprocess.Popen(command, env={**os.environ, **quiet}, cwd=COURSE, **options)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and three workers, each a process of its own on loopback that nobody starts again."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    worker = [address, *local, "--no-nanny", "--nthreads", 1, "--local-directory", tmp_path / "dask"]
    with (tmp_path / "dask.log").open("wb") as log, contextlib.ExitStack() as stack:
        running = [dask("scheduler", *local, "--port", port, stdout=log, stderr=log)]
        running += [dask("worker", *worker, stdout=log, stderr=log) for _ in range(WORKERS)]
        for process in running:
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield address, running[1:]


def wait_for_workers(address):
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(WORKERS, timeout=120)


@pytest.fixture
def course(tmp_path):
    """A class in which every third student solved half, and an assignment that the workers have no copy of."""
    write(notebook(), tmp_path / "source" / THEME / "exercises.ipynb")
    half = notebook(HONEST, NOTHING, checks=SHOWN)
    for student in range(STUDENTS):
        book = half if student % 3 == 0 else HEALTHY
        write(book, tmp_path / "class" / f"s{student:02d}" / "exercises.ipynb")
    return tmp_path


def expected():
    return {f"s{student:02d}": 1 if student % 3 == 0 else 3 for student in range(STUDENTS)}


def test_a_worker_killed_midway_loses_and_doubles_nothing(cluster, course):
    address, workers = cluster
    wait_for_workers(address)
    seen, killed = [], []

    def progress(done, total, left_s):
        seen.append(done)
        if done == 3:
            workers[0].send_signal(signal.SIGKILL)
            workers[0].wait()
            killed.append(workers[0].returncode)

    with cluster_executor(address) as executor:
        graded = grade_class(
            course / "class", course / "out", assignments_of(course), executor=executor, progress=progress
        )
    assert killed == [-signal.SIGKILL]
    assert seen == list(range(1, STUDENTS + 1))
    assert graded.remarks == []
    assert collections.Counter(one.student for one in graded.marked) == dict.fromkeys(expected(), 1)
    assert {one.student: one.score for one in graded.marked} == expected()
    again = grade_class(course / "class", course / "out", assignments_of(course), workers=1)
    assert (again.graded_now, len(again.marked)) == (0, STUDENTS)


def test_the_command_grades_on_a_cluster(cluster, course):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed: make grade brings it")
    address, _ = cluster
    wait_for_workers(address)
    command = [sys.executable, "-m", "engineroom.cli", "grade", course / "class", "--source", course]
    done = subprocess.run([*command, "--scheduler", address], capture_output=True, text=True, cwd=COURSE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{STUDENTS} submissions, {STUDENTS} graded now")
    with (course / "class-graded" / "grades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    points = collections.Counter()
    for row in rows:
        points[row["student"]] += float(row["points"])
    assert len(rows) == 2 * STUDENTS
    assert points == expected()


def test_a_scheduler_without_workers_and_none_at_all_are_told(tmp_path):
    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        pytest.raises(ClusterError, match="There is no Dask scheduler at tcp"),
        cluster_executor(address, patience_s=1),
    ):
        pass
    host, port = address.removeprefix("tcp://").split(":")
    with (tmp_path / "dask.log").open("wb") as log:
        scheduler = dask(
            "scheduler", "--host", host, "--port", port, "--no-dashboard", stdout=log, stderr=log
        )
        told = "no workers yet; start one with: dask worker tcp"
        try:
            with pytest.raises(ClusterError, match=told), cluster_executor(address, patience_s=120):
                pass
        finally:
            scheduler.kill()
            scheduler.wait()

"""After set-up the course needs no network: a lesson of each theme passes where there is no route out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).parents[1]
LESSONS = {
    "ballast": "01_small_heap",
    "concurrency": "02_many_calls_one_error",
    "dynamodb": "03_what_it_costs",
    "spanner": "04_reads",
    "tracing": "03_your_own_tasks",
}
ALONE = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--chdir", str(COURSE)]
PROBE = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:  # loopback works
    socket.create_connection(server.getsockname()).close()
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)  # RFC 5737: an address of nobody
except OSError as error:
    print(error.strerror)
"""


def alone(argv, **more):
    """Run a command in a network of its own, which has nothing but a loopback."""
    return subprocess.run([*ALONE, *argv], capture_output=True, text=True, **more)


@pytest.fixture(scope="module", autouse=True)
def namespace():
    """Skip where there are no network namespaces, and make sure that they are what we take them for."""
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is missing; bring it with: apt-get install bubblewrap")
    probe = alone([sys.executable, "-c", PROBE])
    if probe.returncode:
        pytest.skip(f"this machine allows no network namespaces: {probe.stderr.strip()}")
    assert probe.stdout.strip() == "Network is unreachable"


@pytest.mark.parametrize("theme", LESSONS)
def test_a_lesson_of_each_theme_passes_without_a_route(theme):
    lesson = f"notebooks/{theme}/{LESSONS[theme]}.ipynb"
    nbval = ["-p", "engineroom.teach.nbval_figures", "--nbval", "--nbval-cell-timeout=120"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *nbval, lesson]
    done = alone(command, env={**os.environ, "ENGINEROOM_PROGRESS": "off"}, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout

"""A child always ends: by itself, by its limits, by a cancel, by an interrupt, or with its parent."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from engineroom.kit.children import ChildFailed, Limits, Server, run_child

PYTHON = [sys.executable, "-I", "-S", "-c"]
FOREVER = "import time; print('up', flush=True); time.sleep(600)"
# A child that starts a grandchild in its own process group, and tells its id.
FAMILY = (
    "import subprocess, sys, time\n"
    "kid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(kid.pid, flush=True)\n"
    "time.sleep(600)"
)


def gone(pid, within_s=5.0):
    """Wait for a process to vanish; say whether it did."""
    deadline = time.monotonic() + within_s
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_child_that_ends_by_itself():
    done = run_child([*PYTHON, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert (done.stdout, done.stderr, done.exit_code, done.ended_by) == ("out\n", "err\n", 3, "exit")
    assert not done.ok
    assert 0 < done.cpu_s < 10
    assert 1 < done.max_rss_mb < 500


def test_a_program_that_does_not_exist_is_one_sentence():
    with pytest.raises(
        ChildFailed, match=r"^/no/such/program can't be started: No such file or directory\.$"
    ):
        run_child(["/no/such/program"])


def test_time_limit_ends_the_whole_family():
    kids = []
    done = run_child([*PYTHON, FAMILY], limits=Limits(time_s=1), on_line=lambda line: kids.append(int(line)))
    assert done.ended_by == "time limit"
    assert gone(kids[0])


def test_memory_limit():
    hungry = "blocks = []\nwhile True: blocks.append(b'x' * 10_000_000)"
    done = run_child([*PYTHON, hungry], limits=Limits(time_s=30, memory_mb=200))
    assert done.ended_by == "memory limit"
    assert done.max_rss_mb < 2000


def test_output_limit_keeps_what_came_first():
    loud = "while True: print('x' * 1000)"
    done = run_child([*PYTHON, loud], limits=Limits(time_s=30, output_mb=1))
    assert done.ended_by == "output limit"
    assert 1e6 < len(done.stdout) < 3e6


def test_cancel_from_another_thread():
    cancel = threading.Event()
    done = run_child([*PYTHON, FOREVER], on_line=lambda _: cancel.set(), cancel=cancel)
    assert done.ended_by == "cancelled"


def test_an_exception_while_reading_ends_the_child():
    kids = []

    def interrupt(line):
        kids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_child([*PYTHON, FAMILY], on_line=interrupt)
    assert gone(kids[0])


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_family_ends_when_the_parent_is_killed(blow):
    parent = (
        "import sys; sys.path.insert(0, 'lib')\n"
        "from engineroom.kit.children import run_child\n"
        f"run_child([sys.executable, '-c', {FAMILY!r}], on_line=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        kid = int(process.stdout.readline())
        process.send_signal(blow)
        process.wait(10)
    assert gone(kid)


def test_no_descriptor_is_left_open():
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    run_child([*PYTHON, "pass"])
    before = open_files()
    for _ in range(5):
        run_child([*PYTHON, "pass"])
    assert open_files() == before


class TestServer:
    def test_ready_then_stopped(self):
        with Server([*PYTHON, FOREVER]) as server:
            server.wait_until(lambda: "up" in server.output())
            assert server.alive
        assert not server.alive
        server.stop()  # a second call does nothing

    def test_one_that_ends_first_says_its_last_words(self):
        server = Server([*PYTHON, "print('port 80 is taken'); raise SystemExit(1)"])
        with pytest.raises(ChildFailed, match=r"(?s)ended before it was ready.*port 80 is taken"):
            server.wait_until(lambda: False)

    def test_one_that_is_never_ready_is_stopped(self):
        server = Server([*PYTHON, FOREVER])
        with pytest.raises(ChildFailed, match=r"was not ready within 0\.2 s"):
            server.wait_until(lambda: False, within_s=0.2)
        assert not server.alive


def test_an_interrupt_while_a_child_starts_ends_it(monkeypatch):
    """The moment of starting is the one in which nobody holds the child yet."""
    started = []

    class InterruptedAtOnce(subprocess.Popen):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", InterruptedAtOnce)
    with pytest.raises(KeyboardInterrupt):
        run_child(["sleep", "60"])
    assert [child.poll() for child in started] != [None]

"""Child processes that always end: with their limits, with an interrupt, or with this process.

Every child runs under `supervisor.py` in a process group of its own. When the caller is
interrupted, cancels, or dies, the whole group is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engineroom.kit.plainly import ToldPlainly

__all__ = ["ChildFailed", "Finished", "Limits", "Server", "run_child"]

SUPERVISOR = Path(__file__).with_name("supervisor.py")
POLL_S = 0.05


class ChildFailed(ToldPlainly, RuntimeError):
    """A child process could not be started or did not become ready."""


@dataclass(frozen=True)
class Limits:
    """What a child may use: seconds of wall time, resident MB, MB of output (10**6 bytes)."""

    time_s: float | None = 30.0
    memory_mb: float | None = 2048.0
    output_mb: float = 16.0


@dataclass(frozen=True)
class Finished:
    """What a child did.

    Attributes:
        ended_by: "exit", "time limit", "memory limit", "output limit" or "cancelled".
        exit_code: as the operating system gave it; negative is the number of a signal.
        cpu_s: user plus system time of the child, in seconds.
        max_rss_mb: its peak resident memory in MB (10**6 bytes), at least the about 12 MB that a
            process briefly has before it becomes the program.
    """

    stdout: str
    stderr: str
    ended_by: str
    exit_code: int
    wall_s: float
    cpu_s: float
    max_rss_mb: float

    @property
    def ok(self) -> bool:
        """True when the child ended by itself with exit code 0."""
        return self.ended_by == "exit" and self.exit_code == 0


@contextlib.contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Put off a Ctrl-C, which only the main thread hears, until the end of this block."""
    hears = threading.current_thread() is threading.main_thread()
    if not hears or (before := signal.getsignal(signal.SIGINT)) is None:
        yield
        return
    caught = []
    signal.signal(signal.SIGINT, lambda *heard: caught.append(heard))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


class _Supervised:
    """A started child: its pipes, and the leash that keeps it alive."""

    def __init__(
        self, argv: Sequence[str | Path], env: Mapping[str, str] | None, cwd: Path | None, limits: Limits
    ):
        leash_read, self.leash = os.pipe()
        self.verdict, verdict_write = os.pipe()
        config = {"time_s": limits.time_s, "memory_mb": limits.memory_mb, "verdict_fd": verdict_write}
        self.process: subprocess.Popen | None = None
        try:
            with _interrupts_wait():  # whoever has been started is known, and can be waited for
                self.process = subprocess.Popen(
                    [sys.executable, "-I", "-S", SUPERVISOR, json.dumps(config), *map(str, argv)],
                    stdin=leash_read,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=dict(env) if env is not None else None,
                    cwd=cwd,
                    pass_fds=[verdict_write],
                    start_new_session=True,  # a Ctrl-C in the terminal is for us to handle
                )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(leash_read)
            os.close(verdict_write)

    def drop_leash(self) -> None:
        """Have the child killed, if it still runs."""
        if self.leash >= 0:
            os.close(self.leash)
            self.leash = -1

    def close(self) -> None:
        """End the child and release every pipe."""
        self.drop_leash()
        if self.process:
            self.process.wait()
            self.process.stdout.close()
            self.process.stderr.close()
        os.close(self.verdict)


def run_child(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limits: Limits | None = None,
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> Finished:
    """Run a command to its end, under limits, and return what it did.

    Args:
        argv: the program and its arguments.
        env: its whole environment; this process's own when None.
        cwd: the folder it runs in.
        limits: defaults to `Limits()`.
        on_line: called with each line of standard output as it comes, without its line end.
        cancel: when set from another thread, the child is killed.

    Raises:
        ChildFailed: when the program can't be started.
        KeyboardInterrupt: passed on after the child has been killed.
    """
    limits = limits or Limits()
    child = _Supervised(argv, env, cwd, limits)
    try:
        chunks, stopped_by = _collect(child, limits, on_line, cancel)
    finally:
        child.close()
    verdict = json.loads(chunks["verdict"] or b'{"ended_by": "cancelled", "exit_code": -9}')
    if verdict["ended_by"] == "not started":
        raise ChildFailed(f"{argv[0]} can't be started: {verdict['reason']}.")
    return Finished(
        stdout=chunks["stdout"].decode(errors="replace"),
        stderr=chunks["stderr"].decode(errors="replace"),
        ended_by=stopped_by or verdict["ended_by"],
        exit_code=verdict["exit_code"],
        wall_s=verdict.get("wall_s", 0.0),
        cpu_s=verdict.get("cpu_s", 0.0),
        max_rss_mb=verdict.get("max_rss_mb", 0.0),
    )


def _collect(
    child: _Supervised,
    limits: Limits,
    on_line: Callable[[str], None] | None,
    cancel: threading.Event | None,
) -> tuple[dict[str, bytearray], str]:
    """Read all pipes until they close; return their bytes and why we cut the child off, if we did."""
    chunks = {"stdout": bytearray(), "stderr": bytearray(), "verdict": bytearray()}
    stopped_by, told = "", 0
    with selectors.DefaultSelector() as pipes:
        pipes.register(child.process.stdout.fileno(), selectors.EVENT_READ, "stdout")
        pipes.register(child.process.stderr.fileno(), selectors.EVENT_READ, "stderr")
        pipes.register(child.verdict, selectors.EVENT_READ, "verdict")
        while pipes.get_map():
            for key, _ in pipes.select(POLL_S if cancel else None):
                piece = os.read(key.fd, 1 << 16)
                if not piece:
                    pipes.unregister(key.fd)
                elif not stopped_by:
                    chunks[key.data] += piece
                elif key.data == "verdict":
                    chunks["verdict"] += piece
            if on_line:
                told = _tell_lines(chunks["stdout"], told, on_line)
            if not stopped_by and len(chunks["stdout"]) + len(chunks["stderr"]) > limits.output_mb * 1e6:
                stopped_by = "output limit"
                child.drop_leash()
            if not stopped_by and cancel and cancel.is_set():
                stopped_by = "cancelled"
                child.drop_leash()
    return chunks, stopped_by


def _tell_lines(output: bytearray, told: int, on_line: Callable[[str], None]) -> int:
    """Pass on the complete lines after position `told`; return the new position."""
    while (end := output.find(b"\n", told)) >= 0:
        on_line(output[told:end].decode(errors="replace"))
        told = end + 1
    return told


class Server:
    """A long-lived child, such as a database engine, that ends with this process at the latest.

    Use it as a context manager, or call `stop`. Its last 200 lines of output are kept.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        memory_mb: float | None = 4096.0,
    ):
        self._name = Path(argv[0]).name
        self._stopped = False
        self._lines: deque[str] = deque(maxlen=200)
        self._child = _Supervised(argv, env, cwd, Limits(time_s=None, memory_mb=memory_mb))
        self._drains = [
            threading.Thread(target=self._drain, args=(pipe,), daemon=True)
            for pipe in (self._child.process.stdout, self._child.process.stderr)
        ]
        for thread in self._drains:
            thread.start()

    def _drain(self, pipe) -> None:
        with contextlib.suppress(ValueError):  # the pipe was closed by stop()
            for line in pipe:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def alive(self) -> bool:
        """True while the child runs."""
        return self._child.process.poll() is None

    def output(self) -> str:
        """Return the last lines that the child printed."""
        return "\n".join(self._lines)

    def wait_until(self, ready: Callable[[], bool], *, within_s: float = 20.0) -> None:
        """Poll `ready` until it returns True.

        Raises:
            ChildFailed: when the child ends first or the time is up, with its last output.
        """
        deadline = time.monotonic() + within_s
        while not ready():
            if not self.alive or time.monotonic() > deadline:
                what = f"was not ready within {within_s:g} s" if self.alive else "ended before it was ready"
                self.stop()
                raise ChildFailed(f"{self._name} {what}. Its last output:\n{self.output()[-2000:]}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End the child and all that it started; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        self._child.drop_leash()
        self._child.process.wait()
        for thread in self._drains:
            thread.join()
        self._child.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

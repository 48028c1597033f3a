"""Sandboxes for learners' code: bubblewrap around a warm interpreter that forks for each submission.

Inside there is no network, nothing of the machine but Python, the course's library without its checks,
and its data, all read-only; only a scratch folder can be written, in memory. Assignments, checks,
gradebook and other submissions are not there at all.
"""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from engineroom.kit.places import course_folder
from engineroom.kit.plainly import ToldPlainly
from engineroom.teach.grading.inside import confine

__all__ = ["Learner", "Sandbox", "SandboxMissing", "why_not"]

INSIDE = Path(__file__).with_name("inside")
PRELOADED = (
    "numpy",
    "pandas",
    "statistics",
    "IPython.core.inputtransformer2",
    "decimal",
    "matplotlib.figure",
)
# Places inside. They must not be where Python lies, and a course may well be cloned to /course or /scratch.
COURSE, SCRATCH = "/engineroom-sandbox/course", "/engineroom-sandbox/scratch"
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
PRELOADED_FOR = {"dynamodb": ("lent_table",)}
READY_S = 120.0
PREFIX = "engineroom-sandbox-"
HIDDEN = shutil.ignore_patterns("__pycache__", "checks", "checks.py", "teach", "cli.py", "exercises*")
STUB = '''"""The checks of this theme run in the grader, outside; here their names do nothing."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *_, **__: None
'''


class SandboxMissing(ToldPlainly, RuntimeError):
    """Submissions can't be run in safety on this machine."""


@lru_cache
def why_not() -> str:
    """Return why no sandbox can be made here, with what mends it; empty when one can be."""
    elsewhere = "grade on Linux (in a container or virtual machine, say), or insist with --without-sandbox"
    if not sys.platform.startswith("linux"):
        return f"Submissions are untrusted code, and only Linux has the sandbox for them: {elsewhere}."
    if shutil.which("bwrap") is None:
        return (
            f"Submissions are untrusted code and need bubblewrap: apt-get install bubblewrap; or {elsewhere}."
        )
    trial = [*_confinement(), *_system(), "--", "/usr/bin/env", "true"]
    done = subprocess.run(trial, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return f"bubblewrap can't make a sandbox here ({said[0]}): {elsewhere}."
    return ""


def _confinement(*, session: bool = True) -> list[str]:
    apart = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    alone = ["--die-with-parent", "--clearenv", *(["--new-session"] if session else [])]
    apart += ["--uid", "1000", "--gid", "1000"]
    return ["bwrap", *apart, "--unshare-cgroup-try", *alone, "--cap-drop", "ALL", "--dev", "/dev"]


def _system() -> list[str]:
    options = []
    for place in map(Path, SYSTEM):
        if place.is_symlink():
            options += ["--symlink", str(place.readlink()), str(place)]
        elif place.exists():
            options += ["--ro-bind", str(place), str(place)]
    return options


@dataclass
class Learner:
    """A learner's process: the channel to it, and the leash that keeps it alive."""

    channel: socket.socket
    leash: socket.socket

    def end(self) -> dict[str, Any]:
        """Kill the process, if it still runs, and return how it ended."""
        self.channel.close()
        with contextlib.suppress(OSError):
            self.leash.shutdown(socket.SHUT_WR)
        self.leash.settimeout(20)
        try:
            return json.loads(self.leash.recv(4096) or b'{"ended": "killed"}')
        except (OSError, ValueError):
            return {"ended": "killed"}
        finally:
            self.leash.close()


class Sandbox:
    """A sandbox with a warm interpreter in it. Use it as a context manager, or call `close`.

    Args:
        insist: run without bubblewrap where there is none, as the instructor wishes.
        memory_mb: address space of a learner's process, in MB (10**6 bytes).
        cpu_s: processor time of a learner's process, in seconds.
        themes: whose models are imported beforehand.

    Raises:
        SandboxMissing: when there can be none, and `insist` is false.
    """

    def __init__(
        self, *, insist: bool = False, memory_mb: int = 2000, cpu_s: int = 120, themes: Sequence[str] = ()
    ):
        reason = why_not()
        if reason and not insist:
            raise SandboxMissing(reason)
        _sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _locked(self._folder)
        self._walled = not reason
        self._config = {
            "preload": [
                *PRELOADED,
                *(f"engineroom.{theme}.real" for theme in themes),
                *(name for theme in themes for name in PRELOADED_FOR.get(theme, ())),
            ],
            "memory_mb": memory_mb,
            "cpu_s": cpu_s,
            "confined": sys.platform.startswith("linux"),
        }
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None
        self._nested, self._fresh = self._walled, False
        _copy_course(self._folder / "course")
        (self._folder / "scratch").mkdir()

    def learner(self) -> Learner:
        """Start a process for one submission, apart from all others.

        Raises:
            SandboxMissing: when the sandbox does not come up.
        """
        if self._process is None or self._process.poll() is not None or not (self._nested or self._fresh):
            self._start()
        self._fresh = False
        channel, theirs = socket.socketpair()
        leash, keeper = socket.socketpair()
        with theirs, keeper:
            socket.send_fds(self._control, [b"start"], [theirs.fileno(), keeper.fileno()])
        started = Learner(channel, leash)
        if _came_up(started):
            return started
        told = started.end()
        if self._nested:
            self._nested = False  # the kernel allows no namespaces in the sandbox: one sandbox each, then
            self._stop()
            return self.learner()
        raise SandboxMissing(f"A learner's process did not start: {told.get('reason', told['ended'])}")

    def program(self, argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> list[str | Path]:
        """Return the command that runs a compiled program in a sandbox of its own, for `golang.confinement`.

        Args:
            argv: the program and its arguments; the folders of those that are `Path`s can be written.
            cwd: the folder it runs in, which it can write.
            env: its variables; it sees no others.
        """
        if not self._walled:
            return list(argv)
        rules = self._folder / "program.filter"
        if not rules.exists():
            rules.write_bytes(confine.program_filter())
        home = str(Path(argv[0]).parent)
        places = ["--proc", "/proc", "--tmpfs", "/tmp", "--ro-bind", home, home]
        for folder in sorted({cwd, *(a.parent for a in argv[1:] if isinstance(a, Path))}):
            places += ["--bind", str(folder), str(folder)]
        for name, value in env.items():
            places += ["--setenv", name, value]
        places += ["--chdir", str(cwd), "--seccomp", "9"]
        with_filter = ["/bin/sh", "-c", 'exec 9<"$0"; exec "$@"', rules]
        return [*with_filter, *_confinement(session=False), *_system(), *places, "--", *argv]

    def _start(self) -> None:
        self._stop()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                self._command(), stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        self._control.settimeout(READY_S)
        if self._control.recv(16) != b"ready":
            said = self._process.communicate()[1].decode(errors="replace").strip()
            raise SandboxMissing(f"The sandbox did not start: {said[-500:]}")
        self._control.settimeout(None)
        self._fresh = True

    def _command(self) -> list[str]:
        course = self._folder / "course"
        if not self._walled:
            config = {**self._config, "library": str(course / "lib"), "namespaces": False}
            config["scratch"] = str(self._folder / "scratch")
            script = course / "inside" / "zygote.py"
            return [sys.executable, "-I", str(script), json.dumps(config)]
        config = {**self._config, "library": f"{COURSE}/lib", "namespaces": self._nested, "scratch": SCRATCH}
        options = ["--ro-bind", str(course), COURSE, "--dir", SCRATCH, "--tmpfs", "/tmp"]
        prefixes = [p for p in dict.fromkeys((sys.base_prefix, sys.prefix)) if not p.startswith("/usr")]
        for prefix in prefixes:
            options += ["--ro-bind", prefix, prefix]
        config["own folders"] = [SCRATCH, "/dev/shm", "/tmp"]
        if any(prefix.startswith("/tmp/") for prefix in prefixes):
            config["own folders"].remove("/tmp")  # a folder over it would hide Python itself
            options += ["--remount-ro", "/tmp"]
        installed = Path(sysconfig.get_path("purelib")) / "engineroom"
        options += ["--tmpfs", str(installed)] if installed.is_dir() else []
        options += ["--cap-add", "CAP_SYS_ADMIN"] if self._nested else ["--tmpfs", SCRATCH]
        for name, value in _environment().items():
            options += ["--setenv", name, value]
        python = [sys.executable, "-I", f"{COURSE}/inside/zygote.py", json.dumps(config)]
        return [*_confinement(), *_system(), *options, "--chdir", SCRATCH, "--", *python]

    def _stop(self) -> None:
        if self._control:
            self._control.close()
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process.stderr.close()
            self._process = None

    def close(self) -> None:
        """End the sandbox and all in it."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock:
            self._lock.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _locked(folder: Path) -> IO[bytes] | None:
    """Hold a sandbox's folder as long as this process lives; None when another process holds it."""
    if not sys.platform.startswith("linux"):
        return None
    import fcntl

    lock = (folder / "in use").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _sweep() -> None:
    """Remove the folders of sandboxes whose grader was killed before it could do so itself."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if (folder / "in use").exists() and (lock := _locked(folder)):
                shutil.rmtree(folder, ignore_errors=True)
                lock.close()


def _came_up(learner: Learner) -> bool:
    """Wait until the learner's process greets us; False when its keeper says that it can't be made."""
    ready, _, _ = select.select([learner.channel, learner.leash], [], [], READY_S)
    return learner.channel in ready and learner.channel.recv(1) == b"+"


def _environment() -> dict[str, str]:
    return {
        "HOME": SCRATCH,
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": SCRATCH,
        "TMPDIR": SCRATCH,
    }


def _copy_course(target: Path) -> None:
    """Copy what a learner's code may read: the library without checks, and the data."""
    course = course_folder()
    library = Path(__file__).parents[2]
    shutil.copytree(library, target / "lib" / "engineroom", ignore=HIDDEN)
    for theme in _themes_with_checks(library):
        (target / "lib" / "engineroom" / theme / "checks.py").write_text(STUB)
    shutil.copytree(course / "data", target / "data", ignore=HIDDEN)
    shutil.copytree(INSIDE, target / "inside", ignore=HIDDEN)
    (target / "notebooks").mkdir()


def _themes_with_checks(library: Path) -> Iterator[str]:
    for theme in sorted(library.iterdir()):
        if (theme / "checks").is_dir() or (theme / "checks.py").is_file():
            yield theme.name

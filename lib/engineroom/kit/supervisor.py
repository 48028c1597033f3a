"""Watches one child process and makes sure that it, and all it starts, ends.

Run as a script of its own (``python -I -S supervisor.py CONFIG COMMAND…``), so that it outlives
a killed notebook kernel: its standard input is a leash held by the parent, and when the leash is
dropped, for whatever reason, the child's whole process group is killed. It imports nothing
beyond the standard library, to start in milliseconds.

CONFIG is JSON: time_s, memory_mb (either may be null), verdict_fd. The verdict is one JSON
object: ended_by, exit_code, wall_s, cpu_s, max_rss_mb.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time

CHECK_EVERY_S = 0.05  # how far a child may run past its memory limit or a dropped leash


def group_memory_mb(group: int) -> float:
    """Return the resident memory of a process group in MB (10**6 bytes)."""
    if not os.path.isdir("/proc/self"):  # noqa: PTH112 - pathlib would double the start time
        table = subprocess.run(["ps", "-axo", "pgid=,rss="], capture_output=True, text=True).stdout
        rows = (line.split() for line in table.splitlines())
        return sum(int(rss) for pgid, rss in rows if int(pgid) == group) * 1024 / 1e6
    pages = 0
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
            after_name = stat.read().rpartition(b")")[2].split()
            if int(after_name[2]) == group:
                pages += int(after_name[21])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def watch(child: subprocess.Popen, config: dict) -> dict:
    """Wait until the child ends or breaks a limit; return the verdict."""
    started = time.monotonic()
    deadline = started + config["time_s"] if config["time_s"] else float("inf")
    ended_by = "exit"
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        ready, _, _ = select.select([0, wake_read], [], [], CHECK_EVERY_S)
        if wake_read in ready:
            os.read(wake_read, 4096)
        if ended_by == "exit":
            if 0 in ready and not os.read(0, 1):
                ended_by = "cancelled"
            elif time.monotonic() > deadline:
                ended_by = "time limit"
            elif config["memory_mb"] and group_memory_mb(child.pid) > config["memory_mb"]:
                ended_by = "memory limit"
            if ended_by != "exit":
                kill_group(child.pid)
    child.returncode = os.waitstatus_to_exitcode(status)
    per_mb = 1e6 if sys.platform == "darwin" else 1e6 / 1024
    return {
        "ended_by": ended_by,
        "exit_code": child.returncode,
        "wall_s": time.monotonic() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "max_rss_mb": usage.ru_maxrss / per_mb,
    }


def kill_group(group: int) -> None:
    """Kill every process of a group; those already gone don't matter."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Start the command, watch it, report."""
    config = json.loads(sys.argv[1])
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)  # only the leash and the limits end a child
    try:
        child = subprocess.Popen(
            sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True, restore_signals=True
        )
    except OSError as error:
        verdict = {"ended_by": "not started", "exit_code": 127, "reason": error.strerror}
    else:
        try:
            verdict = watch(child, config)
        finally:
            kill_group(child.pid)  # what the child left behind
    with contextlib.suppress(OSError), os.fdopen(config["verdict_fd"], "w") as pipe:
        json.dump(verdict, pipe)


if __name__ == "__main__":
    main()

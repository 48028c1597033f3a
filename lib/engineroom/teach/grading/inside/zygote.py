"""The warm process of a sandbox: imports once what learners import, then forks for each submission.

Run as ``python -I zygote.py CONFIG`` with a Unix socket as standard input. Each message on it brings two
descriptors: the channel of a new learner's process, and the leash of its keeper. The keeper makes
namespaces of its own for the learner, kills it when the leash is dropped, and tells how it ended.
Untrusted code runs in the learner's process only.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120 - quick to start

import confine  # noqa: E402
import learner  # noqa: E402


def main() -> None:
    """Import, say so, then start a learner's process for each pair of descriptors that comes in."""
    config = json.loads(sys.argv[1])
    control = socket.socket(fileno=os.dup(0))
    sys.path.insert(0, config["library"])
    for name in config["preload"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 16, 2)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            keep(*descriptors, config)
        for descriptor in descriptors:
            os.close(descriptor)


def keep(channel: int, leash: int, config: dict) -> None:
    """Start the learner's process, wait for its end or the leash's, and tell how it ended."""
    told = {"ended": "not started"}
    try:
        if config["namespaces"]:
            confine.own_namespaces()
        child = os.fork()
        if child == 0:
            os.close(leash)
            become_learner(channel, config)
        os.close(channel)
        watched = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
        ready, _, _ = select.select([leash, *([watched] if watched is not None else [])], [], [])
        if leash in ready:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        told = {"ended": "by itself", "code": os.waitstatus_to_exitcode(status)}
    except OSError as error:
        told["reason"] = str(error)
    with contextlib.suppress(OSError):
        os.write(leash, json.dumps(told).encode())
    os._exit(0)


def become_learner(channel: int, config: dict) -> None:
    """Give up everything but one channel, then serve it."""
    code = 70
    with contextlib.suppress(EOFError, BrokenPipeError):
        learner.silence()
        os.closerange(3, channel)
        os.closerange(channel + 1, 1024)
        if config["namespaces"]:
            confine.scratch_folders(config["own folders"])
        if config["confined"]:
            confine.limit_resources(config["memory_mb"], config["cpu_s"])
            os.chdir(config["scratch"])
            confine.forbid_system_calls()
        else:
            os.chdir(config["scratch"])
        code = 0
        os.write(channel, b"+")
        learner.serve(socket.socket(fileno=channel))
    os._exit(code)


if __name__ == "__main__":
    main()

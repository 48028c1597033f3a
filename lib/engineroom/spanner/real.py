"""Runs a real quorum of three on this machine (etcd, if it is installed), or replays a recorded one."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engineroom.kit.children import Server
from engineroom.kit.data import load_json
from engineroom.kit.plainly import ToldPlainly
from engineroom.spanner.raft_quorum import QuorumKnobs, QuorumRun

__all__ = ["NotInstalled", "QuorumFailed", "disk_ms", "replay", "run", "why_not"]

ETCD = "etcd"
KEY, VALUE = "/engineroom/quorum", "x" * 64
PATIENCE_S = 15.0  # an election may have to be repeated
MEMORY_MB = 512

Progress = Callable[[float, str], None]


class NotInstalled(ToldPlainly, RuntimeError):
    """An optional program is not on this machine."""


class QuorumFailed(ToldPlainly, RuntimeError):
    """The quorum answered with an error, or not at all."""


def why_not() -> str | None:
    """Return one sentence if the live quorum can't run here, and None if it can."""
    if shutil.which(ETCD) is None:
        bring = "sudo apt-get install etcd-server"
        return f"Skipped: etcd is not installed. On Debian or Ubuntu bring it with: {bring}"
    return None


def replay() -> QuorumRun:
    """Return the recorded run."""
    record = load_json("spanner", "etcd_quorum.json")
    measured = ("disk_ms", "put_ms", "linearizable_ms", "serializable_ms", "gap_s")
    arrays = {name: np.array(record[name]) for name in measured}
    return QuorumRun(origin=record["origin"], **arrays)


def disk_ms(samples: int = 40) -> np.ndarray:
    """Return how long this machine takes to make 64 bytes durable (write and fsync), in milliseconds."""
    times = []
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb", buffering=0) as file:
        for _ in range(samples):
            start = time.perf_counter()
            file.write(VALUE.encode())
            os.fsync(file.fileno())
            times.append(1e3 * (time.perf_counter() - start))
    return np.array(times)


def run(
    knobs: QuorumKnobs,
    *,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> QuorumRun:
    """Start three etcd servers on loopback, put, read at a follower, kill leaders; leave nothing behind.

    Only the knobs for requests, kills and the two timeouts are used; the disk and the network are real.

    Raises:
        NotInstalled: when there is no etcd, with the command that brings it.
        QuorumFailed: when the quorum does not answer within 15 s, or the run is cancelled.
    """
    if reason := why_not():
        raise NotInstalled(reason)
    tell = on_progress or (lambda share, message: None)
    cancel = cancel or threading.Event()
    disk = disk_ms()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        tell(0.0, "starting three servers…")
        nodes = [stack.enter_context(node) for node in _nodes(knobs, Path(folder))]
        leader = _leader(nodes, cancel)
        follower = next(node for node in nodes if node is not leader)
        put = _timed(knobs.requests, leader.put, cancel)
        tell(0.4, "reading at a follower…")
        fresh = _timed(knobs.requests, follower.get, cancel)
        any_age = _timed(knobs.requests, lambda: follower.get(serializable=True), cancel)
        tell(0.7, "killing leaders…")
        gaps = [_kill_leader(nodes, cancel) for _ in range(knobs.kills)]
        origin = f"etcd {leader.version}, {os.cpu_count()} processors"  # the leader has told us its version
    return QuorumRun(origin, disk, put, fresh, any_age, np.array(gaps))


class _Node:
    """One etcd server: a supervised child with its address, data folder and JSON interface."""

    def __init__(self, argv: list[str], port: int):
        self._argv, self._port = argv, port
        self.version = ""

    def __enter__(self) -> _Node:
        self._server = Server(self._argv, memory_mb=MEMORY_MB)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def kill(self) -> None:
        """Kill the server; its data stays."""
        self._server.stop()

    def restart(self) -> None:
        """Start the server again on its data."""
        self._server = Server(self._argv, memory_mb=MEMORY_MB)

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post a request; raise OSError when nobody answers or the answer is an error."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            return json.loads(text)
        except http.client.HTTPException as error:
            raise OSError(str(error)) from None
        finally:
            connection.close()

    def put(self) -> None:
        """Write the key durably."""
        self.ask("/v3/kv/put", {"key": _base64(KEY), "value": _base64(VALUE)})

    def get(self, serializable: bool = False) -> None:
        """Read the key, up to date or of any age."""
        self.ask("/v3/kv/range", {"key": _base64(KEY), "serializable": serializable})

    def leads(self) -> bool:
        """Return whether this node says that it leads."""
        with contextlib.suppress(OSError):
            status = self.ask("/v3/maintenance/status", {})
            self.version = status["version"]
            return status.get("leader", "0") == status["header"]["member_id"]
        return False


def _nodes(knobs: QuorumKnobs, folder: Path) -> Iterator[_Node]:
    ports = _free_ports(6)
    peers = [f"http://127.0.0.1:{port}" for port in ports[3:]]
    cluster = ",".join(f"n{i}={peer}" for i, peer in enumerate(peers))
    for i, peer in enumerate(peers):
        client = f"http://127.0.0.1:{ports[i]}"
        settings = {
            "name": f"n{i}",
            "data-dir": folder / f"n{i}",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": cluster,
            "heartbeat-interval": round(knobs.heartbeat_ms),
            "election-timeout": round(knobs.election_ms),
        }
        yield _Node([ETCD, *(f"--{name}={value}" for name, value in settings.items())], ports[i])


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now; all are held until all are known."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _timed(count: int, action: Callable[[], None], cancel: threading.Event) -> np.ndarray:
    times = []
    for _ in range(count):
        if cancel.is_set():
            raise QuorumFailed("The run was stopped.")
        start = time.perf_counter()
        try:
            action()
        except OSError as error:
            raise QuorumFailed(f"The quorum did not answer: {error}.") from None
        times.append(1e3 * (time.perf_counter() - start))
    return np.array(times)


def _kill_leader(nodes: list[_Node], cancel: threading.Event) -> float:
    """Kill the leader, time the gap until somebody else takes a put, start it again; in seconds."""
    leader = _leader(nodes, cancel)
    leader.kill()
    start = time.perf_counter()
    others = [node for node in nodes if node is not leader]
    # A put before there is a leader would hang until its own time-out: ask for a leader first.
    _until(lambda: any(node.leads() and _can_put(node) for node in others), "no put succeeded", cancel)
    gap = time.perf_counter() - start
    leader.restart()
    _until(lambda: _can_put(leader), "the killed server did not come back", cancel)
    return gap


def _can_put(node: _Node) -> bool:
    with contextlib.suppress(OSError):
        node.put()
        return True
    return False


def _leader(nodes: list[_Node], cancel: threading.Event) -> _Node:
    """Poll until one node says that it leads: one trial in a few needs a second election."""
    found: list[_Node] = []
    _until(lambda: bool(found.extend(node for node in nodes if node.leads()) or found), "no leader", cancel)
    return found[-1]


def _until(holds: Callable[[], bool], otherwise: str, cancel: threading.Event) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if cancel.wait(0.02):
            raise QuorumFailed("The run was stopped.")
        if time.monotonic() > deadline:
            raise QuorumFailed(f"The quorum is not ready after {PATIENCE_S:.0f} s: {otherwise}.")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

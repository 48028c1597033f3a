"""Clients: closed loops that run one transaction after the other and note what they saw."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .directory import Directory
from .events import Kernel
from .history import History, Transaction
from .network import Network
from .paxos import Replica
from .server import Server

__all__ = ["Client", "Plan"]


@dataclass(frozen=True)
class Plan:
    """What one transaction is going to do.

    Attributes:
        kind: ``"read-write"``, ``"read-only"`` or ``"stale"``.
        reads: keys to read, by group.
        writes: keys to write, by group.
        staleness_us: how far back a stale read looks.
        from_leader: send a read-only transaction on one group to its leader, not to the nearest replica.
    """

    kind: str
    reads: Mapping[str, tuple[str, ...]]
    writes: Mapping[str, tuple[str, ...]]
    staleness_us: int = 0
    from_leader: bool = True


class _Attempt:
    """One try of one transaction; late messages to an attempt that is over change nothing."""

    def __init__(self, client: Client, txn: int, age: tuple[int, int], plan: Plan):
        self.client, self.txn, self.age, self.plan = client, txn, age, plan
        self.zone = client.zone
        self.start_us = self.commit_us = client.kernel.now
        self.values: dict[str, int] = {}
        self.ballots: dict[str, int] = {}
        self.t_us: int | None = None
        self._missing = set(plan.reads)
        self.over = self.committing = False

    def begin(self) -> None:
        if self.plan.kind == "read-write":
            self._lock_and_read()
        else:
            self._read_snapshot()
        self.client.kernel.after(self.client.timeout_us, self._time_out)

    # -- read-write ---------------------------------------------------------------------------

    def _lock_and_read(self) -> None:
        if not self._missing:
            self._commit()
        for group, keys in self.plan.reads.items():
            lead = self.client.directory.leader(group, self.zone)
            if lead:
                self.client.send(lead.server, lead.deliver, "read", self, keys)

    def on_read(self, group: str, ballot: int, values: dict[str, int]) -> None:
        self.values.update(values)
        self.ballots[group] = ballot
        self._missing.discard(group)
        if not self._missing and not self.over and not self.committing:
            self._commit()

    def _commit(self) -> None:
        """Send the commit to the coordinator and a prepare to every other group."""
        plan, directory = self.plan, self.client.directory
        groups = list(dict.fromkeys((*plan.writes, *plan.reads)))
        leads = [directory.leader(group, self.zone) for group in groups]
        if None in leads:
            self._fail("no leader")
            return
        self.committing, self.commit_us = True, self.client.kernel.now
        for group, lead in zip(groups, leads, strict=True):
            last = tuple(groups[1:]) if group == groups[0] else groups[0]
            method = "commit" if group == groups[0] else "prepare"
            writes = plan.writes.get(group, ())
            self.client.send(lead.server, lead.deliver, method, self, self.ballots.get(group), writes, last)

    def on_commit(self, s_us: int) -> None:
        if not self.over:
            self.t_us = s_us
            self._finish(self.client.kernel.now)

    def on_abort(self, why: str) -> None:
        if not self.over:
            self._fail(why)

    # -- read-only and stale ------------------------------------------------------------------

    def _read_snapshot(self) -> None:
        directory, plan = self.client.directory, self.plan
        if plan.kind == "read-only" and plan.from_leader and len(plan.reads) == 1:
            (group, keys), *_ = plan.reads.items()
            lead = directory.leader(group, self.zone)
            if lead:
                self.client.send(lead.server, lead.deliver, "read_last", self, keys)
            return
        frontend = directory.frontend(self.zone)
        if frontend:
            self.client.send(frontend, self._at_frontend, frontend)

    def _at_frontend(self, frontend: Server) -> None:
        """Choose the read timestamp by the frontend's clock, then ask the nearest replicas."""
        earliest, latest = frontend.clock.now()
        if self.plan.kind == "stale":
            t_us = (earliest + latest) // 2 - self.plan.staleness_us
        else:
            t_us = latest if frontend.protocol.read_at == "latest" else earliest
        for group, keys in self.plan.reads.items():
            replica = self.client.directory.nearest(group, frontend.zone)
            if replica:
                frontend.send(replica.server, self._at_replica, replica, group, t_us, keys)

    def _at_replica(self, replica: Replica, group: str, t_us: int, keys: tuple[str, ...]) -> None:
        network, zone = replica.server.network, replica.server.zone
        replica.snapshot(
            t_us, keys, lambda values: network.send(zone, self.zone, self.on_snapshot, group, t_us, values)
        )

    def on_snapshot(self, group: str, t_us: int, values: dict[str, int]) -> None:
        if self.over or self.t_us not in (None, t_us):
            return
        self.t_us = t_us
        self.values.update(values)
        self._missing.discard(group)
        if not self._missing:
            self._finish(self.client.kernel.now)

    # -- ends ---------------------------------------------------------------------------------

    def _finish(self, end_us: int | None) -> None:
        self.over = True
        self.client.done(self, end_us)

    def _fail(self, why: str) -> None:
        self.over = True
        for group in self.plan.reads if self.plan.kind == "read-write" else ():
            lead = self.client.directory.leader(group, self.zone)
            if lead:
                self.client.send(lead.server, lead.deliver, "abort", self.txn)
        self.client.failed(why)

    def _time_out(self) -> None:
        if self.over:
            return
        if self.committing:
            self._finish(None)  # it may or may not be committed: nobody told us
        else:
            self._fail("timed out")


class Client:
    """One client in one zone, which draws plans until there are none left.

    Args:
        number: the client's number.
        zone: where it runs.
        kernel: the event kernel.
        network: the network.
        directory: finds leaders and replicas.
        history: takes down what happened.
        next_plan: returns the next plan, or None when the workload is done.
        next_txn: returns a fresh transaction id.
        rng: draws pauses.
        timeout_us: how long it waits for an answer.
        think_us: mean pause between transactions.
    """

    def __init__(
        self,
        number: int,
        zone: str,
        kernel: Kernel,
        network: Network,
        directory: Directory,
        history: History,
        next_plan: Callable[[Client], Plan | None],
        next_txn: Callable[[], int],
        rng: random.Random,
        timeout_us: int = 2_000_000,
        think_us: int = 0,
    ):
        self.number, self.zone, self.kernel, self.network = number, zone, kernel, network
        self.directory, self.history, self.rng = directory, history, rng
        self.timeout_us, self._think_us = timeout_us, think_us
        self._next_plan, self._next_txn = next_plan, next_txn
        self.plan: Plan | None = None
        self._age = (0, number)
        self._tries = 0

    def send(self, server: Server, action: Callable[..., None], *args: object) -> None:
        """Send a message to a server."""
        self.network.send(self.zone, server.zone, server.handle, action, *args)

    def start(self) -> None:
        """Begin the next transaction, if there is one."""
        self.plan = self._next_plan(self)
        if self.plan:
            self._age, self._tries = (self.kernel.now, self.number), 0
            self._try()

    def done(self, attempt: _Attempt, end_us: int | None) -> None:
        """Take down a finished transaction and go on."""
        plan = self.plan
        writes = tuple(key for keys in plan.writes.values() for key in keys)
        reads = tuple(attempt.values.items())
        self.history.transactions.append(
            Transaction(
                attempt.txn,
                self.number,
                plan.kind,
                attempt.start_us,
                attempt.commit_us,
                end_us,
                attempt.t_us,
                reads,
                writes,
            )
        )
        self.plan = None
        self.kernel.after(self._pause(self._think_us), self.start)

    def failed(self, why: str) -> None:
        """Count an aborted attempt and try again after a pause, as old as before."""
        self.history.aborted(why)
        self._tries += 1
        self.kernel.after(self._pause(1_000 << min(self._tries, 7)), self._try)

    def _try(self) -> None:
        _Attempt(self, self._next_txn(), self._age, self.plan).begin()

    def _pause(self, mean_us: int) -> int:
        return int(self.rng.expovariate(1 / mean_us)) if mean_us else 0

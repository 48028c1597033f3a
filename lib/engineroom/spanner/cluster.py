"""A whole deployment: zones, servers, groups and clients, run until the workload is done.

`simulate` is a pure function of its arguments: the same knobs, protocol and faults give the
same history and the same hash of the event log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .clients import Client, Plan
from .directory import Directory
from .events import Kernel, Stopped, stream
from .faults import Fault, schedule
from .group import Group
from .history import History
from .leases import Lease
from .network import Network
from .paxos import Replica
from .protocol import Protocol
from .schema_change import ChangeOutcome, ChangePlan, SchemaChange
from .server import Server
from .truetime import Sawtooth, TrueTime
from .workload import ClusterKnobs, Workload, microseconds

__all__ = ["Cluster", "ClusterKnobs", "Run", "Zone", "simulate"]


@dataclass(frozen=True)
class Zone:
    """One zone of the deployment.

    Attributes:
        name: its name.
        kind: the kind of replica it holds of every group: read-write, read-only or witness.
        lean: fixes its clock's error at this fraction of ε (-1 to 1); None draws it.
    """

    name: str
    kind: str = "read-write"
    lean: float | None = None


@dataclass(frozen=True)
class Run:
    """What a simulation showed.

    Attributes:
        history: what the clients saw.
        stopped: why and when it ended.
        digest: the hash of the event log.
        events: the event log's entries, if they were kept.
        leases: every term of office, by group.
        stalls: one sentence for each group that could make no progress at the end.
        changes: the schema changes: their timestamps, and how they ended.
    """

    history: History
    stopped: Stopped
    digest: str
    events: list[tuple[Any, ...]]
    leases: dict[str, list[Lease]]
    stalls: list[str]
    changes: tuple[ChangeOutcome, ...] = ()


class Cluster:
    """Wires a deployment together.

    Args:
        knobs: the deployment and its workload.
        protocol: the rules.
        zones: the zones; by default as many alike as there are replicas.
        rtt_us: round trips in microseconds by (zone, zone), including each zone with itself;
            by default the two in ``knobs``.
        plans: the plans to run instead of a random workload, dealt out to the clients in turn.
        keep_log: keep the event log.
        changes: schema changes to make on the way.

    Raises:
        ValueError: when no zone may lead, or a round trip is missing or negative.
    """

    def __init__(
        self,
        knobs: ClusterKnobs,
        protocol: Protocol | None = None,
        zones: Sequence[Zone] = (),
        rtt_us: Mapping[tuple[str, str], int] | None = None,
        plans: Sequence[Plan] | None = None,
        keep_log: bool = False,
        changes: Sequence[ChangePlan] = (),
    ):
        self.knobs, self.protocol = knobs, protocol or Protocol()
        self.zones = tuple(zones) or tuple(Zone(f"Z{i + 1}") for i in range(knobs.replicas))
        if not any(zone.kind == "read-write" for zone in self.zones):
            raise ValueError(
                "No zone holds a read-write replica; a witness or read-only replica cannot lead."
            )
        self.kernel = Kernel(knobs.max_events, keep_log)
        self.network = Network(self.kernel, self._round_trips(rtt_us), stream(knobs.seed, "network"))
        self.history = History()
        self.servers = [self._server(zone) for zone in self.zones]
        names = [f"g{number}" for number in range(knobs.groups)]
        self.groups = {name: self._group(name, turn) for turn, name in enumerate(names)}
        directory = Directory(self.groups, self.servers, self.network)
        self._workload, self._done = Workload(knobs, names, plans), False
        self.clients = [self._client(number, directory) for number in range(knobs.clients)]
        home = self.servers[0]
        self._changes = tuple(
            SchemaChange(-turn, plan, names, home.zone, home.clock, self.kernel, self.network, directory)
            for turn, plan in enumerate(changes, 1)
        )

    def run(self, faults: Iterable[Fault] = ()) -> Run:
        """Elect leaders, run the workload under the faults and return what it showed."""
        schedule(faults, self.servers, self.network)
        for server in self.servers:
            for replica in server.replicas.values():
                replica.wake()
        warm_up = self.knobs.timings().tick_us
        for client in self.clients:
            self.kernel.after(warm_up, client.start)
        stopped = self.kernel.run(microseconds(self.knobs.limit_s * 1e3))
        self._fill_in_timestamps()
        leases = {name: [term.lease for term in group.history] for name, group in self.groups.items()}
        stalls = [why for group in self.groups.values() if (why := group.why_stalled())]
        changes, log = tuple(change.outcome() for change in self._changes), self.kernel.log
        return Run(self.history, stopped, log.digest(), log.kept(), leases, stalls, changes)

    def dismantle(self) -> None:
        """Cut the machines loose from one another, so that their memory is free at once.

        A deployment is a web of references; left to the collector of cycles, many of them would stop an
        explorer for a tenth of a second now and then.
        """
        replicas = [replica for group in self.groups.values() for replica in group.replicas]
        terms = [term for group in self.groups.values() for term in group.history]
        parts = [part for term in terms for part in (term.transactions, term.changes)]
        for thing in (*parts, *terms, *replicas, *self.servers, *self.clients, self.kernel, self):
            vars(thing).clear()

    def _round_trips(self, given: Mapping[tuple[str, str], int] | None) -> dict[tuple[str, str], int]:
        names = [zone.name for zone in self.zones]
        if given is None:
            far, near = microseconds(self.knobs.rtt_ms), microseconds(self.knobs.local_rtt_ms)
            return {(a, b): near if a == b else far for a in names for b in names}
        both_ways = {**{(b, a): rtt for (a, b), rtt in given.items()}, **given}
        for a in names:
            for b in names:
                if (a, b) not in both_ways:
                    raise ValueError(f"The round trip between {a} and {b} is missing.")
        return both_ways

    def _server(self, zone: Zone) -> Server:
        knobs, seed = self.knobs, self.knobs.seed
        law = Sawtooth(microseconds(knobs.epsilon_ms), knobs.drift_us_per_s, microseconds(knobs.poll_s * 1e3))
        clock = TrueTime(
            self.kernel,
            law,
            stream(seed, "clock", zone.name),
            lean=zone.lean,
            understated=self.protocol.epsilon_scale,
        )
        disk = stream(seed, "disk", zone.name)
        return Server(zone.name, self.kernel, self.network, clock, disk, self.protocol, knobs.timings())

    def _group(self, name: str, turn: int) -> Group:
        """Build a group whose preferred leader rotates through the zones."""
        group, count = Group(name, self.history.committed), len(self.zones)
        for index in range(count):
            place = (turn + index) % count
            server, kind = self.servers[place], self.zones[place].kind
            replica = Replica(group, server, kind, index, stream(self.knobs.seed, "election", name, place))
            group.replicas.append(replica)
            server.replicas[name] = replica
        return group

    def _client(self, number: int, directory: Directory) -> Client:
        knobs = self.knobs
        return Client(
            number,
            self.zones[number % len(self.zones)].name,
            self.kernel,
            self.network,
            directory,
            self.history,
            self._next_plan,
            self._workload.next_txn,
            stream(knobs.seed, "pause", number),
            microseconds(knobs.timeout_s * 1e3),
            microseconds(knobs.think_ms),
        )

    def _next_plan(self, client: Client) -> Plan | None:
        plan = self._workload.next_plan()
        if plan is None and not self._done and all(one.plan is None for one in self.clients):
            self._done = True
            self.kernel.after(microseconds(self.knobs.settle_s * 1e3), self.kernel.complete)
        return plan

    def _fill_in_timestamps(self) -> None:
        decided = self.history.decided
        self.history.transactions = [
            replace(one, ts_us=decided.get(one.txn)) if one.end_us is None else one
            for one in self.history.transactions
        ]


def simulate(
    knobs: ClusterKnobs,
    protocol: Protocol | None = None,
    faults: Iterable[Fault] = (),
    **layout: Any,
) -> Run:
    """Run a deployment; ``layout`` are further arguments of `Cluster`.

    Raises:
        ValueError: for zones, round trips or faults that cannot be.
    """
    cluster = Cluster(knobs, protocol, **layout)
    run = cluster.run(faults)
    cluster.dismantle()
    return run

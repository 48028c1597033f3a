"""A whole deployment: zones, servers, groups and clients, run until the workload is done.

`simulate` is a pure function of its arguments: the same knobs, protocol and faults give the
same history and the same hash of the event log.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engineroom.kit.knobs import Knobs, integer, number, switch

from .clients import Client, Directory, Plan
from .events import Kernel, Stopped, stream
from .faults import Fault, schedule
from .history import History
from .leases import Lease
from .network import Network
from .paxos import Group, Replica
from .protocol import Protocol
from .server import Server, Timings
from .truetime import Sawtooth, TrueTime

__all__ = ["Cluster", "ClusterKnobs", "Run", "Zone", "simulate"]


@dataclass(frozen=True)
class ClusterKnobs(Knobs):
    """A deployment and its workload."""

    seed: int = integer(1, 0, 2**31 - 1, label="seed", help="Same seed, same history.")
    replicas: int = integer(3, 1, 9, step=2, label="replicas", help="Voting replicas, one per zone.")
    groups: int = integer(
        4, 1, 1_250, label="groups", log=True, help="Splits, each a Paxos group of its own."
    )
    rtt_ms: float = number(1, 0, 400, step=0.5, unit="ms", label="round trip between zones")
    local_rtt_ms: float = number(0.2, 0, 10, step=0.1, unit="ms", label="round trip inside a zone")
    epsilon_ms: float = number(1, 0.001, 100, step=0.5, unit="ms", label="ε at a poll")
    drift_us_per_s: int = integer(200, 0, 10_000, unit="µs/s", label="assumed clock drift")
    poll_s: float = number(30, 0.1, 300, unit="s", label="time between polls")
    lease_s: float = number(10, 0.1, 60, step=0.1, unit="s", label="lease")
    promise_s: float = number(8, 0.05, 60, step=0.5, unit="s", label="safe-time heartbeat")
    log_write_ms: float = number(2, 0, 50, step=0.5, unit="ms", label="smallest log write")
    log_spread_ms: float = number(0.5, 0, 50, step=0.1, unit="ms", label="mean extra log write")
    participant_ms: float = number(0, 0, 10, step=0.05, unit="ms", label="coordinator's work per participant")
    clients: int = integer(8, 1, 1_000, label="clients", help="Closed loops, spread over the zones.")
    transactions: int = integer(400, 1, 1_000_000, label="transactions", log=True)
    keys: int = integer(50, 1, 100_000, label="keys per group", log=True)
    read_write: float = number(0.6, 0, 1, step=0.05, label="share of read-write transactions")
    stale: float = number(0.1, 0, 1, step=0.05, label="share of stale reads")
    across: float = number(0.3, 0, 1, step=0.05, label="share that spans groups")
    span: int = integer(2, 1, 1_250, label="groups in a spanning transaction", log=True)
    blind: float = number(0.2, 0, 1, step=0.05, label="share of writes that read nothing first")
    staleness_ms: float = number(50, 0, 3_600_000, unit="ms", label="staleness")
    from_leader: bool = switch(False, label="strong reads ask the leader", help="Off: the nearest replica.")
    think_ms: float = number(0, 0, 60_000, unit="ms", label="mean pause of a client")
    timeout_s: float = number(2, 0.01, 60, step=0.1, unit="s", label="client's patience")
    limit_s: float = number(3_600, 0.1, 86_400, unit="s", label="longest virtual time", log=True)
    settle_s: float = number(0, 0, 600, unit="s", label="quiet time after the last transaction")
    max_events: int = integer(2_000_000, 1, 100_000_000, label="most events", log=True)

    def conflicts(self) -> dict[str, str]:
        """Check the rules between knobs."""
        problems = {}
        if self.replicas % 2 == 0:
            problems["replicas"] = (
                f"replicas is {self.replicas}; it must be odd: an even count survives "
                f"no more failures than {self.replicas - 1} and needs a larger quorum."
            )
        if self.read_write + self.stale > 1:
            problems["stale"] = "The shares of read-write transactions and stale reads add up to more than 1."
        if self.span > self.groups:
            problems["span"] = f"A transaction spans {self.span} groups, but there are only {self.groups}."
        return problems

    def timings(self) -> Timings:
        """Return the servers' durations."""
        return Timings(
            lease_us=_us(self.lease_s * 1e3),
            tick_us=max(1, _us(self.lease_s * 1e3) // 10),
            promise_us=_us(self.promise_s * 1e3),
            log_write_us=_us(self.log_write_ms),
            log_write_spread_us=_us(self.log_spread_ms),
            participant_us=_us(self.participant_ms),
        )


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
    """

    history: History
    stopped: Stopped
    digest: str
    events: list[tuple[Any, ...]]
    leases: dict[str, list[Lease]]
    stalls: list[str]


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
        self._workload, self._done = _Workload(knobs, names, plans), False
        self.clients = [self._client(number, directory) for number in range(knobs.clients)]

    def run(self, faults: Iterable[Fault] = ()) -> Run:
        """Elect leaders, run the workload under the faults and return what it showed."""
        schedule(faults, self.servers, self.network)
        for server in self.servers:
            for replica in server.replicas.values():
                replica.wake()
        warm_up = self.knobs.timings().tick_us
        for client in self.clients:
            self.kernel.after(warm_up, client.start)
        stopped = self.kernel.run(_us(self.knobs.limit_s * 1e3))
        self._fill_in_timestamps()
        leases = {name: [term.lease for term in group.history] for name, group in self.groups.items()}
        stalls = [why for group in self.groups.values() if (why := group.why_stalled())]
        log = self.kernel.log
        return Run(self.history, stopped, log.digest(), log.kept(), leases, stalls)

    def _round_trips(self, given: Mapping[tuple[str, str], int] | None) -> dict[tuple[str, str], int]:
        names = [zone.name for zone in self.zones]
        if given is None:
            far, near = _us(self.knobs.rtt_ms), _us(self.knobs.local_rtt_ms)
            return {(a, b): near if a == b else far for a in names for b in names}
        both_ways = {**{(b, a): rtt for (a, b), rtt in given.items()}, **given}
        for a in names:
            for b in names:
                if (a, b) not in both_ways:
                    raise ValueError(f"The round trip between {a} and {b} is missing.")
        return both_ways

    def _server(self, zone: Zone) -> Server:
        knobs, seed = self.knobs, self.knobs.seed
        law = Sawtooth(_us(knobs.epsilon_ms), knobs.drift_us_per_s, _us(knobs.poll_s * 1e3))
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
            _us(knobs.timeout_s * 1e3),
            _us(knobs.think_ms),
        )

    def _next_plan(self, client: Client) -> Plan | None:
        plan = self._workload.next_plan()
        if plan is None and not self._done and all(one.plan is None for one in self.clients):
            self._done = True
            self.kernel.after(_us(self.knobs.settle_s * 1e3), self.kernel.complete)
        return plan

    def _fill_in_timestamps(self) -> None:
        decided = self.history.decided
        self.history.transactions = [
            replace(one, ts_us=decided.get(one.txn)) if one.end_us is None else one
            for one in self.history.transactions
        ]


class _Workload:
    """Deals out plans and transaction ids."""

    def __init__(self, knobs: ClusterKnobs, groups: list[str], plans: Sequence[Plan] | None):
        self._knobs, self._groups = knobs, groups
        self._rng: random.Random = stream(knobs.seed, "workload")
        self._plans = iter(plans) if plans is not None else None
        self._left = knobs.transactions
        self._last_txn = 0

    def next_txn(self) -> int:
        """Return a fresh id."""
        self._last_txn += 1
        return self._last_txn

    def next_plan(self) -> Plan | None:
        """Return the next plan, or None at the end."""
        if self._plans is not None:
            return next(self._plans, None)
        if not self._left:
            return None
        self._left -= 1
        return self._draw()

    def _draw(self) -> Plan:
        knobs, rng = self._knobs, self._rng
        span = knobs.span if rng.random() < knobs.across else 1
        groups = rng.sample(self._groups, span)
        keys = {group: (f"{group}/{rng.randrange(knobs.keys)}",) for group in groups}
        dice = rng.random()
        if dice < knobs.read_write:
            return Plan("read-write", {} if rng.random() < knobs.blind else keys, keys)
        if dice < knobs.read_write + knobs.stale:
            return Plan("stale", keys, {}, _us(knobs.staleness_ms))
        return Plan("read-only", keys, {}, from_leader=knobs.from_leader)


def _us(milliseconds: float) -> int:
    return round(milliseconds * 1_000)


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
    return Cluster(knobs, protocol, **layout).run(faults)

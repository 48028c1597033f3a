"""One transaction, step by step: who sent what to whom, and what each server did when.

It runs on a quiet three-zone deployment, so that everything in the picture belongs to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engineroom.kit.knobs import Knobs, choice, integer, number

from .clients import Plan
from .cluster import Cluster, Zone
from .protocol import Protocol
from .workload import ClusterKnobs

__all__ = ["Mark", "Message", "SpaceTime", "StepKnobs", "simulate"]

KINDS = ("write, one split", "write, two splits", "write, three splits", "strong read, nearest replica")
ZONES = ("Z1", "Z2", "Z3")
WORDS = {
    "read": "read with locks",
    "on_read": "values",
    "commit": "commit",
    "prepare": "prepare",
    "on_accept": "accept",
    "on_accepted": "accepted",
    "on_prepared": "prepared",
    "on_commit": "committed",
    "on_outcome": "outcome",
    "on_release": "apply",
    "on_ask": "safe until t?",
    "on_promise": "safe from here",
    "on_snapshot": "values",
    "_at_frontend": "read",
}
MARKS = ("propose", "chosen", "apply")


@dataclass(frozen=True)
class StepKnobs(Knobs):
    """One transaction and the ground it runs on."""

    kind: str = choice(KINDS[1], KINDS, label="transaction")
    rtt_ms: float = number(2, 0.2, 100, step=0.2, unit="ms", label="round trip between zones")
    log_ms: float = number(2, 0, 20, step=0.5, unit="ms", label="log write")
    epsilon_ms: float = number(4, 0.1, 20, step=0.5, unit="ms", label="ε")
    commit_wait: str = choice("2ε", ("2ε", "ε", "none"), label="commit wait")
    step: int = integer(100, 0, 100, label="show", unit="%", help="How much of the story is shown.")


@dataclass(frozen=True)
class Message:
    """A message: when it left and arrived (ms since the start), between which lanes, and what it says."""

    sent_ms: float
    source: str
    due_ms: float
    target: str
    what: str


@dataclass(frozen=True)
class Mark:
    """Something that happened at one lane (ms since the start)."""

    at_ms: float
    lane: str
    what: str


@dataclass(frozen=True)
class SpaceTime:
    """A transaction's story.

    Attributes:
        lanes: the client's lane first, then the zones.
        messages: in order of sending.
        marks: in order of time.
        end_ms: when the client had its answer.
        timestamp_ms: the commit or read timestamp.
        epsilon_ms: the uncertainty of the clocks.
        shown_ms: the story is to be shown up to here.
    """

    lanes: tuple[str, ...]
    messages: tuple[Message, ...]
    marks: tuple[Mark, ...]
    end_ms: float
    timestamp_ms: float
    epsilon_ms: float
    shown_ms: float

    def told(self) -> list[str]:
        """Return what happened so far, one line per step, in order."""
        steps = [(mark.at_ms, f"{mark.lane}: {mark.what}") for mark in self.marks]
        steps += [(m.sent_ms, f"{m.source} → {m.target}: {m.what}") for m in self.messages]
        steps.sort(key=lambda step: step[0])
        return [f"{at:6.2f} ms  {what}" for at, what in steps if at <= self.shown_ms]


def simulate(knobs: StepKnobs) -> SpaceTime:
    """Run one transaction and tell its story."""
    cluster = _quiet_cluster(knobs)
    cluster.network.messages = []
    run = cluster.run()
    sent_messages = cluster.network.messages
    cluster.dismantle()
    done = run.history.transactions[0]
    start = done.start_us
    until = done.end_us + round(1_500 * knobs.rtt_ms)
    at = _since(start)
    last = max([done.end_us, *(due for _, _, due, _, _ in sent_messages if due <= until)])
    messages = tuple(
        Message(at(sent), _lane(source, what, "from"), at(due), _lane(target, what, "to"), WORDS[what])
        for sent, source, due, target, what in sent_messages
        if start <= sent and due <= until and what in WORDS
    )
    marks = tuple(
        Mark(at(entry[0]), entry[2], _in_words(entry, start))
        for entry in run.events
        if start <= entry[0] <= until and entry[1] in MARKS and entry[1:5:3] != ("apply", "prepare")
    )
    return SpaceTime(
        ("client", *ZONES),
        messages,
        marks,
        at(done.end_us),
        at(done.ts_us),
        knobs.epsilon_ms,
        at(last) * (knobs.step / 100),
    )


def _quiet_cluster(knobs: StepKnobs) -> Cluster:
    """Three zones, a leader in each, exact clocks with a constant ε, one client beside the first."""
    groups = ("g0", "g1", "g2")
    spans = {KINDS[0]: 1, KINDS[1]: 2, KINDS[2]: 3, KINDS[3]: 1}[knobs.kind]
    keys = {group: (f"{group}/x",) for group in groups[:spans]}
    plan = Plan("read-write", {}, keys)
    if knobs.kind == KINDS[3]:
        plan = Plan("read-only", {"g1": ("g1/x",)}, {}, from_leader=False)
    settings = ClusterKnobs(
        groups=3,
        clients=1,
        rtt_ms=knobs.rtt_ms,
        local_rtt_ms=min(0.4, knobs.rtt_ms),
        log_write_ms=knobs.log_ms,
        log_spread_ms=0,
        epsilon_ms=knobs.epsilon_ms,
        drift_us_per_s=0,
        lease_s=60,
        promise_s=60,
        settle_s=0.4,
        timeout_s=30,
    )
    protocol = replace(Protocol(), commit_wait=knobs.commit_wait)
    zones = [Zone(name, lean=0) for name in ZONES]
    return Cluster(settings, protocol, zones, plans=[plan], keep_log=True)


def _since(start_us: int):
    return lambda t_us: (t_us - start_us) / 1e3


def _lane(zone: str, what: str, end: str) -> str:
    """The client sits in the first zone, but gets a lane of its own."""
    from_client = what in ("read", "commit", "prepare", "_at_frontend") and end == "from"
    to_client = what in ("on_read", "on_commit", "on_abort", "on_snapshot") and end == "to"
    return "client" if from_client or to_client else zone


def _in_words(entry: tuple, start_us: int) -> str:
    kind, group = entry[1], entry[3]
    if kind == "propose":
        at = f"{(entry[6] - start_us) / 1e3:.2f}"
        return f"{group} logs " + {"write": f"commit, s = {at}", "prepare": f"prepare at {at}"}.get(
            entry[5], entry[5]
        )
    if kind == "chosen":
        return f"{group} has a majority"
    return f"{group} applies {'commit' if entry[4] == 'write' else entry[4]}"

"""What a simulated deployment is asked to do: its knobs, and plans drawn from them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engineroom.kit.knobs import Knobs, integer, number, switch

from .clients import Plan
from .events import stream
from .server import Timings

__all__ = ["ClusterKnobs", "Workload", "microseconds"]


def microseconds(milliseconds: float) -> int:
    """Return milliseconds as whole microseconds."""
    return round(milliseconds * 1_000)


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
            lease_us=microseconds(self.lease_s * 1e3),
            tick_us=max(1, microseconds(self.lease_s * 1e3) // 10),
            promise_us=microseconds(self.promise_s * 1e3),
            log_write_us=microseconds(self.log_write_ms),
            log_write_spread_us=microseconds(self.log_spread_ms),
            participant_us=microseconds(self.participant_ms),
        )


class Workload:
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
            return Plan("stale", keys, {}, microseconds(knobs.staleness_ms))
        return Plan("read-only", keys, {}, from_leader=knobs.from_leader)

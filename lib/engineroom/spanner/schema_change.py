"""Changing the schema at a timestamp in the future, while reads and writes go on.

A schema change is a transaction on every group at once. Its timestamp t lies in the future and is
*registered* at each group in the prepare phase. From then on, what has a timestamp before t goes on
under the old schema, and what has t or a later one waits until the change is done. If that is sooner
than the clocks reach t, nobody waits.
Source: Corbett et al., OSDI 2012, section 4.2.3.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .log import Entry

if TYPE_CHECKING:
    from .directory import Directory
    from .events import Kernel
    from .leadership import Leadership
    from .network import Network
    from .safetime import SafeTime
    from .truetime import TrueTime

__all__ = ["ChangeOutcome", "ChangePlan", "ChangesAtLeader", "SchemaChange", "SchemaVersions"]

RETRY_US = 200_000


@dataclass(frozen=True)
class ChangePlan:
    """A schema change to come, in microseconds.

    Attributes:
        at_us: when it is asked for.
        lead_us: how far in the future its timestamp lies then.
        work_us: what is to be done between its registration everywhere and its end (checks, filling in).
    """

    at_us: int
    lead_us: int
    work_us: int = 0

    def __post_init__(self) -> None:
        """Refuse times that cannot be."""
        for name in ("at_us", "lead_us", "work_us"):
            if (value := getattr(self, name)) < 0:
                raise ValueError(f"{name} of a schema change is {value} µs; it must not be negative.")


@dataclass(frozen=True)
class ChangeOutcome:
    """How a schema change ended.

    Attributes:
        t_us: its timestamp; 0 before it has begun.
        state: waiting, registering, working, ending, then done or refused (a group had already used a
            timestamp not before t).
        over_us: true time at which every group had logged its end; None before.
    """

    t_us: int
    state: str
    over_us: int | None


class SchemaVersions:
    """What one replica knows of schema changes; part of what its log says, so it survives a crash."""

    def __init__(self) -> None:
        self._registered: dict[int, int] = {}  # change -> t
        self._done: list[int] = []
        self._ended: set[int] = set()

    def apply(self, entry: Entry, safe: SafeTime) -> None:
        """Apply a log entry about a change; one that is registered and not done holds back safe time.

        A registration that was long under way may come after the end, and then changes nothing.
        """
        if entry.txn in self._ended:
            return
        if entry.kind == "register":
            self._registered[entry.txn] = entry.at_us
            safe.prepare(entry.txn, entry.at_us, None)
            return
        self._registered.pop(entry.txn, None)
        self._ended.add(entry.txn)
        safe.resolve(entry.txn)
        if entry.at_us:
            insort(self._done, entry.at_us)

    def has_registered(self, change: int) -> bool:
        """Return whether a change is registered or over."""
        return change in self._registered or change in self._ended

    def has_ended(self, change: int) -> bool:
        """Return whether a change is done or was given up."""
        return change in self._ended

    def blocks(self, t_us: int) -> bool:
        """Return whether an operation at ``t_us`` must wait for a change."""
        return any(at <= t_us for at in self._registered.values())

    def version_at(self, t_us: int) -> int:
        """Return the number of the schema in force at ``t_us``, 0 being the first."""
        return bisect_right(self._done, t_us)

    @property
    def changing(self) -> bool:
        """Whether there is, or was, any change at all."""
        return bool(self._registered or self._ended)


class ChangesAtLeader:
    """A leader's part: it registers changes, holds commits back and lets them go.

    Args:
        leadership: the term of office it belongs to.
    """

    def __init__(self, leadership: Leadership):
        self._lead, self._schema = leadership, leadership.replica.schema
        self._in_flight: dict[tuple[str, int], int] = {}
        self._held: list[Callable[[], None]] = []

    def must_wait(self, at_least_us: int) -> bool:
        """Return whether the next commit, not earlier than ``at_least_us``, would fall behind a change."""
        if not (self._in_flight or self._schema.changing):
            return False
        return self.blocks(self._lead.next_timestamp(at_least_us))

    def blocks(self, t_us: int) -> bool:
        """Return whether an operation at ``t_us`` must wait; a change counts from its proposal on."""
        registering = [at for (kind, _), at in self._in_flight.items() if kind == "register"]
        return self._schema.blocks(t_us) or any(at <= t_us for at in registering)

    def hold(self, resume: Callable[[], None]) -> None:
        """Call ``resume`` when a change is over."""
        self._held.append(resume)

    def on_register(self, change: SchemaChange, t_us: int) -> None:
        """Log a change's timestamp and say so; refuse one that is not in this group's future."""
        if self._schema.has_registered(change.number):
            self._answer(change.on_registered, True)
        elif self._lead.s_max >= t_us:
            self._answer(change.on_registered, False)
        else:
            self._log("register", change.number, t_us, lambda: self._answer(change.on_registered, True))

    def on_end(self, change: SchemaChange, t_us: int) -> None:
        """Log that a change is done (or given up, with 0), and let go what waited for it."""
        if self._schema.has_ended(change.number):
            self._answer(change.on_ended)
        else:
            self._log("schema", change.number, t_us, lambda: self._ended(change))

    def _ended(self, change: SchemaChange) -> None:
        self._answer(change.on_ended)
        held, self._held = self._held, []
        for resume in held:
            resume()

    def _log(self, kind: str, change: int, t_us: int, then: Callable[[], None]) -> None:
        if (kind, change) in self._in_flight or not self._lead.in_office():
            return
        self._in_flight[kind, change] = t_us

        def released() -> None:
            del self._in_flight[kind, change]
            then()

        self._lead.propose(Entry(kind, txn=change, at_us=t_us), on_released=released)

    def _answer(self, action: Callable[..., None], *args: object) -> None:
        server = self._lead.server
        server.network.send(server.zone, action.__self__.zone, action, self._lead.group.name, *args)


class SchemaChange:
    """One change and whoever drives it: a client that asks again until every group has answered.

    Args:
        number: negative, so that it never equals a transaction's id.
        plan: when, and how long.
        groups: the names of all groups.
        zone: where the driver runs.
        clock: its TrueTime.
        kernel: the event kernel.
        network: carries its messages.
        directory: finds leaders.
    """

    def __init__(
        self,
        number: int,
        plan: ChangePlan,
        groups: Sequence[str],
        zone: str,
        clock: TrueTime,
        kernel: Kernel,
        network: Network,
        directory: Directory,
    ):
        self.number, self.zone = number, zone
        self._plan, self._t_us, self._state, self._over_us = plan, 0, "waiting", None
        self._groups, self._missing = tuple(groups), dict.fromkeys(groups)
        self._clock, self._kernel, self._network, self._directory = clock, kernel, network, directory
        self._refused = False
        kernel.after(plan.at_us, self._begin)

    def outcome(self) -> ChangeOutcome:
        """Return how far it has come."""
        return ChangeOutcome(self._t_us, self._state, self._over_us)

    def on_registered(self, group: str, accepted: bool) -> None:
        """Hear from one group; with all of them the work begins, or the change is given up."""
        if self._state != "registering":
            return
        self._refused |= not accepted
        self._missing.pop(group, None)
        if self._refused:
            self._end()
        elif not self._missing:
            self._state = "working"
            self._kernel.after(self._plan.work_us, self._end)

    def on_ended(self, group: str) -> None:
        """Hear from one group that its log has the end."""
        self._missing.pop(group, None)
        if self._state == "ending" and not self._missing:
            self._state, self._over_us = "refused" if self._refused else "done", self._kernel.now

    def _begin(self) -> None:
        self._t_us = self._clock.now().latest + self._plan.lead_us
        self._state = "registering"
        self._ask()

    def _end(self) -> None:
        self._state, self._missing = "ending", dict.fromkeys(self._groups)
        self._ask()

    def _ask(self) -> None:
        if self._state not in ("registering", "ending"):
            return
        for group in self._missing:
            if lead := self._directory.leader(group, self.zone):
                registers = self._state == "registering"
                action = lead.changes.on_register if registers else lead.changes.on_end
                t_us = 0 if self._refused else self._t_us
                self._network.send(
                    self.zone, lead.server.zone, lead.server.handle, lead.if_leading, action, self, t_us
                )
        self._kernel.after(RETRY_US, self._ask)

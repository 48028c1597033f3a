"""A leader's transactions: locks, commit, and two-phase commit between groups.

A transaction on one group is one log entry. One on several groups picks a coordinator among
them; the others prepare, and the coordinator's log entry decides. A transaction of which the
coordinator knows nothing is aborted.
Source: Corbett et al., OSDI 2012, section 4.2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .attempts import Active, Attempt
from .locks import LockTable, Request
from .log import Entry
from .outbox import Outbox

if TYPE_CHECKING:
    from .leadership import Leadership

__all__ = ["Transactions"]


class Transactions:
    """The transactions that one leader takes part in; only what is in the log survives it.

    Args:
        leadership: the term of office it belongs to.
    """

    def __init__(self, leadership: Leadership):
        self._lead, self._server, self._replica = leadership, leadership.server, leadership.replica
        self.locks = LockTable(self._wound)
        self._out = Outbox(self._server)
        self._active: dict[int, Active] = {}
        self._early: dict[int, dict[str, int]] = {}  # prepared messages that overtook the commit request
        self._refused: set[int] = set()
        self._busy_until = 0

    def recover(self) -> None:
        """Lock again what prepared transactions in the log hold."""
        for txn, entry in self._replica.prepared.items():
            one = Active(entry.age, None, "prepared", self._server.kernel.now)
            one.writes, one.coordinator = entry.writes, entry.coordinator
            self._active[txn] = one
            for exclusive, keys in ((False, entry.reads), (True, entry.writes)):
                for key in keys:
                    self.locks.acquire(key, Request(txn, entry.age, exclusive, lambda: None))

    # -- requests of clients ------------------------------------------------------------------

    def read(self, attempt: Attempt, keys: tuple[str, ...]) -> None:
        """Read under shared locks; the answer carries the ballot that the locks depend on."""
        one = Active(attempt.age, attempt, "reading", self._server.kernel.now)
        one = self._active.setdefault(attempt.txn, one)
        one.touched_us = self._server.kernel.now
        one.reads.update(dict.fromkeys(keys))
        self.locks.acquire_all(attempt.txn, one.age, keys, False, lambda: self._read_now(attempt, keys))

    def read_last(self, attempt: Attempt, keys: tuple[str, ...]) -> None:
        """Serve a read-only transaction on this group alone, at the last commit if nothing is in doubt."""
        if not self._lead.in_office():
            return
        now = self._server.clock.now()
        in_doubt = any(one.status in ("prepared", "resolving") for one in self._active.values())
        t_us = now.latest if in_doubt else self._replica.last_commit
        if self._server.protocol.read_at == "earliest":
            t_us = now.earliest
        name = self._lead.group.name
        self._replica.snapshot(
            t_us, keys, lambda values: self._out.answer(attempt, "on_snapshot", name, t_us, values)
        )

    def commit(
        self, attempt: Attempt, ballot: int | None, writes: tuple[str, ...], others: tuple[str, ...]
    ) -> None:
        """Commit: alone if there are no other groups, else as their coordinator."""
        one = self._begin_commit(attempt, ballot, writes)
        if one is None:
            for group in others:
                self._out.outcome(group, attempt.txn, 0)
            return
        one.missing, one.participants = set(others), others
        one.at_least = self._server.clock.now().latest
        if not self._server.protocol.after_prepares:
            one.s_us = self._lead.assign()
        self.locks.acquire_all(
            attempt.txn, one.age, writes, True, lambda: self._locked_to_commit(attempt.txn)
        )

    def prepare(
        self, attempt: Attempt, ballot: int | None, writes: tuple[str, ...], coordinator: str
    ) -> None:
        """Lock what the transaction writes here, then make its prepare durable and report it."""
        one = self._begin_commit(attempt, ballot, writes)
        if one is None:
            self._out.to_group(coordinator, "on_refusal", attempt.txn)
            return
        one.coordinator = coordinator
        self.locks.acquire_all(
            attempt.txn, one.age, writes, True, lambda: self._locked_to_prepare(attempt.txn)
        )

    def abort(self, txn: int) -> None:
        """Drop a transaction at its client's wish, if it can still be dropped."""
        one = self._active.get(txn)
        if one and one.status == "reading":
            self._drop(txn, None)

    # -- two-phase commit ---------------------------------------------------------------------

    def on_prepared(self, txn: int, group: str, ts: int) -> None:
        """Hear from a participant; the work per participant is serial."""
        cost = self._server.timings.participant_us
        if cost:
            self._busy_until = max(self._busy_until, self._server.kernel.now) + cost
            self._server.after(
                self._busy_until - self._server.kernel.now, self._count_prepared, txn, group, ts
            )
        else:
            self._count_prepared(txn, group, ts)

    def _count_prepared(self, txn: int, group: str, ts: int) -> None:
        one = self._active.get(txn)
        if one is None or one.status == "reading":
            self._early.setdefault(txn, {})[group] = ts
            return
        one.missing.discard(group)
        one.at_least = max(one.at_least, ts)
        self._decide_if_complete(txn)

    def on_refusal(self, txn: int) -> None:
        """Abort: a participant could not prepare."""
        self._refused.add(txn)
        one = self._active.get(txn)
        if one and one.status in ("locking", "collecting"):
            self._drop(txn, "a participant refused")

    def on_outcome(self, txn: int, s_us: int) -> None:
        """Hear from the coordinator: commit at ``s_us``, or abort (0)."""
        one = self._active.get(txn)
        if one is None or one.status != "prepared":
            if one and one.status in ("reading", "locking") and not s_us:
                self._drop(txn, None)
            return
        if self._lead.changes.blocks(s_us):
            self._lead.changes.hold(lambda: self.on_outcome(txn, s_us))
            return
        one.status = "resolving"
        writes = one.writes if s_us else ()
        self._lead.propose(Entry("outcome", s_us, txn, writes), on_released=lambda: self._forget(txn))

    def on_inquiry(self, txn: int, group: str) -> None:
        """Tell a participant what became of a transaction; one never heard of is refused for good."""
        s_us = self._replica.decided.get(txn)
        if s_us is None:
            if txn in self._active or not self._lead.in_office():
                return
            self._refused.add(txn)
        self._out.outcome(group, txn, s_us or 0)

    def on_wound(self, txn: int) -> None:
        """Stop a transaction that somebody older waits for elsewhere, if it is not decided yet."""
        if self._wound(txn):
            self.locks.release(txn)

    def tick(self) -> None:
        """Drop silent transactions, give up on missing participants, ask about those in doubt."""
        now, timings = self._server.kernel.now, self._server.timings
        for txn, one in list(self._active.items()):
            age = now - one.touched_us
            if one.status in ("reading", "locking") and age > timings.idle_lock_us:
                self._drop(txn, "idle too long")
            elif one.status == "collecting" and age > timings.prepare_timeout_us:
                self._drop(txn, "a participant is missing")
            elif one.status == "prepared" and age > timings.tick_us:
                self._out.to_group(one.coordinator, "on_inquiry", txn, self._lead.group.name)

    # -- steps --------------------------------------------------------------------------------

    def _begin_commit(self, attempt: Attempt, ballot: int | None, writes: tuple[str, ...]) -> Active | None:
        one = self._active.get(attempt.txn)
        lost_locks = ballot is not None and (ballot != self._lead.ballot or one is None)
        if not self._lead.in_office() or lost_locks or attempt.txn in self._refused:
            self._drop(attempt.txn, None)
            self._out.answer(attempt, "on_abort", "its locks are gone")
            return None
        if one is None:
            one = self._active[attempt.txn] = Active(attempt.age, attempt, "locking", 0)
        one.status, one.writes, one.touched_us = "locking", writes, self._server.kernel.now
        return one

    def _read_now(self, attempt: Attempt, keys: tuple[str, ...]) -> None:
        values = {key: self._replica.versions.newest(key) for key in keys}
        self._out.answer(attempt, "on_read", self._lead.group.name, self._lead.ballot, values)

    def _locked_to_commit(self, txn: int) -> None:
        self._active[txn].status = "collecting"
        for group, ts in self._early.pop(txn, {}).items():
            self._count_prepared(txn, group, ts)
        self._decide_if_complete(txn)

    def _decide_if_complete(self, txn: int) -> None:
        one = self._active.get(txn)
        if one is None or one.status != "collecting" or one.missing:
            return
        if self._lead.changes.must_wait(one.at_least):
            one.status = "held"
            self._lead.changes.hold(lambda: self._resume(txn))
            return
        s_us = self._lead.assign(one.at_least) if one.s_us is None else one.s_us
        if s_us is None:
            self._drop(txn, "the lease does not cover its timestamp")
            return
        one.status, one.s_us = "committing", s_us
        self._lead.propose(
            Entry("write", s_us, txn, one.writes), on_released=lambda: self._committed(txn, s_us)
        )

    def _resume(self, txn: int) -> None:
        """Go on with a transaction that a schema change held back, unless it is gone by now."""
        one = self._active.get(txn)
        if one and one.status == "held":
            one.status = "collecting"
            self._decide_if_complete(txn)

    def _committed(self, txn: int, s_us: int) -> None:
        one = self._active[txn]
        self._forget(txn)
        self._out.answer(one.attempt, "on_commit", s_us)
        for group in one.participants:
            self._out.outcome(group, txn, s_us)

    def _locked_to_prepare(self, txn: int) -> None:
        one, name = self._active[txn], self._lead.group.name
        ts = self._lead.assign()
        if ts is None:
            self._drop(txn, None)
            self._out.to_group(one.coordinator, "on_refusal", txn)
            return
        one.status = "prepared"
        entry = Entry("prepare", ts, txn, one.writes, tuple(one.reads), one.age, one.coordinator)
        self._lead.propose(
            entry, on_chosen=lambda: self._out.to_group(one.coordinator, "on_prepared", txn, name, ts)
        )

    def _wound(self, txn: int) -> bool:
        one = self._active.get(txn)
        if one is None:
            return True
        if one.status == "prepared":
            self._out.to_group(one.coordinator, "on_wound", txn)
        if one.status not in ("reading", "locking", "collecting", "held"):
            return False
        self._server.note("wound", self._lead.group.name, txn)
        self._drop(txn, "wounded by an older transaction", release=False)
        return True

    def _drop(self, txn: int, why: str | None, release: bool = True) -> None:
        one = self._active.pop(txn, None)
        self._refused.add(txn)
        if release:
            self.locks.release(txn)
        if one is None:
            return
        if why:
            self._out.answer(one.attempt, "on_abort", why)
        if one.status == "locking" and one.coordinator:
            self._out.to_group(one.coordinator, "on_refusal", txn)
        for group in one.participants:
            self._out.outcome(group, txn, 0)

    def _forget(self, txn: int) -> None:
        self._active.pop(txn, None)
        self.locks.release(txn)

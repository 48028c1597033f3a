"""Leading a Paxos group: keeping the lease, handing out timestamps, proposing entries in order.

A leader hands out timestamps only inside its lease, each later than the last, and promises to
followers are timestamps too: s_max is one number for both.
Source: Corbett et al., OSDI 2012, sections 4.1.1 to 4.1.3 and appendix A.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .leases import Lease
from .log import Entry
from .schema_change import ChangesAtLeader
from .transactions import Transactions

if TYPE_CHECKING:
    from .paxos import Replica

__all__ = ["Leadership"]


@dataclass
class _Pending:
    entry: Entry
    proposed_us: int
    on_chosen: Callable[[], None] | None
    on_released: Callable[[], None] | None
    accepted_by: set[int] = field(default_factory=set)
    chosen: bool = False
    waited: bool = False


class Leadership:
    """A leader's term of office; everything in it is lost when it ends.

    Args:
        replica: the replica that leads.
        ballot: the ballot that won.
        lease: the interval in which it may assign timestamps.
    """

    def __init__(self, replica: Replica, ballot: int, lease: Lease):
        self.replica, self.ballot, self.lease = replica, ballot, lease
        self.server, self.group = replica.server, replica.group
        self.s_max, self.ready, self.closing = lease.start_us - 1, False, False
        self.transactions, self.changes = Transactions(self), ChangesAtLeader(self)
        self._pending: dict[int, _Pending] = {}
        self._next_slot = replica.released + 1
        self._renewal: tuple[int, int, set[int]] = (0, 0, set())
        self._promised_us = self.server.kernel.now
        self.server.note("elected", self.group.name, ballot, lease.start_us, lease.end_us)

    def take_over(self, suffixes: list[dict[int, tuple[int, Entry]]]) -> None:
        """Finish what earlier leaders began: propose again the newest entry seen in every open slot."""
        last = max((slot for suffix in suffixes for slot in suffix), default=self.replica.released)
        for slot in range(self.replica.released + 1, last + 1):
            seen = [suffix[slot] for suffix in suffixes if slot in suffix]
            self.propose(max(seen, key=lambda accepted: accepted[0])[1] if seen else Entry("no-op"))
        self._recovered = last
        self.group.history.append(self)
        self._open_for_business()
        self.server.after(self.server.timings.tick_us, self._tick)

    def in_office(self) -> bool:
        """Return whether the leader may still act: ready, not abdicating and inside its lease."""
        return self.ready and not self.closing and self.server.clock.before(self.lease.end_us)

    def can_be_reached_from(self, zone: str) -> bool:
        """Return whether a client in ``zone`` would be sent to this leader."""
        return self.in_office() and self.server.network.reachable(zone, self.server.zone)

    def deliver(self, request: str, *args: Any) -> None:
        """Pass a request on to the transactions, or lose it because the term is over."""
        if self.replica.leading is self:
            getattr(self.transactions, request)(*args)

    def if_leading(self, action: Callable[..., None], *args: Any) -> None:
        """Call ``action``, unless the term is over."""
        if self.replica.leading is self:
            action(*args)

    # -- timestamps ---------------------------------------------------------------------------

    def next_timestamp(self, at_least: int = 0) -> int:
        """Return the timestamp that would be assigned now."""
        return max(self.server.clock.now().latest, self.s_max + 1, at_least)

    def assign(self, at_least: int = 0) -> int | None:
        """Return a new timestamp later than all before it, or None when the lease does not cover it."""
        s = self.next_timestamp(at_least)
        if self.closing or not self.lease.covers(s):
            return None
        self.s_max = s
        return s

    def promise(self, t_us: int) -> int | None:
        """Vow that later entries come after ``t_us``; return the last slot before it, or None."""
        if not self.in_office() or t_us > self.lease.end_us:
            return None
        self.s_max = max(self.s_max, t_us)
        open_slots = (slot for slot, one in self._pending.items() if one.entry.ts <= t_us)
        return max(open_slots, default=self.replica.released)

    # -- replication --------------------------------------------------------------------------

    def propose(
        self,
        entry: Entry,
        on_chosen: Callable[[], None] | None = None,
        on_released: Callable[[], None] | None = None,
    ) -> None:
        """Replicate an entry; a commit's wait runs at the same time.

        Args:
            entry: the entry for the next slot.
            on_chosen: called when a majority has it on disk.
            on_released: called when, besides, its commit wait and all earlier entries are done.
        """
        slot, self._next_slot = self._next_slot, self._next_slot + 1
        pending = self._pending[slot] = _Pending(entry, self.server.kernel.now, on_chosen, on_released)
        self.server.note("propose", self.group.name, slot, entry.kind, entry.ts, entry.txn)
        for peer in self.group.replicas:
            self.replica.send(peer, peer.on_accept, self, slot, entry)
        if entry.kind == "write":
            self.server.commit_wait(entry.ts, self._waited, slot)
        else:
            pending.waited = True

    def on_accepted(self, slot: int, voter: int) -> None:
        """Count an acceptance; with a majority the entry is chosen."""
        pending = self._pending.get(slot)
        if pending is None or pending.chosen or self.replica.leading is not self:
            return
        pending.accepted_by.add(voter)
        if len(pending.accepted_by) >= self.group.quorum:
            pending.chosen = True
            self.server.note("chosen", self.group.name, slot, pending.entry.txn)
            if pending.on_chosen:
                pending.on_chosen()
            self._advance()

    def _waited(self, slot: int) -> None:
        if slot in self._pending and self.replica.leading is self:
            self._pending[slot].waited = True
            self._advance()

    def _advance(self) -> None:
        replica, before = self.replica, self.replica.released
        while (one := self._pending.get(replica.released + 1)) and one.chosen and one.waited:
            del self._pending[replica.released + 1]
            self.server.note("apply", self.group.name, one.entry.kind, one.entry.ts, one.entry.txn)
            replica.apply(one.entry)
            if one.on_released:
                one.on_released()
        if replica.released > before and replica.leading is self:
            self._announce()
            self._open_for_business()

    def _announce(self) -> None:
        for peer in self.group.replicas:
            if peer is not self.replica:
                self.replica.send(peer, peer.on_release, self, self.replica.released)

    def _open_for_business(self) -> None:
        if not self.ready and self.replica.released >= self._recovered:
            self.ready = True
            self.group.leaders.append(self)
            self.transactions.recover()
            self.server.note("ready", self.group.name, self.ballot)

    def on_missing(self, peer: Replica, after_slot: int) -> None:
        """Send a follower the final entries that it missed."""
        slots = range(after_slot + 1, self.replica.released + 1)
        entries = [self.replica.log[slot][1] for slot in slots]
        self.replica.send(peer, peer.on_catch_up, after_slot, entries, self.ballot)

    def on_ask(self, peer: Replica, t_us: int) -> None:
        """Tell a replica what it must have applied to read at ``t_us``."""
        slot = self.promise(t_us)
        if slot is not None:
            self.replica.send(peer, peer.on_promise, slot, t_us)

    # -- lease --------------------------------------------------------------------------------

    def on_renewed(self, turn: int, voter: int) -> None:
        """Count an extended vote; with a quorum the lease is longer."""
        current, earliest, votes = self._renewal
        if turn != current:
            return
        votes.add(voter)
        if len(votes) == self.group.quorum:
            self.lease = self.lease.extended(earliest + self.server.timings.lease_us)

    def on_outvoted(self, promised: int) -> None:
        """Hear of a higher ballot: somebody else leads."""
        if promised > self.ballot:
            self.step_down("outvoted")

    def abdicate(self) -> None:
        """Leave in order: stop, wait until s_max has passed, give the votes back."""
        self.closing = True
        self.server.after_passed(self.s_max, self._hand_over)

    def _hand_over(self) -> None:
        if self.replica.leading is self:
            self.lease = Lease(self.lease.start_us, self.s_max)  # the rest is given back
            self.step_down("abdicated")
            for voter in self.group.voters:
                self.replica.send(voter, voter.on_release_vote, self.ballot)

    def step_down(self, why: str) -> None:
        """End the term; clients that wait will time out."""
        if self.replica.leading is not self:
            return
        self.replica.leading = None
        self.server.note("step down", self.group.name, self.ballot, why)
        if self in self.group.leaders:
            self.group.leaders.remove(self)

    def _tick(self) -> None:
        if self.replica.leading is not self:
            return
        if not self.server.clock.before(self.lease.end_us):
            self.step_down("lease lapsed")
            return
        self._renew_if_short()
        self._resend()
        self._keep_promises()
        self.transactions.tick()
        self.server.after(self.server.timings.tick_us, self._tick)

    def _renew_if_short(self) -> None:
        now = self.server.clock.now()
        if not self.closing and self.lease.end_us - now.latest < 2 * self.server.timings.tick_us:
            self._renewal = (self._renewal[0] + 1, now.earliest, set())
            for voter in self.group.voters:
                self.replica.send(voter, voter.on_renew, self, self._renewal[0])

    def _resend(self) -> None:
        old = self.server.kernel.now - self.server.timings.tick_us
        for slot, one in self._pending.items():
            if not one.chosen and one.proposed_us <= old:
                for peer in self.group.replicas:
                    self.replica.send(peer, peer.on_accept, self, slot, one.entry)
        self._announce()

    def _keep_promises(self) -> None:
        if self.server.kernel.now - self._promised_us < self.server.timings.promise_us:
            return
        self._promised_us, t_us = self.server.kernel.now, self.server.clock.now().latest
        slot = self.promise(t_us)
        if slot is not None:
            for peer in self.group.replicas:
                self.replica.send(peer, peer.on_promise, slot, t_us)

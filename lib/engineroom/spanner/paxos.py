"""One replica of a Paxos group: it accepts, learns and applies a log, and answers snapshot reads.

The log is agreed on slot by slot (Multi-Paxos with a long-lived leader). Who may propose is
decided in `leadership`; this module is what every replica does.
Source: Lamport, "Paxos made simple", 2001; Corbett et al., OSDI 2012, sections 2.1 and 4.1.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from .candidacy import Candidacy
from .group import Group
from .leadership import Leadership
from .leases import Vote
from .log import Entry
from .safetime import SafeTime
from .schema_change import SchemaVersions
from .server import Server
from .versions import Versions

__all__ = ["Replica"]

NOBODY = -1  # a ballot that no candidate has


class Replica:
    """One replica: an acceptor with a vote, a learner, and a store that serves reads.

    Args:
        group: its group.
        server: the machine that it lives on.
        kind: ``"read-write"``, ``"read-only"`` or ``"witness"``.
        index: its place in the group, also its turn when a leader is missing.
        rng: spreads elections in time.
    """

    def __init__(self, group: Group, server: Server, kind: str, index: int, rng: random.Random):
        self.group, self.server, self.index, self.rng = group, server, index, rng
        self.votes, self.may_lead, self.has_data = (
            kind != "read-only",
            kind == "read-write",
            kind != "witness",
        )
        # On disk:
        self.promised, self.vote = 0, Vote()
        self.log: dict[int, tuple[int, Entry]] = {}
        self.released = 0  # every slot up to here is final and applied
        self.versions, self.last_commit = Versions(), 0
        self.prepared: dict[int, Entry] = {}
        self.decided: dict[int, int] = {}
        self.schema = SchemaVersions()
        self.safe = SafeTime(not server.protocol.heed_prepared, server.protocol.fine_grained)
        # In memory:
        self._heard_us = 0  # last sign of life from a leader
        self.leading: Leadership | None = None
        self.candidacy: Candidacy | None = None
        self._readers: list[tuple[int, tuple[str, ...], Callable[[dict[str, int]], None]]] = []

    def send(self, to: Replica, action: Callable[..., None], *args: Any) -> None:
        """Send a message to another replica of any group; one to itself arrives at once."""
        if to.server is self.server:
            action(*args)
        else:
            self.server.send(to.server, action, *args)

    # -- life ---------------------------------------------------------------------------------

    def forget(self) -> None:
        """Lose what was only in memory."""
        if self.leading:
            self.leading.step_down("killed")
        self.candidacy = None
        self._readers.clear()

    def wake(self) -> None:
        """Start watching the leader's lease, as every replica that may lead does."""
        if self.may_lead:
            self._watch_after(0)

    def watch(self) -> None:
        """Stand for election once the vote given to somebody has lapsed; look again later."""
        self._stand()
        lapse = max(0, self.vote.end_us - self.server.clock.now().earliest)
        if not self.server.protocol.exclusive_votes:
            lapse = min(lapse, self.server.timings.tick_us)
        self._watch_after(max(lapse + 1, self.server.timings.tick_us // 2))

    def _watch_after(self, delay_us: int) -> None:
        pause = self.server.timings.tick_us // 4
        self.server.after(delay_us + int(pause * (self.index + self.rng.random())), self.watch)

    # -- acceptor -----------------------------------------------------------------------------

    def on_canvass(self, candidacy: Candidacy, ballot: int) -> None:
        """Say whether this voter would vote, which binds it to nothing."""
        if ballot > self.promised and self._leader_is_gone():
            self.send(candidacy.replica, candidacy.on_willing, self.index)
        else:
            self.send(candidacy.replica, candidacy.on_refused, self.promised)

    def on_request_vote(self, candidacy: Candidacy, ballot: int, from_slot: int) -> None:
        """Promise a ballot and report what was accepted after ``from_slot``, or refuse."""
        exclusive = self.server.protocol.exclusive_votes
        if ballot <= self.promised or (exclusive and not self.vote.free(self.server.clock, ballot)):
            self.send(candidacy.replica, candidacy.on_refused, self.promised)
            return
        self.promised = ballot
        self.vote.grant(self.server.clock, ballot, self.server.timings.lease_us)
        suffix = {slot: accepted for slot, accepted in self.log.items() if slot > from_slot}
        self.server.after_log_write(self.send, candidacy.replica, candidacy.on_vote, self.index, suffix)

    def on_renew(self, leader: Leadership, turn: int) -> None:
        """Extend the vote for a leader that is still the one voted for."""
        if leader.ballot >= self.promised and self.vote.free(self.server.clock, leader.ballot):
            self.promised = leader.ballot
            self.vote.grant(self.server.clock, leader.ballot, self.server.timings.lease_us)
            self.send(leader.replica, leader.on_renewed, turn, self.index)

    def on_release_vote(self, ballot: int) -> None:
        """Take the vote back from a leader that abdicates, and stand in its place in turn."""
        self.vote.release(ballot)
        if self.may_lead:
            pause = self.server.timings.tick_us // 20
            self.server.after(1 + int(pause * (self.index + self.rng.random())), self._stand)

    def _stand(self) -> None:
        if self.leading is None and self._leader_is_gone():
            self.candidacy = Candidacy(self)
            self.candidacy.stand()

    def _leader_is_gone(self) -> bool:
        silence = self.server.kernel.now - self._heard_us
        if not self.server.protocol.exclusive_votes and silence > 2 * self.server.timings.tick_us:
            return True
        return self.vote.free(self.server.clock, NOBODY)

    def on_accept(self, leader: Leadership, slot: int, entry: Entry) -> None:
        """Accept an entry and, if this replica votes, say so once it is durable."""
        if leader.ballot < self.promised:
            self.send(leader.replica, leader.on_outvoted, self.promised)
            return
        self.promised = leader.ballot
        if slot > self.released:
            self.log[slot] = (leader.ballot, entry)
        if self.votes:
            self.server.after_log_write(self.send, leader.replica, leader.on_accepted, slot, self.index)

    # -- learner ------------------------------------------------------------------------------

    def on_release(self, leader: Leadership, upto: int) -> None:
        """Apply entries that the leader calls final, or ask for those missed."""
        self._heard_us = self.server.kernel.now
        while self.released < upto:
            ballot, entry = self.log.get(self.released + 1, (0, None))
            if ballot != leader.ballot:  # accepted under another leader, so perhaps not the final one
                self.send(leader.replica, leader.on_missing, self, self.released)
                return
            self.apply(entry)

    def on_catch_up(self, after_slot: int, entries: Sequence[Entry], ballot: int) -> None:
        """Apply final entries that were missed."""
        for slot, entry in enumerate(entries, after_slot + 1):
            if slot == self.released + 1:
                self.log[slot] = (ballot, entry)
                self.apply(entry)

    def on_promise(self, after_slot: int, t_us: int) -> None:
        """Hear from the leader that entries after a slot come later than ``t_us``."""
        self.safe.promise(after_slot, t_us, self.released)
        self._serve()

    def apply(self, entry: Entry) -> None:
        """Apply the next entry of the log."""
        self.released += 1
        kind, ts, txn = entry.kind, entry.ts, entry.txn
        if kind == "prepare":
            self.prepared[txn] = entry
            self.safe.prepare(txn, ts, entry.writes)
        elif kind in ("register", "schema"):
            self.schema.apply(entry, self.safe)
        elif kind != "no-op":
            self.prepared.pop(txn, None)
            if ts:
                self._commit(entry)
                self.note_schema(ts)
            self.safe.resolve(txn)
        # An outcome's timestamp is the coordinator's: earlier entries of this log may lie after it.
        self.safe.applied(self.released, 0 if kind == "outcome" else ts)
        self._serve()

    def _commit(self, entry: Entry) -> None:
        self.group.on_commit(entry.txn, entry.ts)
        self.last_commit = max(self.last_commit, entry.ts)
        if entry.kind == "write":
            self.decided[entry.txn] = entry.ts
        if self.has_data:
            for key in entry.writes:
                self.versions.write(key, entry.ts, entry.txn)

    # -- reads --------------------------------------------------------------------------------

    def snapshot(self, t_us: int, keys: tuple[str, ...], reply: Callable[[dict[str, int]], None]) -> None:
        """Read ``keys`` at ``t_us``: now if that is safe, else when it is, asking the leader to hurry."""
        if self.safe.t_safe(keys) >= t_us:
            self._read(t_us, keys, reply)
            return
        self._readers.append((t_us, keys, reply))
        leader = self.leading or self.group.leader_seen_from(self.server.zone)
        if leader:
            self.send(leader.replica, leader.on_ask, self, t_us)

    def _serve(self) -> None:
        waiting, self._readers = self._readers, []
        for t_us, keys, reply in waiting:
            if self.safe.t_safe(keys) >= t_us:
                self._read(t_us, keys, reply)
            else:
                self._readers.append((t_us, keys, reply))

    def _read(self, t_us: int, keys: tuple[str, ...], reply: Callable[[dict[str, int]], None]) -> None:
        self.note_schema(t_us)
        reply({key: self.versions.read(key, t_us) for key in keys})

    def note_schema(self, t_us: int) -> None:
        """Record the schema under which an operation at ``t_us`` is done here, once schemas change at all."""
        if self.schema.changing:
            self.server.note("schema", self.group.name, t_us, self.schema.version_at(t_us))

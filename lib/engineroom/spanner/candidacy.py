"""Standing for leader of a Paxos group.

The votes of a quorum are promises of three things at once: to accept nothing older (Paxos), to vote
for nobody else for a while (the lease), and the entries that an earlier leader may have left open.
Source: Corbett et al., OSDI 2012, section 4.1.1; asking before campaigning: Ongaro, *Consensus*, 2014,
section 9.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .leadership import Leadership
from .leases import lease_from_votes
from .log import Entry

if TYPE_CHECKING:
    from .paxos import Replica

__all__ = ["Candidacy"]

INDEX_BITS = 6  # a ballot is a round and the candidate's index, so no two candidates share one


class Candidacy:
    """One attempt of a replica to become leader.

    It first asks who would vote for it and campaigns only with a quorum's yes: otherwise a replica
    that was cut off for a while would raise ballots and unseat a healthy leader on its return.

    Args:
        replica: the candidate, which asks every voter on construction.
    """

    def __init__(self, replica: Replica):
        self.replica = replica
        last = replica.candidacy.highest_seen if replica.candidacy else 0
        turn = max(replica.promised, last) >> INDEX_BITS
        self.ballot, self.highest_seen = (turn + 1) << INDEX_BITS | replica.index, last
        self._willing: set[int] = set()
        self._votes: dict[int, dict[int, tuple[int, Entry]]] = {}

    def stand(self) -> None:
        """Ask every voter whether it would vote."""
        self.replica.server.note("stand", self.replica.group.name, self.ballot)
        for voter in self.replica.group.voters:
            self.replica.send(voter, voter.on_canvass, self, self.ballot)

    def on_refused(self, promised: int) -> None:
        """Hear that a voter is bound elsewhere; a higher ballot there raises the next one here."""
        self.highest_seen = max(self.highest_seen, promised)

    def on_willing(self, voter: int) -> None:
        """Count a voter that would vote; with a quorum, ask for the votes."""
        self._willing.add(voter)
        if len(self._willing) == self.replica.group.quorum and self.replica.candidacy is self:
            self._before_send = self.replica.server.clock.now()
            for peer in self.replica.group.voters:
                self.replica.send(peer, peer.on_request_vote, self, self.ballot, self.replica.released)

    def on_vote(self, voter: int, suffix: dict[int, tuple[int, Entry]]) -> None:
        """Count a vote; with a quorum, take office."""
        replica = self.replica
        if replica.candidacy is not self:
            return
        self._votes[voter] = suffix
        if len(self._votes) == replica.group.quorum:
            replica.candidacy = None
            clock, timings = replica.server.clock, replica.server.timings
            lease = lease_from_votes(clock.now(), [self._before_send], timings.lease_us)
            replica.leading = Leadership(replica, self.ballot, lease)
            replica.leading.take_over(list(self._votes.values()))

"""A Paxos group: the replicas of one split, and who leads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .leadership import Leadership
    from .paxos import Replica

__all__ = ["Group"]


class Group:
    """A split's replicas and who currently leads them.

    Args:
        name: the split's name.
        on_commit: called with (transaction, timestamp) whenever a replica applies a commit.
    """

    def __init__(self, name: str, on_commit: Callable[[int, int], None]):
        self.name, self.on_commit = name, on_commit
        self.replicas: list[Replica] = []
        self.leaders: list[Leadership] = []  # two at once only while one of them does not know yet
        self.history: list[Leadership] = []

    @property
    def voters(self) -> list[Replica]:
        """The replicas whose votes count."""
        return [replica for replica in self.replicas if replica.votes]

    @property
    def quorum(self) -> int:
        """How many voters make a majority."""
        return len(self.voters) // 2 + 1

    def leader_seen_from(self, zone: str) -> Leadership | None:
        """Return the newest leader with a valid lease that ``zone`` can reach."""
        seen = [one for one in self.leaders if one.can_be_reached_from(zone)]
        return max(seen, key=lambda one: one.ballot, default=None)

    def why_stalled(self) -> str | None:
        """Return one sentence if the group has no leader, and nothing otherwise."""
        if any(one.in_office() for one in self.leaders):
            return None
        up = sum(replica.server.up for replica in self.voters)
        need = f"{self.quorum} of its {len(self.voters)} voters are needed"
        why = "no election has succeeded yet" if up >= self.quorum else f"{up} are up"
        return f"Group {self.name} has no leader: {need} and {why}."

"""What a leader sends about transactions: answers to clients, and word to other groups' leaders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .attempts import Attempt

if TYPE_CHECKING:
    from .server import Server

__all__ = ["Outbox"]


class Outbox:
    """The messages of one leader.

    Args:
        server: where the leader is.
    """

    def __init__(self, server: Server):
        self._server = server

    def answer(self, attempt: Attempt | None, method: str, *args: object) -> None:
        """Call a method of the client's attempt, if there is one, a network's journey later."""
        if attempt is not None:
            self._server.network.send(self._server.zone, attempt.zone, getattr(attempt, method), *args)

    def outcome(self, group: str, txn: int, s_us: int) -> None:
        """Tell a participant: committed at ``s_us``, or aborted (0)."""
        self.to_group(group, "on_outcome", txn, s_us)

    def to_group(self, group: str, method: str, *args: object) -> None:
        """Call a method of a group's transactions, at the leader that this zone knows of, if any."""
        lead = self._server.replicas[group].group.leader_seen_from(self._server.zone)
        if lead:
            self._server.send(lead.server, lead.deliver, method, *args)

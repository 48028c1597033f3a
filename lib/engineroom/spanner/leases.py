"""Leader leases: how long a voter is bound, and how long a leader may act.

A voter promises its vote until its own ``now().latest + length`` and gives no other vote until
that has definitely passed. A leader counts from *before* it sent the request, so its lease ends
before any of its voters is free again. That makes leases of successive leaders disjoint.
Source: Corbett et al., OSDI 2012, sections 4.1.1 and appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass

from .truetime import Interval, TrueTime

__all__ = ["Lease", "Vote", "lease_from_votes"]


@dataclass
class Vote:
    """One voter's promise: to which ballot, and until when (microseconds, voter's clock)."""

    ballot: int = 0
    end_us: int = 0

    def free(self, clock: TrueTime, ballot: int) -> bool:
        """Return whether the voter may vote for ``ballot``: its own candidate again, or a lapsed promise."""
        return ballot == self.ballot or not self.ballot or clock.after(self.end_us)

    def grant(self, clock: TrueTime, ballot: int, length_us: int) -> None:
        """Bind the voter to ``ballot`` for ``length_us`` from its ``now().latest``."""
        self.ballot, self.end_us = ballot, clock.now().latest + length_us

    def release(self, ballot: int) -> None:
        """Free the voter early, as an abdicating leader asks."""
        if ballot == self.ballot:
            self.ballot, self.end_us = 0, 0


@dataclass(frozen=True)
class Lease:
    """The interval in which one leader may assign timestamps, in microseconds."""

    start_us: int
    end_us: int

    def covers(self, t_us: int) -> bool:
        """Return whether the leader may assign ``t_us``."""
        return self.start_us <= t_us <= self.end_us

    def extended(self, end_us: int) -> Lease:
        """Return the lease with a later end; an earlier one changes nothing."""
        return Lease(self.start_us, max(self.end_us, end_us))


def lease_from_votes(at_quorum: Interval, before_send: list[Interval], length_us: int) -> Lease:
    """Return the lease that a quorum of votes gives.

    Args:
        at_quorum: the leader's ``now()`` when it learnt that it has a quorum.
        before_send: the leader's ``now()`` before it sent each request in that quorum.
        length_us: the length of a vote.
    """
    return Lease(at_quorum.latest, min(interval.earliest for interval in before_send) + length_us)

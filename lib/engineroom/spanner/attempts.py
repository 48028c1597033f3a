"""What a leader knows of a transaction: the client's attempt, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .locks import Age

__all__ = ["Active", "Attempt"]


class Attempt(Protocol):
    """What a leader knows of a client's attempt at a transaction."""

    txn: int
    age: Age
    zone: str

    def on_read(self, group: str, ballot: int, values: dict[str, int]) -> None:
        """Receive values read under lock from one group."""

    def on_commit(self, s_us: int) -> None:
        """Hear that it is committed."""

    def on_abort(self, why: str) -> None:
        """Hear that it is aborted."""


@dataclass
class Active:
    """What a leader remembers of one transaction.

    Attributes:
        age: for wound-wait.
        attempt: whom to answer; None for one that was found prepared in the log.
        status: reading, locking, then prepared and resolving (a participant) or collecting, perhaps held
            (by a schema change), and committing (the coordinator).
        touched_us: last sign of life.
        reads: keys read here under lock.
        writes: keys to be written here.
        coordinator: the coordinator group's name, on a participant.
        missing: participants not heard of yet, on the coordinator.
        participants: all of them, on the coordinator.
        at_least: a lower bound of the commit timestamp.
        s_us: the commit timestamp, once chosen.
    """

    age: Age
    attempt: Attempt | None
    status: str
    touched_us: int
    reads: dict[str, None] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    coordinator: str = ""
    missing: set[str] = field(default_factory=set)
    participants: tuple[str, ...] = ()
    at_least: int = 0
    s_us: int | None = None

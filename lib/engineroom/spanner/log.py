"""What a Paxos group agrees on: the entries of its log."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Entry"]


class Entry(NamedTuple):
    """One log entry.

    Attributes:
        kind: ``"write"`` (a commit decided here), ``"prepare"``, ``"outcome"``, ``"no-op"``, or, of a
            schema change, ``"register"`` and ``"schema"`` (its end).
        ts: commit or prepare timestamp in microseconds; 0 for a no-op or an abort.
        txn: the transaction's id, which is also the value it writes.
        writes: the keys of this group it writes.
        reads: the keys of this group it read under lock (prepares only).
        age: its age for wound-wait (prepares only).
        coordinator: the coordinator group's name (prepares only).
        at_us: a schema change's timestamp; 0 for one that was given up.
    """

    kind: str
    ts: int = 0
    txn: int = 0
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    age: tuple[int, int] = (0, 0)
    coordinator: str = ""
    at_us: int = 0

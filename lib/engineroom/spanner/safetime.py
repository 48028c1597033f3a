"""Safe time: up to which timestamp a replica knows everything that can ever happen.

t_safe = min(t_paxos, t_tm). t_paxos is the timestamp of the last applied log entry, or a promise
of the leader that later entries get later timestamps. t_tm lies just before the earliest
transaction that is prepared here and whose outcome is unknown.
Source: Corbett et al., OSDI 2012, sections 4.1.3 and 4.2.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["SafeTime"]


class SafeTime:
    """One replica's knowledge of what is final.

    Args:
        ignore_prepared: the mutant that forgets t_tm.
        fine_grained: let only prepared transactions that write a key hold back reads of that key.
    """

    def __init__(self, ignore_prepared: bool = False, fine_grained: bool = False):
        self._ignore_prepared, self._fine_grained = ignore_prepared, fine_grained
        self.t_paxos = 0
        self._promises: list[tuple[int, int]] = []  # (slot that must be applied first, timestamp)
        self._prepared: dict[int, tuple[int, frozenset[str] | None]] = {}

    def applied(self, slot: int, ts: int) -> None:
        """Note that every log entry up to ``slot`` is applied, the last with timestamp ``ts``."""
        self.t_paxos = max(self.t_paxos, ts)
        self._redeem(slot)

    def promise(self, after_slot: int, t_us: int, applied_slot: int) -> None:
        """Note the leader's word that entries after ``after_slot`` are later than ``t_us``."""
        self._promises.append((after_slot, t_us))
        self._redeem(applied_slot)

    def prepare(self, txn: int, ts: int, keys: Iterable[str] | None) -> None:
        """Note a transaction that may commit at ``ts`` or later; None stands for every key."""
        self._prepared[txn] = (ts, None if keys is None else frozenset(keys))

    def resolve(self, txn: int) -> None:
        """Note that a prepared transaction's outcome is applied."""
        self._prepared.pop(txn, None)

    def t_tm(self, keys: Iterable[str] = ()) -> float:
        """Return the last timestamp before any prepared transaction that matters to ``keys``."""
        if self._ignore_prepared or not self._prepared:
            return math.inf
        wanted = frozenset(keys) if self._fine_grained else None
        times = [ts for ts, held in self._prepared.values() if None in (wanted, held) or held & wanted]
        return min(times) - 1 if times else math.inf

    def t_safe(self, keys: Iterable[str] = ()) -> int:
        """Return the latest timestamp at which ``keys`` can be read here without waiting."""
        return int(min(self.t_paxos, self.t_tm(keys)))

    def _redeem(self, applied_slot: int) -> None:
        due = [t for slot, t in self._promises if slot <= applied_slot]
        if due:
            self.t_paxos = max(self.t_paxos, *due)
            self._promises = [p for p in self._promises if p[0] > applied_slot]

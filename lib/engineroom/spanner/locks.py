"""Wound-wait locking: the old take from the young, the young wait for the old.

Every wait is for somebody older (or for somebody who is already past the point where it can be
stopped), so waits cannot form a circle and there is no deadlock to detect.
Source: Rosenkrantz, Stearns and Lewis, ACM TODS 3(2), 1978; Corbett et al., OSDI 2012, section 4.2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Age", "LockTable", "Request"]

Age = tuple[int, int]  # (first start in µs, client): smaller is older, and a retry keeps it


@dataclass
class Request:
    """One transaction's wish for one key."""

    txn: int
    age: Age
    exclusive: bool
    granted: Callable[[], None]


@dataclass
class _Key:
    holders: dict[int, Request] = field(default_factory=dict)
    queue: list[Request] = field(default_factory=list)


class LockTable:
    """The locks of one leader, in memory only: a new leader starts with an empty table.

    Args:
        wound: called with the id of a younger holder in the way; returns whether that
            transaction could be stopped here and now, in which case its locks go at once.
    """

    def __init__(self, wound: Callable[[int], bool]):
        self._wound = wound
        self._keys: dict[str, _Key] = {}
        self._held: dict[int, dict[str, None]] = {}

    def acquire(self, key: str, request: Request) -> None:
        """Grant the lock now, or queue the request behind everybody older."""
        lock = self._keys.setdefault(key, _Key())
        held = lock.holders.get(request.txn)
        if held and (held.exclusive or not request.exclusive):
            request.granted()
            return
        self._held.setdefault(request.txn, {})[key] = None
        lock.queue.append(request)
        lock.queue.sort(key=lambda waiting: (waiting.age, waiting.txn))
        for holder in _in_the_way(lock, request):
            if holder.age > request.age and self._wound(holder.txn):
                self.release(holder.txn)
        self._grant(key)

    def release(self, txn: int) -> None:
        """Drop every lock and every wish of a transaction and grant what that frees."""
        for key in self._held.pop(txn, {}):
            lock = self._keys.get(key)
            if lock is None:
                continue
            lock.holders.pop(txn, None)
            lock.queue = [waiting for waiting in lock.queue if waiting.txn != txn]
            self._grant(key)

    def held(self) -> dict[str, list[int]]:
        """Return the transactions that hold each locked key."""
        return {key: list(lock.holders) for key, lock in self._keys.items() if lock.holders}

    def _grant(self, key: str) -> None:
        lock = self._keys.get(key)
        while lock and lock.queue and not _in_the_way(lock, lock.queue[0]):
            request = lock.queue.pop(0)
            lock.holders[request.txn] = request
            request.granted()
            lock = self._keys.get(key)  # the callback may have released everything
        if lock and not lock.queue and not lock.holders:
            self._keys.pop(key, None)


def _in_the_way(lock: _Key, request: Request) -> list[Request]:
    others = [holder for txn, holder in lock.holders.items() if txn != request.txn]
    return others if request.exclusive else [holder for holder in others if holder.exclusive]

"""Mutex and WaitGroup, the two tools of package sync that the lessons use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import simpy

from engineroom.concurrency.scheduler import Body, Panic, Scheduler

__all__ = ["Mutex", "WaitGroup"]


class Mutex:
    """A lock. Who waits longest gets it next.

    Go's mutex hands over like this only once a waiter has waited for 1 ms; before that a goroutine
    that is running may overtake (package sync, "starvation mode").
    """

    def __init__(self, go: Scheduler):
        self.scheduler, self.locked = go, False
        self._waiters: deque[simpy.Event] = deque()

    def lock(self) -> Body:
        """Take the lock, waiting for it if need be."""
        if not self.locked:
            self.locked = True
            return
        self._waiters.append(self.scheduler.env.event())
        yield from self.scheduler.park(self._waiters[-1], "sync.Mutex.Lock")

    def try_lock(self) -> bool:
        """Take the lock if it is free."""
        free, self.locked = not self.locked, True
        return free

    def unlock(self) -> None:
        """Give the lock to the next waiter, or free it.

        Raises:
            Panic: the lock is not taken.
        """
        if not self.locked:
            raise Panic("sync: unlock of unlocked mutex")
        if self._waiters:
            self._waiters.popleft().succeed()
        else:
            self.locked = False


class WaitGroup:
    """A counter of unfinished tasks; `wait` returns when it is zero."""

    def __init__(self, go: Scheduler):
        self.scheduler, self.count = go, 0
        self._waiters: list[simpy.Event] = []

    def add(self, n: int = 1) -> None:
        """Change the counter.

        Raises:
            Panic: it would become negative.
        """
        self.count += n
        if self.count < 0:
            raise Panic("sync: negative WaitGroup counter")
        if self.count == 0:
            waiters, self._waiters = self._waiters, []
            for event in waiters:
                event.succeed()

    def done(self) -> None:
        """Count one task as finished."""
        self.add(-1)

    def go(self, body: Callable[[], Body], name: str) -> None:
        """Run a task in a goroutine of its own and count it, as ``WaitGroup.Go`` (Go 1.25) does."""
        self.add()
        self.scheduler.start(self._counted(body), name)

    def _counted(self, body: Callable[[], Body]) -> Body:
        yield from body()
        self.done()

    def wait(self) -> Body:
        """Wait until the counter is zero."""
        if self.count:
            self._waiters.append(self.scheduler.env.event())
            yield from self.scheduler.park(self._waiters[-1], "sync.WaitGroup.Wait")

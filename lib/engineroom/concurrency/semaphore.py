"""semaphore.Weighted: permits for calls of unequal cost (golang.org/x/sync/semaphore)."""

from __future__ import annotations

from collections import deque

import simpy

from engineroom.concurrency.channels import Recv, select
from engineroom.concurrency.context import Context
from engineroom.concurrency.scheduler import Body, Panic, Scheduler

__all__ = ["Weighted"]


class Weighted:
    """A pool of ``size`` units, handed out strictly in the order of asking.

    A large request at the head of the queue holds up every smaller one behind it, even if
    that one would fit: otherwise a stream of small requests could starve the large one.
    """

    def __init__(self, go: Scheduler, size: int):
        self.scheduler, self.size, self.held = go, size, 0
        self._queue: deque[tuple[int, simpy.Event]] = deque()

    @property
    def queued(self) -> int:
        """How many goroutines wait."""
        return len(self._queue)

    def acquire(self, ctx: Context, n: int) -> Body:
        """Take ``n`` units, waiting for them if need be; returns ``ctx.err`` if the context ends first.

        A request above the size is never an error by itself: it waits until the context ends.
        """
        if ctx.err is not None:
            return ctx.err
        if self.try_acquire(n):
            return None
        if n > self.size:
            yield from select(self.scheduler, Recv(ctx.done), reason="chan receive")
            return ctx.err
        request = (n, self.scheduler.env.event())
        self._queue.append(request)
        yield from self.scheduler.park(request[1] | ctx.stopped, "select")
        if ctx.err is None:
            return None
        self._withdraw(request)
        return ctx.err

    def try_acquire(self, n: int) -> bool:
        """Take ``n`` units if they are free and nobody queues."""
        granted = not self._queue and self.size - self.held >= n
        if granted:
            self.held += n
        return granted

    def release(self, n: int) -> None:
        """Give ``n`` units back.

        Raises:
            Panic: more than is held.
        """
        self.held -= n
        if self.held < 0:
            raise Panic("semaphore: released more than held")
        self._grant()

    def _grant(self) -> None:
        while self._queue and self.size - self.held >= self._queue[0][0]:
            n, granted = self._queue.popleft()
            self.held += n
            granted.succeed()

    def _withdraw(self, request: tuple[int, simpy.Event]) -> None:
        """Leave the queue, or give back what was granted at the very moment of the cancellation."""
        if request[1].triggered:
            self.release(request[0])
        else:
            self._queue.remove(request)
            self._grant()

"""Channels and select: send, receive, close, with and without a buffer.

The rules are those of Go's memory model and language specification (golang: "Channel types",
"Select statements"): waiting senders and receivers are served first come, first served; a closed channel
gives its buffered values and then zero values; sending on it panics.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import simpy

from engineroom.concurrency.scheduler import Body, Panic, Scheduler

__all__ = ["DEFAULT", "Channel", "Recv", "Send", "after", "select"]

DEFAULT = -1


@dataclass(eq=False)
class _Waiter:
    """A goroutine in a channel's queue. A select stands in several queues with one event."""

    event: simpy.Event
    case: int
    value: Any = None


class Channel:
    """A channel with room for ``capacity`` values; with none, a sender waits for its receiver.

    Raises:
        Panic: on a negative capacity.
    """

    def __init__(self, go: Scheduler, capacity: int = 0):
        if capacity < 0:
            raise Panic("makechan: size out of range")
        self.scheduler, self.capacity, self.closed = go, capacity, False
        self.buffer: deque[Any] = deque()
        self._senders: deque[_Waiter] = deque()
        self._receivers: deque[_Waiter] = deque()

    def __len__(self) -> int:
        return len(self.buffer)

    def send(self, value: Any = None) -> Body:
        """Send a value, waiting for room or for a receiver.

        Raises:
            Panic: the channel is or becomes closed.
        """
        yield from select(self.scheduler, Send(self, value), reason="chan send")

    def recv(self) -> Body:
        """Receive; returns the value and whether it was sent (False: the channel is closed and empty)."""
        _, value, ok = yield from select(self.scheduler, Recv(self), reason="chan receive")
        return value, ok

    def close(self) -> None:
        """Close the channel: every waiting receiver gets a zero value.

        Raises:
            Panic: the channel is closed already.
        """
        if self.closed:
            raise Panic("close of closed channel")
        self.closed = True
        while waiter := _next(self._receivers):
            waiter.event.succeed((waiter.case, None, False))
        while waiter := _next(self._senders):
            waiter.event.fail(Panic("send on closed channel"))


@dataclass(frozen=True)
class Send:
    """A send case of a select."""

    channel: Channel
    value: Any = None

    def attempt(self) -> tuple[Any, bool] | None:
        """Send without waiting; None if that is not possible now."""
        channel = self.channel
        if channel.closed:
            raise Panic("send on closed channel")
        if waiter := _next(channel._receivers):
            waiter.event.succeed((waiter.case, self.value, True))
            return None, True
        if len(channel.buffer) < channel.capacity:
            channel.buffer.append(self.value)
            return None, True
        return None

    def enqueue(self, waiter: _Waiter) -> None:
        """Wait in the channel's queue of senders."""
        self.channel._senders.append(waiter)


@dataclass(frozen=True)
class Recv:
    """A receive case of a select."""

    channel: Channel
    value: None = None

    def attempt(self) -> tuple[Any, bool] | None:
        """Receive without waiting; None if that is not possible now."""
        channel = self.channel
        if channel.buffer:
            value = channel.buffer.popleft()
            if waiter := _next(channel._senders):
                channel.buffer.append(waiter.value)
                waiter.event.succeed((waiter.case, None, True))
            return value, True
        if waiter := _next(channel._senders):
            waiter.event.succeed((waiter.case, None, True))
            return waiter.value, True
        return (None, False) if channel.closed else None

    def enqueue(self, waiter: _Waiter) -> None:
        """Wait in the channel's queue of receivers."""
        self.channel._receivers.append(waiter)


def _next(queue: deque[_Waiter]) -> _Waiter | None:
    """Take the first waiter whose select has not been served by another channel."""
    while queue:
        waiter = queue.popleft()
        if not waiter.event.triggered:
            return waiter
    return None


def select(go: Scheduler, *cases: Send | Recv, default: bool = False, reason: str = "select") -> Body:
    """Wait until one case can proceed; returns its index, the value received and whether it was sent.

    If several can proceed, the first one written wins (Go picks one at random). With
    ``default=True`` nothing waits: the index is `DEFAULT` if no case can proceed.
    """
    for index, case in enumerate(cases):
        if (done := case.attempt()) is not None:
            return index, *done
    if default:
        return DEFAULT, None, False
    event = go.env.event()
    for index, case in enumerate(cases):
        case.enqueue(_Waiter(event, index, case.value))
    return (yield from go.park(event, reason))


def after(go: Scheduler, duration: int) -> Channel:
    """Return a channel that gets one value after a while, as ``time.After`` does."""
    channel = Channel(go, 1)
    go.env.timeout(duration).callbacks.append(lambda _: Send(channel, go.now).attempt())
    return channel

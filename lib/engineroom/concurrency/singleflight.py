"""singleflight.Group: one call for many callers (golang.org/x/sync/singleflight).

The published module and the standard library's internal copy, from which the course makes its own, differ
where the call panics. Published: every ``Do`` caller panics with the same value, and if anyone waits by
``DoChan``, a new goroutine panics, where nobody can recover. Copy: only the goroutine that made the call
panics; if it recovers, the key stays taken, and whoever waits for the call, or asks later, waits for ever.
The model knows both.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from engineroom.concurrency.channels import Channel
from engineroom.concurrency.locks import WaitGroup
from engineroom.concurrency.scheduler import Body, GoError, Panic, Scheduler

__all__ = ["Group", "Result"]


@dataclass(frozen=True)
class Result:
    """What a call gave: value, error, and whether more than one caller got it."""

    value: Any
    err: GoError | None
    shared: bool


@dataclass(eq=False)
class _Call:
    landed: WaitGroup
    value: Any = None
    err: GoError | None = None
    panic: Panic | None = None
    duplicates: int = 0
    channels: list[Channel] = field(default_factory=list)

    @property
    def result(self) -> Result:
        return Result(self.value, self.err, self.duplicates > 0)


class Group:
    """Lets only one call per key be in flight; whoever asks meanwhile waits for its result.

    It is no cache: a call that has landed is forgotten. ``fn`` is a function without arguments
    that returns a generator; what the generator returns is the pair of value and error.

    Args:
        go: runs the goroutines.
        published: how a panic of ``fn`` spreads: as in the published module, or as in the internal copy.
    """

    def __init__(self, go: Scheduler, *, published: bool = True):
        self.scheduler, self.published = go, published
        self._flying: dict[Hashable, _Call] = {}

    def do(self, key: Hashable, fn: Callable[[], Body]) -> Body:
        """Call ``fn`` in this goroutine, or wait for the call in flight; returns a `Result`.

        Raises:
            Panic: the call panicked.
        """
        if call := self._join(key):
            yield from call.landed.wait()
            if call.panic:
                raise call.panic
            return call.result
        call = self._take_off(key)
        yield from self._fly(call, key, fn)
        return call.result

    def do_chan(self, key: Hashable, fn: Callable[[], Body]) -> Channel:
        """Like `do`, but return at once a channel on which the `Result` will come.

        The call runs in a goroutine of its own, so no caller's patience decides over it.
        """
        channel = Channel(self.scheduler, 1)
        if call := self._join(key):
            call.channels.append(channel)
            return channel
        call = self._take_off(key)
        call.channels.append(channel)
        self.scheduler.start(self._fly(call, key, fn), f"do {key}")
        return channel

    def forget(self, key: Hashable) -> None:
        """Let the next caller start a new call, even while one is in flight."""
        self._flying.pop(key, None)

    def _join(self, key: Hashable) -> _Call | None:
        if call := self._flying.get(key):
            call.duplicates += 1
        return call

    def _take_off(self, key: Hashable) -> _Call:
        call = self._flying[key] = _Call(WaitGroup(self.scheduler))
        call.landed.add()
        return call

    def _fly(self, call: _Call, key: Hashable, fn: Callable[[], Body]) -> Body:
        try:
            call.value, call.err = yield from fn()
        except Panic as panic:
            if not self.published:
                raise
            call.panic = panic
        call.landed.done()
        if self._flying.get(key) is call:
            del self._flying[key]
        if call.panic:
            yield from self._crash(call)
        result = call.result
        for channel in call.channels:
            yield from channel.send(result)

    def _crash(self, call: _Call) -> Body:
        """Panic where the call was made; if channels wait for it, in a goroutine that nobody can guard."""
        if not call.channels:
            raise call.panic

        def unguarded() -> Body:
            raise call.panic
            yield

        self.scheduler.start(unguarded(), "panic")
        yield from self.scheduler.park(self.scheduler.env.event(), "select (no cases)")

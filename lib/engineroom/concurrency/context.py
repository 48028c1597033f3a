"""Contexts: how the news that nobody needs the answer any more reaches those who work on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engineroom.concurrency.channels import Channel
from engineroom.concurrency.scheduler import Body, GoError, Scheduler

__all__ = ["CANCELED", "DEADLINE_EXCEEDED", "Context", "background", "with_cancel", "with_timeout", "work"]

CANCELED = GoError("context canceled")
DEADLINE_EXCEEDED = GoError("context deadline exceeded")


class Context:
    """A node in the tree of contexts: cancelling it cancels its children, never its parent.

    Attributes:
        done: a channel that is closed on cancellation.
        stopped: the same as an event whose value is the cause, for `Scheduler.work`.
        err: None, `CANCELED` or `DEADLINE_EXCEEDED`.
        cause: why; the same as ``err`` unless a cause was given.
    """

    def __init__(self, go: Scheduler, parent: Context | None = None):
        self.scheduler, self.done, self.stopped = go, Channel(go), go.env.event()
        self.err: GoError | None = None
        self.cause: GoError | None = None
        self._children: list[Context] = []
        if parent is not None:
            parent._children.append(self)
            if parent.err:
                self._cancel(parent.err, parent.cause)

    def _cancel(self, err: GoError, cause: GoError | None) -> None:
        if self.err is not None:
            return
        self.err, self.cause = err, cause or err
        self.done.close()
        self.stopped.succeed(self.cause)
        for child in self._children:
            child._cancel(err, self.cause)


def background(go: Scheduler) -> Context:
    """Return the root of a tree, which is never cancelled."""
    return Context(go)


def with_cancel(parent: Context) -> tuple[Context, Callable[..., None]]:
    """Return a child and the function that cancels it, with a cause if given; only the first call counts."""
    ctx = Context(parent.scheduler, parent)
    return ctx, lambda cause=None: ctx._cancel(CANCELED, cause)


def with_timeout(parent: Context, duration: int) -> tuple[Context, Callable[[], None]]:
    """Return a child that cancels itself after ``duration``, and the function that does it earlier."""
    go, (ctx, cancel) = parent.scheduler, with_cancel(parent)
    expire = partial(ctx._cancel, DEADLINE_EXCEEDED, None)
    go.env.timeout(max(0, duration)).callbacks.append(lambda _: expire())
    return ctx, cancel


def work(ctx: Context, duration: int, label: str = "") -> Body:
    """Be busy for a while, but stop when the context is cancelled; returns the cause, or None when done.

    This is what a Go function does that selects between its timer and ``ctx.Done()``.
    """
    return (yield from ctx.scheduler.work(duration, label, stop=ctx.stopped))

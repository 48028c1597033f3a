"""errgroup.Group: many goroutines, one error (golang.org/x/sync/errgroup)."""

from __future__ import annotations

from collections.abc import Callable

from engineroom.concurrency.channels import DEFAULT, Channel, Send, select
from engineroom.concurrency.context import Context, with_cancel
from engineroom.concurrency.locks import WaitGroup
from engineroom.concurrency.scheduler import Body, GoError, Panic, Scheduler

__all__ = ["Group", "with_context"]

Task = Callable[[], Body]


class Group:
    """Runs tasks in goroutines of their own and keeps the first error that one of them returns.

    A task is a function without arguments that returns a generator; what the generator returns
    is the task's error, None for none.
    """

    def __init__(self, go: Scheduler, cancel: Callable[[GoError | None], None] | None = None):
        self.scheduler, self.err = go, None
        self._cancel, self._pending = cancel, WaitGroup(go)
        self._permits: Channel | None = None

    def set_limit(self, n: int) -> None:
        """Let at most ``n`` tasks run at once: none for 0, any number for a negative one.

        Raises:
            Panic: tasks are active.
        """
        if self._permits:
            active = len(self._permits)
            raise Panic(f"errgroup: modify limit while {active} goroutines in the group are still active")
        self._permits = None if n < 0 else Channel(self.scheduler, n)

    def go(self, task: Task, name: str = "task") -> Body:
        """Start a task, blocking the *caller* until the limit allows it."""
        if self._permits is not None:
            yield from self._permits.send()
        self._start(task, name)

    def try_go(self, task: Task, name: str = "task") -> Body:
        """Start a task if the limit allows it now; returns whether it did."""
        if self._permits is not None:
            case, _, _ = yield from select(self.scheduler, Send(self._permits), default=True)
            if case == DEFAULT:
                return False
        self._start(task, name)
        return True

    def wait(self) -> Body:
        """Wait for every task, then cancel the group's context; returns the first error."""
        yield from self._pending.wait()
        self._stop(self.err)
        return self.err

    def _start(self, task: Task, name: str) -> None:
        self._pending.add()
        self.scheduler.start(self._run(task), name)

    def _run(self, task: Task) -> Body:
        err = yield from task()
        if err is not None and self.err is None:
            self.err = err
            self._stop(err)
        if self._permits is not None:
            yield from self._permits.recv()
        self._pending.done()

    def _stop(self, cause: GoError | None) -> None:
        if self._cancel is not None:
            self._cancel(cause)


def with_context(ctx: Context) -> tuple[Group, Context]:
    """Return a group and a context that its first error cancels, with that error as the cause."""
    child, cancel = with_cancel(ctx)
    return Group(ctx.scheduler, cancel), child

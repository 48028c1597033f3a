"""Goroutines on virtual time: a program's run costs no waiting and gives the same timeline every time.

A goroutine is a generator run as a SimPy process. Whatever may block is called with ``yield from``,
so a model reads like the Go program that it stands for::

    def main(go):
        group = errgroup.Group(go)
        group.set_limit(2)
        for city in ("Oslo", "Lima", "Pune"):
            yield from group.go(partial(go.work, 100, city))
        return (yield from group.wait())

    run(main).makespan      # 200

Time is a whole number (nanoseconds where a run is compared with Go), so nothing is ever rounded.
Goroutines that become ready at the same instant go in the order in which they became ready; Go
promises no order there, and the lessons say so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import simpy

from engineroom.concurrency.runs import Leak, Run
from engineroom.kit.timeline import Span

__all__ = ["Body", "Deadlock", "GoError", "Goroutine", "Panic", "Scheduler", "run"]

Body = Generator[simpy.Event, Any, Any]


@dataclass(frozen=True)
class GoError:
    """An error as Go knows it: a value that is returned, not raised."""

    text: str

    def __str__(self) -> str:
        return self.text


class Panic(RuntimeError):
    """A goroutine panicked, which in Go ends the whole program."""


class Deadlock(RuntimeError):
    """Main waits for something that nobody is left to do.

    Attributes:
        blocked: what each blocked goroutine waits for, by its name.
        run: the timeline until everything stood still.
    """

    def __init__(self, blocked: dict[str, str], run: Run):
        self.blocked, self.run = blocked, run
        waits = ", ".join(f"{name} [{reason}]" for name, reason in blocked.items())
        super().__init__(f"all goroutines are asleep - deadlock! {waits}")


@dataclass(eq=False)
class Goroutine:
    """One goroutine: when it started and ended, and what it waits for right now."""

    name: str
    started: int
    ended: int | None = None
    waiting_for: str | None = None
    waiting_since: int = 0


@dataclass(eq=False)
class Scheduler:
    """Starts goroutines, puts them to sleep, and writes down who did what and when."""

    env: simpy.Environment = field(default_factory=simpy.Environment)
    goroutines: list[Goroutine] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    log: list[tuple[int, str]] = field(default_factory=list)
    _running: dict[simpy.Process, Goroutine] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """The virtual time since the program started."""
        return self.env.now

    @property
    def current(self) -> Goroutine:
        """The goroutine that is running at this moment."""
        return self._running[self.env.active_process]

    def start(self, body: Body, name: str) -> Goroutine:
        """Run a generator as a new goroutine, as the ``go`` statement does."""
        goroutine = Goroutine(name, self.now)
        self.goroutines.append(goroutine)
        process = self.env.process(self._live(goroutine, body))
        self._running[process] = goroutine
        return goroutine

    def _live(self, goroutine: Goroutine, body: Body) -> Body:
        result = yield from body
        goroutine.ended = self.now
        return result

    def park(self, event: simpy.Event, reason: str) -> Generator[simpy.Event, Any, Any]:
        """Block the current goroutine until the event comes; the reason is Go's own wording."""
        goroutine = self.current
        goroutine.waiting_for, goroutine.waiting_since = reason, self.now
        value = yield event
        goroutine.waiting_for = None
        self.record(goroutine, goroutine.waiting_since, "waiting", reason)
        return value

    def sleep(self, duration: int) -> Body:
        """Do nothing for a while, as ``time.Sleep`` does."""
        if duration > 0:
            yield from self.park(self.env.timeout(duration), "sleep")

    def work(self, duration: int, label: str = "", stop: simpy.Event | None = None) -> Body:
        """Be busy for a while, such as with a remote call; returns ``stop``'s value if that came first."""
        goroutine, start = self.current, self.now
        timer = self.env.timeout(duration)
        goroutine.waiting_for, goroutine.waiting_since = f"work {label}".strip(), start
        yield timer if stop is None else timer | stop
        goroutine.waiting_for = None
        stopped = stop is not None and stop.triggered
        self.record(goroutine, start, "cancelled" if stopped else "working", label)
        return stop.value if stopped else None

    def record(self, goroutine: Goroutine, start: int, state: str, label: str) -> None:
        """Write down what a goroutine did from ``start`` until now; waits of no length leave no mark."""
        if state != "waiting" or self.now > start:
            self.spans.append(Span(goroutine.name, start, self.now, state, label))

    def note(self, text: str) -> None:
        """Write a line into the run's log, with the time."""
        self.log.append((self.now, text))

    def blocked(self) -> Iterator[Goroutine]:
        """The goroutines that have not ended."""
        return (g for g in self.goroutines if g.ended is None)


def run(main: Callable[[Scheduler], Body]) -> Run:
    """Run a program until every goroutine has ended or is stuck, and return its timeline.

    ``makespan`` is the moment at which main returned. Goroutines that go on after it are
    followed to their end, as a ``testing/synctest`` bubble would; those that never end are
    the run's leaks.

    Raises:
        Deadlock: main never returns.
        Panic: a goroutine panicked.
    """
    go = Scheduler()
    outcome: list[Any] = []

    def body() -> Body:
        outcome.append((yield from main(go)))

    first = go.start(body(), "main")
    go.env.run()
    stuck = list(go.blocked())
    end = max((g.ended for g in go.goroutines if g.ended is not None), default=go.now)
    end = max([end, *(g.waiting_since for g in stuck), *(s.end for s in go.spans)])
    for goroutine in stuck:
        go.spans.append(Span(goroutine.name, goroutine.waiting_since, end, "stuck", goroutine.waiting_for))
    result = Run(
        spans=tuple(go.spans),
        makespan=end if first.ended is None else first.ended,
        lifetimes=tuple((g.name, g.started, end if g.ended is None else g.ended) for g in go.goroutines),
        result=outcome[0] if outcome else None,
        leaks=tuple(Leak(g.name, g.waiting_for or "") for g in stuck),
        log=tuple(go.log),
    )
    if first.ended is None:
        raise Deadlock({g.name: g.waiting_for or "" for g in stuck}, result)
    return result

"""Runs a program that is written down as data in the model.

The same data is interpreted by ``go/exactness/main.go`` in real Go, so the two can be compared event by
event. A program is a dictionary (whole numbers are nanoseconds)::

    {"limit": 2, "context": true, "capacity": 10, "channels": [0, 3],
     "stop": {"kind": "none" | "timeout" | "cancel", "after": 0},
     "spawns": [{"task": 0, "after": 5, "how": "go" | "try" | "alone", "weight": 0}],
     "tasks": [{"counted": false, "steps": [{"op": "work", "ns": 7}, ...]}]}

Main starts the tasks in the order of ``spawns`` in one errgroup (or ``alone``, outside it), then
waits. A task does its steps one after the other and ends early with an error if the context is
cancelled under it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engineroom.concurrency import context, errgroup, semaphore, singleflight
from engineroom.concurrency.channels import Channel, Recv, Send, after, select
from engineroom.concurrency.locks import WaitGroup
from engineroom.concurrency.scheduler import Body, Deadlock, GoError, Panic, Scheduler, run

__all__ = ["Outcome", "interpret"]

Program = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a program did: how it ended, when main returned, its error and the context's cause, every event.

    ``ended`` is ``ok``, ``deadlock`` (main never returns) or ``leak`` (main returns, others never end).
    ``events`` are ``(time, text)`` in the order of time and then of text, so ties compare equal.
    """

    ended: str
    makespan: int
    error: str
    cause: str
    events: tuple[tuple[int, str], ...]


@dataclass
class _Task:
    """One task under way: its number, its units of the semaphore, its step."""

    machine: _Machine
    number: int
    held: list[int] = field(default_factory=list)
    step: int = 0

    def note(self, text: str) -> None:
        """Log an event of the current step."""
        self.machine.go.note(f"task {self.number} step {self.step} {text}")

    def body(self) -> Body:
        machine = self.machine
        task = machine.program["tasks"][self.number]
        machine.go.note(f"task {self.number} starts")
        error = None
        for self.step, step in enumerate(task["steps"]):
            error = yield from getattr(self, step["op"])(step)
            if error is not None:
                break
        while self.held:
            machine.semaphore.release(self.held.pop())
        if task["counted"]:
            machine.counted.done()
        machine.go.note(f"task {self.number} ends: {error}")
        return error

    def sleep(self, step: Program) -> Body:
        yield from self.machine.go.sleep(step["ns"])

    def work(self, step: Program) -> Body:
        return (yield from context.work(self.machine.ctx, step["ns"]))

    def fail(self, step: Program) -> Body:
        return GoError(f"task {self.number} failed")
        yield

    def acquire(self, step: Program) -> Body:
        machine = self.machine
        error = yield from machine.semaphore.acquire(machine.ctx, step["n"])
        self.note(f"acquire {step['n']}: {error}")
        if error is not None:
            return machine.ctx.cause
        self.held.append(step["n"])
        return None

    def tryacquire(self, step: Program) -> Body:
        granted = self.machine.semaphore.try_acquire(step["n"])
        self.note(f"tryacquire {step['n']}: {granted}".lower())
        if granted:
            self.held.append(step["n"])
        return None
        yield

    def release(self, step: Program) -> Body:
        if self.held:
            self.machine.semaphore.release(self.held.pop())
        return None
        yield

    def spawn(self, step: Program) -> Body:
        yield from self.machine.spawn(step)

    def _call(self, step: Program) -> Callable[[], Body]:
        return partial(self.machine.call, step["key"], step["ns"], step["fails"], step.get("panics", False))

    def do(self, step: Program) -> Body:
        """Share a call; a panic of it is recovered here and becomes the task's error."""
        try:
            result = yield from self.machine.flights.do(step["key"], self._call(step))
        except Panic as panic:
            self.note(f"do panicked: {panic}")
            return GoError(str(panic))
        self.note(f"do: {result.value} {result.err} {result.shared}".lower())
        return result.err

    def dochan(self, step: Program) -> Body:
        machine = self.machine
        if machine.ctx.err is not None:
            return machine.ctx.cause
        channel = machine.flights.do_chan(step["key"], self._call(step))
        patience = after(machine.go, step["patience"])
        case, result, _ = yield from select(machine.go, Recv(channel), Recv(patience), Recv(machine.ctx.done))
        if case == 2:
            return machine.ctx.cause
        answer = f"{result.value} {result.err} {result.shared}".lower() if case == 0 else "timeout"
        self.note(f"dochan: {answer}")
        return None

    def forget(self, step: Program) -> Body:
        self.machine.flights.forget(step["key"])
        return None
        yield

    def _exchange(self, case: Send | Recv) -> Body:
        """Send or receive unless the context is cancelled first; returns the error, value and ok."""
        machine = self.machine
        if machine.ctx.err is not None:
            return machine.ctx.cause, None, False
        chosen, value, ok = yield from select(machine.go, case, Recv(machine.ctx.done))
        return (machine.ctx.cause if chosen else None), value, ok

    def send(self, step: Program) -> Body:
        error, _, _ = yield from self._exchange(Send(self.machine.channels[step["channel"]], step["value"]))
        if error is None:
            self.note("sent")
        return error

    def recv(self, step: Program) -> Body:
        error, value, ok = yield from self._exchange(Recv(self.machine.channels[step["channel"]]))
        if error is None:
            self.note(f"received {value or 0} {ok}".lower())
        return error

    def drain(self, step: Program) -> Body:
        """Receive and sleep ``ns`` more each time, until the channel is closed."""
        channel, pause = self.machine.channels[step["channel"]], step["ns"]
        while True:
            value, ok = yield from channel.recv()
            self.note(f"received {value or 0} {ok}".lower())
            if not ok:
                return None
            yield from self.machine.go.sleep(pause)
            pause += step["ns"]

    def close(self, step: Program) -> Body:
        yield from self.machine.counted.wait()
        self.machine.channels[step["channel"]].close()
        self.note("closed")


@dataclass
class _Machine:
    """Everything that the tasks of one program share."""

    program: Program
    go: Scheduler
    published: bool
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        program, go = self.program, self.go
        parent = self._stopping(program["stop"])
        if program["context"]:
            self.group, self.ctx = errgroup.with_context(parent)
        else:
            self.group, self.ctx = errgroup.Group(go), parent
        self.group.set_limit(program["limit"])
        self.semaphore = semaphore.Weighted(go, program["capacity"])
        self.flights = singleflight.Group(go, published=self.published)
        self.channels = [Channel(go, capacity) for capacity in program["channels"]]
        self.counted = WaitGroup(go)
        self.counted.add(sum(task["counted"] for task in program["tasks"]))

    def _stopping(self, stop: Program) -> context.Context:
        root = context.background(self.go)
        if stop["kind"] == "timeout":
            return context.with_timeout(root, stop["after"])[0]
        ctx, cancel = context.with_cancel(root)
        if stop["kind"] == "cancel":
            timer = self.go.env.timeout(stop["after"])
            timer.callbacks.append(lambda _: cancel(GoError("stopped")))
        return ctx

    def main(self) -> Body:
        for spawn in self.program["spawns"]:
            yield from self.go.sleep(spawn["after"])
            if (yield from self.spawn(spawn)) is not None:
                break
        error = yield from self.group.wait()
        return str(error), str(self.ctx.cause), self.go.now

    def spawn(self, spawn: Program) -> Body:
        """Acquire for a task, start it, and note whether it started; returns a failed acquire's error."""
        task = _Task(self, spawn["task"])
        if spawn["weight"]:
            error = yield from self.semaphore.acquire(self.ctx, spawn["weight"])
            if error is not None:
                return error
            task.held.append(spawn["weight"])
        if spawn["how"] == "go":
            yield from self.group.go(task.body, f"task {task.number}")
        elif spawn["how"] == "alone":
            self.go.start(task.body(), f"task {task.number}")
        elif not (yield from self.group.try_go(task.body, f"task {task.number}")):
            self.go.note(f"task {task.number} not started")
            while task.held:
                self.semaphore.release(task.held.pop())
        return None

    def call(self, key: str, duration: int, fails: bool, panics: bool) -> Body:
        self.calls[key] += 1
        name = f"{key}#{self.calls[key]}"
        self.go.note(f"call {name} starts")
        yield from self.go.work(duration, key)
        self.go.note(f"call {name} ends")
        if panics:
            raise Panic(f"{name} panicked")
        return name, (GoError(f"{name} failed") if fails else None)


def interpret(program: Program, *, published: bool = False) -> Outcome:
    """Run a program in the model and return all that it did.

    Args:
        program: what to run.
        published: how a panic in a shared call spreads, see `singleflight.Group`. The Go at hand has the
            standard library's copy, so the model does as that one by default.
    """
    try:
        result = run(lambda go: _Machine(program, go, published).main())
    except Deadlock as deadlock:
        return Outcome("deadlock", 0, "", "", tuple(sorted(deadlock.run.log)))
    error, cause, makespan = result.result
    return Outcome("leak" if result.leaks else "ok", makespan, error, cause, tuple(sorted(result.log)))

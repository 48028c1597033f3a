"""A second reader: replays the text of ``go tool trace -d=parsed`` with no code of ours in between."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

from engineroom.golang import find_go, go_environment

EVENT = re.compile(r"^M=(-?\d+) P=(-?\d+) G=(-?\d+) (\w+) Time=(-?\d+)(?: (.*))?$")
MOVE = re.compile(r'(GoID|ProcID)=(\d+) (\w+)->(\w+) Reason="(.*)"$')
RANGE = re.compile(r'Name="(.*?)" Scope=(\w+)(?:\((\d+)\))?(?: Attributes=\[(.*)\])?$')
TASK = re.compile(r'ID=(\d+) Parent=(\d+) Type="(.*)"$')
REGION = re.compile(r'Task=(\d+) Type="(.*)"$')
LOG = re.compile(r'Task=(\d+) Category="(.*)" Message="(.*)"$')
METRIC = re.compile(r'Name="(.*)" Value=Value\{Uint64\((\d+)\)\}$')
LEGAL = {
    ("NotExist", "Runnable"),
    ("NotExist", "Waiting"),  # a coroutine
    ("NotExist", "Syscall"),  # a thread of C
    ("Runnable", "Running"),
    ("Running", "Runnable"),
    ("Running", "Waiting"),
    ("Running", "Syscall"),
    ("Running", "NotExist"),
    ("Waiting", "Runnable"),
    ("Syscall", "Running"),
    ("Syscall", "Runnable"),
    ("Syscall", "NotExist"),
}
CUTS = ("no", "start", "end", "both")


@cache
def trace_tool() -> str:
    found = subprocess.run(
        [find_go().go, "tool", "-n", "trace"],
        env=go_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip()


def parsed_text(path: Path) -> str:
    done = subprocess.run(
        [trace_tool(), "-d=parsed", path], env=go_environment(), capture_output=True, text=True, check=False
    )
    return done.stdout


class Replay:
    """What the text says, as sorted lists of tuples; times count from the first event."""

    def __init__(self, text: str):
        self.kinds = Counter()
        self.states, self.processors, self.wakeups, self.ranges = [], [], [], []
        self.tasks, self.regions, self.logs, self.metrics, self.stacks = [], [], [], [], {}
        self.labels, self.samples, self.goroutines = [], [], {}
        self.illegal = []
        self._goroutines, self._processors, self._ranges = {}, {}, {}
        self._tasks, self._open_regions = {}, {}
        self._origin, self._now, self._synced = None, 0, 0
        for head, stacks in events(text):
            self._event(head, stacks)
        self._finish()

    def _event(self, head, stacks):
        thread, processor, goroutine, kind, time, rest = head
        self.kinds[kind] += 1
        self._origin = int(time) if self._origin is None else self._origin
        self._now = int(time) - self._origin
        context = int(goroutine), int(processor), int(thread)
        getattr(self, f"_{kind.lower()}", lambda *_: None)(context, rest or "", stacks)

    def _sync(self, *_):
        self._synced = self._now

    def _statetransition(self, context, rest, stacks):
        resource, number, old, new, reason = MOVE.search(rest.splitlines()[0]).groups()
        move = self._move_goroutine if resource == "GoID" else self._move_processor
        move(int(number), old, new, reason, context, stacks)

    def _move_goroutine(self, number, old, new, reason, context, stacks):
        if old not in ("Undetermined", new) and (old, new) not in LEGAL:
            self.illegal.append((number, old, new))
        record = self.goroutines.setdefault(number, {"state_known": old})
        if old == "NotExist":
            record |= {"created": self._now, "creator": context[0]}
        if old == new:
            return
        if (old, new) == ("Waiting", "Runnable"):
            was = self._goroutines[number]
            self.wakeups.append((self._now, context[0], number, was[2]))
        self._close_state(number, 0)
        if new == "NotExist":
            record["ended"] = self._now
            for name, since, depth in self._regions_of(number):
                self.regions.append((number, name, since, self._now, "end", depth))
            self._open_regions.pop(number, None)
            return
        begun, cut = (self._synced, 1) if old == "Undetermined" else (self._now, 0)
        on = context[1:] if new in ("Running", "Syscall") else (-1, -1)
        self._goroutines[number] = (new, begun, reason, *on, cut)
        if "transition" in stacks:
            self.stacks[(number, self._now)] = stacks["transition"]

    def _close_state(self, number, cut):
        if number in self._goroutines:
            state, begun, reason, processor, thread, opened = self._goroutines.pop(number)
            self.states.append(
                (number, state, begun, self._now, CUTS[cut | opened], reason, processor, thread)
            )

    def _move_processor(self, number, old, new, reason, context, stacks):
        if old == new:
            return
        self._close_processor(number, 0)
        begun, cut = (self._synced, 1) if old == "Undetermined" else (self._now, 0)
        self._processors[number] = (new, begun, context[2] if new == "Running" else -1, cut)

    def _close_processor(self, number, cut):
        if number in self._processors:
            state, begun, thread, opened = self._processors.pop(number)
            if state != "NotExist":
                self.processors.append((number, state, begun, self._now, CUTS[cut | opened], thread))

    def _rangebegin(self, context, rest, stacks, cut=0):
        name, scope, number, _ = RANGE.search(rest.splitlines()[0]).groups()
        begun = self._synced if cut else self._now
        self._ranges.setdefault((name, scope, int(number or -1)), (begun, cut))

    def _rangeactive(self, context, rest, stacks):
        self._rangebegin(context, rest, stacks, cut=1)

    def _rangeend(self, context, rest, stacks):
        name, scope, number, attributes = RANGE.search(rest.splitlines()[0]).groups()
        key = name, scope, int(number or -1)
        swept = tuple(int(n) for n in re.findall(r"Uint64\((\d+)\)", attributes or ""))
        begun, cut = self._ranges.pop(key, (0, 1))
        self.ranges.append((*key, begun, self._now, CUTS[cut], *(swept or (-1, -1))))

    def _taskbegin(self, context, rest, stacks):
        number, parent, name = TASK.search(rest.splitlines()[0]).groups()
        self._tasks[int(number)] = (signed(parent), name, self._now, context[0])

    def _taskend(self, context, rest, stacks):
        number, parent, name = TASK.search(rest.splitlines()[0]).groups()
        begun = self._tasks.pop(int(number), None)
        cut = "no" if begun else "start"
        parent, name, since, by = begun or (signed(parent), name, 0, -1)
        self.tasks.append((int(number), parent, name, since, self._now, cut, by, context[0]))

    def _regions_of(self, goroutine):
        return [(n, since, depth) for depth, (n, since) in enumerate(self._open_regions.get(goroutine, []))]

    def _regionbegin(self, context, rest, stacks):
        _, name = REGION.search(rest.splitlines()[0]).groups()
        self._open_regions.setdefault(context[0], []).append((name, self._now))

    def _regionend(self, context, rest, stacks):
        _, name = REGION.search(rest.splitlines()[0]).groups()
        opened = self._open_regions.get(context[0])
        (name, since), cut = (opened.pop(), "no") if opened else ((name, 0), "start")
        self.regions.append((context[0], name, since, self._now, cut, len(opened or ())))

    def _log(self, context, rest, stacks):
        task, category, message = LOG.search(rest.splitlines()[0]).groups()
        self.logs.append((self._now, context[0], int(task), category, message.replace('\\"', '"')))

    def _metric(self, context, rest, stacks):
        name, value = METRIC.search(rest.splitlines()[0]).groups()
        self.metrics.append((self._now, name, int(value)))

    def _label(self, context, rest, stacks):
        label = re.search(r'Label="(.*)" Resource', rest)[1]
        self.labels.append((self._now, context[0], label))

    def _stacksample(self, context, rest, stacks):
        self.samples.append((self._now, *context))

    def _finish(self):
        for number in list(self._goroutines):
            self._close_state(number, 2)
        for number in list(self._processors):
            self._close_processor(number, 2)
        for key, (begun, cut) in self._ranges.items():
            self.ranges.append((*key, begun, self._now, CUTS[cut | 2], -1, -1))
        for number, (parent, name, since, by) in self._tasks.items():
            self.tasks.append((number, parent, name, since, self._now, "end", by, -1))
        for goroutine in self._open_regions:
            for name, since, depth in self._regions_of(goroutine):
                self.regions.append((goroutine, name, since, self._now, "end", depth))


def events(text: str):
    """Yield each event's header fields and its stacks, as lists of (function, file:line)."""
    head, stacks, current = None, {}, None
    for line in text.split("\n"):
        if match := EVENT.match(line):
            if head:
                yield head, stacks
            head, stacks, current = match.groups(), {}, None
        elif line in ("TransitionStack=", "Stack="):
            current = stacks.setdefault("transition" if line.startswith("T") else "event", [])
        elif current is not None and line.startswith("\t"):
            current.append(line.strip())
    if head:
        yield head, stacks


def signed(number: str) -> int:
    """Read an unsigned 64-bit number the way a signed column holds it."""
    value = int(number)
    return value - 2**64 if value >= 2**63 else value

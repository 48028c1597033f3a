"""Random concurrent programs, for finding out whether the model and Go disagree anywhere.

Go leaves open what happens first when two things happen at the same instant. Most programs here
are *scattered*: every duration is a random number of nanoseconds and every step that others can
notice comes after a pause of its own, so no two independent events coincide and everything about
the run is determined. *Tied* programs do the opposite, and are built so that their times are still
determined.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

__all__ = ["FAMILIES", "random_program", "smaller"]

Program = dict[str, Any]


def random_program(rng: random.Random, family: str) -> Program:
    """Draw a program of one of `FAMILIES`; see `engineroom.concurrency.interpreter` for its format."""
    return FAMILIES[family](rng)


def _nanoseconds(rng: random.Random) -> int:
    return rng.randrange(1, 10**9)


def _empty() -> Program:
    stop = {"kind": "none", "after": 0}
    start = {"limit": -1, "context": False, "capacity": 10, "channels": []}
    return {**start, "stop": stop, "spawns": [], "tasks": []}


def _stop(rng: random.Random) -> Program:
    return {"kind": rng.choice(["none", "none", "timeout", "cancel"]), "after": rng.randrange(1, 6 * 10**9)}


def _spawn(task: int, after: int, how: str = "go", weight: int = 0) -> Program:
    return {"op": "spawn", "task": task, "after": after, "how": how, "weight": weight}


def _task(*steps: Program, counted: bool = False) -> Program:
    return {"counted": counted, "steps": list(steps)}


def _step(rng: random.Random) -> Program:
    """Draw a step that others can notice.

    Calls that fail have keys of their own (``a``, ``b`` for Do, ``x`` for DoChan): when a call for a
    mixed crowd of waiters fails, the first to hear of it cancels the others, and who is first is a tie.
    """
    op = rng.choice(
        ["acquire", "acquire", "tryacquire", "release", "do", "do", "dochan", "forget", "fail", "spawn"]
    )
    if op in ("acquire", "tryacquire"):
        return {"op": op, "n": rng.choice([1, 1, 2, 2, 3, 3, 5, 5, 8, 10, 13])}
    if op in ("do", "dochan"):
        key = rng.choice({"do": ["a", "b", "m"], "dochan": ["x", "m"]}[op])
        fails = key != "m" and rng.random() < 0.2
        call = {"op": op, "key": key, "ns": 3 * _nanoseconds(rng), "fails": fails}
        return call | ({"patience": 2 * _nanoseconds(rng)} if op == "dochan" else {})
    if op == "forget":
        return {"op": op, "key": rng.choice("abxm")}
    if op == "fail" and rng.random() < 0.5:
        return {"op": "work", "ns": _nanoseconds(rng)}
    return {"op": op}


def _scattered(rng: random.Random) -> Program:
    program = _empty()
    program |= {"context": rng.random() < 0.6, "capacity": rng.choice([3, 5, 10]), "stop": _stop(rng)}
    program["limit"] = rng.choice([-1, -1, 1, 2, 3, 4, 4] + [0] * (rng.random() < 0.1))
    count = rng.randint(1, 8)
    nested = []
    for number in range(count):
        steps = []
        for _ in range(rng.randint(0, 5)):
            pause = {"op": rng.choice(["sleep", "work"]), "ns": _nanoseconds(rng)}
            step = _step(rng)
            if step["op"] == "spawn":
                nested.append(count + len(nested))
                step = _spawn(nested[-1], 0, rng.choice(["go", "try"]))
            steps += [pause, step]
        program["tasks"].append(_task(*steps))
        how, weight = rng.choice(["go", "go", "go", "try"]), rng.choice([0] * 9 + [2, 2, 4, 4, 11])
        program["spawns"].append(_spawn(number, _nanoseconds(rng), how, weight))
    for _ in nested:
        program["tasks"].append(_task({"op": rng.choice(["sleep", "work"]), "ns": _nanoseconds(rng)}))
    return program


def _crowded(rng: random.Random) -> Program:
    """Many tasks that want much of one small semaphore, again and again."""
    program = _empty() | {"context": rng.random() < 0.5, "stop": _stop(rng)}
    for number in range(rng.randint(3, 9)):
        steps = []
        for _ in range(rng.randint(1, 3)):
            ask = rng.choice(["acquire", "acquire", "acquire", "tryacquire"])
            steps += [
                {"op": rng.choice(["sleep", "work"]), "ns": _nanoseconds(rng)},
                {"op": ask, "n": rng.choice([1, 2, 3, 4, 6, 8, 10])},
                {"op": rng.choice(["sleep", "work"]), "ns": _nanoseconds(rng)},
                {"op": "release"},
            ]
        program["tasks"].append(_task(*steps))
        program["spawns"].append(_spawn(number, _nanoseconds(rng) // 10))
    return program


def _pipeline(rng: random.Random) -> Program:
    """Producers, consumers, and one task that closes the channel when the producers are done."""
    program = _empty() | {"channels": [rng.choice([0, 0, 1, 2, 5])], "context": rng.random() < 0.5}
    program["stop"] = _stop(rng)
    producers, consumers = rng.randint(1, 4), rng.randint(1, 4)
    for producer in range(producers):
        steps = []
        for item in range(rng.randint(0, 5)):
            send = {"op": "send", "channel": 0, "value": 100 * producer + item + 1}
            steps += [{"op": "sleep", "ns": _nanoseconds(rng)}, send]
        program["tasks"].append(_task(*steps, counted=True))
    alone = rng.random() < 0.3  # consumers outside the group, which may be left behind
    for _ in range(consumers):
        if rng.random() < 0.7:
            steps = [{"op": "sleep", "ns": _nanoseconds(rng)}]
            steps += [{"op": "drain", "channel": 0, "ns": _nanoseconds(rng)}]
        else:
            pauses = ({"op": "work", "ns": _nanoseconds(rng)} for _ in range(rng.randint(1, 4)))
            steps = [step for pause in pauses for step in (pause, {"op": "recv", "channel": 0})]
        program["tasks"].append(_task(*steps))
    close = [{"op": "sleep", "ns": _nanoseconds(rng)}, {"op": "close", "channel": 0}]
    program["tasks"].append(
        _task(*close * (rng.random() < 0.8))
    )  # who forgets to close leaves consumers behind
    for number in range(len(program["tasks"])):
        consumes = producers <= number < producers + consumers
        program["spawns"].append(_spawn(number, _nanoseconds(rng), "alone" if alone and consumes else "go"))
    return program


def _panicking(rng: random.Random) -> Program:
    """Callers of ``Do`` who recover: some calls panic. Under ``DoChan`` a panic would end the process."""
    program = _empty() | {"context": rng.random() < 0.3, "stop": _stop(rng)}
    for number in range(rng.randint(2, 7)):
        steps = []
        for _ in range(rng.randint(1, 3)):
            call = {"op": "do", "key": rng.choice("aab"), "ns": 2 * _nanoseconds(rng), "fails": False}
            call["panics"] = rng.random() < 0.4
            step = call if rng.random() < 0.85 else {"op": "forget", "key": rng.choice("ab")}
            steps += [{"op": rng.choice(["sleep", "work"]), "ns": _nanoseconds(rng)}, step]
        program["tasks"].append(_task(*steps))
        program["spawns"].append(_spawn(number, _nanoseconds(rng) // 3))
    return program


def _tied(rng: random.Random) -> Program:
    """Small whole durations that coincide all the time; main alone queues for permits.

    Calls start at even times and last an odd time, so nobody arrives in the instant in which one lands.
    """
    program = _empty()
    if rng.random() < 0.3:
        lasting = {key: 2 * rng.randrange(4) + 1 for key in "ab"}
        for number in range(rng.randint(2, 12)):
            key = rng.choice("ab")
            call = {"op": "do", "key": key, "ns": lasting[key], "fails": False}
            program["tasks"].append(_task({"op": "sleep", "ns": 2 * rng.randrange(6)}, call))
            program["spawns"].append(_spawn(number, 0))
        return program
    program |= {"limit": rng.choice([-1, 1, 2, 3, 5]), "capacity": 10}
    weighted = rng.random() < 0.5
    for number in range(rng.randint(1, 15)):
        program["tasks"].append(_task({"op": "work", "ns": rng.randint(1, 4)}))
        program["spawns"].append(_spawn(number, 0, "go", rng.randint(1, 10) * weighted))
    return program


FAMILIES = {
    "scattered": _scattered,
    "crowded": _crowded,
    "pipeline": _pipeline,
    "panicking": _panicking,
    "tied": _tied,
}


def smaller(program: Program) -> Iterator[Program]:
    """Yield every program that lacks one thing of this one: a start, a pair of steps, a limit, a context."""
    for index in range(len(program["spawns"])):
        less = copy.deepcopy(program)
        gone = less["spawns"].pop(index)
        less["tasks"][gone["task"]] = _task()
        yield less
    for number, task in enumerate(program["tasks"]):
        for index in range(0, len(task["steps"]) - 1, 2):
            less = copy.deepcopy(program)
            del less["tasks"][number]["steps"][index : index + 2]
            yield less
    for name, plain in {k: _empty()[k] for k in ("limit", "context", "stop")}.items():
        if program[name] != plain:
            yield copy.deepcopy(program) | {name: plain}

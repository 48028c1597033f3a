"""Finds out whether the model and real Go ever disagree.

Random programs run in the model and in real Go (goroutines, channels and golang.org/x/sync under
``testing/synctest``, where time is virtual too), and every event, its time to the nanosecond, the
error and the way it ended are compared. Of a program on which they disagree, the smallest part that
still shows the disagreement is found.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engineroom.concurrency.interpreter import Outcome, interpret
from engineroom.concurrency.random_programs import FAMILIES, random_program, smaller
from engineroom.golang import Limits, build, json_lines
from engineroom.golang.build import Program as Built

__all__ = ["Agreement", "Disagreement", "compare", "run_in_go", "shrink"]

Program = dict[str, Any]

EXACTNESS = Path(__file__).parent / "exactness"


@dataclass(frozen=True)
class Disagreement:
    """A program that does one thing in the model and another in Go."""

    program: Program
    model: Outcome
    real: Outcome

    def __str__(self) -> str:
        def said(outcome: Outcome, other: Outcome) -> str:
            end = f"{outcome.ended} at {outcome.makespan} ns, error {outcome.error}, cause {outcome.cause}"
            alone = [f"  {at} ns: {text}" for at, text in outcome.events if (at, text) not in other.events]
            return "\n".join([end, *alone])

        return (
            f"{json.dumps(self.program)}\nmodel: {said(self.model, self.real)}\n"
            f"Go:    {said(self.real, self.model)}"
        )


@dataclass(frozen=True)
class Agreement:
    """What a comparison found.

    Attributes:
        programs: how many were compared, by family and by how they ended.
        events: how many events were compared.
        model_s: seconds that the model took.
        go_s: seconds that Go took, start of the process included and build excluded.
        disagreements: one minimal example per family, at most.
    """

    programs: Counter[tuple[str, str]]
    events: int
    model_s: float
    go_s: float
    disagreements: tuple[Disagreement, ...]

    def __str__(self) -> str:
        ended = {
            how: sum(n for (_, e), n in self.programs.items() if e == how) for how in ("deadlock", "leak")
        }
        told = (
            f"{self.programs.total():,} random programs with {self.events:,} events, of which "
            f"{ended['deadlock']:,} ended in a deadlock and {ended['leak']:,} leaked a goroutine: "
        )
        if not self.disagreements:
            return told + "the model and Go agree on every one."
        return told + "they disagree on\n" + "\n".join(map(str, self.disagreements))


def run_in_go(programs: Sequence[Program], interpreter: Built | None = None) -> list[Outcome]:
    """Run programs in real Go on virtual time, all in one process, and return what each did.

    Args:
        programs: as `engineroom.concurrency.interpreter` describes them.
        interpreter: ``exactness``, built in another way than the course's own.

    Raises:
        GoMissing: there is no toolchain.
        GoRunError: the process failed.
    """
    interpreter = interpreter or build(EXACTNESS)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(program) + "\n" for program in programs)
        file.flush()
        limits = Limits(time_s=120, output_mb=512)
        done = interpreter.run(env={"ENGINEROOM_PROGRAMS": file.name}, limits=limits)
    return [_outcome(answer) for answer in json_lines(done.stdout.removesuffix("PASS\n"))]


def _outcome(answer: dict[str, Any]) -> Outcome:
    events = sorted((event["time"], event["text"]) for event in answer.pop("events"))
    return Outcome(**answer, events=tuple(events))


def compare(count: int, seed: int = 0) -> Agreement:
    """Compare ``count`` random programs of each family; see `random_programs.FAMILIES`.

    Raises:
        GoMissing: there is no toolchain.
    """
    drawn = [(f, random_program(random.Random(f"{f} {seed} {n}"), f)) for f in FAMILIES for n in range(count)]
    started = time.perf_counter()
    models = [interpret(program) for _, program in drawn]
    model_s = time.perf_counter() - started
    build(EXACTNESS)
    started = time.perf_counter()
    reals = run_in_go([program for _, program in drawn])
    go_s = time.perf_counter() - started
    first: dict[str, Program] = {}
    for (family, program), model, real in zip(drawn, models, reals, strict=True):
        if model != real:
            first.setdefault(family, program)
    return Agreement(
        programs=Counter((family, real.ended) for (family, _), real in zip(drawn, reals, strict=True)),
        events=sum(len(real.events) for real in reals),
        model_s=model_s,
        go_s=go_s,
        disagreements=tuple(shrink(program) for program in first.values()),
    )


def shrink(program: Program, model: Callable[[Program], Outcome] = interpret) -> Disagreement:
    """Return the disagreement of the smallest part of a program that still shows one.

    Raises:
        ValueError: model and Go agree on the program.
    """
    found = _first_disagreement([program], model)
    if found is None:
        raise ValueError("The model and Go agree on this program.")
    while less := _first_disagreement(list(smaller(found.program)), model):
        found = less
    return found


def _first_disagreement(
    programs: Sequence[Program], model: Callable[[Program], Outcome]
) -> Disagreement | None:
    for program, real in zip(programs, run_in_go(programs) if programs else [], strict=True):
        if (predicted := model(program)) != real:
            return Disagreement(program, predicted, real)
    return None

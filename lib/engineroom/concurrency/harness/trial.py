"""Tries a learner's Go: compiles it with an exercise's hidden harness and runs it on virtual time."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engineroom.golang import Finished, GoBuildError, GoRunError, Limits, build, build_source, json_lines
from engineroom.kit.expect import CheckFailed
from engineroom.kit.places import cache_folder

__all__ = ["ALLOWED", "Report", "structure_of", "try_out"]

HERE = Path(__file__).parent
STRUCTURE = HERE.parent / "go" / "structure"
LIMITS = Limits(time_s=8, memory_mb=1024, output_mb=1)
RACE_OPTIONS = "atexit_sleep_ms=50"  # a second by default; who is not waited for shows without it, too
STUBS = ('panic("not written yet")', "raise NotImplementedError()")

# No file, socket, process or pointer can be reached through these, so a trial stays in its folder.
PACKAGES = (
    "cmp container/heap container/list context errors fmt iter maps math math/rand/v2 slices sort strconv "
    "strings sync sync/atomic time golang.org/x/sync/errgroup golang.org/x/sync/semaphore "
    "golang.org/x/sync/singleflight"
)
ALLOWED = frozenset(PACKAGES.split())

Report = dict[str, Any]


def try_out(
    exercise: str,
    source: str,
    declares: Sequence[str],
    *,
    drawn: Mapping[str, Any],
    judge: Callable[[Report], None] = lambda structure: None,
    race: bool = False,
) -> dict[str, Report]:
    """Return what each trial of an exercise saw, by the trial's name.

    Args:
        exercise: the harness to use, a file beside this one.
        source: the learner's cell.
        declares: functions that it must have.
        drawn: the data of the last trial, as ``drawn.go`` reads it. It is no part of the program, so another
            seed compiles nothing anew.
        judge: called with the cell's structure before anything is compiled.
        race: build with the race detector, on real time.

    Raises:
        CheckFailed: the code cannot be tried, or did not come to its end; with the reason and a hint.
        GoBuildError: it does not compile, with the lines of the cell.
        GoMissing: there is no toolchain.
    """
    _refuse(source, declares, judge)
    harness = [HERE / f"{exercise}.go", HERE / "drawn.go"]
    if exercise != "race":
        harness.append(HERE / "laboratory.go")
    files = {file.name: file.read_text(encoding="utf-8") for file in harness}
    try:
        program = build_source({**files, "answer/cell.go": _packaged(source)}, name=exercise, race=race)
    except GoBuildError as error:
        raise _in_the_cell(error, source) from None
    variables = {"ENGINEROOM_DRAWN": json.dumps(drawn), "GORACE": RACE_OPTIONS}
    done = program.run(env=variables, limits=LIMITS, check=False)
    reports = {report["name"]: report for report in _reports(done)}
    if not done.ok:
        raise CheckFailed(_explain(done, program.name, len(reports), race=race))
    return reports


def structure_of(source: str) -> Report | None:
    """Return what a cell imports, declares and writes unguarded, or None if it is not Go at all."""
    with TemporaryDirectory(prefix="cell-", dir=cache_folder("work")) as folder:
        cell = Path(folder) / "cell.go"
        cell.write_text(_packaged(source), encoding="utf-8")
        done = build(STRUCTURE).run([cell], check=False)
    return next(json_lines(done.stdout), None) if done.ok else None


def has_c_compiler() -> bool:
    """Whether the race detector can be used here: it needs a C compiler."""
    return any(shutil.which(name) for name in ("cc", "gcc", "clang"))


def _packaged(source: str) -> str:
    """Put a cell into package answer without moving its lines."""
    clause = re.compile(r"^([ \t]*)package\s+\w+", re.MULTILINE)
    if clause.search(source):
        return clause.sub(r"\1package answer", source, count=1)
    return "package answer; " + source


def _in_the_cell(error: GoBuildError, source: str) -> Exception:
    """Tell what the compiler said about the learner's cell, or that the harness cannot call it."""
    mine = [problem for problem in error.problems if problem.file == "cell.go"]
    if error.problems and not mine:
        return CheckFailed(
            f"The check cannot call your function: {error.problems[0].message}\n"
            "  hint:     keep the names and types that were given"
        )
    shift = len(_packaged(source)) - len(source)
    lines = [f"cell.go:{p.line}:{max(1, p.column - shift * (p.line == 1))}: {p.message}" for p in mine]
    return GoBuildError("\n".join(lines), {"cell.go": source}) if mine else error


def _refuse(source: str, declares: Sequence[str], judge: Callable[[Report], None]) -> None:
    """Refuse what need not be compiled; what is not Go is left to the compiler, which says it best."""
    if not isinstance(source, str):
        raise CheckFailed(
            "This check needs the text of a Go cell: run the cell that begins with %%go --keep."
        )
    if any(stub in source for stub in STUBS):
        raise CheckFailed("This exercise is not written yet: replace the line that says so.", begun=False)
    found = structure_of(source)
    if found is None:
        return
    if foreign := sorted(set(found["imports"]) - ALLOWED):
        raise CheckFailed(
            f"The cell imports {', '.join(foreign)}, which exercises do without.\n"
            f"  hint:     these can be imported: {', '.join(sorted(ALLOWED))}"
        )
    if missing := [name for name in declares if name not in found["functions"]]:
        raise CheckFailed(f"The cell has no function {missing[0]}; it has: {_listed(found['functions'])}.")
    judge(found)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _reports(done: Finished) -> list[Report]:
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return list(json_lines("\n".join(lines)))


def _explain(done: Finished, name: str, finished: int, *, race: bool) -> str:
    """Say why a trial did not come to its end, in the learner's terms."""
    trial = f"in trial {finished + 1}"
    if done.ended_by == "time limit" and race:
        return (
            f"Your function did not come to an end within {LIMITS.time_s:g} s.\n"
            "  hint:     is there a loop without end, or a mutex that is locked twice or never unlocked? "
            "(Under the race detector, Go does not notice a deadlock.)"
        )
    if done.ended_by == "time limit":
        return (
            f"Your function did not come to an end {trial}, although time there is virtual.\n"
            "  hint:     is there a loop that never waits, or a sync.Mutex held during a call? "
            "(Virtual time stands still while a goroutine waits for a mutex.)"
        )
    if done.ended_by == "output limit":
        return (
            f"Your function printed more than 1 MB {trial} and was stopped.\n"
            "  hint:     is there a loop without end?"
        )
    if done.ended_by == "memory limit":
        return (
            f"Your function used more than 1 GB of memory {trial} and was stopped.\n"
            "  hint:     is there a loop that starts goroutines without end?"
        )
    said = re.search(r"^(panic|fatal error): (.+?)(?: \[recovered.*)?$", done.stderr, re.MULTILINE)
    lines = re.findall(r"cell\.go:(\d+)", done.stderr)
    where = f" at line {lines[0]} of your cell" if lines else ""
    if said and "all goroutines are asleep" in said[2]:
        return (
            f"Your function never returned {trial}{where}: {said[2]}\n"
            "  hint:     is a sync.Mutex locked twice, or never unlocked?"
        )
    if said:
        did = "panicked" if said[1] == "panic" else "crashed"
        return f"Your function {did} {trial}{where}: {said[2]}\n  hint:     {_hint(said[2])}"
    return str(GoRunError(name, done, LIMITS))


def _hint(panic: str) -> str:
    hints = {
        "released more than held": "every Release needs an Acquire that succeeded, with the same weight",
        "send on closed channel": "only who sends may close, and only when nobody sends any more",
        "close of closed channel": "a channel is closed once, by one goroutine",
        "index out of range": "how long is the slice when the first goroutine writes into it? make([]T, n)",
        "nil map": "a map must be made before it is written: make(map[K]V)",
        "nil pointer": "is something used before it is set, such as a result next to an error?",
        "concurrent map": "two goroutines use one map at once: guard it with a mutex",
        "stack overflow": "which function calls itself without end?",
        "negative WaitGroup": "Done is called more often than Add",
    }
    return next(
        (hint for words, hint in hints.items() if words in panic), "a panic in a goroutine ends the program"
    )

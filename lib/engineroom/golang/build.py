"""Builds Go programs into a cache keyed by their content, and runs them under limits."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engineroom.golang.modules import MODULE as X_SYNC
from engineroom.golang.modules import provide_x_sync
from engineroom.golang.toolchain import find_go, go_environment
from engineroom.kit.children import Finished, Limits, run_child
from engineroom.kit.places import cache_folder
from engineroom.kit.plainly import ToldPlainly

__all__ = ["GoBuildError", "GoRunError", "Problem", "Program", "build", "build_source", "confinement"]

Confine = Callable[[Sequence[str | Path], Path, Mapping[str, str]], Sequence[str | Path]]
confinement: ContextVar[Confine | None] = ContextVar("confinement", default=None)
"""When set, the command, folder and variables of a program built from text go through it, for a sandbox."""

BUILD_LIMITS = Limits(time_s=300, memory_mb=8192)
KEPT_PROGRAMS = 250  # a compiled program is 2-8 MB; the least recently used go first
MODULE = "module lesson\n\ngo 1.27\n"
PACKAGE = "package main; "  # put before a cell without a package clause, on its first line
ABSENT = re.compile(r"^(?:cannot find module providing |no required module provides )?package (\S+?)[:;] .*")
PROBLEM = re.compile(r"^(?:vet: )?(?:\./|[\w./-]*/)?([\w.-]+\.go):(\d+)(?::(\d+))?: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Problem:
    """One complaint of the compiler about a line of Go."""

    file: str
    line: int
    column: int
    message: str


class GoBuildError(ToldPlainly):
    """Go source that does not compile.

    Attributes:
        problems: what the compiler said, in its order, with lines and columns of the learner's own text.
    """

    def __init__(self, output: str, sources: Mapping[str, str]):
        self.problems = [_problem(match, sources) for match in PROBLEM.finditer(output)]
        told = [_show(problem, sources) for problem in self.problems] or [output.strip()]
        super().__init__("Go could not compile this:\n" + "\n".join(told))


def _problem(match: re.Match, sources: Mapping[str, str]) -> Problem:
    file, line, column = match[1], int(match[2]), int(match[3] or 1)
    shift = len(PACKAGE) if line == 1 and sources.get(file, "").startswith(PACKAGE) else 0
    message = ABSENT.sub(r"package \1 is not available here: the course works offline", match[4])
    return Problem(file, line, max(1, column - shift), message)


def _show(problem: Problem, sources: Mapping[str, str]) -> str:
    where = f"line {problem.line}: {problem.message}"
    lines = sources.get(problem.file, "").removeprefix(PACKAGE).splitlines()
    if not 0 < problem.line <= len(lines):
        return f"  {problem.file} {where}"
    text = lines[problem.line - 1]
    before = len(text[: problem.column - 1].expandtabs(4))
    return f"  {where}\n      {text.expandtabs(4)}\n      {' ' * before}^"


class GoRunError(ToldPlainly, RuntimeError):
    """A Go program that was built but did not end well.

    Attributes:
        finished: all that it did until then.
    """

    def __init__(self, name: str, finished: Finished, limits: Limits):
        self.finished = finished
        reasons = {
            "time limit": f"did not end within {limits.time_s:g} s and was stopped",
            "memory limit": f"used more than {limits.memory_mb:,g} MB of memory and was stopped",
            "output limit": f"printed more than {limits.output_mb:g} MB and was stopped",
            "cancelled": "was stopped on request",
        }
        how = reasons.get(finished.ended_by) or f"ended with exit code {finished.exit_code}"
        if finished.exit_code < 0 and finished.ended_by == "exit":
            how = f"was killed by signal {-finished.exit_code}"
        tail = finished.stderr.strip()[-3000:]
        super().__init__(f"The Go program {name} {how}." + (f"\n{tail}" if tail else ""))


@dataclass(frozen=True)
class Program:
    """A compiled Go program in the course's cache.

    Attributes:
        path: the program.
        from_text: it was built from a text, a learner's perhaps, and not from the course's own files.
    """

    path: Path
    from_text: bool = False

    @property
    def name(self) -> str:
        """The program's name, without its folder."""
        return self.path.name

    def run(
        self,
        args: Sequence[object] = (),
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
        check: bool = True,
    ) -> Finished:
        """Run the program to its end.

        Args:
            args: its arguments; a dict-like knob set goes in as ``flags(...)``.
            env: variables to add to the course's Go environment, e.g. ``{"GODEBUG": "gctrace=1"}``.
            limits: wall time, memory and output; `Limits()` when None.
            cwd: the folder it runs in; an empty one of its own, removed afterwards, when None.
            on_line: called with each line of standard output as it comes.
            cancel: when set from another thread, the program is killed.
            check: raise when it does not end with exit code 0.

        Raises:
            GoRunError: when it was stopped by a limit or failed, and `check` is true.
        """
        limits = limits or Limits()
        with tempfile.TemporaryDirectory(prefix="run-", dir=cache_folder("work")) as scratch:
            place = cwd or Path(scratch)
            confine = confinement.get() if self.from_text else None
            finished = run_child(
                confine([self.path, *args], place, env or {}) if confine else [self.path, *args],
                env=go_environment(**(env or {})),
                cwd=place,
                limits=limits,
                on_line=on_line,
                cancel=cancel,
            )
        if check and not finished.ok:
            raise GoRunError(self.name, finished, limits)
        return finished


def json_lines(output: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a program's standard output, one a line.

    Raises:
        ValueError: naming the first line that is not a JSON object.
    """
    for number, line in enumerate(output.splitlines(), 1):
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise ValueError(f"line {number} of the program's output is not a JSON object: {line[:200]!r}")
        yield value


def build(folder: Path, *, race: bool = False, env: Mapping[str, str] | None = None) -> Program:
    """Build the program in a package folder; at once when it was built before.

    Args:
        folder: the package; the nearest parent with a ``go.mod`` is its module.
        race: build with the race detector (needs a C compiler).
        env: variables to add to the course's Go environment.

    Raises:
        GoBuildError: when it does not compile.
        GoMissing: when there is no toolchain.
    """
    folder = folder.resolve()
    module = next((up for up in [folder, *folder.parents] if (up / "go.mod").is_file()), None)
    if module is None:
        raise FileNotFoundError(f"{folder} is not in a Go module: no go.mod there or above it")
    files = sorted([module / "go.mod", *module.rglob("*.go")])
    sources = {f.relative_to(module).as_posix(): f.read_text() for f in files if "_test.go" not in f.name}
    return _build(sources, f"./{folder.relative_to(module).as_posix()}", folder.name, race, env or {})


def build_source(
    sources: Mapping[str, str] | str,
    *,
    name: str = "cell",
    race: bool = False,
    env: Mapping[str, str] | None = None,
) -> Program:
    """Build a program from text: a learner's cell, or a few files of one package.

    A text without a ``package`` clause becomes ``package main``, with its line numbers kept.

    Args:
        sources: file name -> text, or the text of the only file. A ``go.mod`` may be among them.
        name: what the program is called in messages.
        race: build with the race detector (needs a C compiler).
        env: variables to add to the course's Go environment.

    Raises:
        GoBuildError: when it does not compile, with lines of the given text.
        GoMissing: when there is no toolchain.
    """
    files = {f"{name}.go": sources} if isinstance(sources, str) else dict(sources)
    files.setdefault("go.mod", MODULE)
    for file, text in files.items():
        if file.endswith(".go") and not re.search(r"^\s*package\s+\w+", text, re.MULTILINE):
            files[file] = PACKAGE + text
    return replace(_build(files, ".", name, race, env or {}), from_text=True)


def _build(sources: dict[str, str], package: str, name: str, race: bool, env: Mapping[str, str]) -> Program:
    toolchain = find_go()
    recipe = json.dumps(
        [toolchain.version, package, name, race, sorted(env.items()), sorted(sources.items())]
    )
    home = cache_folder("programs") / hashlib.sha256(recipe.encode()).hexdigest()[:32]
    program = Program(home / name)
    if program.path.is_file():
        with contextlib.suppress(FileNotFoundError):  # another process has just dropped it: build it again
            os.utime(home)
            return program
    with tempfile.TemporaryDirectory(prefix="build-", dir=cache_folder("work")) as scratch:
        module, made = Path(scratch) / "module", Path(scratch) / "made"
        for file, text in sources.items():
            (module / file).parent.mkdir(parents=True, exist_ok=True)
            (module / file).write_text(text)
        if any(
            X_SYNC in text for text in sources.values()
        ):  # to resolve a module takes Go longer than to link
            provide_x_sync(module)
        command = [toolchain.go, "build", "-trimpath", "-buildvcs=false", "-o", made / name]
        command += ["-race", package] if race else ["-ldflags=-s -w", package]
        race_needs = {"CGO_ENABLED": "1"} if race else {}
        done = run_child(command, env=go_environment(**race_needs, **env), cwd=module, limits=BUILD_LIMITS)
        if not done.ok:
            raise GoBuildError(done.stderr or f"go build {done.ended_by}", sources)
        _publish(made, home)
    _forget_oldest(home.parent)
    return program


def _publish(made: Path, home: Path) -> None:
    """Move a finished build into the cache in one step; whoever comes second keeps the first's."""
    try:
        made.rename(home)
    except OSError:
        if not home.is_dir():
            raise


def _forget_oldest(programs: Path) -> None:
    """Drop the least recently used programs, and scratch folders that a killed process left behind."""
    by_age = sorted(programs.iterdir(), key=_changed, reverse=True)
    yesterday = time.time() - 86_400
    abandoned = [f for f in cache_folder("work").iterdir() if _changed(f) < yesterday]
    for folder in [*by_age[KEPT_PROGRAMS:], *abandoned]:
        shutil.rmtree(folder, ignore_errors=True)


def _changed(path: Path) -> float:
    """Return when a path last changed; long ago, if another process has removed it meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

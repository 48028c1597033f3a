"""The ``%%go`` cell magic: write Go in a notebook cell, run it, see its output or its mistakes.

Usage, after ``%load_ext engineroom.golang.magic``::

    %%go [--race] [--trace NAME] [--keep NAME] [--time SECONDS] [ARGUMENTS…]

``--trace NAME`` records an execution trace and puts its path into the notebook's variable NAME.
``--keep NAME`` runs nothing: it puts the cell's text into the variable NAME, for a check to try.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from engineroom.golang.build import build_source
from engineroom.kit.children import Limits
from engineroom.kit.places import cache_folder
from engineroom.kit.plainly import ToldPlainly

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["GoCellError", "load_ipython_extension", "run_cell"]

KEPT_TRACES = 20
SOLUTION_MARK = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*$", re.MULTILINE)  # no Go, but nbgrader's

# The learner's main is renamed, so that the trace also covers programs that return early.
TRACED_MAIN = """package main

import (
	"os"
	"runtime/trace"
)

func main() {
	file, err := os.Create(os.Getenv("ENGINEROOM_TRACE"))
	if err != nil {
		panic(err)
	}
	if err := trace.Start(file); err != nil {
		panic(err)
	}
	defer file.Close()
	defer trace.Stop()
	learnersMain()
}
"""


class GoCellError(ToldPlainly, ValueError):
    """The line of ``%%go`` itself is wrong."""


class _LineParser(argparse.ArgumentParser):
    """Says what is wrong with the magic's line instead of leaving the process."""

    def error(self, message: str) -> None:
        raise GoCellError(f"{message}. {self.format_usage().strip()}")


def _parse(line: str) -> argparse.Namespace:
    parser = _LineParser("%%go", add_help=False)
    parser.add_argument("--race", action="store_true")
    parser.add_argument("--trace", metavar="NAME")
    parser.add_argument("--keep", metavar="NAME")
    parser.add_argument("--time", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(shlex.split(line))
    for option in ("trace", "keep"):
        name = getattr(options, option)
        if name and not name.isidentifier():
            raise GoCellError(f"--{option} takes a variable's name, but {name!r} is none.")
    return options


def run_cell(line: str, cell: str) -> Path | None:
    """Build and run a cell of Go, printing its output as it comes.

    Args:
        line: what follows ``%%go``.
        cell: the Go source; a missing ``package main`` is supplied.

    Returns:
        the path of the recorded trace, or None when none was asked for.

    Raises:
        GoCellError: when the magic's own line is wrong.
        GoBuildError: when the cell does not compile, with the cell's line numbers.
        GoRunError: when it was stopped or failed.
        GoMissing: when there is no toolchain.
    """
    options = _parse(line)
    sources, env, trace = {"cell.go": cell}, {}, None
    if options.trace:
        renamed, found = re.subn(r"^func main\(\)", "func learnersMain()", cell, flags=re.MULTILINE)
        if not found:
            raise GoCellError("--trace needs a func main() in the cell.")
        sources = {"cell.go": renamed, "traced_main.go": TRACED_MAIN}
        trace = _new_trace_file()
        env["ENGINEROOM_TRACE"] = str(trace)
    program = build_source(sources, race=options.race)
    finished = program.run(
        options.arguments,
        env=env,
        limits=Limits(time_s=options.time),
        on_line=lambda text: print(text, flush=True),
    )
    if not finished.stdout.endswith("\n") and finished.stdout:
        print(finished.stdout.rpartition("\n")[2])  # a last line without its line end
    print(finished.stderr, end="", file=sys.stderr)
    return trace


def _new_trace_file() -> Path:
    folder = cache_folder("traces")
    for old in sorted(folder.glob("*.trace"), key=lambda f: f.stat().st_mtime, reverse=True)[KEPT_TRACES:]:
        old.unlink(missing_ok=True)
    return folder / f"{time.time_ns()}.trace"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%%go``."""

    def go(line: str, cell: str) -> None:
        options = _parse(line)
        if options.keep:
            shell.user_ns[options.keep] = SOLUTION_MARK.sub("", cell)
        elif trace := run_cell(line, cell):
            shell.user_ns[options.trace] = trace

    shell.register_magic_function(go, "cell", "go")

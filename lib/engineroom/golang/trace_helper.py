"""Builds and runs the Go program that turns a trace into columns.

The program imports the toolchain's own ``internal/trace``. Only packages below GOROOT may
do so, hence ``go build -overlay``: the build sees our files under ``$GOROOT/src/cmd`` while
nothing is written there. The reader therefore always matches the runtime.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from engineroom.golang.build import BUILD_LIMITS, GoBuildError, Program, json_lines
from engineroom.golang.toolchain import find_go, go_environment
from engineroom.kit.children import Limits, run_child
from engineroom.kit.places import cache_folder

__all__ = ["build_inside_goroot", "run_helper"]

SOURCE = Path(__file__).parent / "go" / "tracecolumns"


def run_helper(arguments: list[str], limits: Limits) -> list[dict[str, Any]]:
    """Run the helper and return its reports, one per trace.

    Raises:
        GoRunError: if it could not read the file at all or broke a limit.
        GoMissing: if there is no Go toolchain.
    """
    return list(json_lines(build_inside_goroot(SOURCE).run(arguments, limits=limits).stdout))


def build_inside_goroot(folder: Path) -> Program:
    """Build a program that may import the toolchain's internal packages; at once when built before.

    Args:
        folder: the ``package main``; all its ``.go`` files belong to it.

    Raises:
        GoBuildError: when it does not compile.
        GoMissing: when there is no Go toolchain.
    """
    toolchain = find_go()
    sources = {file.name: file.read_text() for file in sorted(folder.glob("*.go"))}
    recipe = json.dumps([toolchain.version, str(toolchain.goroot), sorted(sources.items())])
    home = cache_folder("programs") / hashlib.sha256(recipe.encode()).hexdigest()[:32]
    program = Program(home / folder.name)
    if not program.path.is_file():
        with tempfile.TemporaryDirectory(prefix="build-", dir=cache_folder("work")) as scratch:
            built = _compile(folder, sources, Path(scratch))
            home.mkdir(exist_ok=True)
            built.replace(program.path)
    return program


def _compile(folder: Path, sources: dict[str, str], scratch: Path) -> Path:
    toolchain = find_go()
    package = f"cmd/engineroom-{folder.name}"
    replace = {str(toolchain.goroot / "src" / package / name): str(folder / name) for name in sources}
    (scratch / "overlay.json").write_text(json.dumps({"Replace": replace}))
    built = scratch / folder.name
    command = [toolchain.go, "build", "-overlay", scratch / "overlay.json", "-o", built, package]
    # -mod=mod is for the course's own modules; the toolchain's have their vendored copies
    done = run_child(command, env=go_environment(GOFLAGS=""), cwd=scratch, limits=BUILD_LIMITS)
    if not done.ok:
        raise GoBuildError(done.stderr or f"go build {done.ended_by}", sources)
    return built

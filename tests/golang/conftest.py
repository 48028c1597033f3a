"""Freshly made traces, shared by the tests of the trace reader."""

from pathlib import Path

import pytest

from engineroom.golang import build

MAKER = Path(__file__).parent / "go" / "tracemaker"
KINDS = (
    "pool",
    "pingpong",
    "gc",
    "tasks",
    "syscalls",
    "network",
    "profile",
    "spawn",
    "processors",
    "sequence",
    "misnested",
)


@pytest.fixture(scope="session")
def make_trace(tmp_path_factory):
    """Return a function that makes a fresh trace of a kind and returns its path."""
    program = build(MAKER)
    folder = tmp_path_factory.mktemp("traces")

    def make(kind: str, seed: int = 1) -> Path:
        path = folder / f"{kind}-{seed}.trace"
        if not path.exists():
            program.run(["-kind", kind, "-seed", seed, "-o", path])
        return path

    return make

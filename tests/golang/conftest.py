"""Freshly made traces, shared by the tests of the trace reader."""

import sys
from pathlib import Path

import pytest

from engineroom.golang import build

sys.path.insert(0, str(Path(__file__).parent))  # for trace_oracle, which stands beside the tests
MAKER = Path(__file__).parent / "go" / "tracemaker"


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

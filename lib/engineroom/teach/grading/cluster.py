"""Spreads grading over the machines of a Dask cluster."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor
from functools import lru_cache
from pathlib import Path

from engineroom.kit.places import course_folder
from engineroom.kit.plainly import ToldPlainly
from engineroom.teach.grading.sandbox import SandboxMissing, why_not

__all__ = ["ClusterError", "cluster_executor"]

CONNECT_S = 20
KINDS = ("*.py", "*.go", "go.mod")


class ClusterError(ToldPlainly, RuntimeError):
    """The cluster can't be used for grading."""


@contextlib.contextmanager
def cluster_executor(
    address: str, *, insist: bool = False, patience_s: float = CONNECT_S
) -> Iterator[Executor]:
    """Connect to a Dask scheduler and lend its workers, as an executor.

    Each worker marks one submission at a time, so start workers with one thread each:
    ``dask worker ADDRESS --nthreads 1 --nworkers 8``. What a dead worker had under way goes to another.

    Args:
        address: the scheduler's, ``tcp://HOST:PORT``.
        insist: use workers that have no sandbox, too.
        patience_s: how long to wait for the scheduler.

    Raises:
        ClusterError: when there is no Dask, no scheduler, no worker, or a worker has another course.
        SandboxMissing: when a worker can't run submissions in safety, and `insist` is false.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "A cluster needs Dask, which is not installed; bring it with: "
            ".venv/bin/uv pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=patience_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"There is no Dask scheduler at {address} ({error}).") from None
    with client:
        _look_at_workers(client, address, insist)
        yield client.get_executor()


def _look_at_workers(client, address: str, insist: bool) -> None:
    try:
        found = client.run(_ready)
    except ImportError as error:
        raise ClusterError(f"A worker can't import the course ({error}): install it there, too.") from None
    if not found:
        raise ClusterError(
            f"The scheduler has no workers yet; start one with: dask worker {address} --nthreads 1"
        )
    for worker, (reason, course) in found.items():
        if course != fingerprint():
            raise ClusterError(
                f"The worker {worker} has another version of the course: bring both to the same."
            )
        if reason and not insist:
            raise SandboxMissing(f"The worker {worker}: {reason}")


def _ready() -> tuple[str, str]:
    """Return why there is no sandbox on this machine, and which course it has."""
    return why_not(), fingerprint()


@lru_cache
def fingerprint() -> str:
    """Name what marks depend on here: the course's library and data, assignments left out."""
    library, data = Path(__file__).parents[2], course_folder() / "data"
    paths = [*(path for kind in KINDS for path in library.rglob(kind)), *data.rglob("*.*")]
    names = {
        path.relative_to(library if path.is_relative_to(library) else data).as_posix(): path for path in paths
    }
    whole = hashlib.sha256()
    for name, path in sorted(names.items()):
        if path.is_file() and "__pycache__" not in path.parts:
            whole.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()

"""How a benchmark tells what it measured, besides printing it: one JSON line a row.

``make bench`` names a file in ``ENGINEROOM_BENCH_ROWS`` and makes its table of the lines. Without it nothing
is written, so that a benchmark can be run by itself.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["QUICK", "ROWS", "Measured", "read_rows", "report", "skipped"]

ROWS, QUICK = "ENGINEROOM_BENCH_ROWS", "ENGINEROOM_BENCH_QUICK"


@dataclass(frozen=True)
class Measured:
    """One row of the table of benchmarks.

    Attributes:
        bench: which benchmark told it: ``bench_<this>.py``.
        what: what was measured.
        ours: the course's figure, in `unit`; None when it was skipped.
        unit: for example "ms" or "events/s"; a rate (with a "/") is better
            when larger, all else when smaller.
        peer: what it is compared with; empty without one.
        theirs: the peer's figure in the same unit and run; None without one.
        headline: whether README shows it.
        why: why it was skipped.
    """

    bench: str
    what: str
    ours: float | None
    unit: str = ""
    peer: str = ""
    theirs: float | None = None
    headline: bool = False
    why: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as fast ours is as the peer's; None without a peer or a figure."""
        if not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if "/" in self.unit else self.theirs / self.ours


def report(
    what: str,
    ours: float,
    unit: str,
    *,
    peer: str = "",
    theirs: float | None = None,
    headline: bool = False,
) -> None:
    """Tell one measurement of the running benchmark; see `Measured` for what the arguments mean."""
    _write(
        Measured(_bench(), what, float(ours), unit, peer, None if theirs is None else float(theirs), headline)
    )


def skipped(what: str, why: str) -> None:
    """Tell that something could not be measured on this machine, and why, in one sentence."""
    _write(Measured(_bench(), what, None, why=" ".join(why.split())))


def read_rows(path: Path) -> list[Measured]:
    """Return what benchmarks told, in the order in which they did."""
    if not path.exists():
        return []
    return [Measured(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _bench() -> str:
    return Path(sys.argv[0]).stem.removeprefix("bench_")


def _write(row: Measured) -> None:
    if path := os.environ.get(ROWS):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")

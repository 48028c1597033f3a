"""Runs that judge a chosen setting: real Go with the world stopped to mark and GOMAXPROCS=1.

What is allocated per cycle is then the same on every machine to about 0.1 %, however busy it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engineroom.ballast import real
from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.recordings import stand_ins
from engineroom.ballast.trajectory import simulate
from engineroom.golang import GoMissing

__all__ = ["mb_per_cycle", "modelled", "run_for_real", "stopped"]

ALIKE = 0.02
EQUAL = ("live_mb", "gogc", "gogc_off", "limited", "processors", "collector")
CLOSE = ("ballast_mb", "limit_mb")


def stopped(live: float, *, ballast: float = 0, gogc: int | None = 100, limit: float = 0) -> HeapKnobs:
    """Return the knobs of a run of five cycles or more; sizes in MB, GOGC=off when None, no limit when 0."""
    room = limit - live if gogc is None else (live + ballast) * gogc / 100
    return HeapKnobs(
        live_mb=live,
        ballast_mb=ballast,
        gogc=gogc or 100,
        gogc_off=gogc is None,
        limited=limit > 0,
        limit_mb=limit or 300,
        allocation_mb_s=1000,
        duration_s=max(100.0, 5 * room) / 1000,
        processors=1,
        collector=STOP_THE_WORLD,
    )


def run_for_real(knobs: HeapKnobs) -> GCRun:
    """Run the program; where there is no Go, take the recording of one alike, or else the model.

    The result's `origin` says which it was.
    """
    try:
        return real.run(knobs, hurry=True)
    except GoMissing:
        alike = [run for recorded, run in stand_ins() if _alike(recorded, knobs)]
        run = alike[0] if alike else modelled(knobs)
        return replace(run, origin=f"no Go here; recorded {run.origin}" if alike else "no Go here; model")


def modelled(knobs: HeapKnobs) -> GCRun:
    """Return what the model of the pacer predicts for the program, run long enough for many cycles."""
    return simulate(replace(knobs, duration_s=20 * knobs.duration_s))


def _alike(recorded: HeapKnobs, asked: HeapKnobs) -> bool:
    """True when ballast and limit differ by at most 2 %, and what else decides on sizes not at all."""
    a, b = vars(recorded), vars(asked)
    return all(a[name] == b[name] for name in EQUAL) and all(
        abs(a[name] - b[name]) <= ALIKE * b[name] for name in CLOSE
    )


def mb_per_cycle(run: GCRun) -> float:
    """Return the MB allocated in the median cycle; 0 when the run completed none."""
    return float(np.median(run.peak_bytes - run.live_before_bytes)) / MIB if run.cycles else 0.0

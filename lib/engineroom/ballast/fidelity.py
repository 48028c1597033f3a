"""How far the model is from the real thing: all comparisons with the recorded runs, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engineroom.ballast.comparisons import concurrent, limited, one_step, pages, spiral, stopped
from engineroom.ballast.cycles import GCRun
from engineroom.ballast.death_spiral import SpiralKnobs
from engineroom.ballast.fidelity_row import Fidelity
from engineroom.ballast.heap_knobs import CONCURRENT, STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.recordings import recorded_knobs, recordings, replay, table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fidelity_table", "recorded_cells"]

# The first cycle belongs to the start-up; two more give a mean.
FEWEST_CYCLES = 3

# Below this the minimum heap or the sweep distance may decide. A cycle of 1 MiB, at worst, is counted in
# spans of 8 KiB, 0.8 % of it; 256 KiB of partly used pages are 5 % of the smallest heap.
TINY_MB = 5
TINY_BOUNDS = (0.01, 0.05)


def fidelity_table() -> list[Fidelity]:
    """Return one row per comparison: grid size, mean and largest error, bound, and whether it holds."""
    still, running = recorded_cells(STOP_THE_WORLD), recorded_cells(CONCURRENT)
    pacer, steps = table("pacer"), table("spiral")
    repeated = steps[steps.groupby("run").step.transform("size") > 1]
    return [
        *stopped("stop the world", [cell for cell in still if not _tiny(cell[0])]),
        *stopped("stop the world, tiny heap", [cell for cell in still if _tiny(cell[0])], *TINY_BOUNDS),
        one_step(pacer[pacer.gogc != "off"]),
        *concurrent("throttled", [cell for cell in running if not _flat_out(cell[0])], 0.95, 0.95),
        *concurrent("flat out", [cell for cell in running if _flat_out(cell[0])], 0.95, 0.75),
        limited([*_limited_runs(pacer), *_limited_steps(repeated)]),
        spiral(repeated),
        *pages(table("pagetouch")),
    ]


def recorded_cells(collector: str) -> list[tuple[HeapKnobs, GCRun]]:
    """Return knobs and result of the recorded runs with this collector that have three cycles or more."""
    cells = [(recorded_knobs(name), replay(name)) for name in recordings()]
    return [(k, run) for k, run in cells if k.collector == collector and run.cycles >= FEWEST_CYCLES]


def _tiny(knobs: HeapKnobs) -> bool:
    return knobs.live_mb < TINY_MB


def _flat_out(knobs: HeapKnobs) -> bool:
    return knobs.allocation_mb_s >= knobs.mutator_mb_s


def _limited_runs(pacer: pd.DataFrame) -> list[tuple[HeapKnobs, float]]:
    """Return the traced runs under a memory limit, and the mean goal that each had after its first cycle."""
    return [
        (
            HeapKnobs(
                live_mb=round(run.before_marked_bytes.iloc[0] / MIB),
                gogc_off=True,
                limited=True,
                limit_mb=run.limit_mb.iloc[0],
            ),
            run.before_next_goal_bytes[1:].mean(),
        )
        for _, run in pacer[pacer.gogc == "off"].groupby("run")
    ]


def _limited_steps(steps: pd.DataFrame) -> list[tuple[HeapKnobs, float]]:
    """Return the steps towards the memory limit before the limiter stepped in, and the goal at their end."""
    machine = SpiralKnobs()
    return [
        (
            HeapKnobs(
                live_mb=step.live_mb,
                gogc_off=True,
                limited=True,
                limit_mb=step.limit_mb,
                allocation_mb_s=machine.mutator_mb_s,
                mutator_mb_s=machine.mutator_mb_s,
                mark_ns_per_byte=machine.mark_ns_per_byte,
                processors=step.gomaxprocs,
                duration_s=step.seconds,
            ),
            step.goal_bytes,
        )
        for step in steps[~steps.limiter_on].itertuples()
    ]

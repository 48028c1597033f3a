"""Comparisons of the model with real runs: sizes, triggers, CPU shares, memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.death_spiral import SpiralKnobs
from engineroom.ballast.death_spiral import simulate as simulate_spiral
from engineroom.ballast.fidelity_row import Fidelity, compared
from engineroom.ballast.heap_knobs import HeapKnobs
from engineroom.ballast.heapgoal import KIB, LOWEST_TRIGGER, MIB, TRIGGER_DENOMINATOR
from engineroom.ballast.one_step import one_step_ahead
from engineroom.ballast.textbook import textbook
from engineroom.ballast.trajectory import simulate
from engineroom.ballast.virtual_memory import PageKnobs
from engineroom.ballast.virtual_memory import simulate as simulate_pages

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["concurrent", "limited", "one_step", "pages", "spiral", "stopped"]

Cells = Sequence[tuple[HeapKnobs, GCRun]]

# The runtime counts a span as allocated when it hands it out, and looks at the trigger only then: a span of
# 1 KiB objects is 8 KiB, so a cycle may start that much late, and never early.
SPAN = 8 * KIB

# What a small process carries besides its live heap is known to about 5 kB, 0.13 % of the smallest goal.
GOAL_BOUND = 0.0015
CYCLE_BOUND = 0.005

# Pages and spans that are partly used.
RESIDENT_BOUND = 0.02


def _goal(run: GCRun, until: int | None = None) -> float:
    return float(run.goal_bytes[1:until].mean())


def _per_cycle(run: GCRun, until: int | None = None) -> float:
    return float((run.peak_bytes - run.live_before_bytes)[1:until].mean())


def stopped(
    name: str, cells: Cells, cycle_bound: float = CYCLE_BOUND, resident_bound: float = RESIDENT_BOUND
) -> list[Fidelity]:
    """Compare stop-the-world runs: goal, bytes per cycle and memory, predicted from the knobs alone.

    The first cycle is left out on both sides. The mean of the others has one error per cell.

    Args:
        name: what these cells have in common.
        cells: knobs and the run they gave.
        cycle_bound: relative error that is allowed in the bytes per cycle.
        resident_bound: the same for resident memory, for which the textbook takes the goal.
    """
    model = [simulate(_long_enough(knobs, run)) for knobs, run in cells]
    real = [run for _, run in cells]
    book = [textbook(k.live_mb * MIB, k.ballast_mb * MIB, k.gogc) for k, _ in cells]
    return [
        compared(
            f"{name}: heap goal",
            [_goal(m) / _goal(r) - 1 for m, r in zip(model, real, strict=True)],
            GOAL_BOUND,
            by_textbook=[b.goal / _goal(r) - 1 for b, r in zip(book, real, strict=True)],
        ),
        compared(
            f"{name}: bytes per cycle",
            [_per_cycle(m) / _per_cycle(r) - 1 for m, r in zip(model, real, strict=True)],
            cycle_bound,
            by_textbook=[b.allocated / _per_cycle(r) - 1 for b, r in zip(book, real, strict=True)],
        ),
        compared(
            f"{name}: resident memory",
            [m.rss_bytes / r.rss_bytes - 1 for m, r in zip(model, real, strict=True)],
            resident_bound,
            by_textbook=[b.goal / r.rss_bytes - 1 for b, r in zip(book, real, strict=True)],
        ),
    ]


def _long_enough(knobs: HeapKnobs, run: GCRun) -> HeapKnobs:
    """Return knobs for some cycles; while the world stops, neither rate nor duration changes one."""
    return replace(knobs, allocation_mb_s=1000, duration_s=0.1 + run.allocated_bytes / MIB / 500)


def one_step(accounts: pd.DataFrame) -> Fidelity:
    """Compare triggers, cycle by cycle, with what the printed inputs of the same cycle give.

    The textbook starts a cycle at its goal.

    Args:
        accounts: one row per cycle with the fields of `PacerEnd`, and `run` and `gogc` (a percentage).
    """
    late, by_textbook = [], []
    for _, run in accounts.groupby("run", sort=False):
        lines = list(run.itertuples())
        predicted = one_step_ahead(lines, int(lines[0].gogc))
        observed = run.trigger_bytes.to_numpy(dtype=float)[1:]
        known = ~np.isnan(predicted)
        late += (observed - predicted)[known].tolist()
        by_textbook += (observed - run.goal_bytes.to_numpy(dtype=float)[1:])[known].tolist()
    return compared("one step ahead: trigger", late, SPAN, by_textbook=by_textbook, unit="bytes")


def concurrent(name: str, cells: Cells, cells_inside: float, cycles_inside: float) -> list[Fidelity]:
    """Compare concurrent runs, where the model has to guess the scheduler as well.

    Goals and GC shares are compared without a promise. For the bytes allocated per cycle there is a
    band from the lowest trigger to the goal: for a cell's mean, by the goals that the model predicts;
    for a single cycle, by the goal that was in force. An error is how far a value lies outside, as a
    share of the distance to the goal, so 0 is inside.

    Args:
        name: what these cells have in common.
        cells: knobs and the run they gave; the model simulates as many cycles.
        cells_inside: share of the cells that is promised to be inside.
        cycles_inside: the same for single cycles.
    """
    goals, shares, outside, single, book_goals, book_cycles = [], [], [], [], [], []
    for knobs, run in cells:
        model = simulate(replace(knobs, duration_s=run.duration_s))
        goals.append(_goal(model, run.cycles) / _goal(run) - 1)
        shares.append(model.gc_cpu_share - run.gc_cpu_share)
        distance = (model.goal_bytes - model.live_before_bytes)[1 : run.cycles].mean()
        outside.append(_outside_band(_per_cycle(run), distance))
        in_force = (run.goal_bytes - run.live_before_bytes)[1:]
        single += _outside_band((run.peak_bytes - run.live_before_bytes)[1:], in_force).tolist()
        book = textbook(knobs.live_mb * MIB, knobs.ballast_mb * MIB, knobs.gogc)
        book_goals.append(book.goal / _goal(run) - 1)
        book_cycles.append(book.allocated / _per_cycle(run) - 1)
    return [
        compared(f"{name}: heap goal", goals, float("inf"), by_textbook=book_goals),
        compared(f"{name}: GC share of CPU", shares, float("inf"), unit="points"),
        compared(f"{name}: bytes per cycle", outside, 0, by_textbook=book_cycles, promised=cells_inside),
        compared(f"{name}: bytes of one cycle", single, 0, promised=cycles_inside),
    ]


def _outside_band(allocated: Any, distance: Any) -> Any:
    """Return how far allocation lies outside [lowest trigger, goal], as a share of the goal's distance."""
    lowest = distance * LOWEST_TRIGGER / TRIGGER_DENOMINATOR - SPAN
    return np.maximum(0, np.maximum(lowest - allocated, allocated - distance)) / distance


def limited(cells: Sequence[tuple[HeapKnobs, float]]) -> Fidelity:
    """Compare heap goals under a memory limit; the bound is half of the limit's 3 % headroom.

    The textbook takes the limit for the goal.

    Args:
        cells: knobs and the goal in bytes that was seen with them.
    """
    errors = [_goal(simulate(knobs)) / seen - 1 for knobs, seen in cells]
    by_textbook = [knobs.limit_mb * MIB / seen - 1 for knobs, seen in cells]
    return compared("memory limit: heap goal", errors, 0.015, by_textbook=by_textbook)


def spiral(steps: pd.DataFrame) -> Fidelity:
    """Compare GC shares on the way into a memory limit; repeats of the real run set the bound.

    Args:
        steps: repeats of the same steps: columns of ``spiral.csv``.
    """
    shares = (steps.gc_cpu_s / steps.busy_cpu_s).groupby(steps.step)
    lives = steps.groupby("step").live_mb.first()
    knobs = SpiralKnobs(
        limit_mb=float(steps.limit_mb.iloc[0]),
        from_mb=float(lives.iloc[0]),
        to_mb=float(lives.iloc[-1]),
        steps=len(lives),
        step_s=float(steps.seconds.mean()),
    )
    errors = simulate_spiral(knobs).gc_share - shares.mean().to_numpy()
    spread = float((shares.max() - shares.min()).max())
    return compared("death spiral: GC share of CPU", errors, spread, unit="points")


def pages(charges: pd.DataFrame) -> list[Fidelity]:
    """Compare what the operating system charged for slices: resident bytes and page faults.

    The bounds are what a process takes for itself between the two readings: 256 KiB, 100 faults.
    The textbook charges for the size of a slice, touched or not.

    Args:
        charges: columns of ``pagetouch.csv``.
    """
    resident, faults, by_size = [], [], []
    for row in charges[charges.size_mb > 0].itertuples():
        part = 100 * row.touched
        model = simulate_pages(PageKnobs(row.size_mb, part, access=row.access, element=row.element))
        resident.append(model.rss_bytes - row.rss_grew_bytes)
        faults.append(model.minor_faults - row.minor_faults)
        by_size.append(row.size_mb * MIB - row.rss_grew_bytes)
    return [
        compared("virtual memory: resident", resident, 256 * KIB, by_textbook=by_size, unit="bytes"),
        compared("virtual memory: page faults", faults, 100, unit="faults"),
    ]

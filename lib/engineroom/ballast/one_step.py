"""One step ahead: from what the runtime printed about a cycle, compute when that cycle should have started.

The closed loop of `trajectory` has to predict the program as well; here the program is given, so the
comparison tests the pacer's formulas alone, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from engineroom.ballast.heapgoal import gogc_goal, runway, trigger

if TYPE_CHECKING:
    from engineroom.ballast.gcpacertrace import PacerEnd

__all__ = ["marked_from_goal", "one_step_ahead"]


def marked_from_goal(goal: int, gogc: int, roots: int) -> int:
    """Return the marked heap in bytes that GOGC made this goal from: the goal's formula, turned around.

    Args:
        goal: heap goal in bytes, above the minimum heap.
        gogc: percentage.
        roots: bytes of stacks and globals that were scanned.
    """
    return (100 * goal - gogc * roots) // (100 + gogc)


def one_step_ahead(accounts: Sequence[PacerEnd], gogc: int) -> np.ndarray:
    """Return the trigger in bytes that the model computes for every cycle but the first.

    The printed goal gives the marked heap; the work of the cycle before gives the heap's part of the
    expected work, so the rest of that is roots. Shape (len(accounts) - 1,); NaN for a cycle that the
    minimum heap gave its goal, which does not tell what was marked. Neither does a goal from a memory
    limit or from the sweep distance, but there nothing in the account gives that away: leave such runs out.

    Args:
        accounts: the pacer's lines of successive cycles, as `gcpacertrace` reads them.
        gogc: percentage that was in force.
    """
    return np.array([_predict(before, account, gogc) for before, account in pairwise(accounts)])


def _predict(before: PacerEnd, account: PacerEnd, gogc: int) -> float:
    if account.goal_bytes == gogc_goal(0, gogc):
        return float("nan")
    roots = account.expected_work_bytes - before.heap_work_bytes
    marked = marked_from_goal(account.goal_bytes, gogc, roots)
    return trigger(marked, account.goal_bytes, runway(account.cons_mark, account.expected_work_bytes))

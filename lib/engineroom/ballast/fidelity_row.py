"""One comparison of the model with the real thing, boiled down to a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Fidelity", "compared"]


@dataclass(frozen=True)
class Fidelity:
    """One comparison.

    Attributes:
        comparison: what was compared, in a few words.
        grid: how many cells or cycles.
        unit: of the errors and the bound: "relative", "points" (of a share), "bytes" or "faults".
        mean_error: mean of the absolute errors.
        max_error: largest absolute error.
        bound: what an error may be.
        inside: share of the grid whose error is within the bound.
        promised: the share that has to be.
        textbook_mean_error: mean of the textbook formula's absolute errors on the same grid; NaN without one.
        textbook_max_error: its largest.
    """

    comparison: str
    grid: int
    unit: str
    mean_error: float
    max_error: float
    bound: float
    inside: float
    promised: float
    textbook_mean_error: float
    textbook_max_error: float

    @property
    def holds(self) -> bool:
        """Whether as much of the grid is within the bound as was promised."""
        return self.inside >= self.promised


def compared(
    comparison: str,
    errors: Sequence[float] | np.ndarray,
    bound: float,
    *,
    by_textbook: Sequence[float] = (),
    unit: str = "relative",
    promised: float = 1.0,
) -> Fidelity:
    """Boil errors down to one row.

    Args:
        comparison: what was compared.
        errors: one per cell or cycle; their sign does not matter.
        bound: what an error may be.
        by_textbook: the textbook formula's errors, where it has an answer.
        unit: of errors and bound.
        promised: share of the errors that has to be within the bound.
    """
    off, book_off = np.abs(np.asarray(errors)), np.abs(np.asarray([*by_textbook] or [np.nan]))
    return Fidelity(
        comparison,
        len(off),
        unit,
        float(off.mean()),
        float(off.max()),
        bound,
        float(np.mean(off <= bound)),
        promised,
        float(book_off.mean()),
        float(book_off.max()),
    )

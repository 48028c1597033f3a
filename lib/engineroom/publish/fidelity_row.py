"""One comparison of a model with its real thing, in the words and figures of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Row", "amount"]


@dataclass(frozen=True)
class Row:
    """One comparison, in words and figures that a table can show.

    Attributes:
        theme: the theme's folder.
        model: what was predicted.
        real: what it was compared with, and with which version.
        grid: how many cells, cycles, programs or rows.
        typical: the typical error (mean of the absolute errors, or root mean square where it says so).
        largest: the largest one.
        promise: what the tests hold the error to.
        textbook: the largest error of the textbook's formula on the same grid, or an empty text.
        data: the recording or published table, from the course's folder; empty if made on the spot.
        share: typical error as a share of what is predicted, for the picture; NaN where there is none.
        textbook_share: the same for the textbook's formula.
    """

    theme: str
    model: str
    real: str
    grid: int
    typical: str
    largest: str
    promise: str
    textbook: str = ""
    data: str = ""
    share: float = math.nan
    textbook_share: float = math.nan


def amount(error: float, unit: str) -> str:
    """Write an error with its unit, in two or three digits, thousandths at the finest."""
    if unit == "relative":
        return "0" if error == 0 else f"{_digits(100 * error)} %"
    if unit == "points":
        return f"{_digits(100 * error)} points"
    if unit == "bytes":
        for size, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if error >= size:
                return f"{_digits(error / size)} {name}"
    return f"{_digits(error)} {unit}"


def _digits(value: float) -> str:
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value >= 1e-3 else "< 0.001"

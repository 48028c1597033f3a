"""What a schema makes of one order: which rows a write touches, in which splits.

Rows of one root row share its key prefix and, as a rule, its split. A table with a key of its own, or
an index, is a tree of its own with splits of its own, and each split that is written in is a
participant of the commit.
Source: Google Cloud, *Schema design best practices* and *Secondary indexes*; Corbett et al., OSDI 2012,
section 2.3. An assumption: every tree is cut into equally many, equally large splits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engineroom.kit.knobs import Knobs, choice, integer

__all__ = ["LAYOUTS", "SchemaKnobs", "SchemaRun", "expected_participants", "simulate"]

LAYOUTS = ("interleaved", "own table, order's key first", "own table, random key")
MOST_INDEXES = 8


@dataclass(frozen=True)
class SchemaKnobs(Knobs):
    """Orders with lines, where the lines live, and the indexes on them."""

    layout: str = choice("interleaved", LAYOUTS, label="lines", help="Where the lines of an order are kept.")
    lines: int = integer(3, 1, 50, label="lines per order")
    indexes: int = integer(1, 0, MOST_INDEXES, label="indexes on the lines")
    indexes_interleaved: int = integer(
        0,
        0,
        MOST_INDEXES,
        label="of these in the order's tree",
        help="Their keys begin with the order's.",
    )
    splits: int = integer(20, 1, 1_000, label="splits of each tree")
    orders: int = integer(500, 10, 10_000, label="orders written")
    seed: int = integer(1, 0, 2**31 - 1, label="seed")

    @property
    def indexes_apart(self) -> int:
        """Indexes that are trees of their own."""
        return max(0, self.indexes - self.indexes_interleaved)


@dataclass(frozen=True)
class SchemaRun:
    """The participants of many orders' commits.

    Attributes:
        participants: how many splits each order's commit touched.
        rows: rows that one order writes, index entries included.
        by_indexes: layout -> expected participants with 0, 1, … 8 indexes, none of them interleaved.
    """

    knobs: SchemaKnobs
    participants: NDArray[np.int64]
    rows: int
    by_indexes: dict[str, tuple[float, ...]]

    @property
    def mean(self) -> float:
        """Mean participants of a commit."""
        return float(self.participants.mean())


def simulate(knobs: SchemaKnobs) -> SchemaRun:
    """Write orders with random keys; count the splits that each of them touches."""
    rng = np.random.default_rng(knobs.seed)
    counts = np.ones(knobs.orders, dtype=np.int64)  # the order's own split
    for scattered in _trees_apart(knobs.layout, knobs.lines, knobs.indexes_apart):
        counts += _distinct(rng.integers(0, knobs.splits, (knobs.orders, scattered)))
    curves = {
        layout: tuple(
            expected_participants(layout, knobs.lines, indexes, knobs.splits)
            for indexes in range(MOST_INDEXES + 1)
        )
        for layout in LAYOUTS
    }
    return SchemaRun(knobs, counts, 1 + knobs.lines * (1 + knobs.indexes), curves)


def expected_participants(layout: str, lines: int, indexes_apart: int, splits: int) -> float:
    """Return the mean number of splits that one order's commit touches.

    m independent keys over S equal splits touch S·(1 − (1 − 1/S)^m) of them on average.
    """
    trees = _trees_apart(layout, lines, indexes_apart)
    return 1 + sum(splits * (1 - (1 - 1 / splits) ** scattered) for scattered in trees)


def _trees_apart(layout: str, lines: int, indexes_apart: int) -> list[int]:
    """Return, for each tree but the orders', how many independent keys one order writes there."""
    of_lines = {"interleaved": [], "own table, order's key first": [1], "own table, random key": [lines]}
    return of_lines[layout] + [lines] * indexes_apart


def _distinct(splits: NDArray[np.int64]) -> NDArray[np.int64]:
    ordered = np.sort(splits, axis=1)
    return 1 + (np.diff(ordered, axis=1) != 0).sum(axis=1)

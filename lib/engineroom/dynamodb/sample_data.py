"""The theme's sample data as pandas frames: stored tables for the default seed, made anew for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engineroom.dynamodb.datasets import IDS, make
from engineroom.dynamodb.entities import entities_from_frames
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.layout import Design, Layout

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_frames", "load_layout"]


def load_frames(dataset: str, *, seed: int = 1, scale: float = 1.0) -> dict[str, pd.DataFrame]:
    """Return a data set's relational tables, a frame by entity.

    Args:
        dataset: "shop", "films" or "hosting".
        seed: which world; seed 1 at scale 1 is also stored in data/dynamodb/.
        scale: 10 for about ten times the rows.

    Raises:
        ValueError: naming the data sets there are.
    """
    import pandas as pd

    rows = make(dataset, seed=seed, scale=scale)
    return {entity: pd.DataFrame(rows[entity]) for entity in IDS[dataset]}


def load_layout(dataset: str, design: Design | None = None, *, seed: int = 1, scale: float = 1.0) -> Layout:
    """Return a design filled with a data set; the course's own single table when `design` is None."""
    frames = load_frames(dataset, seed=seed, scale=scale)
    return Layout(design or SINGLE_TABLE[dataset], entities_from_frames(frames, IDS[dataset]))

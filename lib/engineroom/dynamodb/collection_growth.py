"""How large one item collection gets: 10 GB under a local secondary index, any size without one.

A local index keeps the items of a partition key, and its own entries for them, together on one
partition. So the collection has that partition's 10 GB and 1,000 write units a second. Once it is
full, writes that would make it larger are refused with ItemCollectionSizeLimitExceededException;
reads, deletes and writes that shrink it still work, and so do all other collections. Without a
local index a collection may lie on several partitions, cut between its sort keys.
Sources: the developer guide on local secondary indexes (item collection size limit), and part 3 of
AWS's posts on scaling DynamoDB.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engineroom.dynamodb.capacity import WRITE_BLOCK
from engineroom.dynamodb.item_size import MAX_ITEM_BYTES
from engineroom.dynamodb.partitions import CAPS, PARTITION_GB, RISING, SPREAD
from engineroom.kit.knobs import Knobs, choice, integer

__all__ = ["REFUSAL", "CollectionKnobs", "CollectionResult", "simulate"]

GB = 2**30
HOURS = 24
REFUSAL = "ItemCollectionSizeLimitExceededException"


@dataclass(frozen=True)
class CollectionKnobs(Knobs):
    """New items under one partition key, and the local indexes that hold them together."""

    rate: int = integer(20, 1, 3000, unit="items/s", log=True, label="new items")
    item_bytes: int = integer(400, 50, MAX_ITEM_BYTES, unit="B", log=True, label="item")
    local_indexes: int = integer(1, 0, 5, label="local indexes", help="Made with the table, or never.")
    entry_bytes: int = integer(
        100,
        50,
        MAX_ITEM_BYTES,
        unit="B",
        log=True,
        label="entry in each",
        help="What a local index projects.",
    )
    sort_keys: str = choice(RISING, (RISING, SPREAD), label="writes go to")
    days: int = integer(30, 1, 365, unit="days", label="duration")


@dataclass(frozen=True)
class CollectionResult:
    """Hour by hour, how large the collection is, with its local indexes and without any.

    Attributes:
        days: time since the first item.
        size_gb: the collection, the local indexes' entries included.
        free_gb: the same load on a table without local indexes.
        asked: items per second that want in.
        accepted: items per second that get in, until the collection is full.
        free_accepted: the same without local indexes.
        full_after: days until a write is refused for size; None if none is.
        partitions: how many the collection lies on at the end, and without local indexes.
    """

    days: np.ndarray
    size_gb: np.ndarray
    free_gb: np.ndarray
    asked: float
    accepted: float
    free_accepted: float
    full_after: float | None
    partitions: tuple[int, int]


def simulate(knobs: CollectionKnobs, rng: np.random.Generator | None = None) -> CollectionResult:
    """Fill one collection for some days; there is no chance in it."""
    hours = np.arange(knobs.days * HOURS + 1)
    accepted, hourly = _growth(knobs, knobs.local_indexes)
    free_accepted, free_hourly = _growth(knobs, 0)
    free_gb = free_hourly * hours
    spread = _partitions(float(free_gb[-1]), knobs)
    if not knobs.local_indexes:
        return CollectionResult(
            hours / HOURS, free_gb, free_gb, knobs.rate, accepted, accepted, None, (spread, spread)
        )
    full = PARTITION_GB / hourly / HOURS
    return CollectionResult(
        hours / HOURS,
        np.minimum(hourly * hours, PARTITION_GB),
        free_gb,
        knobs.rate,
        accepted,
        free_accepted,
        full if full < knobs.days else None,
        (1, spread),
    )


def _growth(knobs: CollectionKnobs, indexes: int) -> tuple[float, float]:
    """Return the items per second that heat lets in, and the GB that they add in an hour."""
    units = -(-knobs.item_bytes // WRITE_BLOCK) + indexes * -(-knobs.entry_bytes // WRITE_BLOCK)
    cut = not indexes and knobs.sort_keys == SPREAD  # then splits for heat follow the load
    accepted = float(knobs.rate if cut else min(knobs.rate, CAPS["write"] / units))
    return accepted, accepted * (knobs.item_bytes + indexes * knobs.entry_bytes) * 3600 / GB


def _partitions(size_gb: float, knobs: CollectionKnobs) -> int:
    """Return on how many partitions a collection without local indexes lies, by size and by heat."""
    writes = knobs.rate * -(-knobs.item_bytes // WRITE_BLOCK) if knobs.sort_keys == SPREAD else 0.0
    return max(1, int(np.ceil(max(size_gb / PARTITION_GB, writes / CAPS["write"]))))

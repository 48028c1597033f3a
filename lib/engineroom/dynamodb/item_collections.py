"""Item collections: all items that share a partition key, in the order of their sort keys."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Collection", "Collections", "Store", "key_range"]

Collection = list[tuple[tuple, int]]


class Collections:
    """Items by partition key. A collection is sorted when it is first read, for few of them are.

    Args:
        members: item numbers by partition key, a tuple of attributes.
        sorts: the values of each sort key attribute, by item number.

    Attributes:
        members: as given.
    """

    def __init__(self, members: Mapping[tuple, list[int]], sorts: Sequence[Sequence[Any]]):
        self.members, self._sorts = members, sorts
        self._sorted: dict[tuple, Collection] = {}

    def __getitem__(self, partition: tuple) -> Collection:
        """Return the (sort key, item) pairs under a partition key in order; none if it has no items."""
        if partition not in self._sorted:
            numbers = self.members.get(partition, [])
            pairs = ((tuple(column[n] for column in self._sorts), n) for n in numbers)
            self._sorted[partition] = sorted(pairs)
        return self._sorted[partition]


@dataclass(frozen=True)
class Store:
    """The table or an index as it lies on disk.

    Attributes:
        partition: the partition key attributes.
        sort: the sort key attributes.
        collections: the items by partition key.
        sizes: bytes that each item takes here, by item number.
        complete: whether entries carry every attribute of the item.
    """

    partition: tuple[str, ...]
    sort: tuple[str, ...]
    collections: Collections
    sizes: np.ndarray
    complete: bool

    @property
    def members(self) -> Mapping[tuple, list[int]]:
        """Return item numbers by partition key, in no order within it."""
        return self.collections.members

    def collection(self, partition: tuple) -> Collection:
        """Return the (sort key, item) pairs of an item collection in order, none if it is empty."""
        return self.collections[partition]


class _Top:
    """Sorts after every key."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


TOP = _Top()
LAST_CHARACTER = chr(0x10FFFF)


def key_range(
    group: list[tuple[tuple, int]], equal: tuple, operator: str | None, values: tuple
) -> tuple[int, int]:
    """Return where a sort key condition begins and ends in a sorted collection.

    Args:
        group: (sort key, item) pairs in order.
        equal: values of the leading sort attributes.
        operator: the range on the next attribute, if any.
        values: what it compares with.
    """
    low, high = equal, (*equal, TOP)
    match operator:
        case "begins_with":
            low, high = (*equal, values[0]), (*equal, values[0] + LAST_CHARACTER)
        case "between":
            low, high = (*equal, values[0]), (*equal, values[1], TOP)
        case "<":
            high = (*equal, values[0])
        case "<=":
            high = (*equal, values[0], TOP)
        case ">":
            low = (*equal, values[0], TOP)
        case ">=":
            low = (*equal, values[0])
    return bisect_left(group, (low,)), bisect_left(group, (high,))

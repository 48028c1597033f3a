"""Item collections: all items that share a partition key, in the order of their sort keys."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Collection", "Collections", "Members", "Store", "key_range"]

Collection = list[tuple[tuple, int]]


class Members(Mapping[tuple, list[int]]):
    """Item numbers by partition key, in the order in which keys and items first come.

    It holds two arrays and not a list for each of many thousand keys: every list would be one more
    thing for the garbage collector to look at in the middle of an edit.

    Args:
        columns: the partition key attributes' values by item number; None is an absent attribute.
        present: which items count, by number; all when None.

    Attributes:
        counts: the number of items under each key, in the order of the keys.
    """

    def __init__(self, columns: Sequence[Sequence[Any]], present: np.ndarray | None = None):
        self._single = len(columns) == 1
        codes: dict[Any, int] = {}
        places = columns[0] if self._single else zip(*columns, strict=True)
        placed = (codes.setdefault(place, len(codes)) for place in places)
        each = np.fromiter(placed, dtype=np.int64, count=len(columns[0]))
        gone = [code for place, code in codes.items() if self._absent(place)]
        held = ~np.isin(each, gone) if gone else np.ones(each.size, dtype=bool)
        numbers = np.flatnonzero(held if present is None else held & present)
        kept, each = np.unique(each[numbers], return_inverse=True)
        self._numbers = numbers[np.argsort(each, kind="stable")]
        self.counts = np.bincount(each, minlength=kept.size)
        self._ends = np.cumsum(self.counts)
        named = list(codes)
        self._places = {named[code]: at for at, code in enumerate(kept)}
        self._named = tuple(self._places)

    def _absent(self, place: Any) -> bool:
        return place is None if self._single else None in place

    def key(self, at: int) -> tuple:
        """Return the partition key at a place in the order of the keys."""
        return (self._named[at],) if self._single else self._named[at]

    def __getitem__(self, partition: tuple) -> list[int]:
        """Return the numbers of the items under a partition key.

        Raises:
            KeyError: when there are none.
        """
        at = self._places[partition[0] if self._single else partition]
        return self._numbers[self._ends[at] - self.counts[at] : self._ends[at]].tolist()

    def __iter__(self) -> Iterator[tuple]:
        return ((name,) for name in self._named) if self._single else iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


class Collections:
    """Items by partition key. A collection is sorted when it is first read, for few of them are.

    Args:
        members: item numbers by partition key.
        sorts: the values of each sort key attribute, by item number.

    Attributes:
        members: as given.
    """

    def __init__(self, members: Members, sorts: Sequence[Sequence[Any]]):
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
    def members(self) -> Members:
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

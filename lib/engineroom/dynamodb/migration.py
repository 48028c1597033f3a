"""What it costs to give a live table a new access pattern: items touched, units, and requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engineroom.dynamodb.capacity import PAGE_BYTES, READ_BLOCK, Units, write_units
from engineroom.dynamodb.entities import RowId
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.layout import Layout

__all__ = ["Migration", "migration"]


@dataclass(frozen=True)
class Migration:
    """The bill of moving data from one design to another.

    Attributes:
        touched: items to be rewritten, by entity.
        rekeyed: how many of them get a new primary key, which takes a put and a delete.
        scan_units: read units to find them all once, eventually consistent; 0 if nothing is rewritten.
        scan_requests: pages of that scan.
        rewrite: write units of the rewrites, indexes included.
        backfill: write units that DynamoDB itself spends to fill new indexes from items as they are.
    """

    touched: dict[str, int]
    rekeyed: int
    scan_units: float
    scan_requests: int
    rewrite: Units
    backfill: float

    @property
    def write_units(self) -> float:
        """Return all write units."""
        return self.rewrite.total + self.backfill


def migration(before: Layout, after: Layout) -> Migration:
    """Return what turns the items of one layout into those of another, over the same rows.

    The new indexes are created first, so that rewritten items enter them as they are written.

    Raises:
        ValueError: when the two layouts do not hold the same rows.
    """
    old = {before.row_id(n): before.item(n) for n in range(before.count)}
    new = {after.row_id(n): after.item(n) for n in range(after.count)}
    if old.keys() != new.keys():
        odd = next(iter(old.keys() ^ new.keys()))
        raise ValueError(f"Both designs must hold the same rows; {odd[0]} {odd[1]} is in one only.")
    touched: dict[str, int] = {}
    rekeyed, rewrite = 0, Units()
    for row, was, now in _changed(old, new):
        touched[row[0]] = touched.get(row[0], 0) + 1
        moves = [was.get(name) for name in before.table.key] != [now.get(name) for name in after.table.key]
        rekeyed += moves
        for change in ((None, now), (was, None)) if moves else ((was, now),):
            rewrite += write_units(after.table, *change)
    size = int(before.sizes.sum()) if touched else 0
    pages = -(-size // PAGE_BYTES)
    return Migration(touched, rekeyed, -(-size // READ_BLOCK) / 2, pages, rewrite, _backfill(before, after))


def _changed(old: dict[RowId, Any], new: dict[RowId, Any]) -> Iterator[tuple[RowId, dict, dict]]:
    return ((row, item, new[row]) for row, item in old.items() if item != new[row])


def _backfill(before: Layout, after: Layout) -> float:
    """Count the entries that today's items give each new index: one write of the entry's size."""
    fresh = [index for index in after.table.indexes if index not in before.table.indexes]
    total = 0.0
    for number in range(before.count):
        item = before.item(number)
        entries = (after.table.entry(index, item) for index in fresh)
        total += sum(-(-item_size(entry) // 1024) for entry in entries if entry is not None)
    return total

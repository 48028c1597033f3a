"""Read and write units of every DynamoDB operation, from item sizes alone.

No local engine reports these correctly, so the course computes them. Units are floats because an
eventually consistent read costs half a unit. Source: the developer guide's "Read and write
operations" and "Global secondary indexes: write cost"; what the guide leaves open is said below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.schema import Item, Table

__all__ = [
    "READ_BLOCK",
    "WRITE_BLOCK",
    "Units",
    "batch_get_units",
    "failed_condition_units",
    "get_units",
    "page_sizes",
    "query_units",
    "replay_units",
    "transact_get_units",
    "transact_write_units",
    "write_units",
]

READ_BLOCK = 4096
WRITE_BLOCK = 1024
PAGE_BYTES = 1024 * 1024
TRANSACTION_FACTOR = 2


@dataclass(frozen=True)
class Units:
    """What one write costs, on the table and on each index that it touches."""

    table: float = 0.0
    indexes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Return table and indexes together: what the bill says."""
        return self.table + sum(self.indexes.values())

    def __add__(self, other: Units) -> Units:
        names = dict.fromkeys([*self.indexes, *other.indexes])
        return Units(
            self.table + other.table,
            {name: self.indexes.get(name, 0.0) + other.indexes.get(name, 0.0) for name in names},
        )


def _blocks(size: int, block: int) -> int:
    """Return the started blocks, at least one: an absent item is billed like the smallest."""
    return max(1, -(-size // block))


def get_units(size: int, *, consistent: bool = False) -> float:
    """Return the read units of one GetItem of `size` bytes (0 for an item that is not there)."""
    return _blocks(size, READ_BLOCK) * (1.0 if consistent else 0.5)


def query_units(sizes: Iterable[int], *, consistent: bool = False) -> float:
    """Return the read units of one page of a Query or Scan.

    The bytes of all items *read* are summed and then rounded up once. Filters, projections and
    COUNT make no difference, because they apply after the read.
    """
    return get_units(sum(sizes), consistent=consistent)


def batch_get_units(sizes: Iterable[int], *, consistent: bool = False) -> float:
    """Return the read units of a BatchGetItem, which rounds each item up on its own."""
    return sum(get_units(size, consistent=consistent) for size in sizes)


def transact_get_units(sizes: Iterable[int]) -> float:
    """Return the read units of a TransactGetItems: two strongly consistent reads of each item."""
    return TRANSACTION_FACTOR * batch_get_units(sizes, consistent=True)


def page_sizes(sizes: Sequence[int], limit: int | None = None) -> list[int]:
    """Return how many items each page of a Query or Scan evaluates.

    A page ends before the item that would take it past 1 MB, or after `limit` evaluated items.
    """
    pages, count, total = [], 0, 0
    for size in sizes:
        if count and (total + size > PAGE_BYTES or count == limit):
            pages.append(count)
            count, total = 0, 0
        count, total = count + 1, total + size
    return [*pages, count]


def _index_units(table: Table, old: Item | None, new: Item | None) -> dict[str, float]:
    """Return write units by index: entering 1x, leaving 1x, moving 2x, changed in place 1x."""
    units = {}
    for index in table.indexes:
        before, after = table.entry(index, old), table.entry(index, new)
        if before == after and _typed(before) == _typed(after):
            continue
        sizes = [item_size(entry) for entry in (before, after) if entry is not None]
        moved = len(sizes) == 2 and any(before[name] != after[name] for name in index.key)
        charged = sizes if moved else [max(sizes)]
        units[index.name] = float(sum(_blocks(size, WRITE_BLOCK) for size in charged))
    return units


def _typed(value: object) -> object:
    """Tell True from 1, which Python calls equal and DynamoDB does not."""
    if isinstance(value, bool):
        return ("BOOL", value)
    if isinstance(value, list | tuple):
        return [_typed(element) for element in value]
    return {name: _typed(v) for name, v in value.items()} if isinstance(value, dict) else value


def write_units(table: Table, old: Item | None, new: Item | None) -> Units:
    """Return what a put, update or delete costs that turns item `old` into item `new`.

    None stands for "no item": a put on an empty key has no `old`, a delete has no `new`.
    The larger of both is billed, whole, even if one attribute changed.
    """
    size = max(item_size(item) if item is not None else 0 for item in (old, new))
    return Units(float(_blocks(size, WRITE_BLOCK)), _index_units(table, old, new))


def failed_condition_units(old: Item | None, new: Item | None = None) -> float:
    """Return the write units of a conditional write that was refused.

    Nothing there: one unit. Otherwise the larger of the item that is there and the one refused.
    The guide says both in different places; where it contradicts itself (nothing there, a large
    item refused) this follows the page that gives the number.
    """
    if old is None:
        return 1.0
    return float(_blocks(max(item_size(old), item_size(new) if new is not None else 0), WRITE_BLOCK))


def transact_write_units(table: Table, changes: Iterable[tuple[Item | None, Item | None]]) -> Units:
    """Return what a TransactWriteItems costs; a condition check is a change of an item into itself.

    The table's share doubles. Index entries are maintained afterwards, at the ordinary rate.
    """
    total = Units()
    for old, new in changes:
        units = write_units(table, old, new)
        total += Units(TRANSACTION_FACTOR * units.table, units.indexes)
    return total


def replay_units(sizes: Iterable[int]) -> float:
    """Return the *read* units of repeating a TransactWriteItems with the same client token.

    The write happened the first time, so only reading its items is billed.
    """
    return transact_get_units(sizes)

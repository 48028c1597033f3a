"""Where a design puts every item: partitions, the order within them, and their sizes in bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import Any

import numpy as np

from engineroom.dynamodb.entities import TYPE_ATTRIBUTE, Entity, RowId
from engineroom.dynamodb.item_collections import Collections, Members, Store
from engineroom.dynamodb.item_size import MAX_ITEM_BYTES, MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES
from engineroom.dynamodb.schema import Index, Table
from engineroom.kit.plainly import ToldPlainly

__all__ = ["Design", "DesignError", "Layout"]


class DesignError(ToldPlainly, ValueError):
    """A design can't hold the data; the message is one sentence."""


@dataclass(frozen=True)
class Design:
    """A single-table design.

    Attributes:
        table: its keys and indexes.
        keys: by entity and then by key attribute, the template that makes it.
        plans: by access pattern, the plan that answers it.
    """

    table: Table
    keys: Mapping[str, Mapping[str, str]]
    plans: Mapping[str, str] = field(default_factory=dict)


class Layout:
    """A design filled with data.

    Items are numbered from 0, entity after entity. Stores are built when first asked for.

    Args:
        design: keys and indexes.
        entities: the data, by entity name.
        shelf: keeps collections from one layout to the next over the same entities, so that an
            edit groups and sorts only what it moves; the least recently used come first.

    Raises:
        TemplateError: when a template does not fit its entity.
        DesignError: when keys are missing, duplicate or too long, or an item is over 400 KB.
    """

    def __init__(self, design: Design, entities: Mapping[str, Entity], shelf: dict | None = None):
        self.design, self.table = design, design.table
        unknown = [name for name in design.keys if name not in entities]
        if unknown:
            known = ", ".join(entities)
            raise DesignError(f"The design has keys for {unknown[0]!r}; the entities are: {known}.")
        self.entities = [entities[name] for name in design.keys]
        if not self.entities:
            raise DesignError("The design has no entities; give at least one its keys.")
        self.starts = list(accumulate((e.count for e in self.entities), initial=0))
        self._columns: dict[str, tuple[Any, ...]] = {}
        self._stores: dict[str | None, Store] = {}
        self._shelf: dict[tuple, Any] = {} if shelf is None else shelf
        self._check_primary_key()
        self.sizes = self._item_sizes()

    @property
    def count(self) -> int:
        """Return the number of items."""
        return self.starts[-1]

    def place(self, item: int) -> tuple[Entity, int]:
        """Return an item's entity and its row number there."""
        which = bisect_right(self.starts, item) - 1
        return self.entities[which], item - self.starts[which]

    def row_id(self, item: int) -> RowId:
        """Return what identifies an item's row in the relational tables."""
        entity, number = self.place(item)
        return entity.row_id(number)

    def item(self, number: int) -> dict[str, Any]:
        """Return an item as it is stored: key attributes, type and the row's own attributes."""
        entity, row = self.place(number)
        keys = {name: entity.keys(text)[row] for name, text in self.design.keys[entity.name].items()}
        present = {name: key for name, key in keys.items() if key is not None}
        return present | {TYPE_ATTRIBUTE: entity.name} | entity.row(row)

    @cached_property
    def key_types(self) -> dict[str, str]:
        """Return "S" or "N" for every key attribute, by the data's values."""
        names = dict.fromkeys([*self.table.key, *(a for index in self.table.indexes for a in index.key)])
        present = {n: next((v for v in self._column(n) if v is not None), "") for n in names}
        return {name: "S" if isinstance(value, str) else "N" for name, value in present.items()}

    def store(self, index: str | None = None) -> Store:
        """Return the table (None) or an index by name.

        Raises:
            KeyError: when there is no such index.
        """
        if index not in self._stores:
            self._stores[index] = self._build(self.table.index(index) if index else None)
        return self._stores[index]

    def _column(self, attribute: str) -> tuple[Any, ...]:
        """Return an attribute's value in every item, whether a template makes it or the data has it."""
        if attribute not in self._columns:
            self._columns[attribute] = tuple(chain(*(self._values(e, attribute) for e in self.entities)))
        return self._columns[attribute]

    def _values(self, entity: Entity, attribute: str) -> tuple[Any, ...]:
        text = self.design.keys[entity.name].get(attribute)
        absent = (None,) * entity.count
        return entity.columns.get(attribute, absent) if text is None else entity.keys(text)

    def _check_primary_key(self) -> None:
        columns = [self._column(name) for name in self.table.key]
        most = (MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES)
        for name, column, limit in zip(self.table.key, columns, most, strict=False):
            if None in column:
                entity, row = self.place(column.index(None))
                raise DesignError(f"{entity.name} row {row} has no {name}; every item needs its primary key.")
            texts = [(e, self.design.keys[e.name].get(name)) for e in self.entities if e.count]
            made = (entity.key_bytes(text) for entity, text in texts if text is not None)
            if (size := max((int(sizes.max()) for sizes in made), default=0)) > limit:
                raise DesignError(f"A {name} has {size:,} bytes; the most is {limit:,}.")
        keys = list(zip(*columns, strict=True))
        if len(set(keys)) < len(keys):
            self._say_duplicate(keys)

    def _say_duplicate(self, keys: list[tuple]) -> None:
        seen: dict[tuple, int] = {}
        for number, key in enumerate(keys):
            if key in seen:
                one, other = (self.row_id(n) for n in (seen[key], number))
                raise DesignError(
                    f"{_named(one)} and {_named(other)} have the same primary key {'/'.join(map(str, key))}: "
                    "the second put would overwrite the first."
                )
            seen[key] = number

    def _item_sizes(self) -> np.ndarray:
        parts = []
        for entity in self.entities:
            sizes = np.full(entity.count, len(TYPE_ATTRIBUTE) + len(entity.name.encode()), dtype=np.int64)
            made = self.design.keys[entity.name]
            for name, column in entity.bytes.items():
                if name not in made:
                    sizes += column
            for name, text in made.items():
                sizes += _stored_bytes(entity, name, text)
            parts.append(sizes)
        total = np.concatenate(parts)
        if self.count and total.max() > MAX_ITEM_BYTES:
            entity, row = self.place(int(total.argmax()))
            raise DesignError(
                f"{entity.name} row {row} has {total.max():,} bytes; an item takes 400 KB at most."
            )
        return total

    def _build(self, index: Index | None) -> Store:
        partition, sort = (index.partition, index.sort) if index else (self.table.key[:1], self.table.key[1:])
        names = (*partition, *sort)
        collections = self._kept(names, lambda: self._collect(partition, sort), partition, sort)
        if index is None or index.projection == "ALL":
            return Store(partition, sort, collections, self.sizes, True)
        return Store(partition, sort, collections, *self._projected(index))

    def _kept(self, names: Sequence[str], make: Callable[[], Any], *known: Any) -> Any:
        """Return from the shelf what was made from the same templates before, or make and keep it."""
        made = tuple((e.name, *map(self.design.keys[e.name].get, names)) for e in self.entities)
        key = (*known, made)
        # whatever is used moves to the end, so that the bench can drop the front
        self._shelf[key] = self._shelf.pop(key) if key in self._shelf else make()
        return self._shelf[key]

    def _collect(self, partition: tuple[str, ...], sort: tuple[str, ...]) -> Collections:
        """Return the items by partition key; only items with every key attribute are in."""
        for name in (*partition, *sort):
            self._check_key_attribute(name)
        columns, sorts = ([self._column(name) for name in names] for names in (partition, sort))
        if any(None in column for column in sorts):
            orders = (None not in order for order in zip(*sorts, strict=True))
            return Collections(Members(columns, np.fromiter(orders, bool, self.count)), sorts)
        return Collections(self._kept(partition, lambda: Members(columns), partition), sorts)

    def _check_key_attribute(self, name: str) -> None:
        kinds: set[type] = set()
        for entity in self.entities:
            text = self.design.keys[entity.name].get(name)
            kinds |= entity.kinds.get(name, set()) if text is None else {str}
        if not kinds:
            raise DesignError(f"No entity has {name!r}, a key attribute; give it a template in one of them.")
        if len(kinds) > 1:
            told = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise DesignError(f"The key attribute {name} has values of type {told}; it takes one type.")

    def _projected(self, index: Index) -> tuple[np.ndarray, bool]:
        kept = {*self.table.key, *index.key, *(() if isinstance(index.projection, str) else index.projection)}
        parts, complete = [], True
        for entity in self.entities:
            made = self.design.keys[entity.name]
            sizes = np.zeros(entity.count, dtype=np.int64)
            for name in kept:
                if name in made:
                    sizes += _stored_bytes(entity, name, made[name])
                elif name in entity.bytes:
                    sizes += entity.bytes[name]
            complete &= set(entity.columns) <= kept
            parts.append(sizes)
        return np.concatenate(parts), complete


def _stored_bytes(entity: Entity, name: str, text: str) -> np.ndarray:
    """Return the bytes of a key attribute in every row, its name included where it is present."""
    sizes = entity.key_bytes(text)
    return np.where(sizes > 0, sizes + len(name.encode()), 0)


def _named(row: RowId) -> str:
    return f"{row[0]} {'/'.join(map(str, row[1]))}"

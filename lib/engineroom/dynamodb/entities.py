"""Relational tables as DynamoDB entities, column by column, with every attribute's size counted once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from engineroom.dynamodb.item_size import value_size
from engineroom.dynamodb.key_templates import template

__all__ = ["TYPE_ATTRIBUTE", "Entity", "RowId", "entities_from_frames"]

TYPE_ATTRIBUTE = "type"  # every item says what it is, or nobody could un-pivot the table again
CACHED_TEMPLATES = 64

RowId = tuple[str, tuple[Any, ...]]


class Entity:
    """One kind of record: its columns as plain Python values, and what its keys would be.

    Args:
        name: what the items are called, such as "Order".
        id: the columns that identify a row in the relational table.
        columns: equally long sequences by name; None is an absent attribute.

    Attributes:
        kinds: the Python types that occur in each column, None aside.
        bytes: each attribute's size in every row, its name included; 0 where it is absent.
    """

    def __init__(self, name: str, id: Sequence[str], columns: Mapping[str, Iterable[Any]]):
        self.name, self.id = name, tuple(id)
        # tuples, for the garbage collector walks through long lists again and again in the middle of an edit
        self.columns = {column: tuple(map(_plain, values)) for column, values in columns.items()}
        self.count = len(next(iter(self.columns.values()), ()))
        self.kinds = {
            column: set(map(type, values)) - {type(None)} for column, values in self.columns.items()
        }
        self.bytes = {column: _sizes(column, values) for column, values in self.columns.items()}
        self._keys: dict[str, tuple[str | None, ...]] = {}
        self._key_bytes: dict[str, np.ndarray] = {}

    def keys(self, text: str) -> tuple[str | None, ...]:
        """Return the key of every row by a template, None where it has none; kept for the next edit.

        Raises:
            TemplateError: when the template does not fit this entity.
        """
        known = self._keys.pop(text, None)
        if known is None:
            known = tuple(template(text).render_all(self.columns, self.count, self.name))
            if len(self._keys) >= CACHED_TEMPLATES:
                oldest = next(iter(self._keys))
                del self._keys[oldest]
                self._key_bytes.pop(oldest, None)
        self._keys[text] = known  # at the end: the front is what was used least recently
        return known

    def key_bytes(self, text: str) -> np.ndarray:
        """Return the bytes of every row's key by a template, 0 where it has none."""
        keys = self.keys(text)
        if text not in self._key_bytes:
            present = tuple(key or "" for key in keys) if None in keys else keys
            self._key_bytes[text] = text_bytes(present)
        return self._key_bytes[text]

    def row(self, number: int) -> dict[str, Any]:
        """Return one row's attributes, without the absent ones."""
        values = ((name, column[number]) for name, column in self.columns.items())
        return {name: value for name, value in values if value is not None}

    def row_id(self, number: int) -> RowId:
        """Return what identifies a row across designs: the entity's name and its relational key."""
        return self.name, tuple(self.columns[column][number] for column in self.id)


def entities_from_frames(frames: Mapping[str, Any], ids: Mapping[str, Sequence[str]]) -> dict[str, Entity]:
    """Return entities from pandas frames.

    Args:
        frames: a frame by entity name.
        ids: the identifying columns by entity name.
    """
    return {
        name: Entity(name, ids[name], {str(c): frame[c].tolist() for c in frame.columns})
        for name, frame in frames.items()
    }


def text_bytes(texts: Sequence[str]) -> np.ndarray:
    """Return the UTF-8 length of every text."""
    lengths = map(len, texts) if "".join(texts).isascii() else (len(t.encode()) for t in texts)
    return np.fromiter(lengths, dtype=np.int64, count=len(texts))


def _sizes(name: str, values: Sequence[Any]) -> np.ndarray:
    """Return the bytes of an attribute in each row, its name included; 0 where it is absent."""
    named = len(name.encode())
    if all(type(v) is str for v in values):
        return named + text_bytes(values)
    sizes = (0 if v is None else named + value_size(v) for v in values)
    return np.fromiter(sizes, dtype=np.int64, count=len(values))


def _plain(value: Any) -> Any:
    """Return a Python value for one of pandas or NumPy; not-a-number is absence."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if value != value else Decimal(repr(value))
    return value

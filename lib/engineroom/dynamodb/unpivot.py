"""Takes a single table apart again: from items of many kinds back to one relational table per kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engineroom.dynamodb.entities import TYPE_ATTRIBUTE

__all__ = ["unpivot"]


def unpivot(items: Iterable[Mapping[str, Any]], made: Mapping[str, Iterable[str]]) -> dict[str, list[dict]]:
    """Return the rows of each entity, without type and key attributes.

    Args:
        items: as a Scan or an export gives them.
        made: by entity, the attributes that templates made and that the relational table has not.

    Raises:
        KeyError: when an item has no type, or one that `made` does not name.
    """
    tables: dict[str, list[dict]] = {name: [] for name in made}
    dropped = {name: {TYPE_ATTRIBUTE, *attributes} for name, attributes in made.items()}
    for item in items:
        kind = item.get(TYPE_ATTRIBUTE)
        if kind not in tables:
            raise KeyError(f"An item has the type {kind!r}; the types are: {', '.join(tables)}.")
        tables[kind].append({name: v for name, v in item.items() if name not in dropped[kind]})
    return tables

"""A table and its secondary indexes: which keys an item has, and what an index stores of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Index", "Table"]

Item = Mapping[str, Any]
MAX_INDEX_KEY_ATTRIBUTES = 4
MAX_GLOBAL_INDEXES = 20  # the default quota; AWS raises it on request
MAX_LOCAL_INDEXES = 5
PROJECTIONS = ("ALL", "KEYS_ONLY")


@dataclass(frozen=True)
class Index:
    """A secondary index.

    Attributes:
        partition: names of the partition key attributes: one, or up to four in a global index
            (multi-attribute keys, November 2025).
        sort: names of the sort key attributes, none to four.
        projection: "ALL", "KEYS_ONLY", or the names of the non-key attributes to include.
        local: a local index shares the table's partition key, its consistency and its 10 GB limit.
    """

    name: str
    partition: tuple[str, ...]
    sort: tuple[str, ...] = ()
    projection: str | tuple[str, ...] = "ALL"
    local: bool = False

    def __post_init__(self) -> None:
        """Accept one attribute's name for a tuple of one, then check the counts."""
        for side in ("partition", "sort"):
            names = getattr(self, side)
            object.__setattr__(self, side, (names,) if isinstance(names, str) else tuple(names))
        most = 1 if self.local else MAX_INDEX_KEY_ATTRIBUTES
        if not 1 <= len(self.partition) <= most or len(self.sort) > most:
            raise ValueError(
                f"Index {self.name} has {len(self.partition)} partition and {len(self.sort)} sort attributes;"
                f" a {'local' if self.local else 'global'} index takes 1 to {most} and 0 to {most}."
            )
        if isinstance(self.projection, str) and self.projection not in PROJECTIONS:
            raise ValueError(
                f"Index {self.name} projects {self.projection!r}; choose ALL, KEYS_ONLY or a tuple of names."
            )

    @property
    def key(self) -> tuple[str, ...]:
        """Return the names of all its key attributes."""
        return (*self.partition, *self.sort)


@dataclass(frozen=True)
class Table:
    """A table: one partition key attribute, perhaps one sort key attribute, and its indexes.

    Attributes:
        types: "S", "N" or "B" by key attribute; a string unless given.
    """

    partition: str = "PK"
    sort: str | None = "SK"
    indexes: tuple[Index, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Check that index names are unique and the indexes not too many."""
        object.__setattr__(self, "indexes", tuple(self.indexes))
        names = [index.name for index in self.indexes]
        if len(set(names)) < len(names):
            raise ValueError(f"Index names must differ; these are: {', '.join(names)}.")
        for kind, local, most in (("global", False, MAX_GLOBAL_INDEXES), ("local", True, MAX_LOCAL_INDEXES)):
            if (count := sum(index.local is local for index in self.indexes)) > most:
                raise ValueError(f"The table has {count} {kind} indexes; the most is {most}.")

    @property
    def key(self) -> tuple[str, ...]:
        """Return the names of the primary key's attributes."""
        return (self.partition, self.sort) if self.sort else (self.partition,)

    def index(self, name: str) -> Index:
        """Return the index of that name.

        Raises:
            KeyError: naming the indexes that exist.
        """
        for index in self.indexes:
            if index.name == name:
                return index
        known = ", ".join(i.name for i in self.indexes) or "none"
        raise KeyError(f"There is no index named {name!r}; the table has: {known}.")

    def entry(self, index: Index, item: Item | None) -> Item | None:
        """Return what `index` stores of an item, or None where the item is absent from it.

        An item is in an index only if it has every key attribute of that index (a sparse index).
        """
        if item is None or any(name not in item for name in index.key):
            return None
        if index.projection == "ALL":
            return item
        kept = {*self.key, *index.key}
        if index.projection != "KEYS_ONLY":
            kept |= set(index.projection)
        return {name: value for name, value in item.items() if name in kept}

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Table:
        """Read a table back from boto3's ``describe_table(...)["Table"]`` or a create request."""
        partition, sort = _key_names(description["KeySchema"])
        indexes = [
            Index(i["IndexName"], *_key_names(i["KeySchema"]), _projection(i["Projection"]), local)
            for kind, local in (("GlobalSecondaryIndexes", False), ("LocalSecondaryIndexes", True))
            for i in description.get(kind) or ()
        ]
        types = {d["AttributeName"]: d["AttributeType"] for d in description["AttributeDefinitions"]}
        return cls(partition[0], sort[0] if sort else None, tuple(indexes), types)

    def key_type(self, attribute: str) -> str:
        """Return the type of a key attribute: "S", "N" or "B"."""
        return self.types.get(attribute, "S")

    def create_request(self, name: str) -> dict[str, Any]:
        """Return the arguments of boto3's ``create_table`` for an on-demand table of that name."""
        used = dict.fromkeys([*self.key, *(a for index in self.indexes for a in index.key)])
        request: dict[str, Any] = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": a, "AttributeType": self.key_type(a)} for a in used],
            "KeySchema": _key_schema(self.key[:1], self.key[1:]),
        }
        for kind, local in (("GlobalSecondaryIndexes", False), ("LocalSecondaryIndexes", True)):
            if chosen := [_index_request(i) for i in self.indexes if i.local is local]:
                request[kind] = chosen
        return request


def _key_schema(partition: tuple[str, ...], sort: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": a, "KeyType": "HASH"} for a in partition] + [
        {"AttributeName": a, "KeyType": "RANGE"} for a in sort
    ]


def _key_names(schema: list[Mapping[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(
        tuple(k["AttributeName"] for k in schema if k["KeyType"] == kind) for kind in ("HASH", "RANGE")
    )


def _projection(request: Mapping[str, Any]) -> str | tuple[str, ...]:
    kind = request["ProjectionType"]
    return kind if kind in PROJECTIONS else tuple(request["NonKeyAttributes"])


def _index_request(index: Index) -> dict[str, Any]:
    if isinstance(index.projection, str):
        projection: dict[str, Any] = {"ProjectionType": index.projection}
    else:
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projection)}
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.partition, index.sort),
        "Projection": projection,
    }

"""A live table for a check: somebody else writes to it meanwhile, and its scans come in pages."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from engineroom.dynamodb import real
from engineroom.dynamodb.engine import plain_engine_errors, shared_engine
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.sample_data import load_layout
from engineroom.dynamodb.schema import Table

__all__ = ["before_first_write", "other_client", "set_values", "shop_table", "stock_of", "stock_table"]


@contextlib.contextmanager
def shop_table(seed: int, scale: float) -> Iterator[real.Loaded]:
    """Put a shop of that size into a table for as long as the block lasts."""
    with plain_engine_errors(), real.load(load_layout("shop", seed=seed, scale=scale)) as table:
        yield table


def other_client(table: Any) -> Any:
    """Return the same table as somebody else sees it, whose requests no meter counts."""
    return shared_engine().resource(strict=False).Table(table.name)


@contextlib.contextmanager
def before_first_write(client: Any, key: dict[str, Any], rival: Callable[[], None]) -> Iterator[None]:
    """Let somebody else act just before the learner's first write of an item reaches the table."""
    acted = []
    marks = [json.dumps(value).encode() for value in key.values()]

    def act(model: Any, params: dict[str, Any], **_: Any) -> None:
        writes = model.name in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
        if writes and not acted and all(mark in params["body"] for mark in marks):
            acted.append(model.name)
            rival()

    client.meta.events.register("before-call.dynamodb.*", act)
    try:
        yield
    finally:
        client.meta.events.unregister("before-call.dynamodb.*", act)


def set_values(table: Any, key: dict[str, Any], **values: Any) -> None:
    """Set attributes of an item, as another client would."""
    table.update_item(
        Key=key,
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


@contextlib.contextmanager
def stock_table(**stock: int) -> Iterator[tuple[Any, Meter]]:
    """Put products with so many of each into a table for as long as the block lasts, with a meter on it."""
    engine = shared_engine()
    with plain_engine_errors():
        table = real.create_table(engine.resource(), Table("PK", None), "stock")
        try:
            for name, count in stock.items():
                table.put_item(Item={"PK": name, "stock": count})
            with Meter(table.meta.client, engine.client(strict=False)) as meter:
                yield table, meter
        finally:
            if engine.alive:
                table.delete()


def stock_of(table: Any, name: str) -> int:
    """Return how many of a product there are."""
    return int(other_client(table).get_item(Key={"PK": name}, ConsistentRead=True)["Item"]["stock"])

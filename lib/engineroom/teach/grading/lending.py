"""Lends a learner's code what can't be copied into its sandbox: a DynamoDB table.

The engine and its meters stay outside, with the check. Inside, boto3's own table sends each request out by
the channel; here it is made on the table that was lent, and on no other.
"""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Lent", "lend"]

Lent = Mapping[str, Any]
"""Tables by name."""

ITEM_OPERATIONS = {
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "DeleteItem": "delete_item",
    "DescribeTable": "describe_table",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactGetItems": "transact_get_items",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}


def lend(args: tuple, kwargs: Mapping[str, Any]) -> tuple[bytes, Lent]:
    """Return arguments as they travel into a sandbox, and the tables among them.

    Raises:
        Exception: whatever pickle says of an argument that can't travel.
    """
    with contextlib.suppress(Exception):
        return pickle.dumps((args, kwargs)), {}  # nothing to lend: hundreds of calls of a check are so
    lent: dict[str, Any] = {}

    class Lender(pickle.Pickler):
        def persistent_id(self, value: Any) -> str | None:
            kind = type(value)
            if (kind.__module__, kind.__name__) != ("boto3.resources.factory", "dynamodb.Table"):
                return None
            lent[value.name] = value
            return value.name

    packed = io.BytesIO()
    Lender(packed).dump((args, kwargs))
    return packed.getvalue(), lent


def answer(lent: Lent, asked: Any) -> dict[str, Any]:
    """Make the request that a learner's code asks for; return its answer, or what went wrong.

    Args:
        lent: the tables that its function was called with.
        asked: the request; untrusted.
    """
    from botocore.exceptions import ClientError

    try:
        table, operation, params = lent[asked["table"]], asked["operation"], asked["params"]
        method = getattr(table.meta.client, ITEM_OPERATIONS[operation])
        if foreign := {*_tables(params)} - {table.name}:
            named = ", ".join(sorted(map(str, foreign)))
            error = {"Code": "ResourceNotFoundException", "Message": f"There is no table {named}."}
            raise ClientError({"Error": error}, operation)
        return {"returned": method(**params)}
    except ClientError as error:
        return {"refused": error.response}
    except Exception as error:
        return {"raised": (type(error).__name__, str(error)[:2000])}


def _tables(params: Mapping[str, Any]) -> Iterator[Any]:
    """Yield every table that a request names."""
    if "TableName" in params:
        yield params["TableName"]
    yield from params.get("RequestItems", {})
    for item in params.get("TransactItems", []):
        yield from (action["TableName"] for action in item.values())

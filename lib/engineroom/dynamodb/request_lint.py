"""What DynamoDB refuses and local engines let pass: a strict reading of a request before it is sent.

Each rule was seen broken without complaint by at least one of moto, dynalite and MiniStack.
`problems` reads a request's body as it goes over the wire and returns sentences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engineroom.dynamodb.item_size import (
    MAX_ITEM_BYTES,
    MAX_PARTITION_KEY_BYTES,
    MAX_SORT_KEY_BYTES,
    item_size,
    value_size,
)
from engineroom.dynamodb.key_conditions import key_condition_problems, names_in, placeholders_in
from engineroom.dynamodb.schema import Table
from engineroom.dynamodb.wire import from_wire, item_from_wire

__all__ = ["problems"]

Body = Mapping[str, Any]
MAX_BATCH_WRITE, MAX_BATCH_GET, MAX_TRANSACTION = 25, 100, 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def problems(operation: str, body: Body, tables: Mapping[str, Table]) -> list[str]:
    """Return one sentence per rule that a request breaks; an empty list if DynamoDB would take it.

    Args:
        operation: boto3's name, such as ``Query``.
        body: the request as JSON on the wire.
        tables: the tables that it may name.
    """
    return list(_checks(operation, body, tables))


def _checks(operation: str, body: Body, tables: Mapping[str, Table]) -> Iterator[str]:
    if operation == "CreateTable":
        if not TABLE_NAME.fullmatch(body.get("TableName", "")):
            yield f"Table name {body.get('TableName')!r} must be 3 to 255 letters, digits, '_', '-' or '.'."
    elif operation == "BatchWriteItem":
        yield from _batch_write(body, tables)
    elif operation == "BatchGetItem":
        yield from _batch_get(body, tables)
    elif operation in ("TransactWriteItems", "TransactGetItems"):
        yield from _transaction(body, tables)
    elif body.get("TableName") and body["TableName"] in tables:
        yield from _single(operation, body, tables[body["TableName"]])


def _single(operation: str, body: Body, table: Table) -> Iterator[str]:
    yield from _placeholders(body)
    if "Item" in body:
        yield from _item(body["Item"], table)
    if "Key" in body:
        yield from _key(body["Key"], table)
    if operation == "UpdateItem" or "UpdateExpression" in body:
        yield from _update(body, table)
    if operation in ("Query", "Scan"):
        yield from _read(operation, body, table)


def _placeholders(body: Body) -> Iterator[str]:
    used = placeholders_in(body)
    for field, word in (("ExpressionAttributeNames", "name"), ("ExpressionAttributeValues", "value")):
        given = set(body.get(field, ()))
        mark = "#" if word == "name" else ":"
        wanted = {p for p in used if p.startswith(mark)}
        yield from (f"Placeholder {p} is not defined in {field}." for p in sorted(wanted - given))
        yield from (f"The {word} {p} is defined in {field} but not used." for p in sorted(given - wanted))


def _item(item: Body, table: Table) -> Iterator[str]:
    yield from (f"The item has no {name}, a key attribute." for name in table.key if name not in item)
    for name, tagged in item.items():
        yield from _value(name, tagged)
    named = {name: table.key_type(name) for name in table.key}
    for index in table.indexes:
        named |= {name: table.key_type(name) for name in index.key}
    for name, kind in named.items():
        if name in item:
            yield from _key_value(name, item[name], kind, sort=name == table.sort)
    try:
        size = item_size(item_from_wire(item))
    except (TypeError, ValueError):
        return  # `_value` has said why
    if size > MAX_ITEM_BYTES:
        yield f"The item has {size:,} bytes; the most is {MAX_ITEM_BYTES:,} (400 KB)."


def _value(name: str, tagged: Body) -> Iterator[str]:
    ((tag, raw),) = tagged.items()
    if tag in ("L", "M"):
        for inner in raw if tag == "L" else raw.values():
            yield from _value(name, inner)
        return
    if tag in ("SS", "NS", "BS") and len(set(raw)) < len(raw):
        yield f"The set {name} has a member twice."
    try:
        value_size(from_wire(tagged))
    except (TypeError, ValueError, ArithmeticError) as error:
        yield f"Attribute {name}: {error}"


def _key_value(name: str, tagged: Body, kind: str, *, sort: bool) -> Iterator[str]:
    ((tag, raw),) = tagged.items()
    if tag != kind:
        yield f"Key attribute {name} has type {tag}; the table declares {kind}."
    elif tag in "SB" and not raw:
        yield f"Key attribute {name} is empty."
    elif tag in "SB":
        most = MAX_SORT_KEY_BYTES if sort else MAX_PARTITION_KEY_BYTES
        if (size := value_size(from_wire(tagged))) > most:
            yield f"Key attribute {name} has {size:,} bytes; the most is {most:,}."


def _key(key: Body, table: Table) -> Iterator[str]:
    if set(key) != set(table.key):
        given = ", ".join(sorted(key)) or "nothing"
        yield f"The key has {given}; it must have exactly {', '.join(table.key)}."
        return
    for name in table.key:
        yield from _key_value(name, key[name], table.key_type(name), sort=name == table.sort)


def _update(body: Body, table: Table) -> Iterator[str]:
    touched = names_in(body.get("UpdateExpression", ""), body) & set(table.key)
    yield from (f"{name} is part of the primary key; an update can't change it." for name in sorted(touched))


def _read(operation: str, body: Body, table: Table) -> Iterator[str]:
    index, name = None, body.get("IndexName")
    if name:
        try:
            index = table.index(name)
        except KeyError as error:
            yield error.args[0]
            return
        if body.get("ConsistentRead") and not index.local:
            yield f"Index {name} is global; it has no consistent reads."
        if body.get("Select") == "ALL_ATTRIBUTES" and index.projection != "ALL" and not index.local:
            yield f"Index {name} does not project every attribute; ask for ALL_PROJECTED_ATTRIBUTES."
    if "Limit" in body and body["Limit"] < 1:
        yield f"Limit is {body['Limit']}; it must be at least 1."
    partition = index.partition if index else (table.partition,)
    sort = index.sort if index else (table.key[1:])
    if operation == "Query":
        yield from key_condition_problems(body, partition, sort, table.key_type)
        filtered = names_in(body.get("FilterExpression", ""), body) & {*partition, *sort}
        yield from (
            f"{a} is a key of what you query; put it into the key condition." for a in sorted(filtered)
        )
    start = set(body.get("ExclusiveStartKey") or ())
    wanted = {*table.key, *(index.key if index else ())}
    if start and start != wanted:
        given, needed = (", ".join(sorted(names)) for names in (start, wanted))
        yield f"ExclusiveStartKey has {given}; here it must have {needed}."


def _batch_write(body: Body, tables: Mapping[str, Table]) -> Iterator[str]:
    count, addresses = 0, []
    for name, requests in body["RequestItems"].items():
        table = tables.get(name)
        for request in requests:
            count += 1
            if table and "PutRequest" in request:
                yield from _item(request["PutRequest"]["Item"], table)
                addresses.append(_address(name, request["PutRequest"]["Item"], table))
            elif table:
                yield from _key(request["DeleteRequest"]["Key"], table)
                addresses.append(_address(name, request["DeleteRequest"]["Key"], table))
    if count > MAX_BATCH_WRITE:
        yield f"The batch has {count} writes; the most is {MAX_BATCH_WRITE}."
    yield from _twice(addresses)


def _batch_get(body: Body, tables: Mapping[str, Table]) -> Iterator[str]:
    wanted = [(n, key) for n, request in body["RequestItems"].items() for key in request["Keys"]]
    if len(wanted) > MAX_BATCH_GET:
        yield f"The batch has {len(wanted)} keys; the most is {MAX_BATCH_GET}."
    for name, key in wanted:
        if name in tables:
            yield from _key(key, tables[name])
    yield from _twice([_address(name, key, tables[name]) for name, key in wanted if name in tables])


def _transaction(body: Body, tables: Mapping[str, Table]) -> Iterator[str]:
    actions = [(kind, action) for entry in body["TransactItems"] for kind, action in entry.items()]
    if len(actions) > MAX_TRANSACTION:
        yield f"The transaction has {len(actions)} actions; the most is {MAX_TRANSACTION}."
    addresses, size = [], 0
    for kind, action in actions:
        if table := tables.get(action["TableName"]):
            yield from _single(kind, action, table)
            addresses.append(_address(action["TableName"], action.get("Item") or action["Key"], table))
        size += item_size(item_from_wire(action.get("Item", {})))
    if size > MAX_TRANSACTION_BYTES:
        yield f"The transaction's items have {size:,} bytes; the most is {MAX_TRANSACTION_BYTES:,} (4 MB)."
    yield from _twice(addresses)


def _address(name: str, item: Body, table: Table) -> str:
    return json.dumps([name, *(item.get(attribute) for attribute in table.key)], sort_keys=True)


def _twice(addresses: list[str]) -> Iterator[str]:
    if len(set(addresses)) < len(addresses):
        yield "One request names the same item twice."

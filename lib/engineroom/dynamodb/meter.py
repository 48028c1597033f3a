"""A meter on a boto3 client: requests, units, items read against returned, pages, money.

No local engine reports units rightly, so the meter computes them. It listens to botocore's events
and asks the engine, over a second client that is not metered, what a request touches: the item
before a write, and the items that a query reads before its filter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engineroom.dynamodb import capacity
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.key_conditions import placeholders_in
from engineroom.dynamodb.prices import Prices
from engineroom.dynamodb.schema import Item
from engineroom.dynamodb.strict import Tables
from engineroom.dynamodb.wire import for_boto3, item_from_wire

__all__ = ["Meter", "Metered"]

Body = Mapping[str, Any]
AFTER_READ = ("FilterExpression", "ProjectionExpression", "Select", "ReturnConsumedCapacity")
WRITES = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
UNMETERED = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")


@dataclass(frozen=True)
class Metered:
    """One request as it was seen on the wire.

    Attributes:
        target: the table, or table/index.
        read: items that DynamoDB read for it.
        returned: items that it handed back.
        more: whether another page follows.
        failed: whether it was refused (a condition failed, a transaction was cancelled).
    """

    operation: str
    target: str
    read_units: float = 0.0
    write_units: float = 0.0
    read: int = 0
    returned: int = 0
    more: bool = False
    failed: bool = False


class Meter:
    """Counts what a client sends, from ``with Meter(client) as meter`` on until the block ends.

    Args:
        client: a boto3 client, or a resource's ``meta.client``.
        probe: a second client on the same engine, which is asked and not counted.
    """

    def __init__(self, client: Any, probe: Any):
        self._client, self._probe, self._tables = client, probe, Tables(probe)
        self._tokens: set[str] = set()
        self.requests: list[Metered] = []

    def __enter__(self) -> Meter:
        for event, handler in self._handlers():
            self._client.meta.events.register(event, handler)
        return self

    def __exit__(self, *_: object) -> None:
        for event, handler in self._handlers():
            self._client.meta.events.unregister(event, handler)

    def _handlers(self):
        return ("before-call.dynamodb.*", self._before), ("after-call.dynamodb.*", self._after)

    @property
    def read_units(self) -> float:
        """Return the read units of all requests."""
        return sum(r.read_units for r in self.requests)

    @property
    def write_units(self) -> float:
        """Return the write units of all requests, indexes included."""
        return sum(r.write_units for r in self.requests)

    @property
    def read(self) -> int:
        """Return the number of items read."""
        return sum(r.read for r in self.requests)

    @property
    def returned(self) -> int:
        """Return the number of items returned."""
        return sum(r.returned for r in self.requests)

    def cost(self, prices: Prices) -> float:
        """Return the dollars that these requests would cost on demand."""
        return prices.on_demand(reads=self.read_units, writes=self.write_units)

    def summary(self) -> str:
        """Return the totals as one sentence."""
        counts = {
            "request": len(self.requests),
            "read unit": self.read_units,
            "write unit": self.write_units,
        }
        told = ", ".join(f"{count:g} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
        return f"{told}, {self.returned} of {self.read} items that were read came back"

    def _before(self, model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        body = json.loads(params["body"])
        if model.name in UNMETERED:
            raise NotImplementedError(
                f"The meter does not know what {model.name} (PartiQL) costs; use the API."
            )
        changes = [self._change(*c) for c in _writes(model.name, body)]
        context["metered"] = {"body": body, "changes": changes}

    def _after(self, http_response: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        pending = context.pop("metered", None)
        if pending is None:
            return
        reply = json.loads(http_response.content or b"{}")
        failed = http_response.status_code >= 300
        handler = {
            "Query": self._page,
            "Scan": self._page,
            "GetItem": self._get,
            "BatchGetItem": self._batch_get,
            "TransactGetItems": self._transact_get,
        }.get(model.name)
        if pending["changes"]:
            self._note_write(model.name, pending, failed)
        elif handler and not failed:
            self.requests.append(handler(model.name, pending["body"], reply))

    def _item(self, table: str, key: Body) -> Item | None:
        """Look an item up, unmetered."""
        found = self._probe.get_item(TableName=table, Key=for_boto3(key), ConsistentRead=True).get("Item")
        return None if found is None else item_from_wire(found)

    def _change(self, kind: str, table: str, action: Body) -> dict[str, Any]:
        """Note what a write finds before it happens."""
        schema = self._tables[table]
        source = action.get("Item") or action["Key"]
        key = {name: source[name] for name in schema.key}
        return {
            "kind": kind,
            "table": table,
            "schema": schema,
            "key": key,
            "old": self._item(table, key),
            "new": item_from_wire(action["Item"]) if "Item" in action else None,
        }

    def _note_write(self, operation: str, pending: dict[str, Any], failed: bool) -> None:
        body, changes = pending["body"], pending["changes"]
        token = body.get("ClientRequestToken") if operation == "TransactWriteItems" else None
        target = ", ".join(dict.fromkeys(c["table"] for c in changes))
        if not failed and token in self._tokens and token is not None:
            sizes = [item_size(c["old"]) if c["old"] else 0 for c in changes]
            self.requests.append(Metered(operation, target, read_units=capacity.replay_units(sizes)))
            return
        if token is not None and not failed:
            self._tokens.add(token)
        factor = capacity.TRANSACTION_FACTOR if operation == "TransactWriteItems" else 1
        units = sum(self._write_units(c, factor, failed) for c in changes)
        self.requests.append(Metered(operation, target, write_units=units, failed=failed))

    def _write_units(self, change: dict[str, Any], factor: int, failed: bool) -> float:
        old, new, schema = change["old"], change["new"], change["schema"]
        if failed:
            return factor * capacity.failed_condition_units(old, new)
        if change["kind"] == "Update":
            new = self._item(change["table"], change["key"])
        elif change["kind"] == "ConditionCheck":
            new = old
        units = capacity.write_units(schema, old, new)
        return factor * units.table + sum(units.indexes.values())

    def _page(self, operation: str, body: Body, reply: Body) -> Metered:
        """Read the same page again without filter and projection: that is what is billed."""
        index = body.get("IndexName")
        whole = {name: value for name, value in body.items() if name not in AFTER_READ}
        _drop_unused(whole)
        reread = self._probe.query if operation == "Query" else self._probe.scan
        entries = [item_from_wire(item) for item in reread(**for_boto3(whole))["Items"]]
        units = capacity.query_units(map(item_size, entries), consistent=body.get("ConsistentRead", False))
        target = f"{body['TableName']}/{index}" if index else body["TableName"]
        more = "LastEvaluatedKey" in reply
        return Metered(
            operation, target, read_units=units, read=len(entries), returned=reply["Count"], more=more
        )

    def _get(self, operation: str, body: Body, reply: Body) -> Metered:
        item = self._item(body["TableName"], body["Key"])
        size = item_size(item) if item else 0
        units = capacity.get_units(size, consistent=body.get("ConsistentRead", False))
        return Metered(
            operation, body["TableName"], units, read=int(item is not None), returned=int("Item" in reply)
        )

    def _batch_get(self, operation: str, body: Body, reply: Body) -> Metered:
        units, read = 0.0, 0
        for table, wanted in body["RequestItems"].items():
            late = reply.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            found = [self._item(table, key) for key in wanted["Keys"] if key not in late]
            strong = wanted.get("ConsistentRead", False)
            units += capacity.batch_get_units([item_size(i) if i else 0 for i in found], consistent=strong)
            read += sum(i is not None for i in found)
        returned = sum(map(len, reply["Responses"].values()))
        return Metered(operation, ", ".join(body["RequestItems"]), units, read=read, returned=returned)

    def _transact_get(self, operation: str, body: Body, reply: Body) -> Metered:
        gets = [entry["Get"] for entry in body["TransactItems"]]
        found = [self._item(get["TableName"], get["Key"]) for get in gets]
        units = capacity.transact_get_units([item_size(i) if i else 0 for i in found])
        target = ", ".join(dict.fromkeys(get["TableName"] for get in gets))
        returned = sum("Item" in response for response in reply["Responses"])
        return Metered(operation, target, units, read=sum(i is not None for i in found), returned=returned)


def _writes(operation: str, body: Body) -> Iterator[tuple[str, str, Body]]:
    """Yield (kind, table, action) for every item that a request writes or checks."""
    if operation in WRITES:
        yield WRITES[operation], body["TableName"], body
    elif operation == "BatchWriteItem":
        for table, requests in body["RequestItems"].items():
            for request in requests:
                ((kind, action),) = request.items()
                yield kind.removesuffix("Request"), table, action
    elif operation == "TransactWriteItems":
        for entry in body["TransactItems"]:
            ((kind, action),) = entry.items()
            yield kind, action["TableName"], action


def _drop_unused(body: dict[str, Any]) -> None:
    """Drop placeholders that only the filter or projection used; DynamoDB refuses unused ones."""
    used = placeholders_in(body)
    for field in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        kept = {name: value for name, value in body.pop(field, {}).items() if name in used}
        if kept:
            body[field] = kept

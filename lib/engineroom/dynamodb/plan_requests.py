"""What a plan is in boto3's terms: which requests carry it out, and the expressions that they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engineroom.dynamodb.key_targets import key_values, target_of
from engineroom.dynamodb.layout import Layout
from engineroom.dynamodb.plan_model import BATCH_KEYS
from engineroom.dynamodb.plans import Condition, Plan, Step

__all__ = ["PlanRequests"]

SYMBOLS = {"=", "<", "<=", ">", ">="}


class PlanRequests:
    """The requests of a plan for one question.

    Args:
        table: boto3's table, which holds the layout's items.
        layout: a design filled with data.
        question: the access pattern's parameters by name.

    Attributes:
        waves: of every request sent so far, its wave.
    """

    def __init__(self, table: Any, layout: Layout, question: Mapping[str, Any]):
        self.table, self.schema, self.types = table, layout.table, layout.key_types
        self.question, self._wave = question, 0
        self.waves: list[int] = []

    def send_all(self, plan: Plan) -> list[dict]:
        """Send them one by one and return the items that the plan finds."""
        found: list[dict] = []
        for step in plan:
            fresh = list(self._step(step, found))
            found = [*found, *fresh] if step.keeps else fresh
        return found

    def _sent(self) -> None:
        self.waves.append(self._wave)
        self._wave += 1

    def _step(self, step: Step, found: list[dict]) -> Iterator[dict]:
        scopes = self._scopes(step, found)
        if step.verb == "batch get":
            yield from self._batch_get(step, scopes)
            return
        together, first, last = step.mode in ("across", "for each in parallel"), self._wave, self._wave
        for scope in scopes:
            if together:
                self._wave = first
            yield from self._get(step, scope) if step.verb == "get" else self._pages(step, scope)
            last = max(last, self._wave)
        self._wave = last

    def _scopes(self, step: Step, found: list[dict]) -> list[dict[str, Any]]:
        if step.mode == "across":
            name, low, high = step.shards
            return [{**self.question, name: shard} for shard in range(low, high + 1)]
        return [{**self.question, **item} for item in found] if step.per_row else [dict(self.question)]

    def _key(self, step: Step, scope: Mapping[str, Any]) -> dict[str, Any]:
        target = target_of(step, self.schema.key[:1], self.schema.key[1:], scope, self.types)
        return dict(zip(self.schema.key, (*target.partition, *target.equal), strict=True))

    def _get(self, step: Step, scope: Mapping[str, Any]) -> list[dict]:
        reply = self.table.get_item(Key=self._key(step, scope))
        self._sent()
        return [reply["Item"]] if "Item" in reply else []

    def _batch_get(self, step: Step, scopes: list[dict[str, Any]]) -> Iterator[dict]:
        keys = list({tuple(k.values()): k for k in (self._key(step, scope) for scope in scopes)}.values())
        for start in range(0, len(keys), BATCH_KEYS):
            wanted = keys[start : start + BATCH_KEYS]
            while wanted:
                request = {self.table.name: {"Keys": wanted}}
                reply = self.table.meta.client.batch_get_item(RequestItems=request)
                self._sent()
                by_key = {
                    tuple(i[a] for a in self.schema.key): i for i in reply["Responses"][self.table.name]
                }
                # replies come in any order
                yield from (by_key[tuple(k.values())] for k in wanted if tuple(k.values()) in by_key)
                wanted = reply["UnprocessedKeys"].get(self.table.name, {}).get("Keys", [])

    def _pages(self, step: Step, scope: Mapping[str, Any]) -> list[dict]:
        request = self._page_request(step, scope)
        call = self.table.query if step.verb == "query" else self.table.scan
        kept: list[dict] = []
        while True:
            reply = call(**request)
            self._sent()
            kept += reply["Items"]
            enough = step.limit and len(kept) >= step.limit
            if enough or "LastEvaluatedKey" not in reply:
                return kept[: step.limit]
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def _page_request(self, step: Step, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a first Query or Scan call."""
        request: dict[str, Any] = {"ExpressionAttributeNames": {}, "ExpressionAttributeValues": {}}
        keys = self._order(step)
        where = sorted(step.where, key=lambda c: keys.index(c.attribute))
        bound = {
            "KeyConditionExpression": [(c, key_values(c, scope, self.types)) for c in where],
            "FilterExpression": [(c, c.bind(scope)) for c in step.filters],
        }
        for field, conditions in bound.items():
            if conditions:
                request[field] = " AND ".join(_expression(c, values, request) for c, values in conditions)
        if not request["ExpressionAttributeNames"]:
            request.clear()
        if step.index:
            request["IndexName"] = step.index
        if step.verb == "query":
            request["ScanIndexForward"] = not step.descending
        if step.limit:
            request["Limit"] = step.limit
        return request

    def _order(self, step: Step) -> tuple[str, ...]:
        index = self.schema.index(step.index) if step.index else None
        return index.key if index else self.schema.key


def _expression(condition: Condition, values: Sequence[Any], request: dict[str, Any]) -> str:
    """Return a condition as expression text and put its placeholders into the request."""
    names, known = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
    name = f"#n{len(names)}"
    names[name] = condition.attribute
    marks = []
    for value in values:
        marks.append(f":v{len(known)}")
        known[marks[-1]] = value
    if condition.operator in SYMBOLS:
        return f"{name} {condition.operator} {marks[0]}"
    if condition.operator == "begins_with":
        return f"begins_with({name}, {marks[0]})"
    return f"{name} BETWEEN {marks[0]} AND {marks[1]}"

"""Runs plans through boto3 against a real DynamoDB API, and counts what they send.

`Loaded.run` returns the same `Outcome` as `plan_model.run_plan`, so that one table or figure shows
prediction and measurement side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from engineroom.dynamodb.assessment import Asked
from engineroom.dynamodb.engine import Engine, plain_engine_errors, shared_engine
from engineroom.dynamodb.key_targets import key_values, target_of
from engineroom.dynamodb.key_templates import TemplateError
from engineroom.dynamodb.layout import DesignError, Layout
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.plan_model import BATCH_KEYS, Outcome, Sent, run_plan
from engineroom.dynamodb.plans import Condition, Plan, PlanError, Step, read_plan
from engineroom.dynamodb.schema import Table

__all__ = ["Loaded", "compare", "create_table", "load"]

SYMBOLS = {"=", "<", "<=", ">", ">="}


def load(layout: Layout, engine: Engine | None = None, *, told=lambda share, message: None) -> Loaded:
    """Create a table for a layout and put all its items into it, 25 a request.

    Args:
        layout: a design filled with data.
        engine: the engine to use; the process's own when None.
        told: called as ``told(share, message)`` while it loads.

    Raises:
        EngineGone: when the engine ends meanwhile.
        EngineUnavailable: when none can be started.
    """
    engine = engine or shared_engine()
    resource = engine.resource()
    with plain_engine_errors():
        table = create_table(resource, replace(layout.table, types=layout.key_types), "bench")
        with table.batch_writer() as batch:
            for number in range(layout.count):
                batch.put_item(Item=layout.item(number))
                if number % 250 == 0:
                    told(number / layout.count, f"{number:,} of {layout.count:,} items put")
    return Loaded(layout, engine, table)


def create_table(resource: Any, table: Table, prefix: str) -> Any:
    """Create an empty table under the first free name (``bench-1``, ``bench-2``, …) and return it."""
    in_use = resource.meta.client.exceptions.ResourceInUseException
    for number in count(1):
        try:
            created = resource.create_table(**table.create_request(f"{prefix}-{number}"))
        except in_use:
            continue
        created.wait_until_exists()
        return created
    raise AssertionError("unreachable")


class Loaded:
    """A layout that lies in a real table; a context manager that drops the table at its end."""

    def __init__(self, layout: Layout, engine: Engine, table: Any):
        self.layout, self.table = layout, table
        self._engine, self._probe = engine, engine.client(strict=False)
        self._numbers = {tuple(layout.item(n)[a] for a in layout.table.key): n for n in range(layout.count)}

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Delete the table, if its engine still runs."""
        if self._engine.alive:
            self.table.delete()

    def meter(self) -> Meter:
        """Return a meter on the table's client: ``with loaded.meter() as meter: …``."""
        return Meter(self.table.meta.client, self._probe)

    def run(self, plan: Plan | str, question: Mapping[str, Any]) -> Outcome:
        """Carry out a plan for one question and return what was sent and found.

        Requests that could go out together are sent one by one here; only their count matters.

        Raises:
            EngineGone: when the engine ends meanwhile.
            PlanError: when the plan does not fit the table.
        """
        plan = read_plan(plan) if isinstance(plan, str) else plan
        runner = _Runner(self, question)
        with plain_engine_errors(), self.meter() as meter:
            found = runner.all_of(plan)
        sent = tuple(
            Sent(m.operation, _index_of(m.target), wave, m.read_units, m.read, m.returned, {})
            for m, wave in zip(meter.requests, runner.waves, strict=True)
        )
        numbers = [self._numbers[tuple(item[a] for a in self.layout.table.key)] for item in found]
        complete = all(item == self.layout.item(n) for item, n in zip(found, numbers, strict=True))
        return Outcome(sent, tuple(numbers), complete)


def compare(
    layout: Layout,
    asked: Mapping[str, Sequence[Asked]],
    engine: Engine | None = None,
    *,
    told=lambda share, message: None,
) -> dict[str, str]:
    """Carry every plan out for real; return, by access pattern, what agrees and what does not.

    Args:
        layout: a design filled with data.
        asked: questions and right answers by access pattern.
        engine: the engine to use; the process's own when None.
        told: called as ``told(share, message)`` meanwhile.

    Raises:
        EngineGone: when the engine ends meanwhile.
    """
    verdicts: dict[str, str] = {}
    with load(layout, engine, told=told) as table:
        for name, cases in asked.items():
            told(1.0, f"asking {name}")
            verdicts[name] = _compare_pattern(table, layout.design.plans.get(name, ""), cases)
    return verdicts


def _compare_pattern(table: Loaded, plan: str, cases: Sequence[Asked]) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    requests, units = 0, 0.0
    for case in cases:
        try:
            mine, theirs = run_plan(table.layout, plan, case.question), table.run(plan, case.question)
        except (PlanError, TemplateError, DesignError, ClientError, BotoCoreError) as error:
            return f"✘ {error}"  # a request that DynamoDB refuses is an answer, too
        found, wanted = [table.layout.row_id(n) for n in theirs.items], list(case.answer)
        if sorted(found) != sorted(wanted):
            return "✘ other rows than pandas finds"
        if case.ordered and found != wanted:
            return "✘ the right rows in another order than pandas finds"
        if (mine.requests, mine.units) != (theirs.requests, theirs.units):
            return (
                f"✘ {theirs.requests} requests and {theirs.units:g} units; "
                f"the model said {mine.requests} and {mine.units:g}"
            )
        requests, units = requests + theirs.requests, units + theirs.units
    rows = "rows, order" if all(case.ordered for case in cases) else "rows"
    return f"✔ {rows}, {requests} requests and {units:g} units over {len(cases)} questions"


def _index_of(target: str) -> str | None:
    return target.partition("/")[2] or None


class _Runner:
    """A plan being carried out; notes the wave of every request."""

    def __init__(self, loaded: Loaded, question: Mapping[str, Any]):
        self.table, self.schema = loaded.table, loaded.layout.table
        self.types = loaded.layout.key_types
        self.question, self.waves, self._wave = question, [], 0

    def all_of(self, plan: Plan) -> list[dict]:
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

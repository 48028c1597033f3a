"""Runs plans through boto3 against a real DynamoDB API, and counts what they send.

`Loaded.run` returns the same `Outcome` as `plan_model.run_plan`, so that one table or figure shows
prediction and measurement side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from engineroom.dynamodb.assessment import Asked
from engineroom.dynamodb.engine import Engine, plain_engine_errors, shared_engine
from engineroom.dynamodb.key_templates import TemplateError
from engineroom.dynamodb.layout import DesignError, Layout
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.plan_model import Outcome, Sent, run_plan
from engineroom.dynamodb.plan_requests import PlanRequests
from engineroom.dynamodb.plans import Plan, PlanError, read_plan
from engineroom.dynamodb.schema import Table

__all__ = ["Loaded", "compare", "create_table", "load"]


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
        requests = PlanRequests(self.table, self.layout, question)
        with plain_engine_errors(), self.meter() as meter:
            found = requests.send_all(plan)
        sent = tuple(
            Sent(m.operation, _index_of(m.target), wave, m.read_units, m.read, m.returned, {})
            for m, wave in zip(meter.requests, requests.waves, strict=True)
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

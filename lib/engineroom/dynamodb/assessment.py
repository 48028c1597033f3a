"""How well a design answers its access patterns: requests, units, latency, money, heat and growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engineroom.dynamodb.answers import Pattern
from engineroom.dynamodb.capacity import WRITE_BLOCK
from engineroom.dynamodb.entities import RowId
from engineroom.dynamodb.item_collections import Store
from engineroom.dynamodb.key_templates import TemplateError
from engineroom.dynamodb.latency import answer_time
from engineroom.dynamodb.layout import DesignError, Layout
from engineroom.dynamodb.partitions import CAPS, zipf_shares
from engineroom.dynamodb.plan_model import Outcome, run_plan
from engineroom.dynamodb.plans import PlanError, read_plan
from engineroom.dynamodb.prices import Prices

__all__ = ["Asked", "Heat", "Report", "assess", "hottest_partitions", "store_heat", "verdict"]


@dataclass(frozen=True)
class Asked:
    """A question and its right answer, by relational key; and whether the answer's order matters."""

    question: Mapping[str, Any]
    answer: Sequence[RowId]
    ordered: bool = True


@dataclass(frozen=True)
class Report:
    """What one access pattern costs under a design, over several questions.

    Attributes:
        requests: the most that any question took.
        units: mean read units.
        read: items read over all questions.
        returned: items of those that were returned.
        p50_ms: estimated median time of an answer.
        p99_ms: its 99th percentile.
        usd_per_million: dollars for a million answers, on demand.
        problem: what is wrong, in one sentence; empty if the pattern passes.
    """

    pattern: str
    requests: int = 0
    units: float = 0.0
    read: int = 0
    returned: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    usd_per_million: float = 0.0
    problem: str = ""

    @property
    def passed(self) -> bool:
        """True when the answers are right and within budget."""
        return not self.problem


def assess(layout: Layout, pattern: Pattern, asked: Sequence[Asked], prices: Prices) -> Report:
    """Return what a pattern costs under a layout, and whether its answers are right."""
    text = layout.design.plans.get(pattern.name, "").strip()
    if not text:
        return Report(pattern.name, problem="There is no plan for it yet.")
    try:
        outcomes = [run_plan(layout, text, a.question) for a in asked]
    except (PlanError, TemplateError, DesignError) as error:
        return Report(pattern.name, problem=str(error))
    count = len(outcomes)
    slowest = max((o.waves for o in outcomes), key=len)
    units = sum(o.units for o in outcomes) / count
    p50, p99 = answer_time(slowest)
    report = Report(
        pattern.name,
        max(o.requests for o in outcomes),
        units,
        sum(o.read for o in outcomes),
        sum(o.returned for o in outcomes),
        p50,
        p99,
        prices.on_demand(reads=units * 1e6),
    )
    problem = _scans(text) or _wrong_answer(layout, pattern, asked, outcomes) or verdict(pattern, report)
    return Report(**{**report.__dict__, "problem": problem})


def _scans(plan: str) -> str:
    if any(step.verb == "scan" for step in read_plan(plan)):
        return "It needs a Scan, which reads the whole table however little it returns."
    return ""


def verdict(pattern: Pattern, report: Report) -> str:
    """Return how a report breaks its pattern's budget, in one sentence, or an empty text."""
    if report.requests > pattern.budget.requests:
        return f"It takes {report.requests} requests; the budget is {pattern.budget.requests}."
    if report.returned < pattern.budget.returned_share * report.read:
        share = report.returned / report.read
        return f"It returns {share:.0%} of what it reads; the budget is {pattern.budget.returned_share:.0%}."
    return ""


def _wrong_answer(
    layout: Layout, pattern: Pattern, asked: Sequence[Asked], outcomes: Sequence[Outcome]
) -> str:
    for a, outcome in zip(asked, outcomes, strict=True):
        found, wanted = [layout.row_id(n) for n in outcome.items], list(a.answer)
        about = ", ".join(f"{name} {value}" for name, value in a.question.items())
        if sorted(found) != sorted(wanted):
            return f"For {about} it finds {_difference(found, wanted)}."
        if pattern.ordered and found != wanted:
            return f"For {about} it finds the right rows in the wrong order."
        if not outcome.complete:
            return "It reads from an index that does not project every attribute of the answer."
    return ""


def _difference(found: list[RowId], wanted: list[RowId]) -> str:
    missing, extra = set(wanted) - set(found), set(found) - set(wanted)
    if not missing and not extra:
        return f"a row more than once ({len(found)} rows, {len(wanted)} expected)"
    parts = [f"{len(missing)} of {len(wanted)} rows missing" if missing else ""]
    parts.append(f"{len(extra)} rows too many" if extra else "")
    return " and ".join(p for p in parts if p)


@dataclass(frozen=True)
class Heat:
    """The hottest partition key of the table or an index.

    Attributes:
        index: the index's name, None for the table.
        key: the partition key's values.
        share: its share of all writes to that table or index.
        ceiling: writes per second, over all keys, at which it alone reaches its partition's cap.
    """

    index: str | None
    key: tuple
    share: float
    ceiling: float


def store_heat(store: Store, skew: float, most: int) -> list[tuple[tuple, float]]:
    """Return the largest collections of a store, each with its share of the writes.

    Args:
        store: the table or an index.
        skew: 0 writes every item equally often; above, the collections' popularity is Zipf on
            top of their size, the largest being the most popular.
        most: how many to return.
    """
    if not store.members:
        return []
    counts = store.members.counts
    order = np.argsort(-counts, kind="stable")
    loads = counts[order] * zipf_shares(counts.size, skew)
    shares = loads / loads.sum()
    hottest = zip(order[:most], shares[:most], strict=True)
    return [(store.members.key(int(at)), float(share)) for at, share in hottest]


def hottest_partitions(layout: Layout, *, skew: float = 0.0) -> list[Heat]:
    """Return the hottest partition key of each store when its items are written over."""
    found = []
    for index in (None, *(i.name for i in layout.table.indexes)):
        store = layout.store(index)
        for key, share in store_heat(store, skew, most=1):
            largest = max(int(store.sizes[item]) for item in store.members[key])
            units = -(-largest // WRITE_BLOCK)
            found.append(Heat(index, key, share, CAPS["write"] / units / share))
    return found

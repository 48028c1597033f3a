"""What a plan costs: the requests it sends, the items they read, the rows they return.

Everything follows from a `Layout`; nothing is sent. `real` sends the same plans, and tests hold
both to the same rows, requests and units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engineroom.dynamodb.capacity import PAGE_BYTES, batch_get_units, get_units
from engineroom.dynamodb.item_collections import Store, key_range
from engineroom.dynamodb.key_targets import target_of
from engineroom.dynamodb.layout import Layout
from engineroom.dynamodb.plans import Plan, PlanError, Step, read_plan

__all__ = ["Outcome", "Sent", "run_plan"]

BATCH_KEYS = 100
OPERATIONS = {"get": "GetItem", "batch get": "BatchGetItem", "query": "Query", "scan": "Scan"}


@dataclass(frozen=True)
class Sent:
    """One request: what it asked, read and returned.

    Attributes:
        wave: requests of one wave are in flight together; waves follow one another.
        partitions: the partition keys it read from, with the bytes read from each.
    """

    operation: str
    index: str | None
    wave: int
    units: float
    read: int
    returned: int
    partitions: Mapping[tuple, int]


@dataclass(frozen=True)
class Outcome:
    """A plan's requests, in order, and the items that it found, in order."""

    sent: tuple[Sent, ...]
    items: tuple[int, ...]
    complete: bool

    @property
    def requests(self) -> int:
        """Return the number of requests."""
        return len(self.sent)

    @property
    def units(self) -> float:
        """Return the read units of all requests."""
        return sum(s.units for s in self.sent)

    @property
    def read(self) -> int:
        """Return the number of items read, which is what is billed."""
        return sum(s.read for s in self.sent)

    @property
    def returned(self) -> int:
        """Return the number of items that reached the client."""
        return sum(s.returned for s in self.sent)

    @property
    def waves(self) -> tuple[int, ...]:
        """Return the number of requests in each wave."""
        counts: dict[int, int] = {}
        for s in self.sent:
            counts[s.wave] = counts.get(s.wave, 0) + 1
        return tuple(counts.values())


def run_plan(layout: Layout, plan: Plan | str, question: Mapping[str, Any]) -> Outcome:
    """Return what a plan does for one question.

    Args:
        layout: a design filled with data.
        plan: a plan, or its text.
        question: the access pattern's parameters by name.

    Raises:
        PlanError: when the plan can't be read or does not fit the design.
        TemplateError: when a value needs a field that neither the question nor the row has.
    """
    return _Run(layout, question).all_of(read_plan(plan) if isinstance(plan, str) else plan)


class _Run:
    """A plan being carried out for one question."""

    def __init__(self, layout: Layout, question: Mapping[str, Any]):
        self.layout, self.question = layout, question
        self.sent: list[Sent] = []
        self.wave = 0

    def all_of(self, plan: Plan) -> Outcome:
        found: list[int] = []
        complete = True
        for step in plan:
            fresh = self._step(step, found)
            complete = (complete or not step.keeps) and self._store(step).complete
            found = [*found, *fresh] if step.keeps else fresh
        return Outcome(tuple(self.sent), tuple(found), complete)

    def _store(self, step: Step) -> Store:
        try:
            return self.layout.store(step.index)
        except KeyError as error:
            raise PlanError(error.args[0]) from None

    def _step(self, step: Step, found: list[int]) -> list[int]:
        scopes = self._scopes(step, found)
        if step.verb == "batch get":
            return self._batch_get(step, scopes)
        fresh: list[int] = []
        together, first, last = step.mode in ("across", "for each in parallel"), self.wave, self.wave
        for scope in scopes:
            if together:
                self.wave = first
            fresh += self._get(step, scope) if step.verb == "get" else self._pages(step, scope)
            last = max(last, self.wave)
        self.wave = last
        return fresh

    def _scopes(self, step: Step, found: list[int]) -> list[dict[str, Any]]:
        """Return the fields that each of the step's requests may use."""
        if step.mode == "across":
            name, low, high = step.shards
            return [{**self.question, name: shard} for shard in range(low, high + 1)]
        if step.per_row:
            return [{**self.question, **self.layout.item(number)} for number in found]
        return [dict(self.question)]

    def _record(self, step: Step, units: float, read: list[tuple[tuple, int]], returned: int) -> None:
        """Note one request; `read` pairs each item's partition key with its bytes."""
        partitions: dict[tuple, int] = {}
        for partition, size in read:
            partitions[partition] = partitions.get(partition, 0) + size
        items = sum(1 for _, size in read if size)
        self.sent.append(
            Sent(OPERATIONS[step.verb], step.index, self.wave, units, items, returned, partitions)
        )
        self.wave += 1

    def _find(self, step: Step, scope: Mapping[str, Any]) -> tuple[tuple, int | None]:
        """Return the partition key that a get addresses, and the item if there is one."""
        store = self._store(step)
        target = target_of(step, store.partition, store.sort, scope, self.layout.key_types)
        if step.index or target.operator or len(target.equal) < len(store.sort):
            raise PlanError(f"A {step.verb} takes the table's whole primary key, each part with '='.")
        group = store.collection(target.partition)
        low, high = key_range(group, target.equal, None, ())
        return target.partition, group[low][1] if high > low else None

    def _get(self, step: Step, scope: Mapping[str, Any]) -> list[int]:
        partition, item = self._find(step, scope)
        size = 0 if item is None else int(self.layout.sizes[item])
        self._record(step, get_units(size), [(partition, size)], int(item is not None))
        return [] if item is None else [item]

    def _batch_get(self, step: Step, scopes: list[dict[str, Any]]) -> list[int]:
        wanted: dict[tuple, int | None] = {}
        for scope in scopes:
            partition, item = self._find(step, scope)
            wanted[(partition, item)] = item
        pairs = list(wanted)
        for start in range(0, len(pairs), BATCH_KEYS):
            chunk = pairs[start : start + BATCH_KEYS]
            read = [(p, 0 if item is None else int(self.layout.sizes[item])) for p, item in chunk]
            units = batch_get_units(size for _, size in read)
            self._record(step, units, read, sum(item is not None for _, item in chunk))
        return [item for item in wanted.values() if item is not None]

    def _pages(self, step: Step, scope: Mapping[str, Any]) -> list[int]:
        """Query or scan page by page, until the limit is met or nothing is left."""
        store = self._store(step)
        matches = self._filter(step, scope)
        kept: list[int] = []
        for page, start in _split(self._candidates(step, store, scope), store, step.limit):
            units = get_units(sum(size for _, size, _ in page))
            chosen = [item for item, _, _ in page if matches(item)]
            self._record(step, units, [(p, size) for _, size, p in page] or [(start, 0)], len(chosen))
            kept += chosen
            if step.limit and len(kept) >= step.limit:
                break
        return kept[: step.limit]

    def _candidates(self, step: Step, store: Store, scope: Mapping[str, Any]) -> list[tuple[tuple, int]]:
        """Return (partition, item) pairs in reading order; the first names the partition even if empty."""
        if step.verb == "scan":
            return [(key, item) for key in store.members for _, item in store.collection(key)]
        target = target_of(step, store.partition, store.sort, scope, self.layout.key_types)
        group = store.collection(target.partition)
        low, high = key_range(group, target.equal, target.operator, target.values)
        items = [item for _, item in group[low:high]]
        return [(target.partition, item) for item in (reversed(items) if step.descending else items)]

    def _filter(self, step: Step, scope: Mapping[str, Any]):
        bound = [(c.attribute, c.operator, c.bind(scope)) for c in step.filters]
        if not bound:
            return lambda _: True

        def matches(number: int) -> bool:
            item = self.layout.item(number)
            return all(name in item and _holds(item[name], op, values) for name, op, values in bound)

        return matches


Page = list[tuple[int, int, tuple]]


def _split(
    candidates: list[tuple[tuple, int]], store: Store, limit: int | None
) -> Iterator[tuple[Page, tuple]]:
    """Yield pages of (item, size, partition), each with the partition that its request names.

    A page that ends by `limit` is followed by one more, perhaps empty: DynamoDB hands out a
    continuation key without looking ahead.
    """
    page: Page = []
    total, start = 0, candidates[0][0] if candidates else ()
    for partition, item in candidates:
        size = int(store.sizes[item])
        if page and (total + size > PAGE_BYTES or len(page) == limit):
            yield page, start
            page, total = [], 0
        page.append((item, size, partition))
        total += size
    yield page, start
    if limit and len(page) == limit:
        yield [], start


def _holds(value: Any, operator: str, values: tuple) -> bool:
    if type(value) is not type(values[0]) and str in (type(value), type(values[0])):
        return False
    match operator:
        case "=":
            return value == values[0]
        case "<":
            return value < values[0]
        case "<=":
            return value <= values[0]
        case ">":
            return value > values[0]
        case ">=":
            return value >= values[0]
        case "begins_with":
            return isinstance(value, str) and value.startswith(values[0])
    return values[0] <= value <= values[1]

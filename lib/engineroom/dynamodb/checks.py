"""Checks of the DynamoDB exercises: on a real API, with data that learners have not seen."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from engineroom.dynamodb import real
from engineroom.dynamodb.engine import plain_engine_errors, shared_engine
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.layout import Design
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.sample_data import load_frames, load_layout
from engineroom.dynamodb.schema import Index, Table
from engineroom.dynamodb.workbench import Workbench
from engineroom.kit.expect import CheckFailed, answer_of, expect_equal, expect_that, passed
from engineroom.kit.plainly import ToldPlainly

__all__ = [
    "check_backfill",
    "check_design",
    "check_revenue",
    "check_set_status",
    "check_shards",
    "check_take",
    "check_transfer",
]

SMALL, LARGE = 0.3, 3.0  # ten times the data, for requests that must not grow
HOTTEST_SHARE = 0.06
MOST_REQUESTS = 12
SHORT_PAGE = 50  # items evaluated for each page of a scan in `check_backfill`


@lru_cache(maxsize=4)  # a learner checks again and again
def _bench(dataset: str, seed: int, scale: float) -> Workbench:
    return Workbench(dataset, load_frames(dataset, seed=seed, scale=scale), read_prices(), seed)


def _reviewed(bench: Workbench, design: Design, where: str) -> dict[str, Any]:
    """Lay a design out and review it; whatever does not fit becomes a `CheckFailed`."""
    try:
        view = bench.review(bench.lay_out(design))
    except ToldPlainly as error:
        raise CheckFailed(f"On {where}: {error}") from None
    for report in view["reports"]:
        expect_that(
            f"{report['pattern']} on {where} ({bench.patterns[report['pattern']].asks})",
            report["passed"],
            seen=report["problem"],
            expected="the right rows within the budget",
            hint="edit your design on the bench with explore_design(), where each edit shows its effect",
        )
    return view


def check_design(build: Callable[[], Design], dataset: str = "films") -> None:
    """Check a whole design: rows, order, budgets, heat and growth, then the real API.

    Args:
        build: returns the design.
        dataset: whose access patterns it must answer.

    Raises:
        CheckFailed: naming the first access pattern that is not answered within its budget.
    """
    design = answer_of(build)
    expect_that(
        "what your function returns",
        isinstance(design, Design),
        seen=design,
        expected="a Design(table, keys, plans)",
    )
    small = _bench(dataset, 101, SMALL)
    views = {
        "a small data set": _reviewed(small, design, "a small data set"),
        "ten times the data": _reviewed(_bench(dataset, 102, LARGE), design, "ten times the data"),
    }
    _expect_cool(views["ten times the data"])
    with plain_engine_errors():
        verdicts = real.compare(small.lay_out(design), small.asked)
    for pattern, verdict in verdicts.items():
        expect_that(f"{pattern} through boto3", verdict.startswith("✔"), seen=verdict, expected="✔")
    passed("design", {pattern: verdict[2:] for pattern, verdict in verdicts.items()})


def _expect_cool(view: dict[str, Any]) -> float:
    hottest = max((heat for heat in view["heat"] if heat["store"] == "table"), key=lambda heat: heat["share"])
    expect_that(
        "the hottest partition key of the table",
        hottest["share"] <= HOTTEST_SHARE,
        seen=f"{hottest['key']} takes {hottest['share']:.1%} of the writes",
        expected=f"at most {HOTTEST_SHARE:.0%}",
        hint="a key that few items share spreads the load",
    )
    return hottest["share"]


def check_shards(shard: Callable[[], tuple[str, str]]) -> None:
    """Check the sharding of the celebrity's stars: cool keys, and few enough requests to read them all.

    Args:
        shard: returns the template of a Star's PK and the plan for ``stargazers``.

    Raises:
        CheckFailed: when a key is too hot, a read too wide, or stars are missing.
    """
    answer = answer_of(shard)
    pair = type(answer) is tuple and len(answer) == 2 and all(type(text) is str for text in answer)
    expect_that("what your function returns", pair, seen=answer, expected="two texts: template, plan")
    given = SINGLE_TABLE["hosting"]
    keys = {**given.keys, "Star": {**given.keys["Star"], "PK": answer[0]}}
    design = Design(given.table, keys, {**given.plans, "stargazers": answer[1]})
    bench = _bench("hosting", 103, 1.0)
    bench.patterns = {
        name: pattern.with_budget(MOST_REQUESTS) if name == "stargazers" else pattern
        for name, pattern in bench.patterns.items()
    }
    view = _reviewed(bench, design, "a data set with a celebrity")
    share = _expect_cool(view)
    requests = next(r["requests"] for r in view["reports"] if r["pattern"] == "stargazers")
    passed(
        "shards", {"hottest key": f"{share:.1%} of the writes", "a read of all stars": f"{requests} requests"}
    )


@contextlib.contextmanager
def _shop_table(seed: int) -> Iterator[real.Loaded]:
    with plain_engine_errors(), real.load(load_layout("shop", seed=seed, scale=0.04)) as table:
        yield table


@contextlib.contextmanager
def _before_first_write(client: Any, key: dict[str, Any], rival: Callable[[], None]) -> Iterator[None]:
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


def _set(table: Any, key: dict[str, Any], **values: Any) -> None:
    """Set attributes of an item, as another client would."""
    table.update_item(
        Key=key,
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def check_set_status(set_status: Callable[[Any, dict, str], Any]) -> None:
    """Check that a change of an order's status takes its index key along.

    Args:
        set_status: called as ``set_status(table, order, status)``.

    Raises:
        CheckFailed: when the index is stale, or anything else about the order changed.
    """
    seen = []
    with _shop_table(104) as loaded:
        orders = [loaded.layout.item(n) for n in range(loaded.layout.count)]
        orders = [item for item in orders if item["type"] == "Order"]
        waiting = next(item for item in orders if item["status"] == "PLACED")
        shipped = next(item for item in orders if item["status"] == "SHIPPED")
        for order, status in ((waiting, "PAID"), (shipped, "PLACED"), (waiting, "PLACED"), (shipped, "PAID")):
            seen.append(_status_changed(loaded, set_status, dict(order), status))
    passed("set_status", seen)


def _status_changed(loaded: real.Loaded, set_status: Callable, order: dict[str, Any], status: str) -> str:
    key, note = {name: order[name] for name in ("PK", "SK")}, f"changed by another client before {status}"
    rival = shared_engine().resource(strict=False).Table(loaded.table.name)
    with (
        loaded.meter() as meter,
        _before_first_write(loaded.table.meta.client, key, lambda: _set(rival, key, note=note)),
    ):
        answer_of(set_status, loaded.table, order, status)
    wanted = {name: value for name, value in order.items() if name != "GSI1PK"}
    wanted |= {"status": status, "note": note}
    if status == "PLACED":
        wanted["GSI1PK"] = f"WAITING#{order['country']}"
    now = rival.get_item(Key=key, ConsistentRead=True).get("Item", {})
    differ = sorted(name for name in {*wanted, *now} if wanted.get(name) != now.get(name))
    expect_equal(
        f"attributes that are not as they should be after {order['status']} → {status}",
        {name: now.get(name, "absent") for name in differ},
        {},
        hint="only what the update names may change, and the key of the index must follow the status",
    )
    expect_equal("requests for one change", len(meter.requests), 1, hint="one UpdateItem can SET and REMOVE")
    place = "in" if status == "PLACED" else "out of"
    return f"{order['status']} → {status}: {place} the index, {meter.summary()}"


def check_backfill(backfill: Callable[[Any], Any]) -> None:
    """Check a backfill that gives the cancelled orders of a live table an index key.

    Args:
        backfill: called as ``backfill(table)``.

    Raises:
        CheckFailed: when orders are missed, other clients' changes are lost, or work is done twice.
    """
    index = Index("cancelled", "cancelled_by", "ordered_at")
    given = SINGLE_TABLE["shop"]
    design = Design(Table(indexes=(*given.table.indexes, index)), given.keys)
    with plain_engine_errors(), real.load(load_layout("shop", design, seed=105, scale=0.05)) as loaded:
        client = loaded.table.meta.client
        items = [loaded.layout.item(n) for n in range(loaded.layout.count)]
        wanted = {i["order_id"]: i["customer_id"] for i in items if i.get("status") == "CANCELLED"}
        one = next(i for i in items if i.get("status") == "CANCELLED")
        key = {name: one[name] for name in ("PK", "SK")}
        rival = shared_engine().resource(strict=False).Table(loaded.table.name)
        client.meta.events.register("provide-client-params.dynamodb.Scan", _short_pages)
        with (
            loaded.meter() as meter,
            _before_first_write(client, key, lambda: _set(rival, key, note="a new note")),
        ):
            answer_of(backfill, loaded.table)
        _expect_backfilled(rival, wanted, key)
        writes = [r for r in meter.requests if r.write_units]
        expect_equal("writes of the first run", len(writes), len(wanted), hint="write cancelled orders only")
        with loaded.meter() as again:
            answer_of(backfill, loaded.table)
        expect_equal(
            "write units of a second run", again.write_units, 0, hint="skip what has its key already"
        )
    passed("backfill", {"first run": meter.summary(), "second run": again.summary()})


def _short_pages(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Make every scan come in pages, as it does on any table over a megabyte."""
    return {**params, "Limit": min(SHORT_PAGE, params.get("Limit", SHORT_PAGE))}


def _expect_backfilled(table: Any, wanted: dict, key: dict[str, Any]) -> None:
    entries = table.scan(IndexName="cancelled")["Items"]
    found = {int(entry["order_id"]): entry["cancelled_by"] for entry in entries}
    expect_equal("orders in the index", len(found), len(wanted), hint="a scan has more pages than one")
    right = {number: f"CUSTOMER#{customer}" for number, customer in wanted.items()}
    expect_equal("cancelled_by of each order", found, right)
    note = table.get_item(Key=key, ConsistentRead=True)["Item"]["note"]
    expect_equal(
        "the note that another client changed meanwhile", note, "a new note", hint="update, don't put"
    )


@contextlib.contextmanager
def _stock_table(**stock: int) -> Iterator[tuple[Any, Meter]]:
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


def _stock(table: Any, name: str) -> int:
    rival = shared_engine().resource(strict=False).Table(table.name)
    return int(rival.get_item(Key={"PK": name}, ConsistentRead=True)["Item"]["stock"])


def check_take(take: Callable[[Any, str, int], bool]) -> None:
    """Check that two clients who take from one stock lose nothing and never take too much.

    Args:
        take: called as ``take(table, product, amount)``; returns whether there was enough.

    Raises:
        CheckFailed: when an update is lost or the stock falls below zero.
    """
    with _stock_table(lamp=10, kettle=4) as (table, _):
        rival = shared_engine().resource(strict=False).Table(table.name)
        with _before_first_write(
            table.meta.client, {"PK": "lamp"}, lambda: _set(rival, {"PK": "lamp"}, stock=7)
        ):
            expect_equal("take 2 of 10 lamps while another takes 3", answer_of(take, table, "lamp", 2), True)
        expect_equal("lamps left", _stock(table, "lamp"), 5, hint="what you read is old when you write it")
        with _before_first_write(
            table.meta.client, {"PK": "kettle"}, lambda: _set(rival, {"PK": "kettle"}, stock=1)
        ):
            expect_equal(
                "take 2 of 4 kettles while another takes 3", answer_of(take, table, "kettle", 2), False
            )
        expect_equal(
            "kettles left", _stock(table, "kettle"), 1, hint="a condition can compare with the stock"
        )
    passed("take", ["10 lamps, 3 and 2 taken at once: 5 left", "4 kettles, 3 taken first: no 2 more"])


def check_transfer(transfer: Callable[[Any, str, str, int], bool]) -> None:
    """Check that a transfer between two items happens as a whole or not at all.

    Args:
        transfer: called as ``transfer(table, source, target, amount)``; returns whether it happened.

    Raises:
        CheckFailed: when it happens by halves, or without enough stock.
    """
    with _stock_table(here=5, there=1) as (table, meter):
        expect_equal("move 3 of 5", answer_of(transfer, table, "here", "there", 3), True)
        expect_equal("stock after it", [_stock(table, "here"), _stock(table, "there")], [2, 4])
        expect_equal("move 3 of 2", answer_of(transfer, table, "here", "there", 3), False)
        expect_equal("stock after it", [_stock(table, "here"), _stock(table, "there")], [2, 4])
        writes = [request.operation for request in meter.requests if request.write_units]
        expect_equal(
            "writing requests", writes, ["TransactWriteItems"] * 2, hint="both writes in one transaction"
        )
        units = [request.write_units for request in meter.requests if request.write_units]
    passed("transfer", [f"2 transactions of 2 items: {units} write units, also for the one that was refused"])


def check_revenue(revenue: Callable[[list[dict]], dict[str, int]]) -> None:
    """Check revenue by country from the items of a single table.

    Args:
        revenue: called with all items; returns cents by country, of orders that are not cancelled.

    Raises:
        CheckFailed: when a country is missing or its sum is wrong.
    """
    frames = load_frames("shop", seed=106, scale=0.2)
    layout = load_layout("shop", seed=106, scale=0.2)
    orders = frames["Order"][frames["Order"].status != "CANCELLED"]
    right = {name: int(cents) for name, cents in orders.groupby("country").total_cents.sum().items()}
    found = answer_of(revenue, [layout.item(n) for n in range(layout.count)])
    expect_equal("cents by country", found, right, hint="which type of item has a total, and which a price?")
    passed("revenue", {name: f"{cents / 100:,.2f}" for name, cents in right.items()})

"""Checks of the exercises that write: derived keys, a backfill, a lost update, a transaction."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from engineroom.dynamodb import real
from engineroom.dynamodb.checks.live_table import (
    before_first_write,
    other_client,
    set_values,
    shop_table,
    stock_of,
    stock_table,
)
from engineroom.dynamodb.engine import plain_engine_errors
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.layout import Design
from engineroom.dynamodb.sample_data import load_layout
from engineroom.dynamodb.schema import Index, Table
from engineroom.kit.expect import answer_of, expect_equal, passed

__all__ = ["check_backfill", "check_set_status", "check_take", "check_transfer"]

SHOP = 0.1  # of the full data: enough orders that each status occurs
SHORT_PAGE = 50  # items evaluated for each page of a scan in `check_backfill`


def check_set_status(set_status: Callable[[Any, dict, str], Any], *, seed: int = 104) -> None:
    """Check that a change of an order's status takes its index key along.

    Args:
        set_status: called as ``set_status(table, order, status)``.
        seed: of the shop.

    Raises:
        CheckFailed: when the index is stale, or anything else about the order changed.
    """
    seen = []
    with shop_table(seed, SHOP) as loaded:
        orders = [loaded.layout.item(n) for n in range(loaded.layout.count)]
        orders = [item for item in orders if item["type"] == "Order"]
        waiting = next(item for item in orders if item["status"] == "PLACED")
        shipped = next(item for item in orders if item["status"] == "SHIPPED")
        for order, status in ((waiting, "PAID"), (shipped, "PLACED"), (waiting, "PLACED"), (shipped, "PAID")):
            seen.append(_status_changed(loaded, set_status, dict(order), status))
    passed("set_status", seen)


def _status_changed(loaded: real.Loaded, set_status: Callable, order: dict[str, Any], status: str) -> str:
    key, note = {name: order[name] for name in ("PK", "SK")}, f"changed by another client before {status}"
    rival = other_client(loaded.table)
    with (
        loaded.meter() as meter,
        before_first_write(loaded.table.meta.client, key, lambda: set_values(rival, key, note=note)),
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


def check_backfill(backfill: Callable[[Any], Any], *, seed: int = 105) -> None:
    """Check a backfill that gives the cancelled orders of a live table an index key.

    Args:
        backfill: called as ``backfill(table)``.
        seed: of the shop.

    Raises:
        CheckFailed: when orders are missed, other clients' changes are lost, or work is done twice.
    """
    index = Index("cancelled", "cancelled_by", "ordered_at")
    given = SINGLE_TABLE["shop"]
    design = Design(Table(indexes=(*given.table.indexes, index)), given.keys)
    with plain_engine_errors(), real.load(load_layout("shop", design, seed=seed, scale=SHOP)) as loaded:
        client = loaded.table.meta.client
        items = [loaded.layout.item(n) for n in range(loaded.layout.count)]
        wanted = {i["order_id"]: i["customer_id"] for i in items if i.get("status") == "CANCELLED"}
        one = next(i for i in items if i.get("status") == "CANCELLED")
        key = {name: one[name] for name in ("PK", "SK")}
        rival = other_client(loaded.table)
        client.meta.events.register("provide-client-params.dynamodb.Scan", _short_pages)
        with (
            loaded.meter() as meter,
            before_first_write(client, key, lambda: set_values(rival, key, note="a new note")),
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


def check_take(take: Callable[[Any, str, int], bool], *, seed: int = 106) -> None:
    """Check that two clients who take from one stock lose nothing and never take too much.

    Args:
        take: called as ``take(table, product, amount)``; returns whether there was enough.
        seed: of the amounts.

    Raises:
        CheckFailed: when an update is lost or the stock falls below zero.
    """
    draw = random.Random(seed)
    mine, theirs, left = draw.sample(range(2, 9), 3)
    lamps, kettles = mine + theirs + left, mine + theirs - 1
    with stock_table(lamp=lamps, kettle=kettles) as (table, _):
        rival = other_client(table)
        with before_first_write(
            table.meta.client, {"PK": "lamp"}, lambda: set_values(rival, {"PK": "lamp"}, stock=mine + left)
        ):
            found = answer_of(take, table, "lamp", mine)
        expect_equal(f"take {mine} of {lamps} lamps while another takes {theirs}", found, True)
        expect_equal(
            "lamps left", stock_of(table, "lamp"), left, hint="what you read is old when you write it"
        )
        with before_first_write(
            table.meta.client, {"PK": "kettle"}, lambda: set_values(rival, {"PK": "kettle"}, stock=mine - 1)
        ):
            found = answer_of(take, table, "kettle", mine)
        expect_equal(f"take {mine} of {kettles} kettles while another takes {theirs}", found, False)
        expect_equal(
            "kettles left", stock_of(table, "kettle"), mine - 1, hint="a condition can compare with the stock"
        )
        expect_equal("take the last lamps", answer_of(take, table, "lamp", left), True)
        expect_equal("lamps left", stock_of(table, "lamp"), 0, hint="the last ones may go, too")
    passed(
        "take",
        [
            f"{lamps} lamps, {theirs} and {mine} taken at once: {left} left, and then none",
            f"{kettles} kettles, {theirs} taken first: no {mine} more",
        ],
    )


def check_transfer(transfer: Callable[[Any, str, str, int], bool], *, seed: int = 107) -> None:
    """Check that a transfer between two items happens as a whole or not at all.

    Args:
        transfer: called as ``transfer(table, source, target, amount)``; returns whether it happened.
        seed: of the amounts.

    Raises:
        CheckFailed: when it happens by halves, or without enough stock.
    """
    draw = random.Random(seed)
    amount, there = draw.randint(3, 9), draw.randint(0, 5)
    here = 2 * amount - 1
    after = [here - amount, there + amount]
    with stock_table(here=here, there=there) as (table, meter):
        for stock, happens in ((here, True), (here - amount, False)):
            found = answer_of(transfer, table, "here", "there", amount)
            expect_equal(f"move {amount} of {stock}", found, happens)
            expect_equal("stock after it", [stock_of(table, "here"), stock_of(table, "there")], after)
        writes = [request.operation for request in meter.requests if request.write_units]
        expect_equal(
            "writing requests", writes, ["TransactWriteItems"] * 2, hint="both writes in one transaction"
        )
        units = [request.write_units for request in meter.requests if request.write_units]
    passed("transfer", [f"2 transactions of 2 items: {units} write units, also for the one that was refused"])

"""Checks of the exercises that read: the filter illusion, pages, and a table taken apart again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from engineroom.dynamodb import real
from engineroom.dynamodb.checks.live_table import shop_table
from engineroom.dynamodb.engine import plain_engine_errors, shared_engine
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.sample_data import load_frames, load_layout
from engineroom.dynamodb.schema import Table
from engineroom.kit.expect import answer_of, expect_equal, passed

__all__ = ["check_filter_bill", "check_first_orders", "check_revenue"]

SHARES = (0.0, 0.1, 0.6)  # how many of the items match, in the collections of `check_filter_bill`
SHORT_PAGE = 5  # items evaluated for each page in `check_first_orders`


def check_filter_bill(filter_bill: Callable[[list, list, int | None], dict], *, seed: int = 108) -> None:
    """Check predictions of what a filtered query costs against real ones, page after page.

    Args:
        filter_bill: called as ``filter_bill(sizes, matches, limit)``; returns "requests", "scanned",
            "returned" and "units" of all pages together.
        seed: of the items.

    Raises:
        CheckFailed: naming the first figure that differs from what the meter counted.
    """
    draw, told = random.Random(seed), []
    with plain_engine_errors():
        table = real.create_table(shared_engine().resource(), Table(), "filtered")
        try:
            for number, share in enumerate(SHARES):
                items = [_drawn(draw, f"C#{number}", n, share) for n in range(draw.choice((24, 36, 60)))]
                with table.batch_writer() as batch:
                    for item in items:
                        batch.put_item(Item=item)
                for limit in (None, 1, draw.choice((5, 7)), 12, len(items), len(items) + 1):
                    told.append(_filter_billed(filter_bill, table, items, limit))
        finally:
            table.delete()
    passed("filter_bill", [*told[:3], f"{len(told)} queries, each as the meter counted it"])


def _drawn(draw: random.Random, partition: str, number: int, share: float) -> dict[str, Any]:
    note = "x" * draw.choice((20, 300, 900, 3000, 9000))
    return {"PK": partition, "SK": f"{number:03d}", "open": draw.random() < share, "note": note}


def _filter_billed(filter_bill: Callable, table: Any, items: list[dict], limit: int | None) -> str:
    request = {
        "KeyConditionExpression": "PK = :partition",
        "FilterExpression": "#open = :yes",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": {":partition": items[0]["PK"], ":yes": True},
    }
    request |= {"Limit": limit} if limit else {}
    with Meter(table.meta.client, shared_engine().client(strict=False)) as meter:
        while (page := table.query(**request)).get("LastEvaluatedKey"):
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    right = {
        "requests": len(meter.requests),
        "scanned": meter.read,
        "returned": meter.returned,
        "units": meter.read_units,
    }
    sizes, matches = [item_size(item) for item in items], [item["open"] for item in items]
    found = answer_of(filter_bill, sizes, matches, limit)
    about = f"{len(items)} items, {sum(matches)} that match, Limit {limit}"
    hint = "a page ends after Limit items evaluated, is billed for all of them, and the last may be empty"
    expect_equal(f"the bill of {about}", found, right, hint=hint)
    return f"{about}: {meter.summary()}"


def check_first_orders(first_orders: Callable[[Any, int, str, int], list], *, seed: int = 109) -> None:
    """Check that the newest orders with a status are found across pages, empty ones included.

    Args:
        first_orders: called as ``first_orders(table, customer_id, status, wanted)``; returns items.
        seed: of the shop.

    Raises:
        CheckFailed: when orders are missing, too many or in another order, or pages are wasted.
    """
    told = []
    with shop_table(seed, 0.2) as loaded:
        orders = [loaded.layout.item(n) for n in range(loaded.layout.count)]
        orders = [item for item in orders if item["type"] == "Order"]
        buyers = [order["customer_id"] for order in orders]
        customer = max(set(buyers), key=lambda c: (buyers.count(c), -c))
        mine = [order for order in orders if order["customer_id"] == customer]
        mine.sort(key=lambda order: order["SK"], reverse=True)
        rarest = min({order["status"] for order in mine}, key=lambda s: _first(mine, s, 1)[1] * -1)
        loaded.table.meta.client.meta.events.register("provide-client-params.dynamodb.Query", _short_pages)
        for status, wanted in (
            (rarest, 1),
            ("DELIVERED", 2),
            ("DELIVERED", SHORT_PAGE),
            (rarest, 1000),
            ("LOST", 3),
        ):
            right, pages = _first(mine, status, wanted)
            with loaded.meter() as meter:
                found = answer_of(first_orders, loaded.table, customer, status, wanted)
            about = f"the newest {wanted} orders {status} of {len(mine)}"
            ids = [int(item["order_id"]) for item in found] if type(found) is list else found
            expect_equal(about, ids, right, hint="an empty page is not the end; only no LastEvaluatedKey is")
            queries = [r.operation for r in meter.requests]
            hint = (
                "stop when there are enough; a Limit is of items evaluated, so it makes more pages, not fewer"
            )
            expect_equal(f"requests for {about}", queries, ["Query"] * pages, hint=hint)
            told.append(f"{about}: {meter.summary()}")
    passed("first_orders", told)


def _first(mine: list[dict], status: str, wanted: int) -> tuple[list[int], int]:
    """Return the right orders, and how many short pages must be read to be sure of them."""
    hits = [at for at, order in enumerate(mine) if order["status"] == status][:wanted]
    last = hits[-1] if len(hits) == wanted else len(mine)  # the end shows only after a full last page
    return [mine[at]["order_id"] for at in hits], last // SHORT_PAGE + 1


def _short_pages(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Make every query come in pages, as those of more than a megabyte do."""
    return {**params, "Limit": min(SHORT_PAGE, params.get("Limit", SHORT_PAGE))}


def check_revenue(revenue: Callable[[list[dict]], dict[str, int]], *, seed: int = 110) -> None:
    """Check revenue by country from the items of a single table.

    Args:
        revenue: called with all items; returns cents by country, of orders that are not cancelled.
        seed: of the shop.

    Raises:
        CheckFailed: when a country is missing or its sum is wrong.
    """
    frames = load_frames("shop", seed=seed, scale=0.2)
    layout = load_layout("shop", seed=seed, scale=0.2)
    orders = frames["Order"][frames["Order"].status != "CANCELLED"]
    right = {name: int(cents) for name, cents in orders.groupby("country").total_cents.sum().items()}
    found = answer_of(revenue, [layout.item(n) for n in range(layout.count)])
    expect_equal("cents by country", found, right, hint="which type of item has a total, and which a price?")
    passed("revenue", {name: f"{cents / 100:,.2f}" for name, cents in right.items()})

"""Wrong designs must be seen as wrong: each mutant breaks one thing of a design that passes."""

import dataclasses

import pytest

from engineroom.dynamodb.datasets import make
from engineroom.dynamodb.example_designs import RELATIONAL_SHOP, SINGLE_TABLE
from engineroom.dynamodb.layout import Design, DesignError, Layout
from engineroom.dynamodb.migration import migration
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.schema import Index, Table
from engineroom.dynamodb.workbench import Workbench, read_indexes, write_indexes


@pytest.fixture(scope="module")
def bench(frames):
    return {name: Workbench(name, frames(name, scale=0.4), read_prices()) for name in SINGLE_TABLE}


def verdicts(bench, design):
    layout = Layout(design, bench.entities)
    return {report.pattern: report.problem for report in bench.reports(layout)}


def changed(dataset, entity=None, plans=None, **keys):
    design = SINGLE_TABLE[dataset]
    made = {**design.keys, **({entity: {**design.keys[entity], **keys}} if entity else {})}
    return dataclasses.replace(design, keys=made, plans={**design.plans, **(plans or {})})


@pytest.mark.parametrize("name", SINGLE_TABLE)
def test_example_designs_pass(bench, name):
    assert set(verdicts(bench[name], SINGLE_TABLE[name]).values()) == {""}


MUTANTS = {
    "filter instead of key": (
        changed(
            "shop",
            plans={
                "orders_in_month": "query where PK = CUSTOMER#{customer_id} "
                "filter ordered_at begins_with {month} descending"
            },
        ),
        "orders_in_month",
        "of what it reads",
    ),
    "unpadded number": (changed("films", "Role", SK="ROLE#{billing}#{actor_id}"), "film_with_cast", ""),
    "index key dropped": (changed("shop", "Order", GSI1PK="W#{note}"), "waiting_orders", "rows missing"),
    "scan": (
        changed("shop", plans={"customer_by_email": "scan filter email = {email}"}),
        "customer_by_email",
        "Scan",
    ),
    "join in the client": (
        changed(
            "films",
            plans={
                "film_with_cast": "get where PK = FILM#{film_id:05d} and SK = FILM#{film_id:05d} "
                "then query where PK = FILM#{film_id:05d} and SK begins_with ROLE#"
            },
        ),
        "film_with_cast",
        "It takes 2 requests; the budget is 1",
    ),
    "wrong direction": (
        changed(
            "shop",
            plans={
                "orders_in_month": "query where PK = CUSTOMER#{customer_id} and SK begins_with ORDER#{month}"
            },
        ),
        "orders_in_month",
        "wrong order",
    ),
    "no plan": (changed("shop", plans={"waiting_orders": " "}), "waiting_orders", "no plan"),
}


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m != "unpadded number"])
def test_mutants_are_caught(bench, mutant):
    design, pattern, sentence = MUTANTS[mutant]
    name = next(n for n in SINGLE_TABLE if pattern in SINGLE_TABLE[n].plans)
    found = verdicts(bench[name], design)
    assert sentence in found.pop(pattern)
    assert set(found.values()) == {""}, "the other patterns are as they were"


def test_an_unpadded_number_is_caught_once_it_reaches_two_digits(frames):
    design, pattern, _ = MUTANTS["unpadded number"]
    grown = Workbench("films", frames("films", scale=10), read_prices())
    assert "wrong order" in verdicts(grown, design)[pattern]


def test_a_constant_partition_key_is_seen_in_the_heat(bench):
    shop = bench["shop"]
    hot = changed("shop", "Order", PK="ORDERS", SK="C#{customer_id}#{ordered_at}#{order_id}")
    heat = shop.review(Layout(hot, shop.entities))["heat"][0]
    assert heat["key"] == "ORDERS" and heat["share"] > 0.2
    cool = shop.review(Layout(SINGLE_TABLE["shop"], shop.entities))["heat"][0]
    assert cool["share"] < heat["share"] / 3 and cool["ceiling"] > 3 * heat["ceiling"]


def test_an_index_that_lacks_attributes_does_not_answer(bench):
    design = SINGLE_TABLE["shop"]
    thin = [dataclasses.replace(i, projection="KEYS_ONLY") for i in design.table.indexes]
    found = verdicts(bench["shop"], dataclasses.replace(design, table=Table(indexes=tuple(thin))))
    assert "does not project every attribute" in found["customer_by_email"]
    assert found["profile_and_orders"] == ""


def test_the_relational_habit_costs_requests_and_scans(bench):
    found = verdicts(bench["shop"], RELATIONAL_SHOP)
    assert "2 requests" in found["profile_and_orders"] and "Scan" in found["customer_by_email"]


def test_index_texts_are_read_and_written():
    text = "GSI1: GSI1PK / GSI1SK\nby: genre, year / SK project title, plot\nthin: a project KEYS_ONLY"
    indexes = read_indexes(text)
    assert indexes[1] == Index("by", ("genre", "year"), ("SK",), ("title", "plot"))
    assert write_indexes(indexes) == text
    for wrong in ("GSI1", ": a", "GSI1:", "x: a, b, c, d, e"):
        with pytest.raises(DesignError, match="index"):
            read_indexes(wrong.replace("x", "index"))


def test_a_new_index_on_old_attributes_is_a_backfill_and_rewrites_nothing(bench):
    shop = bench["shop"]
    design = SINGLE_TABLE["shop"]
    without = Design(Table(indexes=design.table.indexes[:1]), design.keys)
    with_it = Design(Table(indexes=design.table.indexes[:2]), design.keys)
    cost = migration(Layout(without, shop.entities), Layout(with_it, shop.entities))
    assert cost.touched == {} and cost.scan_units == 0 and cost.rewrite.total == 0
    assert cost.backfill == shop.entities["Customer"].count == cost.write_units


def test_a_new_key_attribute_rewrites_the_items_that_get_it(bench):
    shop = bench["shop"]
    design = SINGLE_TABLE["shop"]
    bare = {**design.keys, "Order": {k: v for k, v in design.keys["Order"].items() if k in ("PK", "SK")}}
    before, after = Layout(Design(Table(), bare), shop.entities), Layout(design, shop.entities)
    cost = migration(before, after)
    waiting = sum(map(len, after.store("GSI1").members.values()))
    # every order gets a GSI1SK, but only the waiting ones enter the sparse index
    assert cost.touched == {"Order": shop.entities["Order"].count} and cost.rekeyed == 0
    assert cost.rewrite.indexes["GSI1"] == waiting
    assert cost.scan_units == -(-int(before.sizes.sum()) // 4096) / 2


def test_a_new_primary_key_takes_a_put_and_a_delete(bench):
    shop = bench["shop"]
    before = Layout(SINGLE_TABLE["shop"], shop.entities)
    after = Layout(changed("shop", "Customer", SK="A"), shop.entities)
    cost = migration(before, after)
    assert cost.rekeyed == shop.entities["Customer"].count and cost.rewrite.table >= 2 * cost.rekeyed


def test_layouts_of_different_rows_cannot_be_migrated(bench):
    shop = bench["shop"]
    part = Design(Table(), {"Customer": SINGLE_TABLE["shop"].keys["Customer"]})
    with pytest.raises(ValueError, match="must hold the same rows"):
        migration(Layout(part, shop.entities), Layout(SINGLE_TABLE["shop"], shop.entities))


def test_data_sets_are_the_same_from_the_same_seed_and_differ_between_seeds():
    for name in SINGLE_TABLE:
        assert make(name, seed=4) == make(name, seed=4) != make(name, seed=5)
    with pytest.raises(ValueError, match="no data set 'bank'; there are: shop, films, hosting"):
        make("bank")


def test_sizes_and_the_celebrity_are_as_announced():
    sizes = {name: {entity: len(rows) for entity, rows in make(name).items()} for name in SINGLE_TABLE}
    assert sizes["shop"]["Customer"] == 200 and sizes["shop"]["Order"] == 1500
    assert sizes["films"]["Film"] == 300 and sizes["films"]["Actor"] == 500
    assert sizes["hosting"] | {"Star": 0} == {"Org": 50, "Repo": 200, "Issue": 2000, "Star": 0}
    stars = make("hosting")["Star"]
    assert sum(star["repo_id"] == 1 for star in stars) > 0.35 * len(stars)
    grown = sum(map(len, make("films", scale=10)["Role"]))
    assert grown == pytest.approx(10 * sum(map(len, make("films")["Role"])), rel=0.1)

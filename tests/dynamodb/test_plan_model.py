"""The model, boto3 against a real engine, and pandas must tell the same story."""

import pytest

from engineroom.dynamodb.answers import PATTERNS
from engineroom.dynamodb.example_designs import RELATIONAL_SHOP, SINGLE_TABLE
from engineroom.dynamodb.layout import Design
from engineroom.dynamodb.plan_model import run_plan
from engineroom.dynamodb.plans import PlanError, read_plan
from engineroom.dynamodb.real import load

CASES = [(name, SINGLE_TABLE[name]) for name in SINGLE_TABLE] + [("shop", RELATIONAL_SHOP)]


def signature(outcome, *, ordered):
    items = outcome.items if ordered else sorted(outcome.items)
    return (
        items,
        outcome.requests,
        outcome.units,
        outcome.read,
        outcome.returned,
        outcome.waves,
        outcome.complete,
    )


@pytest.mark.parametrize(("name", "design"), CASES)
def test_model_and_engine_agree_on_rows_requests_and_units(name, design, layouts, frames, engine):
    layout = layouts(name, design)
    with load(layout, engine) as table:
        for pattern in PATTERNS[name].values():
            plan = design.plans[pattern.name]
            scan = "scan" in plan  # the order of a scan is nobody's to know
            for question in pattern.questions(frames(name), 3, seed=5):
                mine, theirs = run_plan(layout, plan, question), table.run(plan, question)
                assert signature(mine, ordered=not scan) == signature(theirs, ordered=not scan)


@pytest.mark.parametrize("name", SINGLE_TABLE)
@pytest.mark.parametrize("scale", [0.4, 4])
def test_example_designs_answer_rightly_and_requests_do_not_grow(name, scale, layouts, frames):
    layout = layouts(name, seed=8, scale=scale)
    for pattern in PATTERNS[name].values():
        for question in pattern.questions(frames(name, seed=8, scale=scale), 4, seed=2):
            outcome = run_plan(layout, layout.design.plans[pattern.name], question)
            found, wanted = (
                [layout.row_id(n) for n in outcome.items],
                pattern.answer(frames(name, seed=8, scale=scale), question),
            )
            assert (found if pattern.ordered else sorted(found)) == (
                wanted if pattern.ordered else sorted(wanted)
            )
            assert outcome.requests <= pattern.budget.requests


PLANS = {
    "filter with a limit": "query where PK = CUSTOMER#{customer_id} filter status = DELIVERED limit 2",
    "filter that finds nothing": "query where PK = CUSTOMER#{customer_id} filter status = NONE limit 3",
    "range": "query where PK = CUSTOMER#{customer_id} "
    "and SK between ORDER#2026-03 and ORDER#2026-06 descending",
    "open range": "query where PK = CUSTOMER#{customer_id} and SK > ORDER#2026-05",
    "empty collection": "query where PK = NOBODY",
    "missing item": "get where PK = NOBODY and SK = PROFILE",
    "serial for each": "query on GSI1 where GSI1PK = WAITING#NL limit 4 "
    "into for each get where PK = CUSTOMER#{customer_id} and SK = PROFILE",
    "parallel for each": "query on GSI1 where GSI1PK = WAITING#NL limit 4 "
    "then for each in parallel query where PK = ORDER#{order_id}",
    "batch": "query on GSI1 where GSI1PK = WAITING#DE "
    "into batch get where PK = CUSTOMER#{customer_id} and SK = PROFILE",
    "pages of a scan": "scan",
}


def test_every_kind_of_step_agrees_with_the_engine(layouts, frames, engine):
    layout = layouts("shop", scale=0.3)
    (question,) = PATTERNS["shop"]["profile_and_orders"].questions(frames("shop", scale=0.3), 1, seed=4)
    with load(layout, engine) as table:
        for name, plan in PLANS.items():
            mine, theirs = run_plan(layout, plan, question), table.run(plan, question)
            ordered = "scan" not in plan
            assert signature(mine, ordered=ordered) == signature(theirs, ordered=ordered), name


def test_a_collection_over_a_megabyte_takes_pages(engine):
    from engineroom.dynamodb.entities import Entity
    from engineroom.dynamodb.layout import Layout
    from engineroom.dynamodb.schema import Table

    blob = ["x" * 50_000] * 45
    entities = {"Blob": Entity("Blob", ["n"], {"n": list(range(45)), "body": blob})}
    layout = Layout(Design(Table(), {"Blob": {"PK": "ALL", "SK": "{n:03d}"}}), entities)
    with load(layout, engine) as table:
        mine, theirs = run_plan(layout, "query where PK = ALL", {}), table.run("query where PK = ALL", {})
    assert mine.requests == 3 and signature(mine, ordered=True) == signature(theirs, ordered=True)


def test_a_limit_that_ends_exactly_at_the_end_costs_one_more_request(layouts):
    layout = layouts("shop")
    key, group = next(
        (k, g) for k, g in layout.store().members.items() if k[0].startswith("ORDER") and len(g) > 1
    )
    plan = f"query where PK = {key[0]} filter product = nothing limit {len(group)}"
    assert [(s.read, s.units) for s in run_plan(layout, plan, {}).sent] == [(len(group), 0.5), (0, 0.5)]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("fetch where PK = A", "starts with get, batch get, query or scan; this one with 'fetch'"),
        ("query", "A query needs a 'where'"),
        ("query where PK", "ends where an operator should follow"),
        ("query where PK ~ A", "'~' is not an operator"),
        ("query where PK = A limit none", "limit is 'none'; it must be a whole number from 1"),
        ("query where SK = A", "partition key PK needs '='; without it this plan needs a scan"),
        ("query where PK begins_with A", "partition key PK needs '='"),
        ("query where PK = A and status = B", "status belongs into 'filter'"),
        ("query on nowhere where PK = A", "no index named 'nowhere'; the table has: GSI1"),
        ("get where PK = A", "whole primary key"),
        ("for each get where PK = A and SK = B", "there are none yet"),
        ("across n 3..1 query where PK = A", "range is '3..1'"),
        ("scan where PK = A", "use filter"),
        ("query where PK = A or SK = B", "'or' does not fit"),
        ("query where PK = {nobody}", "names 'nobody'"),
    ],
)
def test_a_plan_that_does_not_fit_says_so_in_a_sentence(plan, sentence, layouts):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(").replace(".", r"\.")) as caught:
        run_plan(layouts("shop"), plan, {"customer_id": 1})
    assert isinstance(caught.value, PlanError) or "names" in sentence


def test_plans_are_read_once():
    assert read_plan("query where PK = A") is read_plan("query where PK = A")

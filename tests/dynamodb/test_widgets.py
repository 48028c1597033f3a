import pytest

from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.widgets import DesignBench, explore_collection, explore_heat, explore_latency


@pytest.fixture(scope="module")
def bench():
    return DesignBench("shop", SINGLE_TABLE["shop"])


def test_the_bench_opens_with_everything_passing(bench):
    bench.edit(keys=SINGLE_TABLE["shop"].keys)
    assert bench.answer["summary"].startswith("5 of 5 access patterns pass")
    assert bench.answer["html"].count("✔ pass") == 5 and "<svg role=" in bench.answer["html"]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"keys": {"Order": {"SK": "ORDER#{nope}"}}}, "names 'nope'; Order has: order_id"),
        ({"keys": {"Order": {"SK": "ORDER"}}}, "have the same primary key"),
        ({"keys": {"Order": {"PK": "{"}}}, "can't be read"),
        ({"indexes": "GSI1"}, "write it like GSI1: GSI1PK / GSI1SK"),
        ({"indexes": "GSI1: A\nGSI1: B"}, "Index names must differ"),
        ({"indexes": "\n".join(f"i{n}: email" for n in range(21))}, "has 21 global indexes; the most is 20"),
        ({"keys": {"Order": {"SK": "{order_id%0}"}}}, "not an attribute"),
    ],
)
def test_a_bad_edit_is_told_and_the_screen_stays(bench, edit, sentence):
    bench.edit(keys=SINGLE_TABLE["shop"].keys)
    before = bench.answer["html"]
    bench.edit(**edit)
    assert sentence in bench.answer["trouble"] and bench.answer["html"] == before
    assert bench.answer["summary"].startswith("Still on screen is the design before this edit: 5 of 5")
    bench.edit(
        keys=SINGLE_TABLE["shop"].keys,
        indexes="GSI1: GSI1PK / GSI1SK\nby_email: email\nby_order: order_id / SK",
    )
    assert bench.answer["trouble"] == ""


NUMBERED = "by_total: country / total_cents\nGSI1: GSI1PK / GSI1SK\nby_email: email\nby_order: order_id / SK"


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("scan filter status = PLACED", "It needs a Scan"),
        ("query where SK = x", "without it this plan needs a scan"),
        ("query on nowhere where a = b", "no index named 'nowhere'; the table has: by_total, GSI1"),
        (
            "query on by_total where country = NL and total_cents begins_with 1",
            "is a number; begins_with takes text",
        ),
        ("query on by_total where country = NL and total_cents > much", "is a number, and 'much' is none"),
        ("query on by_total where country = NL and total_cents between 5 and 1", "reversed"),
        ("query on by_order where order_id = first", "order_id is a number, and 'first' is none"),
        ("across s 0..5000 query where PK = A#{s}", "too wide; it takes 1000 numbers at most"),
    ],
)
def test_a_plan_that_cannot_be_is_told_in_its_row(bench, plan, sentence):
    bench.edit(keys=SINGLE_TABLE["shop"].keys, indexes=NUMBERED, plans={"waiting_orders": plan})
    assert bench.trouble == "" and sentence in bench.report().loc["waiting_orders", "problem"]
    bench.edit(plans=SINGLE_TABLE["shop"].plans)


def test_a_number_spelled_out_in_a_plan_is_one_for_the_engine_too(bench, engine, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint)
    plan = "query on by_total where country = {country} and total_cents > 100"
    refused = "query where PK = {customer_id} and SK begins_with ORDER#"
    bench.edit(indexes=NUMBERED, plans={"waiting_orders": plan, "orders_in_month": refused})
    bench.run_for_real()
    bench.wait()
    assert bench.measured["waiting_orders"] == "✘ other rows than pandas finds", "rows came, though others"
    assert bench.measured["orders_in_month"].startswith("✘ PK is text")
    bench.edit(plans=SINGLE_TABLE["shop"].plans)


def test_edits_come_from_the_screen_one_answer_each(bench):
    texts = {**bench.answer["texts"], "store": "GSI1", "skew": 1}
    bench.ask = {"seq": 77, "texts": texts}
    assert bench.answer["seq"] == 77 and bench.view["store"] == "GSI1"
    assert "WAITING#" in bench.answer["html"]
    bench.edit(store="", skew=0.0)


def test_text_from_the_data_is_escaped(bench):
    bench.edit(keys={"Customer": {"SK": "<script>{customer_id}"}}, plans={"waiting_orders": "<b>"})
    assert "<script>" not in bench.answer["html"] and "<b>" not in bench.answer["html"]
    bench.edit(keys=SINGLE_TABLE["shop"].keys, plans=SINGLE_TABLE["shop"].plans)


def test_run_for_real_agrees_and_says_so(bench, monkeypatch, engine):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint)
    bench.run_for_real()
    bench.wait()
    assert bench.progress["message"] == "the engine agrees on 5 of 5 patterns"
    assert bench.answer["html"].count("✔ rows, order, 6 requests") == 5
    bench.edit(skew=0.1)
    assert bench.measured == {}, "a measurement belongs to the design that was measured"
    assert bench.progress["message"] == ""
    bench.edit(grow=True)
    bench.run_for_real()
    bench.wait()
    assert "at ×10" in bench.answer["html"] and "<th>engine</th>" in bench.answer["html"]
    bench.edit(grow=False)


def test_an_answer_without_an_order_may_come_in_any(engine, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint)
    hosting = DesignBench("hosting", SINGLE_TABLE["hosting"])
    hosting.run_for_real()
    hosting.wait()
    assert hosting.progress["message"] == "the engine agrees on 4 of 4 patterns"
    assert hosting.measured["stargazers"].startswith("✔ rows, 60 requests")


def test_readers_without_a_kernel_see_the_bench(bench):
    bundle = bench._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "5 of 5 access patterns pass" in bundle["text/plain"] and "<svg" in bundle["text/html"]


def test_explorers_open_and_turn():
    heat, latency = explore_heat(), explore_latency()
    heat.turn(skew=0)
    assert "0.0% of the writes are refused" in heat._summary and heat.failure is None
    collection = explore_collection()
    assert "From day 12.4 on every new item is refused" in collection._summary
    collection.turn(local_indexes=0)
    assert "nothing is refused for size" in collection._summary and collection.failure is None
    latency.turn(calls=20)
    assert latency.prediction.p50_ms > 100 and latency.failure is None
    latency.turn(calls=0)
    assert "between 1 and 50" in latency.answer["errors"]["calls"]

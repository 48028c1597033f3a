"""A table that is lent into a sandbox behaves as the table itself, and outside everything is counted."""

import json
import shutil
import subprocess
import sys
import textwrap
from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key

from engineroom.dynamodb import real
from engineroom.dynamodb.lending import Lender, borrow
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.schema import Index, Table

ITEM = {
    "PK": "é",
    "SK": "1",
    "n": Decimal("1.50"),
    "raw": b"\x00\xff",
    "tags": {"a", "b"},
    "nested": {"list": [None, True, {"b": b"x"}], "numbers": {Decimal(1), Decimal(2)}},
}


@pytest.fixture
def table(engine):
    made = real.create_table(engine.resource(), Table(indexes=(Index("by_n", "PK", "SK"),)), "lent")
    yield made
    made.delete()


def test_values_of_every_type_cross_over_and_back(table):
    borrowed = borrow(table.name, Lender(table).serve)
    borrowed.put_item(Item=ITEM)
    there, back = (
        table.get_item(Key={"PK": "é", "SK": "1"})["Item"],
        borrowed.get_item(Key={"PK": "é", "SK": "1"}),
    )
    assert there == back["Item"] and there["raw"].value == ITEM["raw"] and there["nested"] == ITEM["nested"]
    condition = Key("PK").eq("é") & Key("SK").begins_with("1")
    assert borrowed.query(KeyConditionExpression=condition)["Items"] == [there]
    assert borrowed.scan(FilterExpression=Attr("raw").eq(b"\x00\xff"))["Count"] == 1
    with borrowed.batch_writer() as batch:
        batch.delete_item(Key={"PK": "é", "SK": "1"})
    assert table.scan()["Count"] == 0


def test_errors_are_those_of_the_table_itself(table):
    borrowed = borrow(table.name, Lender(table).serve)
    client = borrowed.meta.client
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        borrowed.put_item(Item={"PK": "a", "SK": "b"}, ConditionExpression="attribute_exists(PK)")
    check = {
        "TableName": table.name,
        "Key": {"PK": "a", "SK": "b"},
        "ConditionExpression": "attribute_exists(PK)",
    }
    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(TransactItems=[{"ConditionCheck": check}])
    assert refused.value.response["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"


def test_the_meter_and_other_listeners_outside_see_what_is_asked_inside(table, engine):
    borrowed = borrow(table.name, Lender(table).serve)
    with Meter(table.meta.client, engine.client(strict=False)) as meter:
        borrowed.put_item(Item={"PK": "a", "SK": "b", "f": "x" * 1500})
        borrowed.query(KeyConditionExpression=Key("PK").eq("a"), FilterExpression=Attr("f").eq("y"))
    assert [(r.operation, r.write_units, r.read, r.returned) for r in meter.requests] == [
        ("PutItem", 4, 0, 0),
        ("Query", 0, 1, 0),
    ]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (b"\xff", "can't be read"),
        (b"[]", "can't be read"),
        (b'{"operation": "DeleteTable", "body": {}}', "can't be read"),
        (
            b'{"operation": "GetItem", "body": {"TableName": "other", "Key": {}}}',
            "names other; only the lent",
        ),
        (b'{"operation": "BatchGetItem", "body": {"RequestItems": {"other": {}}}}', "names other"),
        (
            b'{"operation": "TransactGetItems", "body": {"TransactItems": [{"Get": {"TableName": "x"}}]}}',
            "names x",
        ),
        (b'{"operation": "PutItem", "body": {"TableName": "t", "Item": {"PK": {"Z": 1}}}}', ""),
        (b'{"operation": "Query", "body": []}', ""),
    ],
)
def test_whatever_a_sandbox_sends_is_answered_and_reaches_only_the_lent_table(table, request_, said):
    request_ = request_.replace(b'"t"', json.dumps(table.name).encode())
    reply = json.loads(Lender(table).serve(request_))
    assert reply["status"] == 400 and said in reply["body"]["message"]


INSIDE = """
import sys
from engineroom.dynamodb.lending import borrow

def ask(request):
    sys.stdout.buffer.write(len(request).to_bytes(4, "big") + request)
    sys.stdout.buffer.flush()
    return sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(4), "big"))

def take(table, product, amount):
    table.update_item(Key={"PK": product, "SK": "1"}, UpdateExpression="SET stock = stock - :a",
        ConditionExpression="stock >= :a", ExpressionAttributeValues={":a": amount})

table = borrow(sys.argv[1], ask)
take(table, "lamp", 2)
try:
    take(table, "lamp", 2)
except table.meta.client.exceptions.ConditionalCheckFailedException:
    table.put_item(Item={"PK": "lamp", "SK": "refused"})
"""


def test_code_without_any_network_uses_a_lent_table(table):
    sandbox = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    if not shutil.which("bwrap") or subprocess.run([*sandbox, "true"], capture_output=True).returncode:
        pytest.skip(
            "no network namespace can be made here; bring bubblewrap with: apt-get install bubblewrap"
        )
    table.put_item(Item={"PK": "lamp", "SK": "1", "stock": 3})
    lender = Lender(table)
    command = [*sandbox, sys.executable, "-c", textwrap.dedent(INSIDE), table.name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as inside:
        while length := inside.stdout.read(4):
            reply = lender.serve(inside.stdout.read(int.from_bytes(length, "big")))
            inside.stdin.write(len(reply).to_bytes(4, "big") + reply)
            inside.stdin.flush()
    assert inside.returncode == 0
    assert {(i["SK"], i.get("stock")) for i in table.scan()["Items"]} == {("1", 1), ("refused", None)}

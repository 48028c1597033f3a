"""A DynamoDB table is lent to code in the sandbox: it works as boto3's does, and lends nothing else."""

import contextlib
import contextvars

import pytest

from engineroom.dynamodb import real
from engineroom.dynamodb.engine import shared_engine
from engineroom.dynamodb.schema import Table
from engineroom.teach.grading.lending import answer, lend
from engineroom.teach.grading.remote import CannotLend, Ended, RemoteNotebook
from engineroom.teach.grading.sandbox import Sandbox, why_not

needs_sandbox = pytest.mark.skipif(bool(why_not()), reason=why_not() or "none")


@contextlib.contextmanager
def stock_table(name):
    table = real.create_table(shared_engine().resource(), Table("PK", None), name)
    try:
        yield table
    finally:
        table.delete()


@pytest.fixture(scope="module")
def tables():
    with stock_table("lent") as table, stock_table("not-lent") as other:
        for number in range(30):
            table.put_item(Item={"PK": f"p{number:02d}", "stock": number})
        other.put_item(Item={"PK": "p00", "stock": 7})
        yield table, other


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(themes=["dynamodb"]) as sandbox:
        yield sandbox


@pytest.fixture
def ask(sandbox, tables):
    """Return what a function of a learner's, called with the lent table, comes back with."""
    table, other = tables

    def run(body, *more):
        source = "def f(table, *more):\n" + "\n".join(f"    {line}" for line in body.splitlines())
        notebook = RemoteNotebook(sandbox, [source.replace("OTHER", other.name)])
        try:
            return notebook.name("f")(table, *more)
        finally:
            notebook.close()

    return run


WORKS = {
    "an item comes with its types": (
        "return table.get_item(Key={'PK': 'p03'})['Item'] == {'PK': 'p03', 'stock': 3}",
        True,
    ),
    "a condition made with Attr and Key": (
        "from boto3.dynamodb.conditions import Attr, Key\n"
        "return [i['PK'] for i in table.query(KeyConditionExpression=Key('PK').eq('p04'),"
        " FilterExpression=Attr('stock').gt(3))['Items']]",
        ["p04"],
    ),
    "a failed condition by its own exception": (
        "try: table.put_item(Item={'PK': 'p05'}, ConditionExpression='attribute_not_exists(PK)')\n"
        "except table.meta.client.exceptions.ConditionalCheckFailedException as e: return e.response['Error']['Code']",
        "ConditionalCheckFailedException",
    ),
    "pages by a paginator": (
        "pages = table.meta.client.get_paginator('scan').paginate(TableName=table.name, PaginationConfig={'PageSize': 10})\n"
        "return [len(page['Items']) for page in pages][:3]",
        [10, 10, 10],
    ),
    "many writes by a batch writer": (
        "with table.batch_writer() as batch:\n    for n in range(40): batch.put_item(Item={'PK': f'b{n}', 'new': {1, 2}})\n"
        "found = table.get_item(Key={'PK': 'b39'})['Item']['new']\n"
        "with table.batch_writer() as batch:\n    for n in range(40): batch.delete_item(Key={'PK': f'b{n}'})\n"
        "return found == {1, 2}",
        True,
    ),
    "its key schema": ("return table.key_schema", [{"AttributeName": "PK", "KeyType": "HASH"}]),
}


@needs_sandbox
@pytest.mark.parametrize("what", WORKS)
def test_a_lent_table_works_as_boto3s_own(ask, what):
    body, expected = WORKS[what]
    assert ask(body) == expected


REFUSED = {
    "another table by its name": "table.meta.client.get_item(TableName='OTHER', Key={'PK': 'p00'})",
    "another table in a batch": "table.meta.client.batch_get_item(RequestItems={'OTHER': {'Keys': [{'PK': 'p00'}]}})",
    "another table in a transaction": (
        "table.meta.client.transact_write_items(TransactItems=[{'Delete': {'TableName': 'OTHER', 'Key': {'PK': 'p00'}}}])"
    ),
    "to delete the table": "table.delete()",
    "to list tables": "table.meta.client.list_tables()",
    "to call what is no operation": "table.meta.client._make_api_call('__class__', {})",
    "a float for a number": "table.put_item(Item={'PK': 'p00', 'stock': 0.5})",
}


@needs_sandbox
@pytest.mark.parametrize("what", REFUSED)
def test_nothing_else_is_lent(ask, tables, what):
    with pytest.raises(Exception) as refused:
        ask(f"return str({REFUSED[what]})")
    assert not isinstance(refused.value, Ended), refused.value
    table, other = tables
    assert other.get_item(Key={"PK": "p00"})["Item"]["stock"] == 7
    assert table.get_item(Key={"PK": "p00"})["Item"]["stock"] == 0


@needs_sandbox
def test_requests_without_end_are_stopped(ask, monkeypatch):
    monkeypatch.setattr("engineroom.teach.grading.remote.MOST_ASKED", 20)
    with pytest.raises(Ended, match="more than 20 requests in one call"):
        ask("while True: table.get_item(Key={'PK': 'p00'})")


@needs_sandbox
def test_what_cannot_be_lent_is_said(ask):
    with pytest.raises(CannotLend, match="An argument of f can't be handed into the sandbox"):
        ask("return 0", contextvars.Context())


def test_a_table_that_was_not_lent_is_not_there(tables):
    _, lent = lend((tables[0],), {})
    assert list(lent) == [tables[0].name]
    for asked in ({}, None, {"table": tables[1].name, "operation": "GetItem", "params": {}}):
        assert "raised" in answer(lent, asked)

"""Units against engines where the survey found them exact: MiniStack on writes, dynalite on reads."""

import os
import shutil
import socket

import pytest
from boto3.dynamodb.types import TypeSerializer
from random_operations import TABLE, operations

from engineroom.dynamodb import capacity
from engineroom.dynamodb.engine import Engine
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.meter import Meter
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.schema import Table
from engineroom.kit.children import Server


def wire(item):
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def consumed(reply):
    """Return what an engine says it consumed, over all tables and indexes of one reply."""
    found = reply["ConsumedCapacity"]
    return sum(part["CapacityUnits"] for part in (found if isinstance(found, list) else [found]))


@pytest.fixture
def metered(engine):
    client, probe = engine.client(), engine.client(strict=False)
    probe.create_table(**TABLE.create_request("metered"))
    with Meter(client, probe) as meter:
        yield client, meter
    probe.delete_table(TableName="metered")


def write(client, kind, args):
    """Send a random write; return the engine's own count, or None for what is not a write."""
    ask = {"TableName": "metered", "ReturnConsumedCapacity": "INDEXES"}
    match kind, args:
        case "put", (_, item):
            return client.put_item(Item=wire(item), **ask)
        case "delete", ((partition, sort), _):
            return client.delete_item(Key=wire({"PK": partition, "SK": sort}), **ask)
        case "touch", ((partition, sort), change):
            ((name, value),) = change.items()
            return client.update_item(
                Key=wire({"PK": partition, "SK": sort}),
                UpdateExpression="SET #n = :v",
                ExpressionAttributeNames={"#n": name},
                ExpressionAttributeValues={":v": TypeSerializer().serialize(value)},
                **ask,
            )
        case "transact_write", changes:
            actions = [transact(*change) for change in changes if change[1] != "check"]
            if actions:
                return client.transact_write_items(TransactItems=actions, ReturnConsumedCapacity="INDEXES")
    return None


def transact(key, new):
    if new is None:
        return {"Delete": {"TableName": "metered", "Key": wire({"PK": key[0], "SK": key[1]})}}
    return {"Put": {"TableName": "metered", "Item": wire(new)}}


def test_the_meter_counts_writes_as_ministack_does(metered):
    client, meter = metered
    compared = 0
    for kind, args in operations(seed=11, count=300):
        reply = write(client, kind, args)
        if reply is not None:
            compared += 1
            assert meter.requests[-1].write_units == consumed(reply), (kind, args)
    assert compared == len(meter.requests) > 120


def test_a_refused_write_is_metered_and_a_replay_is_a_read(metered):
    client, meter = metered
    item = wire({"PK": "a", "SK": "b", "f": "x" * 2500})
    client.put_item(TableName="metered", Item=item)
    refused = {"TableName": "metered", "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(**refused)
    assert (meter.requests[-1].failed, meter.requests[-1].write_units) == (True, 3)
    again = {"TransactItems": [{"Put": {"TableName": "metered", "Item": item}}], "ClientRequestToken": "one"}
    client.transact_write_items(**again)
    assert (meter.requests[-1].write_units, meter.requests[-1].read_units) == (6, 0)
    client.transact_write_items(**again)
    assert (meter.requests[-1].write_units, meter.requests[-1].read_units) == (0, 2)


def test_a_filter_saves_nothing_and_the_meter_says_so(metered):
    client, meter = metered
    for n in range(20):
        item = {"PK": "a", "SK": f"{n:02d}", "f": "x" * 490, "even": n % 2 == 0}
        client.put_item(TableName="metered", Item=wire(item))
    before = len(meter.requests)
    found = client.query(
        TableName="metered",
        KeyConditionExpression="PK = :p",
        FilterExpression="even = :t",
        ProjectionExpression="SK",
        ExpressionAttributeValues={":p": {"S": "a"}, ":t": {"BOOL": True}},
    )
    (query,) = meter.requests[before:]
    assert (found["Count"], query.read, query.returned, query.read_units) == (10, 20, 10, 1.5)
    assert meter.summary().startswith(
        "21 requests, 1.5 read units, 20 write units, 10 of 20 items that were read came back"
    )
    assert meter.cost(read_prices()) == pytest.approx((1.5 * 0.125 + 20 * 0.625) / 1e6)


def test_partiql_is_refused_rather_than_miscounted(metered):
    client, _ = metered
    with pytest.raises(NotImplementedError, match="does not know what ExecuteStatement"):
        client.execute_statement(Statement='SELECT * FROM "metered"')


@pytest.fixture(scope="module")
def dynalite():
    """A second engine, from npm, whose read units are exact for plain ASCII."""
    program = os.environ.get("ENGINEROOM_DYNALITE") or shutil.which("dynalite")
    if not program or not shutil.which("node"):
        pytest.skip("dynalite (npm) is not installed; bring it with: npm install -g dynalite@4.0.0")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["node", program, "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0"]
    with Server(command) as server:
        server.wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield Engine(endpoint=f"http://127.0.0.1:{port}").client(strict=False)


def ascii_only(value):
    """Return a value with every letter in ASCII, which is all that dynalite sizes rightly."""
    if isinstance(value, str):
        return "".join(c if c.isascii() else f"u{ord(c):x}" for c in value)
    if isinstance(value, dict):
        return {ascii_only(name): ascii_only(inner) for name, inner in value.items()}
    if isinstance(value, list | set):
        return type(value)(ascii_only(inner) for inner in value)
    return value


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the probe of the port, above
def test_reads_cost_what_dynalite_says(dynalite):
    dynalite.create_table(**Table().create_request("reads"))
    dynalite.get_waiter("table_exists").wait(TableName="reads", WaiterConfig={"Delay": 1})
    items = {}
    for kind, args in operations(seed=5, count=600):
        if kind == "put":
            key, item = args
            items[key] = ascii_only(item)
            dynalite.put_item(TableName="reads", Item=wire(items[key]))
    assert len(items) > 40
    for strong in (False, True):
        ask = {"ConsistentRead": strong, "ReturnConsumedCapacity": "TOTAL"}
        for (partition, sort), item in items.items():
            reply = dynalite.get_item(TableName="reads", Key=wire({"PK": partition, "SK": sort}), **ask)
            assert consumed(reply) == capacity.get_units(item_size(item), consistent=strong)
        for partition in {key[0] for key in items}:
            mine = {key[1]: item_size(item) for key, item in items.items() if key[0] == partition}
            reply = dynalite.query(
                TableName="reads",
                KeyConditionExpression="PK = :p",
                ExpressionAttributeValues={":p": {"S": partition}},
                **ask,
            )
            assert consumed(reply) == capacity.query_units(mine.values(), consistent=strong)
            keys = [wire({"PK": partition, "SK": sort}) for sort in mine]
            request = {"reads": {"Keys": keys, "ConsistentRead": strong}}
            reply = dynalite.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL")
            assert consumed(reply) == capacity.batch_get_units(mine.values(), consistent=strong)

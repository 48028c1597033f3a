"""Local DynamoDB engines side by side: what they bill, what they let pass, how fast they are.

    python benchmarks/bench_dynamodb_engines.py [name=http://127.0.0.1:port …]

MiniStack, the course's default, is started; name the endpoints of others, such as moto's server.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from botocore.exceptions import ClientError

from engineroom.dynamodb.engine import Engine
from engineroom.dynamodb.schema import Index, Table
from engineroom.publish.bench_rows import report

TABLE = Table(indexes=(Index("whole", "A", "B"), Index("keys", "A", "B", projection="KEYS_ONLY")))
ALL = {"ReturnConsumedCapacity": "INDEXES"}


def put(client: Any, sort: str, size: int, **more: str) -> float | None:
    item = {"PK": {"S": "p"}, "SK": {"S": sort}, "f": {"S": "x" * (size - 6 - len(sort) - 1)}}
    item |= {name: {"S": value} for name, value in more.items()}
    return units(client.put_item(TableName="bench", Item=item, **ALL))


def units(reply: dict) -> float | None:
    told = reply.get("ConsumedCapacity")
    told = told if isinstance(told, list) else [told] if told else []
    return sum(part.get("CapacityUnits", 0) for part in told) if told else None


def key(sort: str) -> dict:
    return {"PK": {"S": "p"}, "SK": {"S": sort}}


def query(client: Any, **more: Any) -> dict:
    values = {":p": {"S": "p"}, ":s": {"S": "q"}}
    where = "PK = :p AND begins_with(SK, :s)"
    return client.query(
        TableName="bench", KeyConditionExpression=where, ExpressionAttributeValues=values, **more
    )


def transact(client: Any) -> float | None:
    puts = [{"Put": {"TableName": "bench", "Item": {**key(s), "f": {"S": "x" * 1500}}}} for s in ("t1", "t2")]
    return units(client.transact_write_items(TransactItems=puts, **ALL))


def move(client: Any) -> float | None:
    put(client, "m", 1500, A="a", B="1")
    return put(client, "m", 1500, A="a", B="2")


# what DynamoDB bills by its published rules, and how to ask an engine
BILLS: dict[str, tuple[float, Callable[[Any], float | None]]] = {
    "put 4 KB": (4, lambda c: put(c, "a", 4096)),
    "put 100 KB": (100, lambda c: put(c, "b", 102_400)),
    "get 100 KB": (12.5, lambda c: units(c.get_item(TableName="bench", Key=key("b"), **ALL))),
    "query 20 x 500 B": (
        1.5,
        lambda c: [put(c, f"q{n:02d}", 500) for n in range(20)] and units(query(c, **ALL)),
    ),
    "index key moved, 1.5 KB": (2 + 4 + 2, move),
    "transaction 2 x 1.5 KB": (8, transact),
}
LAX: dict[str, Callable[[Any], Any]] = {
    "OR in a key condition": lambda c: c.query(
        TableName="bench",
        KeyConditionExpression="PK = :p OR SK = :p",
        ExpressionAttributeValues={":p": {"S": "p"}},
    ),
    "filter on a key": lambda c: query(c, FilterExpression="SK = :s"),
    "26 writes in a batch": lambda c: c.batch_write_item(
        RequestItems={"bench": [{"PutRequest": {"Item": key(f"x{n}")}} for n in range(26)]}
    ),
    "number of 39 digits": lambda c: c.put_item(TableName="bench", Item={**key("n"), "n": {"N": "1" * 39}}),
}
SPEED: dict[str, tuple[int, Callable[[Any, int], Any]]] = {
    "put": (200, lambda c, n: c.put_item(TableName="bench", Item=key(f"s{n}"))),
    "get": (200, lambda c, n: c.get_item(TableName="bench", Key=key(f"s{n}"))),
    "query 20 items": (60, lambda c, n: query(c)),
    "transaction of 2": (30, lambda c, n: transact(c)),
}


def told(work: Callable[[], Any]) -> str:
    try:
        answer = work()
    except ClientError as error:
        return f"refused ({error.response['Error']['Code']})"
    except Exception as error:
        return type(error).__name__
    return (
        "nothing said" if answer is None else f"{answer:g}" if isinstance(answer, int | float) else "let pass"
    )


def speed(client: Any, repeats: int, work: Callable[[Any, int], Any]) -> str:
    start = perf_counter()
    try:
        for number in range(repeats):
            work(client, number)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return f"{1e3 * (perf_counter() - start) / repeats:.1f} ms"


def main() -> None:
    engines = {"MiniStack": Engine()}
    engines |= {name: Engine(endpoint=url) for name, _, url in (a.partition("=") for a in sys.argv[1:])}
    clients = {name: engine.client(strict=False) for name, engine in engines.items()}
    for client in clients.values():
        client.create_table(**TABLE.create_request("bench"))
    line = "{:<28}" + "{:>14}" + "{:>34}" * len(clients)
    print(line.format("units", "DynamoDB", *clients))
    for name, (right, ask) in BILLS.items():
        print(line.format(name, f"{right:g}", *(told(lambda c=c, ask=ask: ask(c)) for c in clients.values())))
    for name, ask in LAX.items():
        print(line.format(name, "refused", *(told(lambda c=c, ask=ask: ask(c)) for c in clients.values())))
    for name, (repeats, ask) in SPEED.items():
        took = {engine: speed(client, repeats, ask) for engine, client in clients.items()}
        print(line.format(name, "-", *took.values()))
        first, *others = [(engine, answer) for engine, answer in took.items() if answer.endswith(" ms")]
        for engine, answer in others or [("", None)]:
            theirs = float(answer.removesuffix(" ms")) if answer else None
            report(
                f"{name}, {first[0]}", float(first[1].removesuffix(" ms")), "ms", peer=engine, theirs=theirs
            )
    for engine in engines.values():
        engine.stop()


if __name__ == "__main__":
    main()

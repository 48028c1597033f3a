"""Random items and operations that aim at the edges: KB boundaries, Unicode, nesting, long numbers."""

from __future__ import annotations

import random
import string
from decimal import Decimal

from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.schema import Index, Table

TABLE = Table(
    indexes=(
        Index("all", "A", "B"),
        Index("keys", "B", projection="KEYS_ONLY"),
        Index("some", ("A", "C"), ("B",), projection=("payload", "n")),
    )
)
LETTERS = string.ascii_letters + "äßéñ漢字🚀"
SIZES = (1, 4, 1000, 1020, 1024, 2048, 4096, 8192, 20_000)


def text(draw: random.Random, most: int = 12) -> str:
    return "".join(draw.choices(LETTERS, k=draw.randint(1, most)))


def number(draw: random.Random) -> Decimal:
    digits = draw.randint(1, 38)
    sign = draw.choice((0, 1))
    figures = [draw.randint(1, 9), *(draw.randint(0, 9) for _ in range(digits - 1))]
    if draw.random() < 0.3:
        figures[digits // 2 :] = [0] * (digits - digits // 2)
    return Decimal((sign, tuple(figures), draw.randint(-60, 40)))


def value(draw: random.Random, depth: int = 0):
    kinds = ["text", "number", "int", "bool", "none", "bytes", "set", "numbers"]
    kind = draw.choice(kinds + (["list", "map"] if depth < 3 else []))
    match kind:
        case "text":
            return text(draw)
        case "number":
            return number(draw)
        case "int":
            return draw.choice((0, 1, -1, 10, 100, 1000, 12345, -(10**37)))
        case "bool":
            return draw.random() < 0.5
        case "none":
            return None
        case "bytes":
            return draw.randbytes(draw.randint(0, 20))
        case "set":
            return {text(draw) for _ in range(draw.randint(1, 4))}
        case "numbers":
            return {number(draw) for _ in range(draw.randint(1, 4))}
        case "list":
            return [value(draw, depth + 1) for _ in range(draw.randint(0, 4))]
    return {text(draw): value(draw, depth + 1) for _ in range(draw.randint(0, 4))}


def item(draw: random.Random, key: tuple[str, str]) -> dict:
    """Return an item whose size is often exactly at, or one byte past, an edge."""
    made = {"PK": key[0], "SK": key[1], "payload": value(draw)}
    for name in "ABC":
        if draw.random() < 0.7:
            made[name] = draw.choice("xyz")
    if draw.random() < 0.6:
        made["n"] = value(draw)
    goal = draw.choice(SIZES) + draw.choice((-1, 0, 1))
    missing = goal - item_size(made) - 1
    if missing > 0:
        made["f"] = "é" * (missing // 2) + "a" * (missing % 2)
    return made


def operations(seed: int, count: int):
    """Yield (kind, arguments) over a small key space, so that most keys are hit many times."""
    draw = random.Random(seed)
    keys = [(f"P{p}", f"S{s}") for p in range(6) for s in range(8)]
    kinds = (
        "put",
        "put",
        "put",
        "delete",
        "touch",
        "get",
        "query",
        "batch_get",
        "transact_get",
        "transact_write",
        "refused",
    )
    for _ in range(count):
        kind, strong = draw.choice(kinds), draw.random() < 0.5
        key = draw.choice(keys)
        some = draw.sample(keys, draw.randint(1, 6))
        match kind:
            case "put" | "refused":
                yield kind, (key, item(draw, key))
            case "touch":
                name = draw.choice(("A", "B", "C", "n", "payload", "f"))
                yield kind, (key, {name: draw.choice("xyz" if name in "ABC" else (1, True, "x", None))})
            case "transact_write":
                yield kind, [(k, draw.choice((item(draw, k), None, "check"))) for k in some]
            case "query":
                yield kind, (key[0], strong)
            case "batch_get":
                yield kind, (some, strong)
            case "transact_get":
                yield kind, some
            case _:
                yield kind, (key, strong)

"""Three data sets as relational tables, made from a seed: a shop, films and their casts, code hosting.

Names are put together from syllables; any likeness is chance. Nothing here needs pandas.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["DATASETS", "IDS", "Rows", "make"]

Rows = dict[str, list[dict[str, Any]]]

IDS: dict[str, dict[str, tuple[str, ...]]] = {
    "shop": {
        "Customer": ("customer_id",),
        "Order": ("order_id",),
        "OrderLine": ("order_id", "line"),
    },
    "films": {"Film": ("film_id",), "Actor": ("actor_id",), "Role": ("film_id", "actor_id")},
    "hosting": {
        "Org": ("org_id",),
        "Repo": ("repo_id",),
        "Issue": ("repo_id", "number"),
        "Star": ("repo_id", "user_id"),
    },
}

START = datetime(2026, 1, 1, tzinfo=UTC)
SYLLABLES = [a + b for a in "blmnstv" for b in "aeio"]  # few letters, so that no word means anything rude
PLACES = {
    "NL": ("Arnhem", "Delft", "Zwolle"),
    "DE": ("Köln", "Mainz", "Ulm"),
    "ES": ("Ávila", "Cádiz", "Vigo"),
    "JP": ("大阪", "京都", "奈良"),
    "BR": ("Belém", "Natal", "Recife"),
}
PRODUCTS = ("kettle", "lamp", "notebook", "bicycle", "teapot", "umbrella", "chair", "radio", "blanket")
STATUSES = ("PLACED", "PAID", "SHIPPED", "DELIVERED", "CANCELLED")
STATUS_WEIGHTS = (6, 8, 10, 70, 6)
GENRES = ("drama", "comedy", "thriller", "animation", "documentary")
LANGUAGES = ("Go", "Python", "Rust", "TypeScript", "C")
CELEBRITY_SHARE = 0.5


def make(name: str, *, seed: int = 1, scale: float = 1.0) -> Rows:
    """Return a data set's tables, each a list of rows.

    Args:
        name: "shop", "films" or "hosting".
        seed: the same seed gives the same rows, on every machine.
        scale: 10 gives about ten times the rows: twice the parents with five times the children.

    Raises:
        ValueError: naming the data sets there are.
    """
    if name not in DATASETS:
        raise ValueError(f"There is no data set {name!r}; there are: {', '.join(DATASETS)}.")
    return DATASETS[name](random.Random(f"{name} {seed}"), scale**0.3, scale**0.7)


def _word(draw: random.Random, syllables: int = 3) -> str:
    return "".join(draw.choices(SYLLABLES, k=syllables)).capitalize()


def _sentence(draw: random.Random, words: int) -> str:
    return " ".join(_word(draw, 2).lower() for _ in range(words)).capitalize()


def _moments(draw: random.Random, count: int, days: int) -> list[str]:
    """Return that many different times in ascending order."""
    seconds = sorted(draw.sample(range(days * 86_400), count))
    return [(START + timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%SZ") for s in seconds]


def _shop(draw: random.Random, width: float, depth: float) -> Rows:
    customers = []
    for number in range(1, round(200 * width) + 1):
        country = draw.choice(list(PLACES))
        name = f"{_word(draw)} {_word(draw)}"
        customers.append(
            {
                "customer_id": number,
                "name": name,
                "email": f"{name.lower().replace(' ', '.')}.{number}@mail.example",
                "city": draw.choice(PLACES[country]),
                "country": country,
            }
        )
    orders, lines = [], []
    count = round(1500 * width * depth)
    for number, moment in enumerate(_moments(draw, count, 300), start=1):
        buyer = customers[min(int(draw.paretovariate(0.9)) - 1, len(customers) - 1)]
        if draw.random() < 0.8:
            buyer = draw.choice(customers)
        mine = _order_lines(draw, number)
        lines += mine
        orders.append(
            {
                "order_id": number,
                "customer_id": buyer["customer_id"],
                "ordered_at": moment,
                "status": draw.choices(STATUSES, STATUS_WEIGHTS)[0],
                "country": buyer["country"],
                "total_cents": sum(line["quantity"] * line["price_cents"] for line in mine),
                "note": _sentence(draw, draw.randint(4, 30)),
            }
        )
    return {"Customer": customers, "Order": orders, "OrderLine": lines}


def _order_lines(draw: random.Random, order: int) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order,
            "line": line,
            "product": draw.choice(PRODUCTS),
            "quantity": draw.randint(1, 4),
            "price_cents": draw.randint(200, 40_000),
        }
        for line in range(1, draw.choice((1, 2, 2, 3, 3, 5)) + 1)
    ]


def _films(draw: random.Random, width: float, depth: float) -> Rows:
    films = [
        {
            "film_id": number,
            "title": f"The {_word(draw)} {_word(draw, 2)}",
            "year": draw.randint(1960, 2025),
            "genre": draw.choice(GENRES),
            "plot": _sentence(draw, draw.randint(10, 40)),
        }
        for number in range(1, round(300 * width) + 1)
    ]
    actors = [
        {"actor_id": number, "name": f"{_word(draw)} {_word(draw)}", "born": draw.randint(1920, 2005)}
        for number in range(1, round(500 * width) + 1)
    ]
    roles = []
    for film in films:
        cast = draw.sample(actors, min(round(draw.randint(2, 8) * depth), len(actors)))
        roles += [
            {
                "film_id": film["film_id"],
                "actor_id": actor["actor_id"],
                "billing": billing,
                "character": _word(draw),
                "title": film["title"],
                "year": film["year"],
                "actor_name": actor["name"],
            }
            for billing, actor in enumerate(cast, start=1)
        ]
    return {"Film": films, "Actor": actors, "Role": roles}


def _hosting(draw: random.Random, width: float, depth: float) -> Rows:
    orgs = [
        {"org_id": n, "name": _word(draw, 4), "plan": draw.choice(("free", "team", "enterprise"))}
        for n in range(1, round(50 * width) + 1)
    ]
    repos = [
        {
            "repo_id": n,
            "org_id": draw.choice(orgs)["org_id"],
            "name": _word(draw, 3).lower(),
            "language": draw.choice(LANGUAGES),
            "about": _sentence(draw, draw.randint(5, 20)),
        }
        for n in range(1, round(200 * width) + 1)
    ]
    counters: dict[int, int] = {}
    issues = [
        _issue(draw, draw.choice(repos)["repo_id"], moment, counters)
        for moment in _moments(draw, round(2000 * width * depth), 300)
    ]
    return {"Org": orgs, "Repo": repos, "Issue": issues, "Star": _stars(draw, repos, width, depth)}


def _issue(draw: random.Random, repo: int, moment: str, counters: dict[int, int]) -> dict[str, Any]:
    counters[repo] = counters.get(repo, 0) + 1
    return {
        "repo_id": repo,
        "number": counters[repo],
        "opened_at": moment,
        "state": draw.choices(("OPEN", "CLOSED"), (1, 4))[0],
        "title": _sentence(draw, draw.randint(3, 9)),
        "body": _sentence(draw, draw.randint(10, 80)),
    }


def _stars(draw: random.Random, repos: list[dict], width: float, depth: float) -> list[dict[str, Any]]:
    """Give half of all stars to repository 1, the celebrity."""
    people = round(1500 * width * depth)
    given: dict[tuple[int, int], None] = {}
    for _ in range(round(2000 * width * depth)):
        celebrity = draw.random() < CELEBRITY_SHARE
        given[(1 if celebrity else draw.choice(repos)["repo_id"], draw.randint(1, people))] = None
    moments = _moments(draw, len(given), 300)
    return [
        {"repo_id": repo, "user_id": user, "starred_at": moment}
        for (repo, user), moment in zip(given, moments, strict=True)
    ]


DATASETS: dict[str, Callable[[random.Random, float, float], Rows]] = {
    "shop": _shop,
    "films": _films,
    "hosting": _hosting,
}

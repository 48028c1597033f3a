"""What each access pattern asks, and the right answer by pandas on the relational tables.

This is the yardstick: no keys, no units, just joins, filters and sorts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engineroom.dynamodb.entities import RowId

if TYPE_CHECKING:
    import pandas as pd

    Frames = Mapping[str, pd.DataFrame]

__all__ = ["PATTERNS", "Budget", "Pattern"]

Question = dict[str, Any]


@dataclass(frozen=True)
class Budget:
    """What one answer may cost: requests, and the share of the items read that must be returned."""

    requests: int = 1
    returned_share: float = 0.9


@dataclass(frozen=True)
class Pattern:
    """An access pattern.

    Attributes:
        asks: what the application wants to know, in words.
        question: draws parameters that fit the tables.
        answer: the rows that answer them, by name and relational key.
        ordered: whether the order of the answer matters.
    """

    name: str
    asks: str
    question: Callable[[Frames, random.Random], Question]
    answer: Callable[[Frames, Question], list[RowId]]
    ordered: bool = True
    budget: Budget = Budget()

    def with_budget(self, requests: int) -> Pattern:
        """Return this pattern with another limit on requests."""
        return replace(self, budget=replace(self.budget, requests=requests))

    def questions(self, frames: Frames, count: int, seed: int) -> list[Question]:
        """Return that many questions for a seed."""
        draw = random.Random(f"{self.name} {seed}")
        return [self.question(frames, draw) for _ in range(count)]


def _ids(name: str, frame: pd.DataFrame, columns: Iterable[str]) -> list[RowId]:
    return [(name, key) for key in frame[list(columns)].itertuples(index=False, name=None)]


def _draw(frame: pd.DataFrame, draw: random.Random, *columns: str) -> Question:
    row = frame.iloc[draw.randrange(len(frame))]
    return {name: row[name].item() if hasattr(row[name], "item") else row[name] for name in columns}


def _customer_of(frames: Frames, question: Question) -> pd.DataFrame:
    customers = frames["Customer"]
    return customers[customers.customer_id == question["customer_id"]]


def _orders_of(frames: Frames, question: Question) -> pd.DataFrame:
    orders = frames["Order"]
    return orders[orders.customer_id == question["customer_id"]].sort_values("ordered_at", ascending=False)


def _profile_and_orders(frames: Frames, question: Question) -> list[RowId]:
    newest = _orders_of(frames, question).head(10)
    return _ids("Customer", _customer_of(frames, question), ["customer_id"]) + _ids(
        "Order", newest, ["order_id"]
    )


def _orders_in_month(frames: Frames, question: Question) -> list[RowId]:
    mine = _orders_of(frames, question)
    return _ids("Order", mine[mine.ordered_at.str.startswith(question["month"])], ["order_id"])


def _order_with_lines(frames: Frames, question: Question) -> list[RowId]:
    orders, lines = frames["Order"], frames["OrderLine"]
    mine = lines[lines.order_id == question["order_id"]].sort_values("line")
    return _ids("Order", orders[orders.order_id == question["order_id"]], ["order_id"]) + _ids(
        "OrderLine", mine, ["order_id", "line"]
    )


def _waiting_orders(frames: Frames, question: Question) -> list[RowId]:
    orders = frames["Order"]
    waiting = orders[(orders.status == "PLACED") & (orders.country == question["country"])]
    return _ids("Order", waiting.sort_values("ordered_at"), ["order_id"])


def _customer_by_email(frames: Frames, question: Question) -> list[RowId]:
    customers = frames["Customer"]
    return _ids("Customer", customers[customers.email == question["email"]], ["customer_id"])


def _month_question(frames: Frames, draw: random.Random) -> Question:
    question = _draw(frames["Order"], draw, "customer_id", "ordered_at")
    return {"customer_id": question["customer_id"], "month": question["ordered_at"][:7]}


def _film_with_cast(frames: Frames, question: Question) -> list[RowId]:
    films, roles = frames["Film"], frames["Role"]
    cast = roles[roles.film_id == question["film_id"]].sort_values("billing")
    return _ids("Film", films[films.film_id == question["film_id"]], ["film_id"]) + _ids(
        "Role", cast, ["film_id", "actor_id"]
    )


def _actor_with_roles(frames: Frames, question: Question) -> list[RowId]:
    actors, roles = frames["Actor"], frames["Role"]
    played = roles[roles.actor_id == question["actor_id"]].sort_values(["year", "film_id"])
    return _ids("Actor", actors[actors.actor_id == question["actor_id"]], ["actor_id"]) + _ids(
        "Role", played, ["film_id", "actor_id"]
    )


def _films_of_year(frames: Frames, question: Question) -> list[RowId]:
    films = frames["Film"]
    same = films[(films.genre == question["genre"]) & (films.year == question["year"])]
    return _ids("Film", same.sort_values("film_id"), ["film_id"])


def _org_with_repos(frames: Frames, question: Question) -> list[RowId]:
    orgs, repos = frames["Org"], frames["Repo"]
    mine = repos[repos.org_id == question["org_id"]].sort_values("repo_id")
    return _ids("Org", orgs[orgs.org_id == question["org_id"]], ["org_id"]) + _ids("Repo", mine, ["repo_id"])


def _open_issues(frames: Frames, question: Question) -> list[RowId]:
    issues = frames["Issue"]
    mine = issues[(issues.repo_id == question["repo_id"]) & (issues.state == "OPEN")]
    return _ids("Issue", mine.sort_values("opened_at", ascending=False).head(20), ["repo_id", "number"])


def _stargazers(frames: Frames, question: Question) -> list[RowId]:
    stars = frames["Star"]
    return _ids("Star", stars[stars.repo_id == question["repo_id"]], ["repo_id", "user_id"])


def _starred_by(frames: Frames, question: Question) -> list[RowId]:
    stars = frames["Star"]
    mine = stars[stars.user_id == question["user_id"]].sort_values("starred_at", ascending=False)
    return _ids("Star", mine, ["repo_id", "user_id"])


def _from(entity: str, *columns: str) -> Callable[[Frames, random.Random], Question]:
    return lambda frames, draw: _draw(frames[entity], draw, *columns)


def _named(*patterns: Pattern) -> dict[str, Pattern]:
    return {pattern.name: pattern for pattern in patterns}


PATTERNS: dict[str, dict[str, Pattern]] = {
    "shop": _named(
        Pattern(
            "profile_and_orders",
            "a customer's profile and their ten newest orders, newest first",
            _from("Order", "customer_id"),
            _profile_and_orders,
        ),
        Pattern(
            "orders_in_month",
            "a customer's orders in one month, newest first",
            _month_question,
            _orders_in_month,
        ),
        Pattern(
            "order_with_lines",
            "one order and its lines, by order number",
            _from("Order", "order_id"),
            _order_with_lines,
        ),
        Pattern(
            "waiting_orders",
            "a country's orders that are placed and not paid, oldest first",
            _from("Order", "country"),
            _waiting_orders,
        ),
        Pattern(
            "customer_by_email",
            "the customer with an e-mail address",
            _from("Customer", "email"),
            _customer_by_email,
        ),
    ),
    "films": _named(
        Pattern(
            "film_with_cast",
            "a film and its cast, in order of billing",
            _from("Film", "film_id"),
            _film_with_cast,
        ),
        Pattern(
            "actor_with_roles",
            "an actor and all their roles, oldest film first",
            _from("Role", "actor_id"),
            _actor_with_roles,
        ),
        Pattern(
            "films_of_year",
            "the films of one genre in one year",
            _from("Film", "genre", "year"),
            _films_of_year,
        ),
    ),
    "hosting": _named(
        Pattern(
            "org_with_repos",
            "an organisation and its repositories",
            _from("Org", "org_id"),
            _org_with_repos,
        ),
        Pattern(
            "open_issues",
            "a repository's twenty newest open issues",
            _from("Issue", "repo_id"),
            _open_issues,
        ),
        Pattern(
            "stargazers",
            "everybody who starred a repository",
            _from("Star", "repo_id"),
            _stargazers,
            ordered=False,
            budget=Budget(requests=10),
        ),
        Pattern(
            "starred_by",
            "what a user starred, newest first",
            _from("Star", "user_id"),
            _starred_by,
        ),
    ),
}

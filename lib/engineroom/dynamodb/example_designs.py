"""A design per data set that answers every access pattern, and the relational habit beside it."""

from __future__ import annotations

from engineroom.dynamodb.layout import Design
from engineroom.dynamodb.schema import Index, Table

__all__ = ["RELATIONAL_SHOP", "SINGLE_TABLE"]

SINGLE_TABLE: dict[str, Design] = {
    "shop": Design(
        Table(
            indexes=(
                Index("GSI1", "GSI1PK", "GSI1SK"),
                Index("by_email", "email"),
                Index("by_order", "order_id", "SK"),
            )
        ),
        {
            "Customer": {"PK": "CUSTOMER#{customer_id}", "SK": "PROFILE"},
            "Order": {
                "PK": "CUSTOMER#{customer_id}",
                "SK": "ORDER#{ordered_at}#{order_id}",
                "GSI1PK": "WAITING#{country} if status=PLACED",
                "GSI1SK": "{ordered_at}",
            },
            "OrderLine": {"PK": "ORDER#{order_id}", "SK": "ORDERLINE#{line:03d}"},
        },
        {
            "profile_and_orders": "query where PK = CUSTOMER#{customer_id} descending limit 11",
            "orders_in_month": (
                "query where PK = CUSTOMER#{customer_id} and SK begins_with ORDER#{month} descending"
            ),
            "order_with_lines": "query on by_order where order_id = {order_id}",
            "waiting_orders": "query on GSI1 where GSI1PK = WAITING#{country}",
            "customer_by_email": "query on by_email where email = {email}",
        },
    ),
    "films": Design(
        Table(indexes=(Index("inverted", "GSI1PK", "GSI1SK"), Index("by_genre", ("genre", "year"), "SK"))),
        {
            "Film": {"PK": "FILM#{film_id:05d}", "SK": "FILM#{film_id:05d}"},
            "Actor": {
                "PK": "ACTOR#{actor_id:05d}",
                "SK": "ACTOR",
                "GSI1PK": "ACTOR#{actor_id:05d}",
                "GSI1SK": "A",
            },
            "Role": {
                "PK": "FILM#{film_id:05d}",
                "SK": "ROLE#{billing:03d}#{actor_id}",
                "GSI1PK": "ACTOR#{actor_id:05d}",
                "GSI1SK": "ROLE#{year}#{film_id:05d}",
            },
        },
        {
            "film_with_cast": "query where PK = FILM#{film_id:05d}",
            "actor_with_roles": "query on inverted where GSI1PK = ACTOR#{actor_id:05d}",
            "films_of_year": (
                "query on by_genre where genre = {genre} and year = {year} and SK begins_with FILM#"
            ),
        },
    ),
    "hosting": Design(
        Table(indexes=(Index("GSI1", "GSI1PK", "GSI1SK"),)),
        {
            "Org": {"PK": "ORG#{org_id}", "SK": "A"},
            "Repo": {"PK": "ORG#{org_id}", "SK": "REPO#{repo_id:06d}"},
            "Issue": {
                "PK": "REPO#{repo_id}",
                "SK": "ISSUE#{number:06d}",
                "GSI1PK": "OPEN#{repo_id} if state=OPEN",
                "GSI1SK": "{opened_at}",
            },
            "Star": {
                "PK": "STARS#{repo_id}#{user_id%10}",
                "SK": "USER#{user_id:08d}",
                "GSI1PK": "USER#{user_id}",
                "GSI1SK": "{starred_at}",
            },
        },
        {
            "org_with_repos": "query where PK = ORG#{org_id}",
            "open_issues": "query on GSI1 where GSI1PK = OPEN#{repo_id} descending limit 20",
            "stargazers": "across shard 0..9 query where PK = STARS#{repo_id}#{shard}",
            "starred_by": "query on GSI1 where GSI1PK = USER#{user_id} descending",
        },
    ),
}

# one key per kind of record and foreign keys in indexes, as one would normalise for SQL
RELATIONAL_SHOP = Design(
    Table(indexes=(Index("by_customer", "customer_id", "ordered_at"), Index("by_order", "order_id", "line"))),
    {
        "Customer": {"PK": "CUSTOMER#{customer_id}", "SK": "-"},
        "Order": {"PK": "ORDER#{order_id}", "SK": "-"},
        "OrderLine": {"PK": "LINE#{order_id}#{line}", "SK": "-"},
    },
    {
        "profile_and_orders": (
            "get where PK = CUSTOMER#{customer_id} and SK = - "
            "then query on by_customer where customer_id = {customer_id} descending limit 10"
        ),
        "orders_in_month": (
            "query on by_customer where customer_id = {customer_id} "
            "and ordered_at begins_with {month} descending"
        ),
        "order_with_lines": (
            "get where PK = ORDER#{order_id} and SK = - then query on by_order where order_id = {order_id}"
        ),
        "waiting_orders": "scan filter status = PLACED and country = {country}",
        "customer_by_email": "scan filter email = {email}",
    },
)

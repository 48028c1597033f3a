"""Makes a boto3 client refuse, before sending, what DynamoDB would refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engineroom.dynamodb.request_lint import problems
from engineroom.dynamodb.schema import Table

__all__ = ["Tables", "refuse_like_dynamodb"]

SCHEMA_CHANGES = ("CreateTable", "UpdateTable", "DeleteTable")
OWN_REQUESTS = ("DescribeTable", "ListTables", "DescribeTimeToLive")


class Tables(Mapping[str, Table]):
    """The tables behind a client, each described once and kept until its schema changes."""

    def __init__(self, client: Any):
        self._client = client
        self._known: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        """Return a table's schema.

        Raises:
            KeyError: when the table does not exist.
        """
        if name not in self._known:
            try:
                description = self._client.describe_table(TableName=name)["Table"]
            except self._client.exceptions.ResourceNotFoundException:
                raise KeyError(name) from None
            self._known[name] = Table.from_description(description)
        return self._known[name]

    def forget(self) -> None:
        """Describe every table anew when it is next asked for."""
        self._known.clear()

    def __iter__(self):
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def refuse_like_dynamodb(client: Any) -> None:
    """Register the strict lint on a client: a broken rule raises a ValidationException at once."""
    from botocore.exceptions import ClientError

    tables = Tables(client)

    def check(model: Any, params: Mapping[str, Any], **_: Any) -> None:
        if model.name in OWN_REQUESTS:
            return
        if model.name in SCHEMA_CHANGES:
            tables.forget()
        broken = problems(model.name, json.loads(params["body"]), tables)
        if broken:
            error = {"Code": "ValidationException", "Message": " ".join(broken)}
            raise ClientError({"Error": error}, model.name)

    client.meta.events.register("before-call.dynamodb.*", check)

"""Lends a live table to code in a sandbox without any network: each request crosses over as bytes.

Inside, `borrow` makes an ordinary boto3 table whose requests go through a function instead of a
socket. Outside, `Lender.serve` carries them out with the table's own client, so that whatever
listens there (a meter, the strict lint, somebody else who writes meanwhile) sees them as if the
code ran here. A request names an operation of the list below and the lent table, or is refused.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

from engineroom.dynamodb.wire import from_wire

__all__ = ["OPERATIONS", "Lender", "borrow"]

OPERATIONS = {
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "DeleteItem": "delete_item",
    "DescribeTable": "describe_table",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactGetItems": "transact_get_items",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}
NOWHERE = "http://127.0.0.1:9"  # never asked: every request is answered before it is sent


class Lender:
    """Carries out, with a table's own client, what borrowers of it ask.

    Args:
        table: a boto3 table.
    """

    def __init__(self, table: Any):
        self._table = table

    @property
    def recipe(self) -> tuple[str, str, tuple]:
        """Return module, function and arguments that make the table inside, given a way to ask."""
        return __name__, "borrow", (self._table.name,)

    def serve(self, request: bytes) -> bytes:
        """Carry out one request, a JSON object with "operation" and "body"; return status and body.

        Whatever the borrower sends, an answer comes back: what can't be read is refused as DynamoDB
        refuses a malformed request. What listeners on the client raise passes through.
        """
        try:
            asked = json.loads(request)
            name, body = asked["operation"], asked["body"]
            method, model = OPERATIONS[name], self._table.meta.client.meta.service_model.operation_model(name)
            if others := set(_tables_in(body)) - {self._table.name}:
                return _refused(f"{name} names {', '.join(sorted(others))}; only the lent table is here.")
            params = _to_python(body, model.input_shape)
        except Exception as error:
            return _refused(f"The request can't be read: {type(error).__name__}.")
        return self._carry_out(method, model, params)

    def _carry_out(self, method: str, model: Any, params: dict[str, Any]) -> bytes:
        from botocore.exceptions import ClientError, ParamValidationError

        try:
            reply = getattr(self._table.meta.client, method)(**params)
        except ParamValidationError as error:
            return _refused(str(error))
        except ClientError as error:
            details = error.response["Error"]
            body = {"__type": details["Code"], "message": details.get("Message", "")}
            body |= {key: error.response[key] for key in ("CancellationReasons",) if key in error.response}
            return _answer(400, body)
        reply.pop("ResponseMetadata", None)
        return _answer(200, _to_wire(reply, model.output_shape))


def borrow(name: str, ask: Callable[[bytes], bytes]) -> Any:
    """Return a boto3 table whose requests go to `ask`, which hands them to `Lender.serve` outside."""
    from botocore.awsrequest import AWSResponse

    from engineroom.dynamodb.engine import local_config, local_session

    resource = local_session().resource("dynamodb", endpoint_url=NOWHERE, config=local_config())

    def answered(request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"]
        operation = operation.decode() if isinstance(operation, bytes) else operation
        told = {"operation": operation.rsplit(".", 1)[-1], "body": json.loads(request.body)}
        reply = json.loads(ask(json.dumps(told).encode()))
        body = json.dumps(reply["body"]).encode()
        headers = {"content-type": "application/x-amz-json-1.0", "content-length": str(len(body))}
        return AWSResponse(request.url, reply["status"], headers, _Raw(body))

    resource.meta.client.meta.events.register("before-send.dynamodb.*", answered)
    return resource.Table(name)


class _Raw(io.BytesIO):
    """A body as urllib3 would hand it over."""

    def stream(self, *_: Any, **__: Any):
        yield self.read()


def _answer(status: int, body: Any) -> bytes:
    return json.dumps({"status": status, "body": body}, default=_binary).encode()


def _binary(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


def _refused(message: str) -> bytes:
    return _answer(400, {"__type": "ValidationException", "message": message})


def _tables_in(body: Any):
    """Yield every table that a request names."""
    if isinstance(body, dict):
        for key, value in body.items():
            if key == "TableName":
                yield str(value)
            elif key == "RequestItems" and isinstance(value, dict):
                yield from value
            elif key == "TransactItems" and isinstance(value, list):
                for action in value:
                    for inner in action.values():
                        yield str(inner.get("TableName"))


def _to_python(body: Any, shape: Any) -> Any:
    """Turn attribute values as they travel into the plain values that a resource's client takes."""
    return _walk(body, shape, from_wire)


def _to_wire(reply: Any, shape: Any) -> Any:
    """Turn a resource's plain values into attribute values as they travel."""
    from boto3.dynamodb.types import TypeSerializer

    return _walk(reply, shape, TypeSerializer().serialize)


def _walk(value: Any, shape: Any, change: Callable[[Any], Any]) -> Any:
    """Return a value of a botocore shape with every attribute value in it changed."""
    if shape.name == "AttributeValue":
        return change(value)
    if shape.type_name == "structure":
        known = ((key, inner, shape.members[key]) for key, inner in value.items() if key in shape.members)
        return {key: _walk(inner, member, change) for key, inner, member in known}
    if shape.type_name == "map":
        return {key: _walk(inner, shape.value, change) for key, inner in value.items()}
    if shape.type_name == "list":
        return [_walk(inner, shape.member, change) for inner in value]
    return value

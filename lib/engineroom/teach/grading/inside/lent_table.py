"""A DynamoDB table as code in the sandbox sees it: boto3's own, but the grader makes its requests."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import boto3
from boto3.dynamodb.transform import TransformationInjector, copy_dynamodb_params

__all__ = ["table"]

# Nothing listens at this address, and nothing could be reached: no request ever gets that far.
_resource = boto3.resource(
    "dynamodb",
    region_name="us-east-1",
    endpoint_url="http://127.0.0.1:9",
    aws_access_key_id="none",
    aws_secret_access_key="none",
)


def table(name: str, ask: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return a boto3 table whose every request is asked of the grader.

    Args:
        name: the table's.
        ask: hands a request out and returns what became of it.
    """
    made = _resource.Table(name)
    client = made.meta.client

    def request(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        params = copy_dynamodb_params(params)
        TransformationInjector().inject_condition_expressions(
            params, client.meta.service_model.operation_model(operation)
        )
        answer = ask({"table": name, "operation": operation, "params": params})
        if "returned" in answer:
            return answer["returned"]
        if "refused" in answer:
            code = answer["refused"].get("Error", {}).get("Code")
            raise client.exceptions.from_code(code)(answer["refused"], operation)
        kind, message = answer["raised"]
        known = getattr(builtins, kind, None)
        raise (known if isinstance(known, type) else type(kind, (Exception,), {}))(message)

    client._make_api_call = request
    return made

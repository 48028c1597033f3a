"""DynamoDB's JSON on the wire, ``{"N": "1"}``, and the plain Python values that it stands for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["for_boto3", "from_wire", "item_from_wire"]

_SCALARS = {
    "S": str,
    "N": Decimal,
    "B": lambda raw: raw if isinstance(raw, bytes) else base64.b64decode(raw),
    "BOOL": bool,
    "NULL": lambda _: None,
}


def from_wire(tagged: Mapping[str, Any]) -> Any:
    """Return the Python value of one tagged value; binary is bytes, or base64 text as in a request's body."""
    ((tag, raw),) = tagged.items()
    if tag == "L":
        return [from_wire(element) for element in raw]
    if tag == "M":
        return item_from_wire(raw)
    if tag in ("SS", "NS", "BS"):
        return {_SCALARS[tag[0]](member) for member in raw}
    return _SCALARS[tag](raw)


def item_from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Python values of an item, or of the values in a map."""
    return {name: from_wire(tagged) for name, tagged in item.items()}


def for_boto3(body: Any) -> Any:
    """Return a request's body with binary values as bytes, which is how boto3 takes them."""
    if isinstance(body, list):
        return [for_boto3(element) for element in body]
    if not isinstance(body, dict):
        return body
    match list(body.items()):
        case [("B", str(raw))]:
            return {"B": base64.b64decode(raw)}
        case [("BS", [str(), *_] as members)]:
            return {"BS": [base64.b64decode(raw) for raw in members]}
    return {name: for_boto3(value) for name, value in body.items()}

"""DynamoDB's JSON on the wire, ``{"N": "1"}``, and the plain Python values that it stands for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["from_wire", "item_from_wire", "to_wire"]

_SCALARS = {
    "S": str,
    "N": Decimal,
    "B": base64.b64decode,
    "BOOL": bool,
    "NULL": lambda _: None,
}


def from_wire(tagged: Mapping[str, Any]) -> Any:
    """Return the Python value of one tagged value, binary being base64 text as in a request's body."""
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


def to_wire(value: str | int | Decimal) -> dict[str, str]:
    """Tag a key value: text as S, a number as N."""
    return {"S": value} if isinstance(value, str) else {"N": str(value)}

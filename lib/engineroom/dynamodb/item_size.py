"""How many bytes DynamoDB counts for a value, an attribute and an item.

Values are the Python types that boto3's resource layer uses: str, bytes, int or Decimal,
bool, None, list, dict and (non-empty, single-typed) set.

Sources: the developer guide's "Item sizes and formats" for everything but numbers. For numbers
the guide is approximate; the rule here (pairs of digits around the decimal point) was measured
against the service by others (dynoxide issue 195).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = [
    "MAX_ITEM_BYTES",
    "MAX_PARTITION_KEY_BYTES",
    "MAX_SORT_KEY_BYTES",
    "item_size",
    "number_size",
    "value_size",
]

MAX_ITEM_BYTES = 400 * 1024
MAX_PARTITION_KEY_BYTES = 2048
MAX_SORT_KEY_BYTES = 1024
MAX_DIGITS = 38

_CONTAINER_BYTES = 3
_ELEMENT_BYTES = 1


def number_size(number: int | Decimal) -> int:
    """Return the bytes of a number: one, plus one per pair of significant digits, plus one if negative.

    The pairs are counted outwards from the decimal point, after leading and trailing zeros
    are dropped: 100 is one pair (``01``), 1000 is one (``10``), 1.5 is two (``01``, ``50``).

    Raises:
        ValueError: for more than 38 significant digits, or not a number at all.
    """
    exact = Decimal(number)
    if not exact.is_finite():
        raise ValueError(f"The number is {number}; DynamoDB stores finite numbers only.")
    _, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return 1
    if len(significant) > MAX_DIGITS:
        raise ValueError(
            f"The number has {len(significant)} significant digits; DynamoDB keeps at most {MAX_DIGITS}."
        )
    lowest = exponent + len(text) - len(significant)  # power of ten of the last significant digit
    highest = exponent + len(text) - 1  # and of the first
    return 1 + (highest // 2 - lowest // 2 + 1) + (exact < 0)


def value_size(value: Any) -> int:
    """Return the bytes of one value, without its attribute's name.

    Raises:
        TypeError: for a type that DynamoDB does not have, such as float.
        ValueError: for a number with more than 38 digits, or an empty set.
    """
    if isinstance(value, str):
        return len(value.encode())
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int | Decimal):
        return number_size(value)
    if isinstance(value, bytes | bytearray):
        return len(value)
    if isinstance(value, list | tuple):
        return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + value_size(element) for element in value)
    if isinstance(value, Mapping):
        return _CONTAINER_BYTES + len(value) * _ELEMENT_BYTES + item_size(value)
    if isinstance(value, set | frozenset):
        return _set_size(value)
    hint = " (write Decimal('0.1'), not 0.1)" if isinstance(value, float) else ""
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}{hint}.")


def _set_size(members: set | frozenset) -> int:
    if not members:
        raise ValueError("A set is empty; DynamoDB stores no empty sets.")
    kinds = {"N" if isinstance(m, int | Decimal) else type(m).__name__ for m in members}
    if len(kinds) > 1 or any(isinstance(m, bool) for m in members):
        raise TypeError("A set must hold only strings, only numbers or only binary values.")
    return sum(map(value_size, members))


def item_size(item: Mapping[str, Any]) -> int:
    """Return the bytes of an item: every attribute's UTF-8 name and its value."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())

"""What one request addresses: key conditions filled in, in the types that the keys have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from engineroom.dynamodb.plans import Condition, PlanError, Step

__all__ = ["Target", "key_values", "target_of"]


@dataclass(frozen=True)
class Target:
    """What one request addresses once its values are filled in.

    Attributes:
        partition: values of the partition key attributes.
        equal: values of the leading sort attributes.
        operator: the range on the next sort attribute, if any, with its `values`.
    """

    partition: tuple
    equal: tuple = ()
    operator: str | None = None
    values: tuple = ()


def target_of(
    step: Step,
    partition: tuple[str, ...],
    sort: tuple[str, ...],
    row: Mapping[str, Any],
    types: Mapping[str, str],
) -> Target:
    """Fill in a step's key conditions.

    Args:
        step: what is asked.
        partition: the partition key attributes of the table or index.
        sort: its sort key attributes.
        row: the fields that the conditions may use.
        types: "S" or "N" by key attribute; a number that a plan spells out is read as one.

    Raises:
        PlanError: when the conditions are not a key condition of that table or index.
    """
    by_name: dict[str, Condition] = {}
    for condition in step.where:
        if condition.attribute not in (*partition, *sort) or condition.attribute in by_name:
            keys = ", ".join((*partition, *sort))
            raise PlanError(
                f"'where' takes each key once, and the keys here are {keys}; "
                f"{condition.attribute} belongs into 'filter'."
            )
        by_name[condition.attribute] = condition
    for name in partition:
        if name not in by_name or by_name[name].operator != "=":
            raise PlanError(f"The partition key {name} needs '='; without it this plan needs a scan.")
    used = [by_name[name] for name in sort if name in by_name]
    if any(c.attribute != name for c, name in zip(used, sort, strict=False)):
        raise PlanError(f"Sort key attributes are used from the left, without a gap: {', '.join(sort)}.")
    *exact, last = used or [None]
    if any(c.operator != "=" for c in exact):
        raise PlanError("Only the last sort key attribute used may be a range.")
    equal = tuple(key_values(c, row, types)[0] for c in exact)
    keys = tuple(key_values(by_name[name], row, types)[0] for name in partition)
    if last is None:
        return Target(keys)
    if last.operator == "=":
        return Target(keys, (*equal, key_values(last, row, types)[0]))
    return Target(keys, equal, last.operator, key_values(last, row, types))


def key_values(condition: Condition, row: Mapping[str, Any], types: Mapping[str, str]) -> tuple[Any, ...]:
    """Return a key condition's values in the key's own type.

    Raises:
        PlanError: when a value has another type, or the condition does not fit it.
    """
    name, values = condition.attribute, condition.bind(row)
    if types.get(name) == "N":
        if condition.operator == "begins_with":
            raise PlanError(f"{name} is a number; begins_with takes text.")
        values = tuple(_as_number(name, value) for value in values)
    elif odd := [value for value in values if not isinstance(value, str)]:
        raise PlanError(f"{name} is text, and {odd[0]} is a number; put it into text, like N#{{field}}.")
    if condition.operator == "between" and values[0] > values[1]:
        raise PlanError(f"The 'between' on {name} is reversed; the lower bound comes first.")
    return values


def _as_number(name: str, value: Any) -> Any:
    try:
        return Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        raise PlanError(f"{name} is a number, and {value!r} is none.") from None

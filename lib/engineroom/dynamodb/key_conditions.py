"""Key condition expressions, read as strictly as DynamoDB reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

__all__ = ["key_condition_problems", "names_in", "placeholders_in"]

Body = Mapping[str, Any]
EXPRESSIONS = (
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "ConditionExpression",
    "UpdateExpression",
)
TOKEN = re.compile(r"[#:]?[A-Za-z_][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+|\d+|<=|>=|<>|[=<>(),.\[\]+-]")
COMPARISONS = {"=", "<", "<=", ">", ">="}
WORDS = {
    *("and", "or", "not", "between", "in", "set", "remove", "add", "delete"),
    *("begins_with", "contains", "size", "attribute_exists", "attribute_not_exists", "attribute_type"),
    *("if_not_exists", "list_append"),
}


def placeholders_in(body: Body) -> set[str]:
    """Return every ``#name`` and ``:value`` that the request's expressions use."""
    tokens = (token for field in EXPRESSIONS for token in TOKEN.findall(body.get(field) or ""))
    return {token for token in tokens if token[0] in "#:"}


def names_in(expression: str, body: Body) -> set[str]:
    """Return the top-level attributes that an expression names, placeholders resolved."""
    aliases, names, tokens = body.get("ExpressionAttributeNames", {}), set(), TOKEN.findall(expression)
    for before, token in zip(["", *tokens], tokens, strict=False):
        named = token[0] == "#" or token[0].isalpha() or token[0] == "_"
        if named and before != "." and token.lower() not in WORDS:
            names.add(aliases.get(token, token))
    return names


def key_condition_problems(
    body: Body, partition: Sequence[str], sort: Sequence[str], key_type: Callable[[str], str]
) -> Iterator[str]:
    """Yield one sentence per rule that the request's key condition breaks.

    Args:
        body: a Query's body on the wire.
        partition: the partition key attributes of the table or index.
        sort: its sort key attributes, in order.
        key_type: the declared type, "S", "N" or "B", of a key attribute.
    """
    expression = body.get("KeyConditionExpression")
    if not expression:
        yield "The query has no KeyConditionExpression."
        return
    tokens = TOKEN.findall(expression)
    lowered = {token.lower() for token in tokens}
    for word in ("or", "not", "in", "contains"):
        if word in lowered:
            yield f"A key condition can't use {word.upper()}; only =, <, <=, >, >=, BETWEEN and begins_with."
            return
    if "<>" in lowered:
        yield "A key condition can't use <>."
        return
    conditions = []
    for clause in _clauses(_without_grouping(tokens)):
        parsed = _parse(clause, body)
        if parsed is None:
            yield f"The key condition {' '.join(clause)!r} can't be read."
            return
        conditions.append(parsed)
    yield from _placement(conditions, partition, sort)
    for name, operator, values in conditions:
        if name in (*partition, *sort):
            yield from _operands(name, operator, values, key_type(name))


Condition = tuple[str, str, list[Mapping[str, Any]]]


def _clauses(tokens: list[str]) -> list[list[str]]:
    """Split at every AND but the one that belongs to BETWEEN."""
    clauses, between = [[]], False
    for token in tokens:
        word = token.lower()
        if word == "and" and not between:
            clauses.append([])
            continue
        between = word == "between" or (between and word != "and")
        clauses[-1].append(token)
    return clauses


def _without_grouping(tokens: list[str]) -> list[str]:
    """Drop parentheses that only group, which change nothing where AND is the only connective."""
    kept, calls = [], []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token == "(":
            calls.append(before.lower() == "begins_with")
        if token not in "()" or (calls and calls[-1]):
            kept.append(token)
        if token == ")" and calls:
            calls.pop()
    return kept


def _parse(clause: list[str], body: Body) -> Condition | None:
    aliases, values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
    match clause:
        case [name, operator, value] if operator in COMPARISONS:
            picked = [value]
        case [name, word, low, joiner, high] if word.lower() == "between" and joiner.lower() == "and":
            operator, picked = "between", [low, high]
        case [word, "(", name, ",", value, ")"] if word.lower() == "begins_with":
            operator, picked = "begins_with", [value]
        case _:
            return None
    if any(value not in values for value in picked):
        return None
    return aliases.get(name, name), operator, [values[value] for value in picked]


def _placement(conditions: list[Condition], partition: Sequence[str], sort: Sequence[str]) -> Iterator[str]:
    named = [name for name, _, _ in conditions]
    for name in dict.fromkeys(named):
        if name not in (*partition, *sort):
            yield f"{name} is not a key here; the keys are {', '.join((*partition, *sort))}."
        elif named.count(name) > 1:
            yield f"{name} has {named.count(name)} conditions; it takes one (BETWEEN for a range)."
    for name in partition:
        if [operator for n, operator, _ in conditions if n == name] != ["="]:
            yield f"The partition key {name} needs one condition with '='."
    used = [(name, operator) for key in sort for name, operator, _ in conditions if name == key]
    if [name for name, _ in used] != list(sort[: len(used)]):
        yield f"Sort key attributes are used from the left, without a gap: {', '.join(sort)}."
    for name, operator in used[:-1]:
        if operator != "=":
            yield f"Only the last sort key attribute used may be a range; {name} has '{operator}'."


def _operands(name: str, operator: str, values: list[Mapping[str, Any]], kind: str) -> Iterator[str]:
    for tagged in values:
        ((tag, raw),) = tagged.items()
        if tag != kind:
            yield f"{name} is compared with a value of type {tag}; it is declared {kind}."
            return
        if raw == "" and operator == "=":
            yield f"{name} is compared with an empty value; a key is never empty."
    if operator == "begins_with" and kind == "N":
        yield f"{name} is a number; begins_with takes text or binary."
    if operator == "between":
        low, high = (Decimal(v["N"]) if kind == "N" else v[kind].encode() for v in values)
        if low > high:
            yield f"The BETWEEN on {name} is reversed; the lower bound comes first."

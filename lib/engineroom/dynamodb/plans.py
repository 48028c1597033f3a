"""Plans: how an application answers one question with DynamoDB requests, written in a line.

    get where PK = CUSTOMER#{customer_id} and SK = PROFILE
    query where PK = CUSTOMER#{customer_id} and SK begins_with ORDER# descending limit 10
    query on by_email where email = {email}
    query where PK = MOVIE#{movie_id} into batch get where PK = ACTOR#{actor_id} and SK = PROFILE
    get where PK = C#{id} and SK = P then query on by_customer where customer_id = {id}
    across shard 0..9 query where PK = REPO#{repo_id}#{shard}
    scan filter status = OPEN

``then`` adds the next step's rows to the answer; ``into`` replaces them. After either, a step may run
``for each`` row found so far (one request after the other, or ``for each in parallel``), and
``batch get`` always does. Fields in braces come from the question, and from the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engineroom.dynamodb.key_templates import KeyTemplate, TemplateError, template
from engineroom.kit.plainly import ToldPlainly

__all__ = ["Condition", "Plan", "PlanError", "Step", "read_plan"]

OPERATORS = ("=", "<", "<=", ">", ">=", "begins_with", "between")
VERBS = ("batch get", "get", "query", "scan")
MAX_SHARDS = 1000
BARE_FIELD = re.compile(r"\{(\w+)\}")


class PlanError(ToldPlainly, ValueError):
    """A plan can't be read, or needs what the design has not; the message is one sentence."""


@dataclass(frozen=True)
class Condition:
    """One comparison of an attribute with one value, or two for ``between``."""

    attribute: str
    operator: str
    values: tuple[KeyTemplate, ...]

    def bind(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Fill in the values: a bare ``{field}`` keeps the field's own type, all else is text.

        Raises:
            TemplateError: when the row has no such field, or no value in it.
        """
        return tuple(_value(t, row) for t in self.values)


def _value(t: KeyTemplate, row: Mapping[str, Any]) -> Any:
    bare = BARE_FIELD.fullmatch(t.text)
    value = row[bare[1]] if bare and bare[1] in row else t.render(row, "the question")
    if value is None:
        raise TemplateError(f"The value {t.text!r} is empty here.")
    return value


@dataclass(frozen=True)
class Step:
    """One kind of request, and how often it is sent.

    Attributes:
        verb: "get", "batch get", "query" or "scan".
        index: the index's name, or None for the table.
        mode: "once", "for each", "for each in parallel" or "across" (a fan-out over shards).
        shards: for "across": the field's name, the first and the last number.
        keeps: whether rows found earlier stay in the answer.
    """

    verb: str
    index: str | None
    where: tuple[Condition, ...]
    filters: tuple[Condition, ...]
    descending: bool
    limit: int | None
    mode: str
    shards: tuple[str, int, int] | None
    keeps: bool

    @property
    def per_row(self) -> bool:
        """True when it needs the rows found before it."""
        return self.verb == "batch get" or self.mode.startswith("for each")


Plan = tuple[Step, ...]


@lru_cache(maxsize=512)
def read_plan(text: str) -> Plan:
    """Read a plan.

    Raises:
        PlanError: with one sentence on the first word that does not fit.
    """
    words = text.split()
    steps, keeps, start = [], True, 0
    for at, word in enumerate([*words, "then"]):
        if word in ("then", "into"):
            steps.append(_Reader(words[start:at]).step(keeps))
            keeps, start = word == "then", at + 1
    if steps[0].per_row:
        raise PlanError(f"The first step {text!r} runs for each row, and there are none yet.")
    return tuple(steps)


class _Reader:
    """Reads one step from its words, left to right."""

    def __init__(self, words: list[str]):
        self.words, self.at = words, 0

    def _take(self, *phrase: str) -> bool:
        """Move past a phrase if it is next."""
        if tuple(self.words[self.at : self.at + len(phrase)]) != phrase:
            return False
        self.at += len(phrase)
        return True

    def _next(self, what: str) -> str:
        if self.at >= len(self.words):
            raise PlanError(f"The step '{' '.join(self.words)}' ends where {what} should follow.")
        self.at += 1
        return self.words[self.at - 1]

    def step(self, keeps: bool) -> Step:
        mode, shards = "once", None
        if self._take("for", "each", "in", "parallel"):
            mode = "for each in parallel"
        elif self._take("for", "each"):
            mode = "for each"
        elif self._take("across"):
            mode, shards = "across", (self._next("a field"), *self._range())
        verb = next((v for v in VERBS if self._take(*v.split())), None)
        if verb is None:
            word = self._next("get, batch get, query or scan")
            raise PlanError(f"A step starts with get, batch get, query or scan; this one with {word!r}.")
        index = self._next("an index's name") if self._take("on") else None
        where = self._conditions() if self._take("where") else ()
        filters = self._conditions() if self._take("filter") else ()
        descending = self._take("descending")
        limit = self._number("limit") if self._take("limit") else None
        if self.at < len(self.words):
            raise PlanError(f"{self.words[self.at]!r} does not fit into '{' '.join(self.words)}'.")
        if bool(where) == (verb == "scan"):
            raise PlanError(
                "A scan takes no 'where' (use filter)." if where else f"A {verb} needs a 'where'."
            )
        return Step(verb, index, where, filters, descending, limit, mode, shards, keeps)

    def _number(self, what: str) -> int:
        word = self._next("a number")
        if not word.isdigit() or int(word) < 1:
            raise PlanError(f"The {what} is {word!r}; it must be a whole number from 1.")
        return int(word)

    def _range(self) -> tuple[int, int]:
        low, _, high = (word := self._next("a range like 0..9")).partition("..")
        if not (low.isdigit() and high.isdigit() and int(low) <= int(high)):
            raise PlanError(f"The range is {word!r}; write it like 0..9.")
        if int(high) - int(low) >= MAX_SHARDS:
            raise PlanError(f"The range {word} is too wide; it takes {MAX_SHARDS} numbers at most.")
        return int(low), int(high)

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._take("and"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        attribute, operator = self._next("an attribute"), self._next("an operator")
        if operator not in OPERATORS:
            raise PlanError(f"{operator!r} is not an operator; the operators are {', '.join(OPERATORS)}.")
        values = [self._value()]
        if operator == "between":
            if not self._take("and"):
                raise PlanError(f"{attribute} between needs two values joined by 'and'.")
            values.append(self._value())
        return Condition(attribute, operator, tuple(values))

    def _value(self) -> KeyTemplate:
        word = self._next("a value")
        try:
            return template(word)
        except TemplateError as error:
            raise PlanError(str(error)) from None

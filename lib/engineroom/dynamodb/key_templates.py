"""Key templates: how an entity's attributes become a key, such as ``ORDER#{order_id:08d}``.

A template is text with fields in braces, formatted by Python's own rules. Two additions:
``{user_id%10}`` is a shard number, and a trailing `` if status=OPEN`` leaves the key out of every
other item, which makes an index sparse.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import Formatter
from typing import Any

from engineroom.kit.plainly import ToldPlainly

__all__ = ["KeyTemplate", "TemplateError", "shard_of"]

CONDITION = " if "


class TemplateError(ToldPlainly, ValueError):
    """A key template can't be read or can't be filled; the message is one sentence."""


def shard_of(value: Any, shards: int) -> int:
    """Return a shard number from 0 to `shards` - 1, the same in every process."""
    return value % shards if isinstance(value, int) else zlib.crc32(str(value).encode()) % shards


class KeyTemplate:
    """A key made from an entity's attributes.

    Attributes:
        text: the template as written.
        fields: the attributes that it names, in order, including the one after ``if``.

    Raises:
        TemplateError: when the text can't be read.
    """

    def __init__(self, text: str):
        self.text = text.strip()
        pattern, _, condition = self.text.partition(CONDITION)
        self._only = tuple(part.strip() for part in condition.split("=", 1)) if condition else ()
        if not pattern or (condition and len(self._only) != 2):
            raise TemplateError(f"The template {text!r} is empty or its 'if' is not like 'if status=OPEN'.")
        self._slots: list[tuple[str, int]] = []  # attribute and number of shards, 0 for none
        try:
            parts = list(Formatter().parse(pattern))
        except ValueError as error:
            raise TemplateError(f"The template {text!r} can't be read: {error}.") from None
        format_ = ""
        for literal, name, spec, conversion in parts:
            format_ += literal.replace("{", "{{").replace("}", "}}")
            if name is None:
                continue
            attribute, _, shards = name.partition("%")
            if (
                not attribute.isidentifier()
                or conversion
                or (shards and not (shards.isdigit() and int(shards)))
            ):
                raise TemplateError(f"The template {text!r} has a field {{{name}}} that is not an attribute.")
            format_ += f"{{{len(self._slots)}:{spec}}}"
            self._slots.append((attribute, int(shards or 0)))
        self._fill = format_.format
        self.fields = tuple(dict.fromkeys([*(name for name, _ in self._slots), *self._only[:1]]))

    def __repr__(self) -> str:
        return f"KeyTemplate({self.text!r})"

    @property
    def literal(self) -> bool:
        """True when it names no attribute, so that every item gets the same key."""
        return not self._slots

    def render(self, row: Mapping[str, Any], of: str = "the item") -> str | None:
        """Return the key of one row, or None where it has none.

        Raises:
            TemplateError: when the row has no such attribute or a format does not fit its value.
        """
        (key,) = self.render_all({name: [value] for name, value in row.items()}, 1, of)
        return key

    def render_all(self, columns: Mapping[str, Sequence[Any]], count: int, of: str) -> list[str | None]:
        """Return the keys of `count` rows given column by column; None where a row has no key.

        Args:
            columns: the attributes' values.
            count: the number of rows.
            of: the entity's name, for the error message.

        Raises:
            TemplateError: naming the template and the attribute.
        """
        missing = [name for name in self.fields if name not in columns]
        if missing:
            known = ", ".join(columns)
            raise TemplateError(f"The template {self.text!r} names {missing[0]!r}; {of} has: {known}.")
        values = [
            [shard_of(v, shards) for v in columns[name]] if shards else columns[name]
            for name, shards in self._slots
        ]
        try:
            keys = self._filled(values, count)
        except (ValueError, TypeError) as error:
            raise TemplateError(f"The template {self.text!r} does not fit {of}: {error}.") from None
        if self._only:
            name, wanted = self._only
            keys = [key if str(v) == wanted else None for key, v in zip(keys, columns[name], strict=True)]
        return keys

    def _filled(self, values: list[Sequence[Any]], count: int) -> list[str | None]:
        if not values:
            return [self._fill()] * count
        if any(None in column for column in values):
            rows = zip(*values, strict=True)
            return [None if None in row else self._fill(*row) for row in rows]
        return list(map(self._fill, *values))


@lru_cache(maxsize=512)
def template(text: str) -> KeyTemplate:
    """Return the template of that text, read once."""
    return KeyTemplate(text)

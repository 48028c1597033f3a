"""How a line of the runtime's debugging output is read: part by part, so that an error can say where."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import ClassVar, Self

from engineroom.kit.plainly import ToldPlainly

__all__ = ["LineShape", "TraceLineError"]


class TraceLineError(ToldPlainly, ValueError):
    """A line that is not a complete trace line.

    Attributes:
        number: the line's number, from 1.
        line: its text.
        column: where it stops making sense, from 1.
        expected: what should have stood there.
    """

    def __init__(self, number: int, line: str, column: int, expected: str):
        self.number, self.line, self.column, self.expected = number, line, column, expected
        at = "at its end" if column > len(line) else f"at column {column}"
        super().__init__(f"Line {number}, {line[:200]!r}, is no trace line: {at}, {expected} was expected.")


class LineShape:
    """A kind of line, described part by part: what stands there, and how it is written."""

    PARTS: ClassVar[tuple[tuple[str, str], ...]]

    @classmethod
    def read(cls, line: str, number: int = 1) -> Self:
        """Parse one line.

        Raises:
            TraceLineError: naming the column and what was expected there.
        """
        found, position = {}, 0
        for expected, pattern in (*cls.PARTS, ("the end of the line", "$")):
            match = re.compile(pattern, re.ASCII).match(line, position)
            if match is None:
                raise TraceLineError(number, line, position + 1, expected)
            found |= match.groupdict()
            position = match.end()
        return cls(**{f.name: _value(f.type, found[f.name]) for f in fields(cls)})


def _value(kind: str, text: str | None) -> float | int | bool | None:
    if kind == "bool":
        return text is not None
    if text is None:
        return None
    return int(text) if kind.startswith("int") else float(text)

"""Knobs: the parameters of an experiment, declared once.

A theme declares its knobs as a frozen dataclass. From that one declaration come the
slider, the validation and the error message::

    @dataclass(frozen=True)
    class HeapKnobs(Knobs):
        live_mb: float = number(20, 1, 500, unit="MB", label="live heap", help="…")

    HeapKnobs(live_mb=0)   # KnobError: live heap is 0 MB; it must be between 1 and 500 MB.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from engineroom.kit.plainly import ToldPlainly

__all__ = ["Choice", "KnobError", "Knobs", "Number", "Switch", "choice", "integer", "number", "switch"]


class KnobError(ToldPlainly, ValueError):
    """A knob was given a value outside its declaration.

    Attributes:
        problems: one sentence per offending knob, keyed by the knob's name.
    """

    def __init__(self, problems: Mapping[str, str]):
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


@dataclass(frozen=True)
class Number:
    """A numeric knob: an inclusive range, a step and a unit."""

    low: float
    high: float
    step: float
    unit: str
    label: str
    help: str
    whole: bool
    log: bool
    kind: ClassVar[str] = "number"

    def with_unit(self, value: float) -> str:
        """Write a value as a reader expects it, e.g. ``250 MB``."""
        text = f"{value:,.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:,.6g}"
        return f"{text} {self.unit}".strip()

    def parse(self, raw: Any) -> float | int:
        """Turn input (a number, or text as typed) into a valid value.

        Raises:
            ValueError: with one sentence that names the knob, the value and the range.
        """
        allowed = f"between {self.low:,.6g} and {self.with_unit(self.high)}"
        kind = "whole number" if self.whole else "number"
        if isinstance(raw, str) and not raw.strip():
            raise ValueError(f"{self.label} is empty; it must be a {kind} {allowed}.")
        try:
            value = float(_without_thousands(raw) if isinstance(raw, str) else raw)
        except (TypeError, ValueError):
            raise ValueError(f"{self.label} is {raw!r}; it must be a {kind} {allowed}.") from None
        if isinstance(raw, bool) or math.isnan(value):
            raise ValueError(f"{self.label} is {raw!r}; it must be a {kind} {allowed}.")
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.label} is {self.with_unit(value)}; it must be {allowed}.")
        if self.whole and value != int(value):
            raise ValueError(f"{self.label} is {self.with_unit(value)}; it must be a whole number {allowed}.")
        return int(value) if self.whole else value


def _without_thousands(text: str) -> str:
    """Drop commas between groups of three digits, as this course writes them; "12,5" stays what it is."""
    return text.replace(",", "") if re.fullmatch(r"\s*-?\d{1,3}(,\d{3})+(\.\d*)?\s*", text) else text


@dataclass(frozen=True)
class Choice:
    """A knob with a few named positions."""

    options: tuple[str, ...]
    label: str
    help: str
    kind: ClassVar[str] = "choice"

    def with_unit(self, value: str) -> str:
        """Write a value as a reader expects it."""
        return value

    def parse(self, raw: Any) -> str:
        """Return the chosen option.

        Raises:
            ValueError: with one sentence that names the knob, the value and the options.
        """
        if raw not in self.options:
            raise ValueError(f"{self.label} is {raw!r}; it must be one of: {', '.join(self.options)}.")
        return raw


@dataclass(frozen=True)
class Switch:
    """A knob that is on or off."""

    label: str
    help: str
    kind: ClassVar[str] = "switch"

    def with_unit(self, value: bool) -> str:
        """Write a value as a reader expects it."""
        return "on" if value else "off"

    def parse(self, raw: Any) -> bool:
        """Return True or False.

        Raises:
            ValueError: with one sentence that names the knob and the value.
        """
        if not isinstance(raw, bool):
            raise ValueError(f"{self.label} is {raw!r}; it must be on (True) or off (False).")
        return raw


def number(
    default: float,
    low: float,
    high: float,
    *,
    label: str,
    unit: str = "",
    step: float = 1,
    log: bool = False,
    help: str = "",
) -> Any:
    """Declare a numeric knob on an inclusive range; ``log=True`` gives a logarithmic slider."""
    return field(default=default, metadata={"knob": Number(low, high, step, unit, label, help, False, log)})


def integer(
    default: int,
    low: int,
    high: int,
    *,
    label: str,
    unit: str = "",
    step: int = 1,
    log: bool = False,
    help: str = "",
) -> Any:
    """Declare a whole-number knob on an inclusive range."""
    return field(default=default, metadata={"knob": Number(low, high, step, unit, label, help, True, log)})


def choice(default: str, options: tuple[str, ...] | list[str], *, label: str, help: str = "") -> Any:
    """Declare a knob with a few named positions."""
    return field(default=default, metadata={"knob": Choice(tuple(options), label, help)})


def switch(default: bool, *, label: str, help: str = "") -> Any:
    """Declare an on/off knob."""
    return field(default=default, metadata={"knob": Switch(label, help)})


@dataclass(frozen=True)
class Knobs:
    """Base of every experiment's knobs: validates on construction.

    Subclass it as a frozen dataclass whose fields are made by `number`, `integer`,
    `choice` and `switch`. A rule that spans several knobs goes into `conflicts`.

    Raises:
        KnobError: on construction, naming every knob that is out of range.
    """

    def __post_init__(self) -> None:
        """Parse every field by its declaration, then check the rules that span knobs."""
        problems = {}
        for name, knob in self.declared().items():
            try:
                object.__setattr__(self, name, knob.parse(getattr(self, name)))
            except ValueError as error:
                problems[name] = str(error)
        if problems or (problems := self.conflicts()):
            raise KnobError(problems)

    @classmethod
    def declared(cls) -> dict[str, Number | Choice | Switch]:
        """Return the declarations by field name, in the order written."""
        return {f.name: f.metadata["knob"] for f in fields(cls) if "knob" in f.metadata}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return each knob's default value by name."""
        return {f.name: f.default for f in fields(cls) if "knob" in f.metadata}

    @classmethod
    def from_raw(cls, raw: Mapping[str, Any]) -> Self:
        """Build from untrusted input, such as what a learner typed into a form.

        Raises:
            KnobError: naming every knob that is unknown or out of range.
        """
        unknown = [name for name in raw if name not in cls.declared()]
        if unknown:
            known = ", ".join(cls.declared())
            raise KnobError({n: f"There is no knob named {n!r}; the knobs are: {known}." for n in unknown})
        return cls(**raw)

    def conflicts(self) -> dict[str, str]:
        """Return one sentence per rule between knobs that is broken, keyed by a knob's name."""
        return {}

    def describe(self) -> str:
        """Return the settings as one line of text, e.g. ``live heap 20 MB, GOGC 100 %``."""
        return ", ".join(
            f"{knob.label} {knob.with_unit(getattr(self, name))}" for name, knob in self.declared().items()
        )

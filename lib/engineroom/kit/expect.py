"""Checks for exercises: each failure says what was seen, what was expected, and gives a hint.

Answers are compared as plain numbers, texts, lists and dicts, so that an object with an
``__eq__`` of its own can't call itself right.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engineroom.kit import progress
from engineroom.kit.plainly import ToldPlainly

__all__ = ["CheckFailed", "answer_of", "expect_close", "expect_equal", "expect_that", "passed"]

STUCK_AFTER = 3


class CheckFailed(ToldPlainly, AssertionError):
    """An exercise's answer is not right yet."""

    def __init__(self, message: str, *, begun: bool = True):
        super().__init__(message)
        self.exercise = progress.check_under_way()
        if begun:  # an exercise that still holds the line that raises was not tried
            progress.record("tried")

    def _render_traceback_(self) -> list[str]:
        tries = progress.history().get(self.exercise, progress.Standing()).tries
        if tries < STUCK_AFTER:
            return super()._render_traceback_()
        theme, exercise = self.exercise.split("/")
        way_out = (
            f'from engineroom.model_answers import show_solution; show_solution("{theme}", "{exercise}")'
        )
        return [*super()._render_traceback_(), f"  Stuck?    {way_out}"]


def _fail(what: str, seen: str, expected: str, hint: str) -> None:
    lines = [what, f"  seen:     {seen}", f"  expected: {expected}"]
    raise CheckFailed("\n".join([*lines, f"  hint:     {hint}"] if hint else lines))


def answer_of(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a learner's function; whatever goes wrong in it becomes a `CheckFailed`.

    Raises:
        CheckFailed: naming the call and the exception, or that the exercise is not begun.
    """
    if not callable(function):
        raise CheckFailed(f"This exercise needs a function, but got {_short(function)}.")
    told = ", ".join([*map(_short, args), *(f"{k}={_short(v)}" for k, v in kwargs.items())])
    call = f"{getattr(function, '__name__', 'your function')}({told})"
    try:
        return function(*args, **kwargs)
    except NotImplementedError:
        message = f"{call} is not written yet: replace the line that raises."
        raise CheckFailed(message, begun=False) from None
    except Exception as error:
        raise CheckFailed(f"{call} raised {type(error).__name__}: {error}") from None


def _figures(number: float) -> str:
    """Write a number with six digits, or in full where those would hide its last ones."""
    return f"{number:,.6g}" if abs(number) < 1e6 or abs(number) > 1e15 else f"{number:,.0f}"


def _short(value: Any) -> str:
    text = _figures(value) if isinstance(value, float) else repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _number(value: Any) -> float | None:
    """Return a real number as a plain float; None for anything else, truth values included."""
    number = type(value) in (int, float) or (_from_numpy(value) and isinstance(value, numbers.Real))
    return float(value) if number else None


def _from_numpy(value: Any) -> bool:
    """True for NumPy's own arrays and scalars; a class that only says so does not count."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) in {numpy.ndarray, *numpy.sctypeDict.values()}


def plain(value: Any) -> Any:
    """Reduce a value to builtins that compare honestly.

    Raises:
        CheckFailed: when it is of a type that an answer can't have.
    """
    if (number := _number(value)) is not None:
        return number
    if value is None or type(value) in (bool, str, bytes):
        return value
    if _from_numpy(value):
        return plain(value.tolist())
    if type(value) in (list, tuple):
        return [plain(item) for item in value]
    if type(value) in (set, frozenset):
        return {plain(item) for item in value}
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    raise CheckFailed(f"The answer is a {type(value).__name__}; a number, text, list or dict was expected.")


def expect_close(
    what: str, seen: Any, expected: float, *, within: float, unit: str = "", hint: str = ""
) -> None:
    """Expect a number that differs from `expected` by at most `within` (in the same unit).

    Raises:
        CheckFailed: when it does not, or is no number.
    """
    number = _number(seen)
    wanted = f"{_figures(expected)} {unit}".strip() + (f" ± {_figures(within)}" if within else "")
    if number is None:
        _fail(what, f"{_short(seen)} ({type(seen).__name__})", wanted, "return one number")
    elif math.isnan(number) or not abs(number - expected) <= within:
        _fail(what, f"{_figures(number)} {unit}".strip(), wanted, hint)


def expect_equal(what: str, seen: Any, expected: Any, *, hint: str = "") -> None:
    """Expect exactly this value (numbers, texts, lists, sets, dicts).

    Raises:
        CheckFailed: when it differs.
    """
    if plain(seen) != plain(expected):
        _fail(what, _short(seen), _short(expected), hint)


def expect_that(what: str, holds: bool, *, seen: Any, expected: str, hint: str = "") -> None:
    """Expect a condition that is described in words.

    Raises:
        CheckFailed: when it does not hold.
    """
    if holds is not True and not (_from_numpy(holds) and bool(holds)):
        _fail(what, _short(seen), expected, hint)


def passed(exercise: str, evidence: Mapping[str, Any] | Sequence[str] | str) -> None:
    """Tell the learner that an exercise holds, and on what evidence."""
    if isinstance(evidence, Mapping):
        evidence = [f"{name}: {value}" for name, value in evidence.items()]
    lines = [evidence] if isinstance(evidence, str) else evidence
    progress.record("passed")
    print(f"✔ {exercise}\n" + "\n".join(f"  {line}" for line in lines))

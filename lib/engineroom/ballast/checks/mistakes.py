"""Recognises a wrong answer by the wrong formula that gives it, so that a hint can name the mistake."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

__all__ = ["Mistakes", "hint_for"]

Mistakes = Sequence[tuple[float, str]]


def hint_for(seen: Any, mistakes: Mistakes, *, within: float, otherwise: str) -> str:
    """Return the hint of the first mistake that gives what was seen.

    Args:
        seen: the learner's answer.
        mistakes: what each mistake leads to, and the hint that names it.
        within: how close, in the same unit, counts as the same.
        otherwise: the hint when no mistake fits.
    """
    if isinstance(seen, bool) or not isinstance(seen, numbers.Real):
        return otherwise
    return next((hint for value, hint in mistakes if abs(seen - value) <= within), otherwise)

"""Errors that a notebook shows as their sentence alone, without a Python traceback."""

from __future__ import annotations

__all__ = ["ToldPlainly"]


class ToldPlainly(Exception):
    """Mixin for errors whose message says all that the reader needs."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]  # the hook that IPython looks for

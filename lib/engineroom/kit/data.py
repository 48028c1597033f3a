"""Loads the course's sample data, and says so when a file is missing or not as it should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engineroom.kit.places import course_folder
from engineroom.kit.plainly import ToldPlainly

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DataError", "data_file", "load_json", "load_table"]

KINDS = {"number": "iuf", "integer": "iu", "text": "OUT", "flag": "b"}


class DataError(ToldPlainly, ValueError):
    """A data file is missing or differs from its schema."""


def data_file(theme: str, name: str) -> Path:
    """Return the path of ``data/<theme>/<name>``.

    Raises:
        DataError: when there is no such file, with the command that brings it back.
    """
    path = course_folder() / "data" / theme / name
    if not path.is_file():
        raise DataError(f"data/{theme}/{name} is missing; {_remedy(theme, name)}")
    return path


def _remedy(theme: str, name: str) -> str:
    return f"bring it back with: git checkout -- data/{theme}/{name} (or: make record THEME={theme})"


def load_table(theme: str, name: str, schema: Mapping[str, str]) -> pd.DataFrame:
    """Load a CSV file of the course as a frame with exactly the columns of its schema.

    Args:
        theme: the theme's folder in ``data/``.
        name: the file's name.
        schema: column name -> "number", "integer", "text" or "flag". A trailing ``?`` allows gaps.

    Raises:
        DataError: naming the first column that is missing, unknown, incomplete or of another kind.
    """
    path = data_file(theme, name)
    columns = tuple(schema.items())
    return _read_table(path, path.stat().st_mtime_ns, theme, name, columns).copy(deep=False)


@lru_cache(maxsize=32)  # a check reads a table for each answer; pandas copies what a reader then changes
def _read_table(
    path: Path, _changed_ns: int, theme: str, name: str, columns: tuple[tuple[str, str], ...]
) -> pd.DataFrame:
    import pandas as pd

    schema = dict(columns)
    try:
        frame = pd.read_csv(path, comment="#")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(
            f"data/{theme}/{name} is not a readable CSV ({error}); {_remedy(theme, name)}"
        ) from None
    trouble = [f"lacks the column {column!r}" for column in schema if column not in frame]
    trouble += [f"has an unknown column {column!r}" for column in frame if column not in schema]
    trouble += [
        t for column, kind in schema.items() if column in frame for t in _column_trouble(frame[column], kind)
    ]
    if trouble:
        raise DataError(f"data/{theme}/{name} {trouble[0]}; {_remedy(theme, name)}")
    return frame[list(schema)]


def _column_trouble(column: pd.Series, kind: str) -> list[str]:
    required = not kind.endswith("?")
    if required and column.isna().any():
        return [f"has gaps in the column {column.name!r}"]
    values = column.dropna()
    dtype = "O" if str(values.dtype) in ("str", "string", "object") else values.dtype.kind
    wanted = KINDS[kind.rstrip("?")]
    whole = kind.startswith("integer") and dtype == "f" and (values % 1 == 0).all()
    if len(values) and dtype not in wanted and not whole:
        return [f"holds {values.dtype} in the column {column.name!r}, where {kind.rstrip('?')}s belong"]
    return []


def load_json(theme: str, name: str) -> Any:
    """Load a JSON file of the course.

    Raises:
        DataError: when it is missing or not JSON.
    """
    try:
        return json.loads(data_file(theme, name).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"data/{theme}/{name} is not readable JSON ({error}); {_remedy(theme, name)}"
        ) from None

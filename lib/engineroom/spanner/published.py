"""The published figures that the model is compared with, read from ``data/spanner``."""

from __future__ import annotations

import csv
from functools import cache

from engineroom.kit.data import data_file
from engineroom.kit.places import course_folder

__all__ = ["setup", "table"]


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return a table's rows as dictionaries of text.

    Raises:
        ValueError: for a table that does not exist, naming those that do.
    """
    known = sorted(path.stem for path in (course_folder() / "data" / "spanner").glob("*.csv"))
    if name not in known:
        raise ValueError(f"There is no table {name!r}; the tables are: {', '.join(known)}.")
    with data_file("spanner", f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def setup(figure: str) -> dict[str, str]:
    """Return the set-up of one of the paper's figures or tables by quantity, as text.

    Raises:
        ValueError: for a figure without a set-up, naming those that have one.
    """
    rows = table("osdi_setups")
    found = {row["quantity"]: row["value"] for row in rows if row["figure"] == figure}
    if not found:
        known = dict.fromkeys(row["figure"] for row in rows)
        raise ValueError(f"There is no set-up for {figure!r}; there is one for: {', '.join(known)}.")
    return found

"""Prices: a dated table that you can edit (data/dynamodb/prices.csv), and what a load costs by it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engineroom.kit.data import data_file

__all__ = ["Prices", "read_prices"]

HOURS_PER_MONTH = 730
SECONDS_PER_HOUR = 3600
COLUMNS = {
    "write_million": "a million on-demand write units",
    "read_million": "a million on-demand read units",
    "write_hour": "a provisioned write unit for an hour",
    "read_hour": "a provisioned read unit for an hour",
    "storage_gb_month": "a gigabyte stored for a month",
}


@dataclass(frozen=True)
class Prices:
    """What DynamoDB asks in one region from one day on, in US dollars."""

    since: date
    region: str
    write_million: float
    read_million: float
    write_hour: float
    read_hour: float
    storage_gb_month: float

    def on_demand(self, *, reads: float = 0.0, writes: float = 0.0) -> float:
        """Return the dollars for that many read and write units, paid as used."""
        return (reads * self.read_million + writes * self.write_million) / 1e6

    def provisioned_month(self, *, reads: float = 0.0, writes: float = 0.0) -> float:
        """Return the dollars for a month of that many units *per second*, used or not."""
        return HOURS_PER_MONTH * (reads * self.read_hour + writes * self.write_hour)

    def break_even(self, kind: str = "write") -> float:
        """Return the utilisation (0 to 1) above which provisioned units are cheaper than on-demand ones."""
        hour, million = getattr(self, f"{kind}_hour"), getattr(self, f"{kind}_million")
        return hour / SECONDS_PER_HOUR / (million / 1e6)


def read_prices(path: Path | None = None, on: date | None = None) -> Prices:
    """Return the newest prices in the table, or those that held on a day.

    Args:
        path: another table; the course's own when None.
        on: the day; the newest row when None.

    Raises:
        ValueError: naming the line that can't be read, or the first day known.
    """
    if path is None:
        path = data_file("dynamodb", "prices.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [_row(number, row) for number, row in enumerate(csv.DictReader(file), start=2)]
    held = [row for row in sorted(rows, key=lambda r: r.since) if on is None or row.since <= on]
    if not held:
        raise ValueError(f"No prices are known for {on}; the first are from {min(r.since for r in rows)}.")
    return held[-1]


def _row(number: int, row: dict[str, str]) -> Prices:
    try:
        amounts = {name: float(row[name]) for name in COLUMNS}
        since = date.fromisoformat(row["since"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"Line {number} of the price table can't be read: {error}.") from None
    if negative := [name for name, amount in amounts.items() if amount < 0]:
        raise ValueError(f"Line {number} of the price table has a negative price for {COLUMNS[negative[0]]}.")
    return Prices(since, row["region"], **amounts)

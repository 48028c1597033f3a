"""The running case: a weather service that asks many cities, some cheap and some dear.

``python -m engineroom.concurrency.cities`` writes the two tables of ``data/concurrency`` anew. Costs
and latencies are invented: drawn from a seeded generator, not measured anywhere.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar

from engineroom.kit.places import course_folder

__all__ = ["City", "Request", "draw_cities", "draw_requests", "load_cities", "load_requests"]

SEED = 20
WORLD = (
    "Oslo Lima Pune Cairo Quito Osaka Turin Lagos Hanoi Perth Dakar Sofia Miami Delhi Seoul Malmö "
    "Accra Porto Busan Leeds Tunis Davao Kyoto Bogotá Dallas Nairobi Toronto Jakarta Karachi Santiago "
    "Montevideo Casablanca Wellington Copenhagen Vancouver Bratislava Marrakesh Singapore Reykjavík Kathmandu"
)
NAMES = WORLD.split()


@dataclass(frozen=True)
class City:
    """A city: how many weather stations answer for it (its cost), and how long they take together."""

    name: str
    stations: int
    latency_ms: int


@dataclass(frozen=True)
class Request:
    """Somebody asks for a city's weather, so many milliseconds after the hour."""

    at_ms: int
    city: str


Row = TypeVar("Row", City, Request)


def draw_cities(rng: random.Random) -> list[City]:
    """Draw a cost and a latency for every city.

    Stations are log-normal (median 6, a few above 30); latency is 15 ms and 4 ms a station, give or
    take a third.
    """
    cities = []
    for name in NAMES:
        stations = min(60, max(1, round(rng.lognormvariate(1.8, 0.9))))
        cities.append(City(name, stations, round((15 + 4 * stations) * rng.uniform(0.67, 1.33))))
    return cities


def draw_requests(rng: random.Random, count: int = 600, minutes: int = 1) -> list[Request]:
    """Draw requests: half of them at random times, half in bursts of up to 30 for one city.

    The n-th city is asked for in proportion to 1/n (Zipf), as popularity usually goes.
    """
    span, weights = minutes * 60_000, [1 / rank for rank in range(1, len(NAMES) + 1)]
    requests = []
    while len(requests) < count:
        (city,) = rng.choices(NAMES, weights)
        start, size = rng.randrange(span), rng.choice([1] * 15 + [30])
        offsets = [0, *(rng.randrange(200) for _ in range(size - 1))]
        requests += [Request(min(start + offset, span - 1), city) for offset in offsets]
    return sorted(requests[:count], key=lambda r: (r.at_ms, r.city))


def load_cities() -> list[City]:
    """Read ``data/concurrency/cities.csv``.

    Raises:
        FileNotFoundError: the course's data is not beside its library.
    """
    return _read(City, "cities.csv")


def load_requests() -> list[Request]:
    """Read ``data/concurrency/requests.csv``.

    Raises:
        FileNotFoundError: the course's data is not beside its library.
    """
    return _read(Request, "requests.csv")


def _folder() -> Path:
    return course_folder() / "data" / "concurrency"


def _read(kind: type[Row], file: str) -> list[Row]:
    number = {f.name: int for f in fields(kind) if f.type == "int"}
    with (_folder() / file).open(encoding="utf-8", newline="") as lines:
        return [kind(**{k: number.get(k, str)(v) for k, v in row.items()}) for row in csv.DictReader(lines)]


def _write(rows: Sequence[City] | Sequence[Request], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(f.name for f in fields(rows[0]))
        writer.writerows(map(astuple, rows))


def main() -> None:
    """Write both tables."""
    rng = random.Random(SEED)
    _write(draw_cities(rng), _folder() / "cities.csv")
    _write(draw_requests(rng), _folder() / "requests.csv")


if __name__ == "__main__":
    main()

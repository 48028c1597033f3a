"""The map of the course, drawn from the notebooks that are there."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from engineroom.kit.places import course_folder

__all__ = ["CourseMap", "Stop", "course_map"]

# In the order in which a newcomer had best take them, with the question that each theme asks.
THEMES = {
    "ballast": ("The Go heap and its ballast", "Why would an unused 10 GB make a service faster?"),
    "concurrency": ("Go concurrency", "How much at once is too much, and who waits for whom?"),
    "tracing": ("Go execution tracing", "What was the runtime doing while my program was slow?"),
    "dynamodb": ("DynamoDB single-table design", "Can one request fetch what five tables hold?"),
    "spanner": ("Inside Spanner", "How does a database agree on time across a continent?"),
}


@dataclass(frozen=True)
class Stop:
    """One notebook of the course: its theme, its title, its path from ``notebooks/``, its minutes."""

    theme: str
    title: str
    path: str
    minutes: int | None


@dataclass(frozen=True)
class CourseMap:
    """All lessons and exercises, by theme; shows itself as text and as a table with links."""

    stops: tuple[Stop, ...]

    def __str__(self) -> str:
        return "\n".join(f"{stop.path:40} {stop.title}" for stop in self.stops)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for theme, (name, question) in THEMES.items():
            stops = [stop for stop in self.stops if stop.theme == theme]
            if stops:
                rows.append(
                    f"<tr><th colspan='2' scope='rowgroup' style='text-align:left'>{html.escape(name)}: "
                    f"<em>{html.escape(question)}</em></th></tr>"
                )
            rows += [_row(stop) for stop in stops]
        return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _row(stop: Stop) -> str:
    time = f"{stop.minutes} min" if stop.minutes else ""
    link = f"<a href='{html.escape(stop.path)}'>{html.escape(stop.title)}</a>"
    return f"<tr><td style='text-align:left'>{link}</td><td>{time}</td></tr>"


def course_map() -> CourseMap:
    """Return the map of what this checkout holds.

    Raises:
        FileNotFoundError: when the library was installed without its notebooks.
    """
    notebooks = course_folder() / "notebooks"
    found = [
        path
        for theme in THEMES
        for pattern in ("[0-9]*.ipynb", "exercises.ipynb")
        for path in sorted((notebooks / theme).glob(pattern))
    ]
    return CourseMap(tuple(_stop(path.relative_to(notebooks), path) for path in found))


def _stop(name: Path, path: Path) -> Stop:
    opening = nbformat.read(path, as_version=4).cells[0].source
    title = re.search(r"^# (.+)$", opening, re.MULTILINE)
    minutes = re.search(r"(\d+) minutes", opening)
    return Stop(
        theme=name.parts[0],
        title=title[1] if title else name.stem,
        path=name.as_posix(),
        minutes=int(minutes[1]) if minutes else None,
    )

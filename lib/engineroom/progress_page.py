"""Where a learner stands in all exercises of the course."""

from __future__ import annotations

import html
from dataclasses import dataclass

import nbformat

from engineroom.course_map import THEMES
from engineroom.kit import progress
from engineroom.kit.places import course_folder
from engineroom.kit.progress import Standing
from engineroom.teach.exercises import exercises_in

__all__ = ["ProgressPage", "my_progress"]

MARKS = {True: "✔", False: "…", None: "○"}


@dataclass(frozen=True)
class ProgressPage:
    """Every exercise with its standing, by theme; shows itself as text and as a table with links."""

    standings: dict[str, dict[str, Standing]]
    note: str = ""

    def __str__(self) -> str:
        lines = [f"{_told(theme, done):34} {_marks(done)}" for theme, done in self.standings.items()]
        return "\n".join([*lines, self.note] if self.note else lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(_row(theme, done) for theme, done in self.standings.items())
        legend = "✔ passed, … tried, ○ not tried yet"
        return f"<table><tbody>{rows}</tbody></table><p>{legend}. {html.escape(self.note)}</p>"


def my_progress() -> ProgressPage:
    """Return how far you are in the exercises of every theme that is here."""
    history = progress.history()
    note = "" if progress.recording() else "Progress is not remembered here (ENGINEROOM_PROGRESS is off)."
    exercises = {theme: _exercises(theme) for theme in THEMES}
    return ProgressPage(
        {
            theme: {name: history.get(f"{theme}/{name}", Standing()) for name in names}
            for theme, names in exercises.items()
            if names
        },
        note,
    )


def _exercises(theme: str) -> list[str]:
    path = course_folder() / "notebooks" / theme / "exercises.ipynb"
    if not path.is_file():
        return []
    return [exercise.name for exercise in exercises_in(nbformat.read(path, as_version=4))]


def _mark(standing: Standing) -> str:
    return MARKS[standing.passed or (False if standing.tries else None)]


def _marks(done: dict[str, Standing]) -> str:
    return " ".join(f"{_mark(standing)} {name}" for name, standing in done.items())


def _told(theme: str, done: dict[str, Standing]) -> str:
    return f"{theme}: {sum(standing.passed for standing in done.values())} of {len(done)} passed"


def _row(theme: str, done: dict[str, Standing]) -> str:
    link = f"<a href='{theme}/exercises.ipynb'>{html.escape(THEMES[theme][0])}</a>"
    passed = sum(standing.passed for standing in done.values())
    bar = f"<meter min='0' max='{len(done)}' value='{passed}' aria-label='{_told(theme, done)}'></meter>"
    return (
        f"<tr><th scope='row' style='text-align:left'>{link}</th><td>{bar} {passed} of {len(done)}</td>"
        f"<td style='text-align:left'>{html.escape(_marks(done))}</td></tr>"
    )

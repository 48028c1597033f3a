"""The model answer to an exercise, for those who have honestly tried it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

import nbformat

from engineroom.kit import progress
from engineroom.kit.places import course_folder
from engineroom.kit.plainly import ToldPlainly
from engineroom.teach.exercises import exercises_in

__all__ = ["ModelAnswer", "NoModelAnswer", "show_solution"]


class NoModelAnswer(ToldPlainly, LookupError):
    """There is no model answer under that name, or none to be shown yet."""


@dataclass(frozen=True)
class ModelAnswer:
    """One way to solve an exercise; shows itself as its source."""

    exercise: str
    source: str

    def __repr__(self) -> str:
        return self.source

    def _repr_html_(self) -> str:
        told = f"One way to solve <b>{html.escape(self.exercise)}</b>. How does yours differ?"
        return f"<p>{told}</p><pre>{html.escape(self.source)}</pre>"


def show_solution(theme: str, exercise: str) -> ModelAnswer:
    """Show the model answer to an exercise, once its check has seen something other than the stub.

    Args:
        theme: for example "ballast".
        exercise: the name of its check, as in ``check_<exercise>``: for example "heap_goal".

    Raises:
        NoModelAnswer: when there is no such exercise, or it was not tried yet.
    """
    answers = _model_answers(theme)
    if exercise not in answers:
        known = f"it has: {', '.join(answers)}" if answers else "its assignment is not on this machine"
        raise NoModelAnswer(f"{theme} has no exercise {exercise!r}; {known}.")
    if progress.history().get(f"{theme}/{exercise}", progress.Standing()) == progress.Standing():
        raise NoModelAnswer(_try_first(theme, exercise))
    return ModelAnswer(f"{theme}: {exercise}", answers[exercise])


def _try_first(theme: str, exercise: str) -> str:
    if not progress.recording():
        return (
            "Model answers are shown after a try, and tries are not remembered here "
            "(ENGINEROOM_PROGRESS is off)."
        )
    return (
        f"Give {exercise} a try of your own first, however rough: write something in place of the line that "
        f"raises and run check_{exercise}. Its message tells you what to look at, and from then on "
        f"you can see a model answer here. (notebooks/{theme}/exercises.ipynb)"
    )


def _model_answers(theme: str) -> dict[str, str]:
    """Return the source of every solution of a theme, without markers, by its exercise."""
    path = course_folder() / "assignments" / Path(theme).name / "exercises.ipynb"
    if not path.is_file():
        return {}
    exercises = exercises_in(nbformat.read(path, as_version=4))
    return {exercise.name: _bare(exercise.answer) for exercise in exercises}


def _bare(source: str) -> str:
    markers = "### BEGIN SOLUTION", "### END SOLUTION"
    return "\n".join(line for line in source.splitlines() if line.strip() not in markers)

"""The explorer in which the learner is the scheduler of a small program."""

from __future__ import annotations

import html

import ipywidgets as widgets

from engineroom.concurrency.interleavings import FINE, Census, Game, census
from engineroom.concurrency.puzzles import PUZZLES
from engineroom.kit.style import COLOURS

__all__ = ["Adversary"]


class Adversary(widgets.VBox):
    """Buttons that let one goroutine after the other take a step, until the program breaks.

    Attributes:
        game: the game being played.
    """

    def __init__(self) -> None:
        self._pick = widgets.Dropdown(options=list(PUZZLES), description="program")
        self._text = widgets.HTML()
        self._verdict = widgets.HTML()
        self._steps = widgets.HBox()
        self._undo = widgets.Button(description="Undo", tooltip="take the last step back")
        self._again = widgets.Button(description="Start again", tooltip="take all steps back")
        self._count = widgets.Button(description="Try all schedules", tooltip="count what can happen")
        self._counted = widgets.HTML()
        tools = widgets.HBox([self._undo, self._again, self._count])
        super().__init__([self._pick, self._text, self._steps, self._verdict, tools, self._counted])
        self._undo.on_click(lambda _: self.undo())
        self._again.on_click(lambda _: self.play(self.game.puzzle.name))
        self._count.on_click(lambda _: self.count())
        self._pick.observe(lambda change: self.play(change.new), "value")
        self.play(self._pick.value)

    def play(self, name: str) -> None:
        """Start a puzzle from `engineroom.concurrency.puzzles.PUZZLES` anew."""
        self.game = Game(PUZZLES[name])
        self._pick.value = name
        self._counted.value = ""
        self._show()

    def step(self, goroutine: str) -> None:
        """Let a goroutine take its next step."""
        self.game.step(goroutine)
        self._show()

    def undo(self) -> None:
        """Take the last step back."""
        self.game.undo()
        self._show()

    def count(self) -> None:
        """Try all schedules and say how many break the program."""
        self._counted.value = f"<p>{html.escape(in_words(census(self.game.puzzle)))}</p>"

    @property
    def summary(self) -> str:
        """How the game stands, in one sentence."""
        game = self.game
        so_far = " ".join(game.schedule) or "nothing yet"
        if game.won:
            return f"You win: {game.verdict}. Your schedule: {so_far}."
        if game.verdict == FINE:
            return (
                f"The program ended as it should, so it wins. Your schedule: {so_far}. Undo, or start again."
            )
        return f"Whose step is next? So far: {so_far}."

    def _show(self) -> None:
        game = self.game
        self._text.value = f"<p>{html.escape(game.puzzle.story)}</p>{_listing(game)}"
        self._steps.children = [self._button(name) for name in game.puzzle.goroutines]
        colour = COLOURS["real"] if game.won else COLOURS["ink"]
        sign = "★ " if game.won else ""
        self._verdict.value = (
            f'<p role="status" style="color:{colour}"><strong>{sign}{html.escape(self.summary)}</strong></p>'
        )
        self._undo.disabled = not game.schedule

    def _button(self, name: str) -> widgets.Button:
        blocked = name not in self.game.choices()
        button = widgets.Button(description=f"{name}: next step", disabled=blocked)
        button.on_click(lambda _: self.step(name))
        return button

    def _repr_mimebundle_(self, **kwargs):
        """Show the widget; readers without a kernel see the program and the count."""
        bundle = super()._repr_mimebundle_(**kwargs)
        told = f"{self.game.puzzle.name}: {self.game.puzzle.story} {self.summary}"
        page = f"{self._text.value}{self._verdict.value}"
        return {**bundle, "text/plain": told, "text/html": page}


def in_words(found: Census) -> str:
    """Say how many of a puzzle's schedules break it."""
    if not found.breaking:
        all_of_them = "The only schedule ends" if found.total == 1 else f"All {found.total:,} schedules end"
        return f"{all_of_them} well: nobody can break this program."
    ways = ", ".join(f"{n:,} × {verdict}" for verdict, n in sorted(found.outcomes.items()) if verdict != FINE)
    return (
        f"{found.breaking:,} of {found.total:,} schedules break it ({ways}). "
        f"One of the shortest: {' '.join(found.example)}."
    )


def _listing(game: Game) -> str:
    """Return the goroutines side by side as a table, with a pointer at each next step."""
    columns = []
    for name, steps in game.puzzle.goroutines.items():
        at = game.taken[name]
        lines = [
            f"{'▶' if i == at else '✓' if i < at else ' '} {html.escape(step.line)}"
            for i, step in enumerate(steps)
        ]
        columns.append(f"<td><pre>{'<br>'.join(lines)}</pre></td>")
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in game.puzzle.goroutines)
    values = ", ".join(f"{name} = {value}" for name, value in game.state.items())
    return (
        f"<table><tr>{heads}</tr><tr style='vertical-align:top'>{''.join(columns)}</tr></table>"
        f"<p>Variables: <code>{html.escape(values)}</code></p>"
    )

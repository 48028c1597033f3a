"""The concurrency theme's explorers: knobs, the model, a button for real Go; and the adversary."""

from __future__ import annotations

import html

import ipywidgets

from engineroom.concurrency import bounded, fail_fast, real, shared_calls, weighted
from engineroom.concurrency.interleavings import FINE, Game, census
from engineroom.concurrency.plots import RunFigure, milliseconds
from engineroom.concurrency.puzzles import PUZZLES
from engineroom.concurrency.runs import Run
from engineroom.kit.choice import Choice
from engineroom.kit.explorer import Explorer, Progress
from engineroom.kit.figures import scrolled_html
from engineroom.kit.knobs import Knobs
from engineroom.kit.style import COLOURS

__all__ = [
    "Adversary",
    "explore_costs",
    "explore_failure",
    "explore_limit",
    "explore_schedules",
    "explore_sharing",
]

WRAPPED = {"flex_flow": "row wrap"}  # so that nothing is cut in a narrow or enlarged window


def _run(knobs: Knobs, progress: Progress) -> Run:
    progress(None, "running Go…")
    return real.run(knobs, cancel=progress.cancel)


def explore_limit() -> Explorer:
    """Explore how limit, order and durations decide when the last call ends."""
    return Explorer(
        "A few calls at a time",
        bounded.LimitKnobs,
        bounded.simulate,
        RunFigure(lambda run: f"no order could beat {milliseconds(bounded.bound_of(run))}"),
        run=_run,
        presets={
            "Longest first": {"order": "longest first"},
            "A long one at the end": {"tasks": 20, "limit": 4, "durations": "one long at the end"},
            "Permit inside the goroutine": {"tasks": 40, "limit": 4, "permit": bounded.INSIDE},
            "The sample cities": {"tasks": 40, "limit": 8, "durations": "the sample cities"},
        },
    )


def explore_costs() -> Explorer:
    """Explore who waits behind whom when calls cost different amounts of one capacity."""
    return Explorer(
        "Calls of unequal cost",
        weighted.WeightKnobs,
        weighted.simulate,
        RunFigure(lambda run: f"{run.result} answered"),
        run=_run,
        show=("capacity", "dear", "order", "ask", "patience_ms"),
        presets={
            "Cheap ones first": {"order": "cheap ones first"},
            "Dearer than the capacity": {"dear": 12, "patience_ms": 400},
            "TryAcquire": {"ask": "TryAcquire"},
        },
    )


def _saved(run: Run) -> str:
    callers = sum(name.startswith("caller ") for name, _, _ in run.lifetimes)
    return f"{callers - len(run.work)} calls saved, {run.result} of {callers} callers answered"


def explore_sharing() -> Explorer:
    """Explore how many calls singleflight saves, depending on when callers come."""
    return Explorer(
        "One call for many callers",
        shared_calls.FlightKnobs,
        shared_calls.simulate,
        RunFigure(_saved),
        run=_run,
        presets={
            "Too late to share": {"gap_ms": 120},
            "A stampede": {"callers": 40, "gap_ms": 0},
            "Without singleflight": {"sharing": False},
            "Callers without patience": {"wait": "DoChan, patience 120 ms", "work_ms": 222},
        },
    )


def explore_failure() -> Explorer:
    """Explore how much work is wasted after the first failure, with and without a context."""
    return Explorer(
        "One call fails",
        fail_fast.FailKnobs,
        fail_fast.simulate,
        RunFigure(lambda run: f"{milliseconds(fail_fast.wasted(run))} of work after the failure"),
        run=_run,
        show=("cities", "fail_ms", "limit", "context", "heeds"),
        presets={
            "No context": {"context": False},
            "Calls that do not listen": {"heeds": False},
            "Four at a time": {"limit": 4},
        },
    )


def explore_schedules() -> Adversary:
    """Be the scheduler: choose whose step comes next until a small program breaks."""
    return Adversary()


class Adversary(ipywidgets.VBox):
    """Buttons that let one goroutine after the other take a step, until the program breaks.

    Attributes:
        game: the game being played.
    """

    def __init__(self) -> None:
        self._pick = Choice("program", list(PUZZLES))
        self._text = ipywidgets.HTML()
        self._verdict = ipywidgets.HTML()
        self._steps = ipywidgets.HBox(layout=WRAPPED)
        self._undo = ipywidgets.Button(description="Undo", tooltip="take the last step back")
        self._again = ipywidgets.Button(description="Start again", tooltip="take all steps back")
        self._count = ipywidgets.Button(description="Try all schedules", tooltip="count what can happen")
        self._count.layout.width = "auto"
        self._counted = ipywidgets.HTML()
        tools = ipywidgets.HBox([self._undo, self._again, self._count], layout=WRAPPED)
        super().__init__([self._pick, self._text, self._steps, self._verdict, tools, self._counted])
        self._undo.on_click(lambda _: self.undo())
        self._again.on_click(lambda _: self.play(self.game.puzzle.name))
        self._count.on_click(lambda _: self.count())
        self._pick.observe(lambda change: self.play(change.new), "value")
        self.play(self._pick.value)

    def play(self, name: str) -> None:
        """Start a puzzle from `engineroom.concurrency.puzzles.PUZZLES` anew."""
        self.game = Game(PUZZLES[name])
        self._steps.children = [self._button(goroutine) for goroutine in self.game.puzzle.goroutines]
        self._pick.value = name
        self._counted.value = ""
        self._show()

    def step(self, goroutine: str) -> None:
        """Let a goroutine take its next step; if it has to wait, say so."""
        if goroutine in self.game.choices():
            self.game.step(goroutine)
            self._show()
        elif not self.game.verdict:
            self._say(f"{goroutine} {self._state_of(goroutine)}. {self.summary}")

    def undo(self) -> None:
        """Take the last step back."""
        self.game.undo()
        self._show()

    def count(self) -> None:
        """Try all schedules and say how many break the program."""
        self._counted.value = f"<p>{html.escape(str(census(self.game.puzzle)))}</p>"

    @property
    def summary(self) -> str:
        """How the game stands, in one sentence."""
        game = self.game
        so_far = " ".join(game.schedule) or "nothing yet"
        if game.won:
            return f"You win: {game.verdict}. Your schedule: {so_far}.{self._mended()}"
        if game.verdict == FINE:
            return (
                f"The program ended as it should, so it wins. Your schedule: {so_far}. Undo, start again, "
                "or try all schedules: can anybody break it?"
            )
        return f"Whose step is next? So far: {so_far}."

    def _show(self) -> None:
        game = self.game
        story, _, aim = game.puzzle.story.partition("You win")
        self._text.value = (
            f"<p>{html.escape(story)}<strong>You win{html.escape(aim)}</strong></p>{_listing(game)}"
        )
        for name, button in zip(game.puzzle.goroutines, self._steps.children, strict=True):
            state = self._state_of(name)
            button.description = f"{name} {state}" if state else f"{name}: next step"
            button.style.text_color = COLOURS["quiet"] if state else COLOURS["ink"]
        self._say(self.summary)

    def _say(self, text: str) -> None:
        star = "★ " if self.game.won else ""
        self._verdict.value = f'<p role="status"><strong>{star}{html.escape(text)}</strong></p>'

    def _state_of(self, name: str) -> str:
        """Say why a goroutine takes no step now; empty if it can take one."""
        game = self.game
        if game.taken[name] == len(game.puzzle.goroutines[name]):
            return "has ended"
        if name in game.ready():
            return ""
        return "waits"

    def _mended(self) -> str:
        """Name the program in which this mistake is mended: each broken one is followed by it."""
        names = list(PUZZLES)
        following = names.index(self.game.puzzle.name) + 1
        return f" Now choose “{names[following]}”, and try again." if following % 2 else ""

    def _button(self, name: str) -> ipywidgets.Button:
        """Make a goroutine's button. It is never disabled: that would take the keyboard's focus away."""
        button = ipywidgets.Button(description=f"{name}: next step")
        button.on_click(lambda _: self.step(name))
        return button

    def _repr_mimebundle_(self, **kwargs):
        """Show the widget; readers without a kernel see the program and the count."""
        bundle = super()._repr_mimebundle_(**kwargs)
        told = f"{self.game.puzzle.name}: {self.game.puzzle.story} {self.summary}"
        page = f"{self._text.value}{self._verdict.value}"
        return {**bundle, "text/plain": told, "text/html": page}


def _listing(game: Game) -> str:
    """Return the goroutines side by side as a table, with a pointer at each next step."""
    columns = []
    for name, steps in game.puzzle.goroutines.items():
        at = game.taken[name]
        lines = [
            f"{'▶' if i == at else '✓' if i < at else ' '} {html.escape(step.line)}"
            for i, step in enumerate(steps)
        ]
        columns.append(
            f"<td style='padding-right:2.5em'><pre style='white-space:pre'>{'<br>'.join(lines)}</pre></td>"
        )
    heads = "".join(
        f"<th style='text-align:left'>{html.escape(name)}</th>" for name in game.puzzle.goroutines
    )
    values = ", ".join(f"{name} = {value}" for name, value in game.state.items())
    table = f"<table><tr>{heads}</tr><tr style='vertical-align:top'>{''.join(columns)}</tr></table>"
    told = f"<p>Variables: <code style='white-space:normal'>{html.escape(values)}</code></p>"
    return scrolled_html(table, "programs of the goroutines") + told

"""Every order in which a small program's goroutines can take their steps.

A program is a list of atomic steps per goroutine. Where several goroutines can go on, a scheduler chooses;
a bug that depends on that choice is a race. Here the choice is yours (`Game`), or all choices are
tried and counted (`census`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Census", "Game", "Puzzle", "State", "Step", "census"]

State = Mapping[str, int]
OPEN, FINE, DEADLOCK = "", "fine", "deadlock: nobody can go on"


@dataclass(frozen=True)
class Step:
    """One atomic step: the line of Go it stands for, what it changes, and when it can be taken.

    ``effect`` returns only the variables that change.
    """

    line: str
    effect: Callable[[State], State] = lambda state: {}
    ready: Callable[[State], bool] = lambda state: True


@dataclass(frozen=True)
class Puzzle:
    """A small concurrent program and what it must never do.

    Attributes:
        name: what it is called.
        story: what goes on, and what the scheduler has to bring about to win.
        goroutines: the steps of each goroutine, by its name.
        start: every shared and local variable with its first value.
        broken: what is wrong in a state, or the empty string; the flag says whether the program has ended.
        last: the goroutine with which the program ends, whatever the others do; all must end if empty.
    """

    name: str
    story: str
    goroutines: Mapping[str, tuple[Step, ...]]
    start: State
    broken: Callable[[State, bool], str]
    last: str = ""

    def ready(self, taken: tuple[int, ...], state: State) -> list[int]:
        """Return the positions of the goroutines that can take their next step."""
        bodies = self.goroutines.values()
        return [
            i
            for i, (at, steps) in enumerate(zip(taken, bodies, strict=True))
            if at < len(steps) and steps[at].ready(state)
        ]

    def verdict(self, taken: tuple[int, ...], state: State) -> str:
        """Return how things stand: `OPEN`, `FINE`, or what has gone wrong."""
        left = {name: len(body) - at for (name, body), at in zip(self.goroutines.items(), taken, strict=True)}
        over = not (left[self.last] if self.last else any(left.values()))
        if wrong := self.broken(state, over):
            return wrong
        if over:
            return FINE
        return OPEN if self.ready(taken, state) else DEADLOCK

    def take(self, taken: tuple[int, ...], state: State, who: int) -> tuple[tuple[int, ...], State]:
        """Return the position and the state after one more step of goroutine number ``who``."""
        step = list(self.goroutines.values())[who][taken[who]]
        return (*taken[:who], taken[who] + 1, *taken[who + 1 :]), {**state, **step.effect(state)}


@dataclass
class Game:
    """A puzzle being played: the learner is the scheduler.

    Attributes:
        schedule: whose step was taken, in order.
    """

    puzzle: Puzzle
    schedule: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = list(self.puzzle.goroutines)
        self._past: list[tuple[tuple[int, ...], State]] = [((0,) * len(names), dict(self.puzzle.start))]
        schedule, self.schedule = self.schedule, []
        for name in schedule:
            self.step(name)

    @property
    def taken(self) -> dict[str, int]:
        """How many steps each goroutine has taken."""
        return dict(zip(self.puzzle.goroutines, self._past[-1][0], strict=True))

    @property
    def state(self) -> State:
        """Every variable's present value."""
        return self._past[-1][1]

    @property
    def verdict(self) -> str:
        """How things stand: empty while open, ``fine``, or what has gone wrong."""
        return self.puzzle.verdict(*self._past[-1])

    @property
    def won(self) -> bool:
        """Whether the scheduler has broken the program."""
        return self.verdict not in (OPEN, FINE)

    def choices(self) -> list[str]:
        """Return the goroutines that can take a step now; none once the game is over."""
        return [] if self.verdict else self.ready()

    def ready(self) -> list[str]:
        """Return the goroutines that wait for nobody, whether or not the game is over."""
        names = list(self.puzzle.goroutines)
        return [names[i] for i in self.puzzle.ready(*self._past[-1])]

    def step(self, name: str) -> None:
        """Let a goroutine take its next step.

        Raises:
            ValueError: it cannot, with those that can.
        """
        if name not in self.choices():
            can = ", ".join(self.choices()) or "none: the game is over"
            raise ValueError(f"{name} cannot take a step now; who can: {can}.")
        who = list(self.puzzle.goroutines).index(name)
        self._past.append(self.puzzle.take(*self._past[-1], who))
        self.schedule.append(name)

    def undo(self) -> None:
        """Take the last step back; at the start this does nothing."""
        if self.schedule:
            self.schedule.pop()
            self._past.pop()


@dataclass(frozen=True)
class Census:
    """All schedules of a puzzle.

    Attributes:
        outcomes: how many schedules end in which verdict.
        example: a shortest schedule that breaks the program, empty if none does.
    """

    outcomes: Counter[str]
    example: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many schedules there are; one that breaks the program ends there."""
        return self.outcomes.total()

    @property
    def breaking(self) -> int:
        """How many of them break the program."""
        return self.total - self.outcomes[FINE]

    def __str__(self) -> str:
        if not self.breaking:
            all_of_them = "The only schedule ends" if self.total == 1 else f"All {self.total:,} schedules end"
            return f"{all_of_them} well: nobody can break this program."
        ways = ", ".join(
            f"{n:,} × {verdict}" for verdict, n in sorted(self.outcomes.items()) if verdict != FINE
        )
        return (
            f"{self.breaking:,} of {self.total:,} schedules break it ({ways}). "
            f"One of the shortest: {' '.join(self.example)}."
        )


def census(puzzle: Puzzle) -> Census:
    """Try every schedule of a puzzle and count where they lead.

    States that several schedules reach are looked at once, so the work grows with the number of
    states, not with the number of schedules.
    """
    names = list(puzzle.goroutines)
    known: dict[object, tuple[Counter[str], tuple[str, ...] | None]] = {}

    def explore(taken: tuple[int, ...], state: State) -> tuple[Counter[str], tuple[str, ...] | None]:
        key = (taken, tuple(sorted(state.items())))
        if key not in known:
            verdict = puzzle.verdict(taken, state)
            known[key] = (
                (Counter([verdict]), None if verdict == FINE else ()) if verdict else branch(taken, state)
            )
        return known[key]

    def branch(taken: tuple[int, ...], state: State) -> tuple[Counter[str], tuple[str, ...] | None]:
        outcomes, shortest = Counter(), None
        for who in puzzle.ready(taken, state):
            further, example = explore(*puzzle.take(taken, state, who))
            outcomes += further
            if example is not None and (shortest is None or len(example) < len(shortest) - 1):
                shortest = (names[who], *example)
        return outcomes, shortest

    outcomes, example = explore((0,) * len(names), dict(puzzle.start))
    return Census(outcomes, example or ())

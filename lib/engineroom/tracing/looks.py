"""How categories of a timeline look: colour, texture and letter, so that none is told by colour alone.

A state or a reason looks the same in every trace, in the viewer and in still figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from engineroom.kit.style import COLOURS

__all__ = ["HATCHES", "Look", "looks_of"]

# matplotlib's hatch for each texture
HATCHES = {"solid": None, "hatched": "///", "dotted": "...", "striped": "---"}


@dataclass(frozen=True)
class Look:
    """One category's appearance.

    Attributes:
        colour: as ``#RRGGBB``.
        texture: one of `HATCHES`.
        top: where the bar begins, as a share of the lane's height from above.
        letter: stands in the bar where there is room.
    """

    colour: str
    texture: str
    top: float
    letter: str


def _look(colour: str, texture: str, letter: str, top: float = 0.1) -> Look:
    return Look(COLOURS[colour], texture, top, letter)


STATES = {
    "Running": _look("good", "solid", "R"),
    "Runnable": _look("warm", "hatched", "Q"),
    "Syscall": _look("sky", "dotted", "S"),
    "Waiting": _look("quiet", "solid", "", 0.72),
    "Program": _look("good", "solid", "P"),
    "Runtime": _look("quiet", "striped", "r"),
    "GC worker": _look("accent", "hatched", "G"),
}
WAIT = "waits: "
THIN = 0.5  # waits are thin, so that work stands out
WAITS = {
    "sync": _look("model", "solid", "sy", THIN),
    "sync.(*Cond).Wait": _look("model", "hatched", "co", THIN),
    "chan receive": _look("sky", "dotted", "cr", THIN),
    "chan send": _look("sky", "striped", "cs", THIN),
    "select": _look("warm", "striped", "se", THIN),
    "sleep": _look("real", "striped", "sl", THIN),
    "network": _look("ink", "hatched", "ne", THIN),
    "system goroutine wait": _look("accent", "striped", "sg", THIN),
    "GC mark assist wait for work": _look("accent", "dotted", "ma", THIN),
    "GC background sweeper wait": _look("quiet", "striped", "sw", THIN),
    "preempted": _look("warm", "hatched", "pr", THIN),
}
# what is left for names that are not known, in the order in which it is given out
OTHERS = [
    ("model", "solid"),
    ("warm", "hatched"),
    ("real", "striped"),
    ("good", "dotted"),
    ("accent", "solid"),
    ("sky", "hatched"),
    ("quiet", "dotted"),
    ("ink", "striped"),
    ("good", "striped"),
    ("real", "dotted"),
    ("quiet", "solid"),
    ("accent", "dotted"),
]


def looks_of(categories: list[str]) -> list[Look]:
    """Return a look for each category; what is not known gets one of its own, as far as they go."""
    known = {name: look for name in categories if (look := STATES.get(name) or WAITS.get(_reason(name)))}
    taken = {(look.colour, look.texture) for look in known.values()}
    spare = cycle([other for other in OTHERS if (COLOURS[other[0]], other[1]) not in taken])
    return [known.get(name) or _spare_look(name, *next(spare)) for name in categories]


def _reason(category: str) -> str:
    return category.removeprefix(WAIT) if category.startswith(WAIT) else ""


def _spare_look(name: str, colour: str, texture: str) -> Look:
    reason = _reason(name)
    return _look(colour, texture, (reason or name)[:2], THIN if reason else 0.1)

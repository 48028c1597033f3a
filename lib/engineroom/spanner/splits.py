"""Splits: key ranges that are cut by size and by load and spread over nodes.

A minute-by-minute model of writes. Each node serves so many writes a second; splits move freely;
a split that suffers is cut where that halves its load. What cutting cannot do is spread a single
row, or a tail that moves on as soon as it is cut.
Source: Google Cloud, *Schema design best practices* and *Hotspots*, for the rules and names; how fast
real splits are cut and moved is not published, so one cut per hot split and minute is an assumption.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from engineroom.kit.knobs import Knobs, choice, integer, number

__all__ = ["SCHEMES", "Minute", "SplitKnobs", "SplitRun", "participants", "simulate"]

SCHEMES = ("monotonic", "descending", "hash prefix", "UUID v4", "bit-reversed", "one hot row")
HOT_ROW = 0.5


@dataclass(frozen=True)
class SplitKnobs(Knobs):
    """A table, its key and its load."""

    scheme: str = choice(
        "monotonic", SCHEMES, label="key", help="How the first part of the primary key is made."
    )
    nodes: int = integer(5, 1, 100, label="nodes", help="Servers per zone; each split has its leader on one.")
    writes: int = integer(10_000, 0, 1_000_000, unit="writes/s", label="offered load", step=500)
    node_writes: int = integer(
        3_500,
        1,
        100_000,
        unit="writes/s",
        label="one node",
        step=500,
        help="Documented: 3,500 regional, 2,700 multi.",
    )
    prefixes: int = integer(8, 1, 1_000, label="hash prefixes", help="N of hash mod N.")
    hot_share: float = number(0.3, 0, 1, step=0.05, label="share of the hot row")
    presplits: int = integer(1, 1, 1_000, label="splits at the start")
    split_rows: int = integer(
        4_000_000,
        1_000,
        10**9,
        unit="rows",
        label="largest split",
        log=True,
        help="An assumption: not published.",
    )
    minutes: int = integer(15, 1, 240, unit="min", label="duration")


@dataclass(frozen=True)
class _Split:
    low: float
    high: float
    rows: float = 0.0


@dataclass(frozen=True)
class _Load:
    """Writes per second: some spread evenly over a range, some on single points that may move on."""

    even: float
    span: float
    points: tuple[tuple[float, float], ...] = ()
    moving: bool = False

    def on(self, split: _Split) -> float:
        """Return the writes per second that a split receives."""
        covered = max(0.0, min(split.high, self.span) - max(split.low, 0.0))
        single = sum(rate for at, rate in self.points if split.low <= at < split.high)
        return (self.even * covered / self.span if self.even else 0.0) + single


@dataclass(frozen=True)
class Minute:
    """One minute of a table's life.

    Attributes:
        splits: how many splits there are.
        served: writes per second that got through.
        node_load: writes per second offered to each node, busiest first.
        hottest: the share of the worst split's load that was held up, in percent (50 warm, 100 hot).
        largest: load of the busiest split, in writes per second.
        reasons: why the hot splits cannot be helped, in the names the product uses.
    """

    splits: int
    served: float
    node_load: tuple[float, ...]
    hottest: float
    largest: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class SplitRun:
    """What happened to a table under a load."""

    knobs: SplitKnobs
    minutes: tuple[Minute, ...]

    @property
    def throughput(self) -> float:
        """Writes per second served in the last minute."""
        return self.minutes[-1].served


def simulate(knobs: SplitKnobs) -> SplitRun:
    """Let a table live under a load, minute by minute."""
    splits = _start(knobs)
    minutes = []
    for number_ in range(knobs.minutes):
        load = _load(knobs, number_)
        minute, held_up = _serve(knobs, splits, load)
        minutes.append(minute)
        splits = [replace(split, rows=split.rows + 60 * load.on(split)) for split in splits]
        splits = [part for split in splits for part in _cut(knobs, split, load, split.low in held_up)]
    return SplitRun(knobs, tuple(minutes))


def participants(keys: Iterable[float], boundaries: Sequence[float]) -> int:
    """Return how many splits a transaction on ``keys`` touches, given the sorted split boundaries."""
    return len({bisect_right(boundaries, key) for key in keys})


def _start(knobs: SplitKnobs) -> list[_Split]:
    span = knobs.prefixes if knobs.scheme == "hash prefix" else 1.0
    edges = [span * i / knobs.presplits for i in range(knobs.presplits)] + [math.inf]
    edges[0] = -math.inf
    return [_Split(low, high) for low, high in pairwise(edges)]


def _load(knobs: SplitKnobs, minute: int) -> _Load:
    writes, late = float(knobs.writes), minute + 1.0
    if knobs.scheme == "monotonic":
        return _Load(0, 1, ((1 + late, writes),), moving=True)
    if knobs.scheme == "descending":
        return _Load(0, 1, ((-late, writes),), moving=True)
    if knobs.scheme == "hash prefix":
        share = writes / knobs.prefixes
        tails = tuple((prefix + late / (late + 1), share) for prefix in range(knobs.prefixes))
        return _Load(0, knobs.prefixes, tails, moving=True)
    if knobs.scheme == "one hot row":
        return _Load(writes * (1 - knobs.hot_share), 1, ((HOT_ROW, writes * knobs.hot_share),))
    return _Load(writes, 1)


def _serve(knobs: SplitKnobs, splits: Sequence[_Split], load: _Load) -> tuple[Minute, set[float]]:
    """Place splits on nodes, busiest first on the idlest node, and see what gets through."""
    loads = sorted(((load.on(split), split) for split in splits), key=lambda pair: -pair[0])
    nodes: list[list[tuple[float, _Split]]] = [[] for _ in range(knobs.nodes)]
    totals = [0.0] * knobs.nodes
    for rate, split in loads:
        idlest = totals.index(min(totals))
        totals[idlest] += rate
        nodes[idlest].append((rate, split))
    held_up = {
        split.low
        for total, held in zip(totals, nodes, strict=True)
        if total > knobs.node_writes
        for rate, split in held
        if rate > 0
    }
    reasons = {_reason(load, split) for _, split in loads if split.low in held_up} - {""}
    worst = max(totals)
    return Minute(
        len(splits),
        sum(min(total, knobs.node_writes) for total in totals),
        tuple(sorted(totals, reverse=True)),
        100 * max(0.0, 1 - knobs.node_writes / worst) if worst else 0.0,
        loads[0][0],
        tuple(sorted(reasons)),
    ), held_up


def _reason(load: _Load, split: _Split) -> str:
    inside = [at for at, _ in load.points if split.low <= at < split.high]
    if len(inside) != 1:
        return ""
    if load.moving:
        return "MOVING_HOT_SPOT"
    return "UNISOLATABLE_HOT_ROW" if split.low == inside[0] else ""


def _cut(knobs: SplitKnobs, split: _Split, load: _Load, hot: bool) -> list[_Split]:
    """Cut a split that is held up where it halves the load, and one that is too large in the middle."""
    worth_it = hot and load.on(split) > knobs.node_writes / 4  # less fits beside others uncut
    if not worth_it and split.rows <= knobs.split_rows:
        return [split]
    at = _where(split, load)
    if at is None or not split.low < at < split.high:
        return [split]
    left = _Split(split.low, at)
    share = 1.0 if load.moving and at > 0 else 0.5
    return [replace(left, rows=split.rows * share), _Split(at, split.high, split.rows * (1 - share))]


def _where(split: _Split, load: _Load) -> float | None:
    inside = sorted(at for at, _ in load.points if split.low <= at < split.high)
    if len(inside) > 1:
        middle = len(inside) // 2
        return math.floor(inside[middle])  # prefixes are whole numbers
    if inside and (load.moving or inside[0] > split.low):
        return inside[0]
    low, high = max(split.low, 0.0), min(split.high, load.span)
    if inside and split.low == inside[0] and split.high - split.low > 1e-9:
        return split.low + 1e-9  # the row alone
    return (low + high) / 2 if high - low > 1e-6 else None

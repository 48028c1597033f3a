"""Arranges a trace's intervals in lanes: per goroutine, per processor or per task."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engineroom.tracing.binning import LaneIndex

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace

__all__ = ["LAYOUTS", "Lanes", "arrange"]

MOST_NAMES = 6
GC_WORKER = "runtime.gcBgMarkWorker"


@dataclass(frozen=True)
class Lanes:
    """A trace arranged for drawing.

    Attributes:
        layout: "goroutines", "processors" or "tasks".
        names: the lanes' names, top to bottom; two spaces of indent per generation of a family.
        categories: names of the categories.
        index: the spans.
        table: the table that spans are rows of.
        rows: for each span, its row in that table.
        lane_of: lane by number of the goroutine, processor or task.
        matches: number of spans that passed the filter.
    """

    layout: str
    names: list[str]
    categories: list[str]
    index: LaneIndex
    table: str
    rows: np.ndarray
    lane_of: dict[int, int]
    matches: int


@dataclass(frozen=True)
class _Plan:
    """What a layout makes of a trace: the key and category of each row, and the keys' names."""

    table: str
    rows: np.ndarray
    keys: np.ndarray
    categories: np.ndarray
    category_names: list[str]
    names: dict[int, str]


def arrange(
    trace: Trace,
    layout: str = "goroutines",
    *,
    search: str = "",
    hidden: Collection[str] = (),
    system: bool = False,
) -> Lanes:
    """Arrange a trace in lanes.

    Args:
        trace: the tables.
        layout: "goroutines" (in family order), "processors" or "tasks" (in tree order).
        search: keep lanes whose name contains this, and in the others only the intervals whose state,
            reason or place in the code contains it, or that lie in a task whose name does.
        hidden: categories to leave out.
        system: whether to show the runtime's own goroutines.

    Raises:
        KeyError: if there is no such layout.
    """
    plan = LAYOUTS[layout](trace, system)
    wanted = _matching(trace, plan, search.casefold())
    wanted &= ~np.isin(plan.categories, [i for i, n in enumerate(plan.category_names) if n in hidden])
    rows, keys, categories = plan.rows[wanted], plan.keys[wanted], plan.categories[wanted]
    found = set(np.unique(keys).tolist())
    names = {key: name for key, name in plan.names.items() if key in found or not (search or hidden)}
    lane_of = {key: lane for lane, key in enumerate(names)}
    columns = trace.columns(plan.table)
    index = LaneIndex(
        _look_up(lane_of, keys),
        np.asarray(columns["start_ns"])[rows],
        np.asarray(columns["end_ns"])[rows],
        categories,
        len(plan.category_names),
        trace.summary.duration_ns,
    )
    return Lanes(
        layout, list(names.values()), plan.category_names, index, plan.table, rows, lane_of, len(rows)
    )


def _look_up(number_of: dict[int, int], keys: np.ndarray) -> np.ndarray:
    present, inverse = np.unique(keys, return_inverse=True)
    return np.array([number_of[key] for key in present.tolist()], np.int64)[inverse]


def _matching(trace: Trace, plan: _Plan, search: str) -> np.ndarray:
    """Return which rows of a plan pass a search."""
    if not search:
        return np.ones(len(plan.rows), bool)
    by_name = [key for key, name in plan.names.items() if search in name.casefold()]
    found = np.isin(plan.keys, by_name)
    found |= np.isin(
        plan.categories, [i for i, n in enumerate(plan.category_names) if search in n.casefold()]
    )
    columns = trace.columns(plan.table)
    for column, text in (("reason", trace.texts), ("name", trace.texts), ("stack", trace.places)):
        if column in columns:
            numbers = np.asarray(columns[column])[plan.rows]
            found |= np.isin(numbers, _containing(search, numbers, text))
    return found | _in_tasks(trace, plan, search) if plan.table == "states" else found


def _containing(search: str, numbers: np.ndarray, text: Callable[[np.ndarray], list[str]]) -> list[int]:
    present = np.unique(numbers)
    return [n for n, t in zip(present.tolist(), text(present), strict=True) if search in t.casefold()]


def _in_tasks(trace: Trace, plan: _Plan, search: str) -> np.ndarray:
    """Return which states overlap an outermost region of a task whose name contains the search."""
    tasks, regions, states = (trace.columns(table) for table in ("tasks", "regions", "states"))
    names = np.asarray(tasks["name"])
    wanted = np.asarray(tasks["task"])[np.isin(names, _containing(search, names, trace.texts))]
    inside = np.flatnonzero((np.asarray(regions["depth"]) == 0) & np.isin(regions["task"], wanted))
    if not len(inside):
        return np.zeros(len(plan.rows), bool)
    goroutines = np.unique(np.asarray(states["goroutine"]))
    place = np.searchsorted(goroutines, np.asarray(regions["goroutine"])[inside])
    begin, end = (np.asarray(regions[edge])[inside] for edge in ("start_ns", "end_ns"))
    covered = LaneIndex(place, begin, end, np.zeros(len(inside)), 1, trace.summary.duration_ns)
    lane = np.searchsorted(goroutines, np.asarray(states["goroutine"])[plan.rows])
    return covered.fills(
        lane, np.asarray(states["start_ns"])[plan.rows], np.asarray(states["end_ns"])[plan.rows]
    )


def _by_goroutine(trace: Trace, system: bool) -> _Plan:
    """A goroutine runs, is runnable, is in a system call, or waits: for one of the main reasons or others."""
    states = trace.columns("states")
    names = _goroutine_names(trace, system)
    rows = np.flatnonzero(np.isin(states["goroutine"], list(names)))
    state = np.asarray(states["state"])[rows]
    reason = np.asarray(states["reason"])[rows]
    waiting = state == trace.names("states.state").index("Waiting")
    length = np.asarray(states["end_ns"])[rows] - np.asarray(states["start_ns"])[rows]
    spent = np.bincount(reason[waiting], length[waiting]) if waiting.any() else np.zeros(1)
    spent[0] = 0  # no reason is recorded for what began before the trace
    main = [int(n) for n in np.argsort(-spent, kind="stable")[:MOST_REASONS] if spent[n] > 0]
    category = np.full(len(rows), len(STATES) - 1)
    for number, name in enumerate(STATES[:-1]):
        category[state == trace.names("states.state").index(name)] = number
    for number, text in enumerate(main, len(STATES)):
        category[waiting & (reason == text)] = number
    labels = [*STATES, *(f"waits: {text}" for text in trace.texts(main))]
    return _Plan("states", rows, np.asarray(states["goroutine"])[rows], category, labels, names)


STATES = ("Running", "Runnable", "Syscall", "Waiting")
MOST_REASONS = 5


def _goroutine_names(trace: Trace, system: bool) -> dict[int, str]:
    """Name goroutines in family order: a goroutine is followed by those that it created."""
    table = trace.columns("goroutines")
    order = np.argsort(table["created_ns"], kind="stable")
    numbers = np.asarray(table["goroutine"])[order].tolist()
    functions = dict(zip(numbers, trace.texts(np.asarray(table["function"])[order]), strict=True))
    kept = [n for n in numbers if system or not trace.is_system(functions[n])]
    parents = dict(zip(numbers, np.asarray(table["creator"])[order].tolist(), strict=True))
    return _family(kept, parents, lambda n: f"G{n} {functions[n] or '(no stack seen)'}")


def _family(members: list[int], parents: dict[int, int], name: Callable[[int], str]) -> dict[int, str]:
    there = set(members)
    children: dict[int, list[int]] = {}
    for member in members:
        parent = parents[member]
        children.setdefault(parent if parent in there and parent != member else -1, []).append(member)
    named: dict[int, str] = {}
    stack = [(member, 0) for member in reversed(children.get(-1, []))]
    while stack:
        member, depth = stack.pop()
        if member not in named:
            named[member] = "  " * depth + name(member)
            stack += [(child, depth + 1) for child in reversed(children.get(member, []))]
    return named


def _by_processor(trace: Trace, system: bool) -> _Plan:
    """On a processor runs a goroutine of the program, of the runtime or of the collector."""
    states = trace.columns("states")
    table = trace.columns("goroutines")
    executing = [trace.names("states.state").index(name) for name in ("Running", "Syscall")]
    on = (np.asarray(states["processor"]) >= 0) & np.isin(states["state"], executing)
    rows = np.flatnonzero(on)
    functions = trace.texts(table["function"])
    kind = [1 + (name == GC_WORKER) if trace.is_system(name) else 0 for name in functions]
    kind_of = dict(zip(np.asarray(table["goroutine"]).tolist(), kind, strict=True))
    categories = _look_up(kind_of, np.asarray(states["goroutine"])[rows])
    categories[np.asarray(states["state"])[rows] == executing[1]] = 3
    keys = np.asarray(states["processor"], np.int64)[rows]
    names = {p: f"P{p}" for p in np.unique(keys).tolist()}
    return _Plan("states", rows, keys, categories, ["Program", "Runtime", "GC worker", "Syscall"], names)


def _by_task(trace: Trace, system: bool) -> _Plan:
    """In a task's lane lie its outermost regions, by name; the rarest names share a category."""
    regions, tasks = trace.columns("regions"), trace.columns("tasks")
    rows = np.flatnonzero(np.asarray(regions["depth"]) == 0)
    order = np.argsort(tasks["start_ns"], kind="stable")
    numbers = np.asarray(tasks["task"])[order].tolist()
    texts = dict(zip(numbers, trace.texts(np.asarray(tasks["name"])[order]), strict=True))
    parents = dict(zip(numbers, np.asarray(tasks["parent"])[order].tolist(), strict=True))
    names = _family(numbers, parents, lambda n: f"task {n} {texts[n]}")
    keys = np.asarray(regions["task"])[rows]
    names |= {key: "background" for key in np.unique(keys).tolist() if key not in names}
    number, position = np.unique(np.asarray(regions["name"])[rows], return_inverse=True)
    by_count = np.argsort(-np.bincount(position, minlength=len(number)), kind="stable")
    rank = np.argsort(by_count, kind="stable")
    categories = np.minimum(rank[position], MOST_NAMES) if len(rows) else rank
    labels = trace.texts(number[by_count[:MOST_NAMES]])
    return _Plan("regions", rows, keys, categories, [*labels, *["others"][: len(number) > MOST_NAMES]], names)


LAYOUTS: dict[str, Callable[[Trace, bool], _Plan]] = {
    "goroutines": _by_goroutine,
    "processors": _by_processor,
    "tasks": _by_task,
}

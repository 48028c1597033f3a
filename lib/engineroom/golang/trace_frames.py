"""Data frames from a trace's columns; see `trace_columns` for their meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engineroom.golang.trace_columns import COLUMNS

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace

__all__ = ["FRAMES", "make", "most_at_once", "state_totals"]

FRAMES = tuple(COLUMNS)
_CUTS = ["no", "start", "end", "both"]
_TEXTS = ("reason", "name", "category", "label", "function")


def make(trace: Trace, table: str) -> pd.DataFrame:
    """Return a table as a data frame, sorted by time, with the columns of `COLUMNS`."""
    raw = trace.columns(table)
    order = _time_order(raw)
    raw = {
        name: np.array(column[order]) for name, column in raw.items()
    }  # own, so that frames may be changed
    made: dict[str, object] = dict(raw)
    made |= {name: _categorical(trace, raw[name]) for name in _TEXTS if name in raw}
    if "start_ns" in raw:
        made["duration_ns"] = raw["end_ns"] - raw["start_ns"]
    if "cut" in raw:
        made["cut"] = pd.Categorical.from_codes(raw["cut"].astype(np.int8), _CUTS)
    if "stack" in raw:
        made["where"] = _places(trace, raw["stack"])
    for code in ("state", "scope", "kind"):
        if code in raw:
            coded = pd.Categorical.from_codes(raw[code].astype(np.int8), trace.names(f"{table}.{code}"))
            made[code] = coded.remove_unused_categories()
    made |= _EXTRAS.get(table, lambda *_: {})(trace, raw)
    return pd.DataFrame({name: made[name] for name in COLUMNS[table]}, copy=False)


def state_totals(trace: Trace) -> pd.DataFrame:
    """Return the time that each goroutine spent in each state, in nanoseconds.

    One row per goroutine, one column per state.
    """
    states = trace.states
    totals = states.pivot_table(
        index="goroutine", columns="state", values="duration_ns", aggfunc="sum", fill_value=0, observed=True
    )
    return totals.astype(np.int64)


def most_at_once(spans: pd.DataFrame) -> int:
    """Return how many intervals at most lie over one instant.

    Args:
        spans: rows with ``start_ns`` and ``end_ns``; an interval no longer holds at its end.
    """
    edges = np.concatenate([spans["start_ns"], spans["end_ns"]])
    steps = np.repeat([1, -1], len(spans))
    running = np.cumsum(steps[np.lexsort((steps, edges))])
    return int(running.max(initial=0))


def _time_order(raw: dict[str, np.ndarray]) -> np.ndarray | slice:
    time = next((raw[name] for name in ("start_ns", "created_ns", "time_ns") if name in raw), None)
    if time is None or len(time) < 2 or not (np.diff(time) < 0).any():
        return slice(None)
    return np.argsort(time, kind="stable")


def _categorical(trace: Trace, numbers: np.ndarray) -> pd.Categorical:
    """Turn text numbers into a categorical that names only the texts which occur."""
    present, codes = _compact(numbers)
    return pd.Categorical.from_codes(codes, trace.texts(present))


def _places(trace: Trace, stacks: np.ndarray) -> pd.Categorical:
    """Name the place in the program's own code that each stack points at."""
    present, codes = _compact(stacks)
    categories, position = np.unique(np.array(trace.places(present), dtype=object), return_inverse=True)
    return pd.Categorical.from_codes(position.astype(np.int32)[codes], categories)


def _compact(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers that occur, ascending, and each number's position among them; without sorting."""
    present = np.flatnonzero(np.bincount(numbers)) if len(numbers) else np.empty(0, np.int64)
    position = np.zeros(int(present[-1]) + 1 if len(present) else 0, np.int32)
    position[present] = np.arange(len(present), dtype=np.int32)
    return present, position[numbers]


def _of_states(trace: Trace, raw: dict[str, np.ndarray]) -> dict[str, object]:
    known = trace.columns("goroutines")
    order = np.argsort(known["goroutine"], kind="stable")
    row = order[np.searchsorted(known["goroutine"], raw["goroutine"], sorter=order)] if len(order) else order
    return {"function": _categorical(trace, np.asarray(known["function"])[row])}


def _of_goroutines(trace: Trace, raw: dict[str, np.ndarray]) -> dict[str, object]:
    names = np.array(trace.texts(raw["function"]), dtype=object)
    system = np.array([trace.is_system(name) for name in names], dtype=bool)
    return {"system": system, "created_at": _places(trace, raw["created_at"])}


def _of_tasks(trace: Trace, raw: dict[str, np.ndarray]) -> dict[str, object]:
    tasks, names = raw["task"].tolist(), list(_categorical(trace, raw["name"]))
    name, parent = dict(zip(tasks, names, strict=True)), dict(zip(tasks, raw["parent"].tolist(), strict=True))
    path: dict[int, str] = {}
    for task in tasks:
        if task not in path:
            _lay_path(task, parent, name, path)
    return {"path": [path[task] for task in tasks]}


def _lay_path(task: int, parent: dict[int, int], name: dict[int, str], path: dict[int, str]) -> None:
    """Enter the paths of a task and of those around it; in a damaged trace they may form a ring."""
    line = [task]
    while (above := parent[line[-1]]) in name and above not in path and above not in line:
        line.append(above)
    for each in reversed(line):
        outer = path.get(parent[each])
        path[each] = name[each] if outer is None else f"{outer}/{name[each]}"


def _of_logs(trace: Trace, raw: dict[str, np.ndarray]) -> dict[str, object]:
    return {"message": np.array(trace.texts(raw["message"]), dtype=object)}


_EXTRAS = {"states": _of_states, "goroutines": _of_goroutines, "tasks": _of_tasks, "logs": _of_logs}

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
    raw = {name: np.asarray(column)[order] for name, column in raw.items()}
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
    return pd.DataFrame({name: made[name] for name in COLUMNS[table]})


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
    present = np.flatnonzero(np.bincount(numbers)) if len(numbers) else np.empty(0, np.int64)
    position = np.zeros(int(present[-1]) + 1 if len(present) else 0, np.int32)
    position[present] = np.arange(len(present), dtype=np.int32)
    return pd.Categorical.from_codes(position[numbers], trace.texts(present))


def _places(trace: Trace, stacks: np.ndarray) -> pd.Categorical:
    """Name the place in the program's own code that each stack points at."""
    present, inverse = np.unique(stacks, return_inverse=True)
    names = trace.places(present)
    categories, codes = np.unique(np.array(names, dtype=object), return_inverse=True)
    return pd.Categorical.from_codes(codes[inverse], categories)


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
    parent = dict(zip(raw["task"].tolist(), raw["parent"].tolist(), strict=True))
    name = dict(zip(raw["task"].tolist(), trace.texts(raw["name"]), strict=True))
    return {"path": ["/".join(_ancestry(task, parent, name)) for task in raw["task"].tolist()]}


def _ancestry(task: int, parent: dict[int, int], name: dict[int, str]) -> list[str]:
    path: list[str] = []
    seen: set[int] = set()
    while task in name and task not in seen:
        seen.add(task)
        path.append(name[task])
        task = parent[task]
    return path[::-1]


def _of_logs(trace: Trace, raw: dict[str, np.ndarray]) -> dict[str, object]:
    return {"message": np.array(trace.texts(raw["message"]), dtype=object)}


_EXTRAS = {"states": _of_states, "goroutines": _of_goroutines, "tasks": _of_tasks, "logs": _of_logs}

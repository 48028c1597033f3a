"""Is there an order that explains what clients saw of one key? A search, and its smallest failure.

After Wing and Gong (1993) with Lowe's (2017) memory of configurations seen. The cost grows with how
many operations overlap in time, so the search is bounded and may answer "undecided".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .history import Transaction

__all__ = ["SEARCH_STEPS", "search_registers", "shrink"]

SEARCH_STEPS = 200_000


def search_registers(key: str, operations: Sequence[Transaction], steps: int = SEARCH_STEPS) -> bool | None:
    """Return whether one key's operations are linearizable; None if ``steps`` did not suffice.

    Depth-first over which operation came next, among those that began before any other open one
    had ended; a set of operations done with the value they left is never tried twice.
    """
    ops = sorted(operations, key=lambda t: t.start_us)
    ends = [float("inf") if t.end_us is None else t.end_us for t in ops]
    reads = [dict(t.reads).get(key) for t in ops]
    writes = [t.txn if key in t.writes else None for t in ops]
    # A configuration: every operation before `low` is done, and those of `done` beyond it.
    stack: list[tuple[int, frozenset[int], int]] = [(0, frozenset(), 0)]
    visited = {stack[0]}
    while stack:
        low, done, value = stack.pop()
        if low == len(ops):
            return True
        steps -= 1
        if steps < 0:
            return None
        for index in _could_be_next(ops, ends, low, done):
            if reads[index] is not None and reads[index] != value:
                continue
            after = _advance(low, done, index)
            configuration = (*after, value if writes[index] is None else writes[index])
            if configuration not in visited:
                visited.add(configuration)
                stack.append(configuration)
    return False


def _could_be_next(
    ops: Sequence[Transaction], ends: Sequence[float], low: int, done: frozenset[int]
) -> list[int]:
    horizon, open_ops = float("inf"), []
    for index in range(low, len(ops)):
        if ops[index].start_us > horizon:
            break
        if index not in done:
            open_ops.append(index)
            horizon = min(horizon, ends[index])
    return [index for index in reversed(open_ops) if ops[index].start_us <= horizon]


def _advance(low: int, done: frozenset[int], index: int) -> tuple[int, frozenset[int]]:
    if index != low:
        return low, done | {index}
    low += 1
    while low in done:
        low += 1
    return low, frozenset(i for i in done if i > low) if done else done


def shrink(key: str, operations: Sequence[Transaction], steps: int) -> tuple[Transaction, ...]:
    """Take operations away while the rest is still wrong: first the tail by halving, then one by one.

    An operation that cannot go may still lose its own read, which frees the one it read from.
    """
    ordered = sorted(operations, key=lambda t: float("inf") if t.end_us is None else t.end_us)
    good, bad = 0, len(ordered)
    while bad - good > 1:
        middle = (good + bad) // 2
        wrong = search_registers(key, _with_writers(key, ordered[:middle], ordered), steps) is False
        good, bad = (good, middle) if wrong else (middle, bad)
    kept = _with_writers(key, ordered[:bad], ordered)
    while (smaller := _one_step_smaller(key, kept, steps)) is not None:
        kept = smaller
    return tuple(sorted(kept, key=lambda t: t.start_us))


def _one_step_smaller(key: str, kept: list[Transaction], steps: int) -> list[Transaction] | None:
    for one in sorted(kept, key=lambda t: t.start_us):
        choices = [_without_orphans(key, [other for other in kept if other is not one])]
        if one.writes and key in dict(one.reads):
            choices.append([replace(one, reads=()) if other is one else other for other in kept])
        for smaller in choices:
            if search_registers(key, smaller, steps) is False:
                return smaller
    return None


def _without_orphans(key: str, some: list[Transaction]) -> list[Transaction]:
    """Take away the readers of what nobody writes any more; their reads alone would prove nothing."""
    while True:
        known = {0, *(t.txn for t in some)}
        rest = [t for t in some if dict(t.reads).get(key, 0) in known]
        if len(rest) == len(some):
            return rest
        some = rest


def _with_writers(
    key: str, some: Iterable[Transaction], everything: Iterable[Transaction]
) -> list[Transaction]:
    """Add the writers of whatever was read, so that cutting does not itself make a history wrong."""
    kept = {t.txn: t for t in some}
    writers = {t.txn: t for t in everything if key in t.writes}
    todo = list(kept.values())
    while todo:
        seen = dict(todo.pop().reads).get(key)
        if seen in writers and seen not in kept:
            kept[seen] = writers[seen]
            todo.append(writers[seen])
    return list(kept.values())

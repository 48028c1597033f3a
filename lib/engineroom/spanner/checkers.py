"""Three checkers of histories, each returning the smallest counterexample it can find.

`check_order` and `check_snapshots` look inside (they know the timestamps); `check_registers` only
knows what clients saw and when. They catch different things: a read that misses a prepared
transaction has perfectly ordered timestamps.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .history import History, Transaction
from .leases import Lease
from .registers import SEARCH_STEPS, search_registers, shrink

__all__ = [
    "Counterexample",
    "check_all",
    "check_leases",
    "check_order",
    "check_registers",
    "check_snapshots",
]


@dataclass(frozen=True)
class Counterexample:
    """Proof that a history is wrong.

    Attributes:
        rule: which rule is broken.
        because: one sentence with the numbers.
        transactions: the few transactions that suffice to see it.
        key: the key concerned, if one is.
    """

    rule: str
    because: str
    transactions: tuple[Transaction, ...]
    key: str = ""

    def __str__(self) -> str:
        """Say it with its transactions, one per line."""
        return "\n".join([f"{self.rule}: {self.because}", *(f"  {t.describe()}" for t in self.transactions)])


def check_order(history: History) -> Counterexample | None:
    """Check that timestamps respect real time: acknowledged before requested means smaller timestamp.

    A write must come after every write acknowledged before its commit was requested, on whatever key.
    A strong read must not lie before a write *of a key it reads* that was acknowledged before the read
    began (one served at its group's last commit may lie before writes elsewhere: nobody can tell).
    Among all violations the one with the shortest gap in real time is returned. O(n log n).
    """
    acked = [t for t in history.transactions if t.kind == "read-write" and None not in (t.ts_us, t.end_us)]
    acked.sort(key=lambda t: t.end_us)
    by_key: dict[str, list[Transaction]] = {}
    for one in acked:
        for key in one.writes:
            by_key.setdefault(key, []).append(one)
    everything, per_key = _Acknowledged(acked), {key: _Acknowledged(some) for key, some in by_key.items()}
    worst = None
    for later in history.transactions:
        if later.kind == "stale" or later.ts_us is None:
            continue
        writes = later.kind == "read-write"
        sources = [everything] if writes else [per_key[key] for key, _ in later.reads if key in per_key]
        for earlier in filter(None, (source.out_of_order(later, writes) for source in sources)):
            gap = later.commit_us - earlier.end_us
            if worst is None or gap < worst[0]:
                worst = (gap, earlier, later)
    return _order_violation(*worst) if worst else None


class _Acknowledged:
    """Writes by the time of their acknowledgement, with the largest timestamp so far."""

    def __init__(self, acked: list[Transaction]):
        self._acked, self._ends = acked, [t.end_us for t in acked]
        self._newest = list(accumulate((t.ts_us for t in acked), max))

    def out_of_order(self, later: Transaction, strictly: bool) -> Transaction | None:
        """Return the last write acknowledged before ``later``'s request whose timestamp is not smaller."""
        place = bisect_left(self._ends, later.commit_us)
        limit = later.ts_us + (not strictly)
        if not place or self._newest[place - 1] < limit:
            return None
        return next(self._acked[i] for i in range(place - 1, -1, -1) if self._acked[i].ts_us >= limit)


def _order_violation(gap_us: int, earlier: Transaction, later: Transaction) -> Counterexample:
    because = (
        f"T{later.txn} was requested {gap_us / 1e3:.3f} ms after T{earlier.txn} had been acknowledged, "
        f"but its timestamp is {(earlier.ts_us - later.ts_us) / 1e3:.3f} ms smaller."
    )
    return Counterexample("timestamps must respect real time", because, (earlier, later))


def check_snapshots(history: History) -> Counterexample | None:
    """Check that every read at t saw the newest commit not later than t (own writes excepted).

    A read-write transaction reads under locks, so it must have seen everything before its commit
    timestamp. The counterexample holds the reader, the writer it saw and the writer it should have
    seen. Also reported: two commits of one key at one timestamp, and a transaction applied at two.
    """
    for txn, both in history.torn.items():
        told = tuple(t for t in history.transactions if t.txn == txn)
        return Counterexample("a transaction has one timestamp", f"T{txn} was applied at {both} µs.", told)
    writers = _committed_writers(history)
    for key, versions in writers.items():
        for (ts, one), (next_ts, other) in pairwise(versions):
            if ts == next_ts:
                because = f"T{one.txn} and T{other.txn} both wrote {key} at {ts} µs."
                return Counterexample("timestamps of a group grow", because, (one, other), key)
    by_txn = {t.txn: t for t in history.transactions}
    times = {key: [ts for ts, _ in versions] for key, versions in writers.items()}
    wrong = (_wrong_read(t, writers, times, by_txn) for t in history.transactions if t.ts_us is not None)
    return next((found for found in wrong if found), None)


def _committed_writers(history: History) -> dict[str, list[tuple[int, Transaction]]]:
    writers: dict[str, list[tuple[int, Transaction]]] = {}
    for one in history.transactions:
        if one.kind == "read-write" and one.ts_us is not None:
            for key in one.writes:
                writers.setdefault(key, []).append((one.ts_us, one))
    for versions in writers.values():
        versions.sort(key=lambda version: (version[0], version[1].txn))
    return writers


def _wrong_read(
    reader: Transaction,
    writers: Mapping[str, list[tuple[int, Transaction]]],
    times: Mapping[str, list[int]],
    by_txn: Mapping[int, Transaction],
) -> Counterexample | None:
    find = bisect_left if reader.kind == "read-write" else bisect_right
    for key, seen in reader.reads:
        place = find(times.get(key, []), reader.ts_us)
        due = writers[key][place - 1][1] if place else None
        if seen != (due.txn if due else 0):
            because = (
                f"T{reader.txn} read {key} at {reader.ts_us / 1e3:.3f} ms and saw {_name(seen)}, "
                f"but the newest commit by then is {_name(due.txn if due else 0)}."
            )
            involved = [by_txn[seen]] if seen in by_txn else []
            involved += [due] if due else []
            return Counterexample(
                "a read sees every commit up to its timestamp", because, (*involved, reader), key
            )
    return None


def _name(txn: int) -> str:
    return f"T{txn}" if txn else "nothing"


def check_leases(leases: Mapping[str, Sequence[Lease]]) -> str | None:
    """Return one sentence if two leases of one group overlap, and None if all are disjoint."""
    for group, terms in leases.items():
        ordered = sorted(terms, key=lambda lease: lease.start_us)
        for one, other in pairwise(ordered):
            if other.start_us <= one.end_us:
                return (
                    f"Group {group}: a lease starts at {other.start_us / 1e6:.6f} s, "
                    f"{(one.end_us - other.start_us) / 1e6:.6f} s before the one before it ends."
                )
    return None


def check_registers(history: History, steps: int = SEARCH_STEPS) -> tuple[Counterexample | None, list[str]]:
    """Search, key by key, for an order in which every strong operation could have happened at once.

    Timestamps are not used. Linearizability is local: a history of registers is right if it is for
    each register. Returns the smallest counterexample and the keys that were too hard to decide
    within ``steps`` configurations each.
    """
    undecided, found = [], None
    for key, operations in sorted(_by_key(history).items()):
        verdict = search_registers(key, operations, steps)
        if verdict is None:
            undecided.append(key)
        elif not verdict:
            small = shrink(key, operations, steps)
            if found is None or len(small) < len(found.transactions):
                because = f"no order of these {len(small)} operations explains what they read of {key}."
                found = Counterexample("what clients see must be explained by one order", because, small, key)
    return found, undecided


def _by_key(history: History) -> dict[str, list[Transaction]]:
    keys: dict[str, list[Transaction]] = {}
    seen = {value for one in history.transactions for _, value in one.reads}
    for one in history.transactions:
        if one.kind == "stale" or (one.end_us is None and one.txn not in seen):
            continue  # an unacknowledged write that nobody saw explains and forbids nothing
        for key in {*one.writes, *(key for key, _ in one.reads)}:
            keys.setdefault(key, []).append(one)
    return keys


def check_all(history: History) -> Counterexample | None:
    """Return the first counterexample that any of the three checkers finds."""
    return check_order(history) or check_snapshots(history) or check_registers(history)[0]

"""What Spanner promises, tried on Google's emulator, or replayed from a recorded run.

The emulator has Spanner's interface, SQL and rules, and none of its machinery: one process in memory,
no replicas, no Paxos, no TrueTime, no splits. So it shows what is promised, not what it costs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engineroom.kit.data import load_json

from .emulator import EmulatorFailed, origin, started

if TYPE_CHECKING:
    from google.cloud.spanner_v1.database import Database

__all__ = ["EmulatorRun", "counter_behind", "replay", "run"]

VERSIONS, AGE_S = ("v1", "v2", "v3", "v4", "v5", "v6"), 0.5
SEQUENCE_BITS = 63  # the sign stays 0


@dataclass(frozen=True)
class EmulatorRun:
    """What the emulator did.

    Attributes:
        origin: which emulator and which client.
        commits_us: commit timestamps of six writes to one row, in microseconds after the first.
        as_of: kind of read -> the version of that row that it saw.
        parents: table -> the table whose rows it lies under, or None.
        orphan: what became of a child row without a parent.
        lines: child rows before and after their parent was deleted.
        sequence: keys in the order in which a bit-reversed sequence gave them out.
        transaction_lost: what became of one of two read-write transactions on different tables.
        split_statistics: what became of a query for the hottest splits.
    """

    origin: str
    commits_us: tuple[int, ...]
    as_of: dict[str, str]
    parents: dict[str, str | None]
    orphan: str
    lines: tuple[int, int]
    sequence: tuple[int, ...]
    transaction_lost: str
    split_statistics: str


def replay() -> EmulatorRun:
    """Return the recorded run."""
    record = load_json("spanner", "emulator.json")
    return EmulatorRun(**{k: tuple(v) if isinstance(v, list) else v for k, v in record.items()})


def run(
    *, on_progress: Callable[[float, str], None] | None = None, cancel: threading.Event | None = None
) -> EmulatorRun:
    """Start the emulator on loopback, try what Spanner promises, and stop it.

    Raises:
        EmulatorFailed: when there is no emulator or no client, with the command that brings it; or when
            the run is cancelled.
    """
    tell, cancel = on_progress or (lambda share, message: None), cancel or threading.Event()
    tell(0.0, "starting the emulator…")
    with started() as database:
        tell(0.3, "writing six versions of a row…")
        commits = _write_versions(database, cancel)
        as_of = _read_back(database, commits)
        tell(0.6, "orders and their lines…")
        sequence = tuple(database.run_in_transaction(_insert_orders))
        orphan, parents = _orphan(database), _parents(database)
        lines = _lines_before_and_after(database, sequence[0])
        tell(0.8, "two transactions at a time…")
        loser = _two_transactions(database)
        statistics = _refusal(lambda: _query(database, "SELECT * FROM SPANNER_SYS.SPLIT_STATS_TOP_MINUTE"))
        after_us = tuple(round((at - commits[0]).total_seconds() * 1e6) for at in commits)
        return EmulatorRun(origin(), after_us, as_of, parents, orphan, lines, sequence, loser, statistics)


def counter_behind(key: int) -> int:
    """Return the counter that a bit-reversed (positive) sequence turned into ``key``: 63 bits, reversed."""
    return int(f"{key:0{SEQUENCE_BITS}b}"[::-1], 2)


def _write_versions(database: Database, cancel: threading.Event) -> list[datetime]:
    """Write each version in a transaction of its own; the third grows old before the fourth replaces it."""
    commits = []
    for version in VERSIONS:
        if len(commits) == 3 and cancel.wait(AGE_S):
            raise EmulatorFailed("The run was stopped.")
        with database.batch() as batch:
            batch.insert_or_update("Orders", ("OrderId", "Note"), [(1, version)])
        commits.append(batch.committed)
    return commits


def _read_back(database: Database, commits: list[datetime]) -> dict[str, str]:
    third_is_old = datetime.now(UTC) - commits[2]
    bounds: dict[str, dict[str, Any]] = {
        "strong": {},
        "at the second commit": {"read_timestamp": commits[1]},
        "just before the second commit": {"read_timestamp": commits[1] - timedelta(microseconds=1)},
        "as stale as the third commit": {"exact_staleness": third_is_old},
    }
    return {kind: _note(database, **bound) for kind, bound in bounds.items()}


def _note(database: Database, **bound: Any) -> str:
    return _query(database, "SELECT Note FROM Orders WHERE OrderId = 1", **bound)[0][0]


def _query(database: Database, sql: str, **bound: Any) -> list[list]:
    with database.snapshot(**bound) as snapshot:
        return list(snapshot.execute_sql(sql))


def _insert_orders(transaction: Any) -> list[int]:
    insert = "INSERT INTO Orders (Note) VALUES ('new') THEN RETURN OrderId"
    return [next(iter(transaction.execute_sql(insert)))[0] for _ in range(8)]


def _parents(database: Database) -> dict[str, str | None]:
    tables = "FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '' ORDER BY TABLE_NAME"
    return dict(_query(database, f"SELECT TABLE_NAME, PARENT_TABLE_NAME {tables}"))


def _insert_lines(database: Database, order: int, count: int) -> None:
    with database.batch() as batch:
        batch.insert("Lines", ("OrderId", "Line"), [(order, line) for line in range(count)])


def _orphan(database: Database) -> str:
    return _refusal(lambda: _insert_lines(database, 77, 1))


def _lines_before_and_after(database: Database, order: int) -> tuple[int, int]:
    from google.cloud import spanner

    _insert_lines(database, order, 3)
    before = _query(database, "SELECT COUNT(*) FROM Lines")[0][0]
    with database.batch() as batch:
        batch.delete("Orders", spanner.KeySet(keys=[[order]]))
    return before, _query(database, "SELECT COUNT(*) FROM Lines")[0][0]


def _two_transactions(database: Database) -> str:
    """Begin a second read-write transaction, on another table, while a first is open; one of them must go."""
    sessions = [database.session(), database.session()]
    for session in sessions:
        session.create()
    first, second = (session.transaction() for session in sessions)
    first.begin()
    list(first.execute_sql("SELECT Note FROM Orders WHERE OrderId = 1"))
    try:
        outcomes = [_refusal(lambda: _begin_and_read(second)), _refusal(first.commit)]
    finally:
        for session in sessions:
            session.delete()
    return next((outcome for outcome in outcomes if outcome != "accepted"), "accepted")


def _begin_and_read(transaction: Any) -> None:
    transaction.begin()
    list(transaction.execute_sql("SELECT COUNT(*) FROM Lines"))


def _refusal(action: Callable[[], object]) -> str:
    """Return in one line why the emulator refused, or "accepted"."""
    from google.api_core.exceptions import GoogleAPICallError

    try:
        action()
    except GoogleAPICallError as error:
        return " ".join(error.message.partition("\n")[0].partition(", request_id")[0].split())
    return "accepted"

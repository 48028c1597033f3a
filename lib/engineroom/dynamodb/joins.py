"""The relational side: the same tables in SQLite, and how much work a join is there.

Work is counted in SQLite's own instructions, not in seconds, so it is the same in every run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JoinWork", "join_work"]

QUERY = """
SELECT c.name, o.order_id, o.ordered_at, o.total_cents
FROM Customer c JOIN "Order" o ON o.customer_id = c.customer_id
WHERE c.customer_id = ? ORDER BY o.ordered_at DESC LIMIT 10
"""
INDEXES = (
    "CREATE INDEX customer_key ON Customer (customer_id)",
    'CREATE INDEX order_customer ON "Order" (customer_id, ordered_at)',
)


@dataclass(frozen=True)
class JoinWork:
    """What one join took.

    Attributes:
        rows: rows in its result.
        instructions: steps of SQLite's virtual machine.
        plan: how SQLite went about it, a line per table.
    """

    rows: int
    instructions: int
    plan: tuple[str, ...]


def join_work(frames: Mapping[str, pd.DataFrame], customer_id: int, *, indexed: bool) -> JoinWork:
    """Return the work of joining a customer to their ten newest orders.

    Args:
        frames: the shop's tables.
        customer_id: whose orders.
        indexed: whether both tables have an index that fits the question.
    """
    with sqlite3.connect(":memory:") as database:
        # without an index of our own SQLite would build one for the occasion, and throw it away
        database.execute("PRAGMA automatic_index = off")
        for name in ("Customer", "Order"):
            frames[name].to_sql(name, database, index=False)
        for statement in INDEXES if indexed else ():
            database.execute(statement)
        plan = database.execute(f"EXPLAIN QUERY PLAN {QUERY}", (customer_id,)).fetchall()
        steps = _Steps()
        database.set_progress_handler(steps, 1)
        rows = database.execute(QUERY, (customer_id,)).fetchall()
        database.set_progress_handler(None, 1)
    database.close()
    return JoinWork(len(rows), steps.count, tuple(row[3] for row in plan))


class _Steps:
    """Counts the virtual machine's instructions."""

    count = 0

    def __call__(self) -> int:
        self.count += 1
        return 0  # anything else would interrupt the query

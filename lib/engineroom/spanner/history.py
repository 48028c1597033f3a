"""What clients saw and what the database decided: the material of the checkers."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["History", "Transaction"]


@dataclass(frozen=True)
class Transaction:
    """One transaction as its client saw it, with the timestamp that only the database knows.

    Attributes:
        txn: id, unique; it is also the value that the transaction writes.
        client: who ran it.
        kind: ``"read-write"``, ``"read-only"`` (strong) or ``"stale"``.
        start_us: true time at which the (last) attempt began.
        commit_us: true time at which the commit request left the client; equals ``start_us`` for reads.
        end_us: true time of the reply; None if none came, so it may or may not have happened.
        ts_us: commit or read timestamp; None if it was never decided.
        reads: (key, id of the transaction whose value was seen; 0 for none).
        writes: keys written.
    """

    txn: int
    client: int
    kind: str
    start_us: int
    commit_us: int
    end_us: int | None
    ts_us: int | None
    reads: tuple[tuple[str, int], ...] = ()
    writes: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say it in one line."""
        seen = ", ".join(f"{key}: {f'T{value}' if value else 'nothing'}" for key, value in self.reads)
        did = [f"read {seen}"] * bool(seen) + [f"wrote {', '.join(self.writes)}"] * bool(self.writes)
        end = "?" if self.end_us is None else f"{self.end_us / 1e3:.3f}"
        when = f"{self.start_us / 1e3:.3f} to {end} ms"
        at = "undecided" if self.ts_us is None else f"timestamp {self.ts_us / 1e3:.3f} ms"
        what = " and ".join(did) or "did nothing"
        return f"T{self.txn} ({self.kind}, client {self.client}) {what}, {when}, {at}"


@dataclass
class History:
    """Every transaction with a known or unknown outcome; aborted attempts left no trace.

    Attributes:
        transactions: in the order in which they ended.
        decided: commit timestamp of each transaction that any replica applied.
        torn: transactions that were applied at two different timestamps, with both.
        aborts: aborted attempts, by reason.
    """

    transactions: list[Transaction] = field(default_factory=list)
    decided: dict[int, int] = field(default_factory=dict)
    torn: dict[int, tuple[int, int]] = field(default_factory=dict)
    aborts: dict[str, int] = field(default_factory=dict)

    def committed(self, txn: int, ts_us: int) -> None:
        """Note that a replica applied a commit."""
        if self.decided.setdefault(txn, ts_us) != ts_us:
            self.torn[txn] = (self.decided[txn], ts_us)

    def aborted(self, why: str) -> None:
        """Count an aborted attempt."""
        self.aborts[why] = self.aborts.get(why, 0) + 1

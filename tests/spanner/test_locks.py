"""Wound-wait: no deadlock, the oldest is never stopped, nothing stays locked."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.spanner.locks import LockTable, Request


class Table:
    """A lock table whose transactions can all be wounded, except the protected ones."""

    def __init__(self):
        self.granted, self.wounded, self.protected = [], [], set()
        self.locks = LockTable(self.wound)

    def wound(self, txn):
        if txn in self.protected:
            return False
        self.wounded.append(txn)
        return True

    def ask(self, txn, key, exclusive=True):
        self.locks.acquire(key, Request(txn, (txn, 0), exclusive, lambda: self.granted.append((txn, key))))


def test_readers_share_and_writers_do_not():
    table = Table()
    table.ask(1, "k", exclusive=False)
    table.ask(2, "k", exclusive=False)
    table.ask(3, "k")
    assert table.granted == [(1, "k"), (2, "k")]
    table.locks.release(1)
    table.locks.release(2)
    assert table.granted[-1] == (3, "k")


def test_the_old_wound_the_young_and_the_young_wait():
    table = Table()
    table.ask(5, "k")
    table.ask(9, "k")
    assert table.wounded == []
    table.ask(2, "k")
    assert table.wounded == [5]
    assert table.locks.held() == {"k": [2]}
    table.locks.release(2)
    assert table.locks.held() == {"k": [9]}


def test_who_cannot_be_stopped_is_waited_for():
    table = Table()
    table.protected = {5}
    table.ask(5, "k")
    table.ask(2, "k")
    assert (2, "k") not in table.granted
    table.locks.release(5)
    assert table.granted[-1] == (2, "k")


def test_an_upgrade_waits_for_older_readers_and_wounds_younger_ones():
    table = Table()
    for txn in (1, 2, 3):
        table.ask(txn, "k", exclusive=False)
    table.ask(2, "k")
    assert table.wounded == [3]
    assert table.granted.count((2, "k")) == 1
    table.locks.release(1)
    assert table.granted.count((2, "k")) == 2


def test_a_young_reader_does_not_overtake_an_older_waiting_writer():
    table = Table()
    table.protected = {1}
    table.ask(1, "k", exclusive=False)
    table.ask(2, "k")
    table.ask(3, "k", exclusive=False)
    assert (3, "k") not in table.granted
    table.locks.release(1)
    assert table.granted[-1] == (2, "k")


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(1, 5))
def test_everybody_finishes_and_the_oldest_unscathed(seed, transactions, keys):
    """Random lock orders: every transaction ends, waits never form a circle, nothing stays locked."""
    rng, table = random.Random(seed), Table()
    todo = {
        txn: [(f"k{key}", rng.random() < 0.6) for key in rng.sample(range(keys), rng.randint(1, keys))]
        for txn in range(transactions)
    }
    plans = {txn: list(wishes) for txn, wishes in todo.items()}
    for _ in range(4 * transactions * keys * transactions):
        if not todo:
            break
        for txn in [t for t in set(table.wounded) if t in todo]:
            todo[txn] = list(plans[txn])
            table.granted = [grant for grant in table.granted if grant[0] != txn]
        table.wounded.clear()
        ready = [t for t in todo if all(_done(table, t, k, plans[t], todo[t]) for k, _ in plans[t])]
        assert ready, "everybody waits for somebody: a deadlock"
        txn = rng.choice(ready)
        if todo[txn]:
            table.ask(txn, *todo[txn].pop(0))
        else:
            table.locks.release(txn)
            del todo[txn]
        assert 0 not in table.wounded, "the oldest was wounded"
    assert not todo
    assert table.locks.held() == {}


def _done(table, txn, key, plan, left):
    """A transaction is ready if everything it has asked for is granted."""
    asked = (key, dict(plan)[key]) not in left
    return not asked or (txn, key) in table.granted

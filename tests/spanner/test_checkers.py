"""Each checker rejects what it must, accepts what it must, and shrinks to a minimum."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.spanner.checkers import (
    check_all,
    check_leases,
    check_order,
    check_registers,
    check_snapshots,
)
from engineroom.spanner.history import History, Transaction
from engineroom.spanner.leases import Lease
from engineroom.spanner.protocol import MUTANTS, Protocol
from engineroom.spanner.registers import search_registers
from engineroom.spanner.scenarios import SCENARIOS, break_rule, try_rule


def write(txn, start, end, ts, *keys, reads=()):
    return Transaction(txn, 0, "read-write", start, start, end, ts, tuple(reads), keys or ("x",))


def read(txn, start, end, ts, seen, key="x", kind="read-only"):
    return Transaction(txn, 0, kind, start, start, end, ts, ((key, seen),))


def history(*transactions):
    return History(list(transactions), {t.txn: t.ts_us for t in transactions if t.writes and t.ts_us})


# -- the six anomalies that must be rejected ------------------------------------------------------


def test_a_later_write_on_another_group_must_not_get_a_smaller_timestamp():
    found = check_order(history(write(1, 0, 10, 100, "a"), write(2, 11, 20, 90, "b")))
    assert [t.txn for t in found.transactions] == [1, 2]
    assert "requested 0.001 ms after T1 had been acknowledged" in str(found)
    assert check_order(history(write(1, 0, 10, 100, "a"), write(2, 9, 20, 90, "b"))) is None, "concurrent"
    assert check_order(history(write(1, 0, 10, 100, "a"), write(2, 11, 20, 100, "b"))), "equal is not later"


def test_a_strong_read_must_not_miss_an_acknowledged_write():
    missed = history(write(1, 0, 10, 100), read(2, 11, 12, 50, 0))
    assert check_order(missed).transactions[1].txn == 2
    assert check_snapshots(missed) is None, "it is a right snapshot, only too old a one"
    assert [t.txn for t in check_registers(missed)[0].transactions] == [1, 2]
    assert check_order(history(write(1, 0, 10, 100), read(2, 11, 12, 50, 0, "other"))) is None


def test_a_snapshot_must_not_show_the_second_write_without_the_first():
    wrong = history(
        write(1, 0, 10, 100, "a"),
        write(2, 11, 20, 90, "b"),
        Transaction(3, 0, "read-only", 21, 21, 22, 95, (("a", 0), ("b", 2))),
    )
    assert check_snapshots(wrong) is None, "by timestamps it is right"
    assert check_order(wrong)


def test_a_read_past_a_prepared_transaction_is_found_though_its_timestamps_are_in_order():
    wrong = history(write(1, 0, 30, 100), read(2, 5, 6, 120, 0))
    assert check_order(wrong) is None
    found = check_snapshots(wrong)
    assert [t.txn for t in found.transactions] == [1, 2]
    assert "saw nothing, but the newest commit by then is T1" in found.because


def test_two_commits_of_one_key_at_one_timestamp_are_found():
    assert "both wrote x at 100" in check_snapshots(history(write(1, 0, 9, 100), write(2, 0, 9, 100))).because


def test_a_transaction_applied_at_two_timestamps_is_found():
    torn = history(write(1, 0, 9, 100, "a", "b"))
    torn.committed(1, 100)
    assert check_snapshots(torn) is None
    torn.committed(1, 101)
    assert "applied at (100, 101)" in check_snapshots(torn).because


# -- what must be accepted --------------------------------------------------------------------------


def test_concurrent_writes_may_be_ordered_either_way():
    for order in itertools.permutations((100, 101)):
        one, other = write(1, 0, 10, order[0]), write(2, 0, 10, order[1])
        last = 1 if order[0] > order[1] else 2
        assert check_all(history(one, other, read(3, 11, 12, 200, last))) is None


def test_an_unknown_outcome_may_or_may_not_have_happened():
    unknown = write(1, 0, None, None)
    assert check_registers(history(unknown, read(2, 100, 101, 50, 0)))[0] is None
    assert check_registers(history(unknown, read(2, 100, 101, 50, 1)))[0] is None
    after = history(unknown, read(2, 100, 101, 50, 1), read(3, 102, 103, 50, 0))
    assert check_registers(after)[0], "but once seen it has happened"


def test_a_stale_read_may_miss_what_is_newer_than_its_timestamp():
    assert check_all(history(write(1, 0, 10, 100), read(2, 50, 51, 60, 0, kind="stale"))) is None
    assert check_snapshots(history(write(1, 0, 10, 100), read(2, 50, 51, 160, 0, kind="stale")))


def test_a_locked_read_sees_what_lies_before_its_own_commit():
    right = history(write(1, 0, 10, 100), write(2, 11, 20, 200, reads=[("x", 1)]))
    assert check_all(right) is None
    wrong = history(write(1, 0, 10, 100), write(2, 11, 20, 200, reads=[("x", 0)]))
    assert check_snapshots(wrong)


# -- the search against brute force -----------------------------------------------------------------


@st.composite
def register_histories(draw):
    operations = []
    for txn in range(1, draw(st.integers(1, 6)) + 1):
        start = draw(st.integers(0, 12))
        end = draw(st.one_of(st.none(), st.integers(start, start + 8)))
        if draw(st.booleans()):
            operations.append(write(txn, start, end, None))
        else:
            operations.append(
                read(txn, start, end if end is not None else start, None, draw(st.integers(0, 6)))
            )
    return operations


def explained(operations):
    """Brute force: some order, consistent with real time, explains every read."""
    for order in itertools.permutations(operations):
        ends = [float("inf") if t.end_us is None else t.end_us for t in order]
        if any(ends[j] < order[i].start_us for i in range(len(order)) for j in range(i + 1, len(order))):
            continue
        value = 0
        for one in order:
            if one.reads and one.reads[0][1] != value:
                break
            value = one.txn if one.writes else value
        else:
            return True
    return False


@settings(max_examples=300, deadline=None)
@given(register_histories())
def test_the_search_agrees_with_brute_force(operations):
    assert search_registers("x", operations) is explained(operations)


def test_a_search_that_is_too_hard_says_so():
    many = [write(txn, 0, 100, None) for txn in range(1, 15)] + [read(99, 200, 201, None, 77)]
    assert search_registers("x", many, steps=50) is None
    assert check_registers(history(*many), steps=50) == (None, ["x"])


def test_the_counterexample_is_minimal():
    noise = [write(txn, 20 * txn, 20 * txn + 5, 20 * txn, reads=[("x", txn - 1)]) for txn in range(1, 40)]
    late_and_blind = read(99, 20 * 39 + 6, 20 * 39 + 7, 5, 20)
    found, undecided = check_registers(history(*noise, late_and_blind))
    assert undecided == []
    assert len(found.transactions) == 3
    for left_out in found.transactions:
        rest = [t for t in found.transactions if t is not left_out]
        orphaned = any(seen not in {0, *(t.txn for t in rest)} for t in rest for _, seen in t.reads)
        assert orphaned or search_registers("x", rest), "nothing can be taken away"


def test_overlapping_leases_are_named():
    assert check_leases({"g": [Lease(0, 10), Lease(11, 20)]}) is None
    assert "Group g: a lease starts at 0.000010 s" in check_leases({"g": [Lease(0, 10), Lease(10, 20)]})


# -- the protocol's mutants -----------------------------------------------------------------------


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_mutant_is_caught_and_the_right_protocol_is_not(mutant):
    run, found = break_rule(mutant)
    assert run.stopped.reason == "complete"
    assert found is not None
    assert len(found.transactions) <= 3
    right = SCENARIOS[mutant].run(Protocol())
    assert right.stopped.reason == "complete"
    assert check_all(right.history) is None
    assert check_leases(right.leases) is None


def test_overlapping_leases_show_in_the_leases_too():
    run, _ = break_rule("overlapping leases")
    assert check_leases(run.leases) is not None


def test_ignoring_prepared_transactions_escapes_a_checker_of_timestamps_alone():
    run, found = break_rule("ignore prepared")
    assert check_order(run.history) is None
    assert found.rule == "a read sees every commit up to its timestamp"


def test_a_clock_beyond_its_epsilon_is_caught():
    from dataclasses import replace

    from engineroom.spanner.faults import Fault

    scenario = SCENARIOS["no commit wait"]
    skewed = replace(scenario, faults=(Fault(200_000, "skew", "Z1", amount=-40_000),))
    assert check_all(skewed.run().history) is not None


def test_an_unknown_mutant_is_refused():
    with pytest.raises(ValueError, match="There is no mutant 'typo'; the mutants are: no commit wait"):
        break_rule("typo")


def test_a_commit_wait_rule_of_ones_own_is_tried_in_a_deployment():
    run, found = try_rule(lambda s, now: now.earliest > s)
    assert run.stopped.reason == "complete"
    assert found is None
    _, found = try_rule(lambda s, now: now.latest > s)
    assert found.rule == "timestamps must respect real time"
    run, found = try_rule(lambda s, now: False)
    assert run.stopped.reason == "event limit", "it never answers, and the run ends all the same"
    assert found is None

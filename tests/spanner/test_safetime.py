"""Safe time: the minimum of what the log and what the prepared transactions allow."""

from engineroom.spanner.safetime import SafeTime
from engineroom.spanner.versions import Versions


def test_it_follows_the_log():
    safe = SafeTime()
    safe.applied(1, 100)
    assert safe.t_safe() == 100
    safe.applied(2, 0)
    assert safe.t_safe() == 100, "a no-op says nothing about time"


def test_a_promise_counts_once_its_slot_is_applied():
    safe = SafeTime()
    safe.promise(after_slot=2, t_us=500, applied_slot=1)
    assert safe.t_safe() == 0
    safe.applied(2, 100)
    assert safe.t_safe() == 500


def test_prepared_transactions_hold_it_back_one_for_one():
    safe = SafeTime()
    safe.applied(1, 1_000)
    safe.prepare(7, 400, ["a"])
    safe.prepare(8, 600, ["b"])
    assert safe.t_safe() == 399
    for now in (2_000, 3_000):
        safe.applied(2, now)
        assert now - safe.t_safe() == now - 399, "the lag grows with the time held"
    safe.resolve(7)
    assert safe.t_safe() == 599
    safe.resolve(8)
    assert safe.t_safe() == 3_000


def test_fine_grained_safe_time_frees_other_keys():
    safe = SafeTime(fine_grained=True)
    safe.applied(1, 1_000)
    safe.prepare(7, 400, ["a"])
    assert safe.t_safe(["a"]) == 399
    assert safe.t_safe(["b"]) == 1_000


def test_the_mutant_ignores_them():
    safe = SafeTime(ignore_prepared=True)
    safe.applied(1, 1_000)
    safe.prepare(7, 400, ["a"])
    assert safe.t_safe() == 1_000


def test_versions_are_read_as_of_a_time():
    versions = Versions()
    for at, value in ((20, 2), (10, 1), (30, 3)):
        versions.write("k", at, value)
    assert [versions.read("k", t) for t in (9, 10, 19, 20, 99)] == [0, 1, 1, 2, 3]
    assert versions.newest("k") == 3
    assert versions.newest("never") == 0

"""The kernel's order, its bounds and its log."""

import pytest

from engineroom.spanner.events import EventLog, Kernel, stream


def test_ties_are_broken_by_the_order_of_scheduling():
    kernel, seen = Kernel(), []
    for name in "abc":
        kernel.after(5, seen.append, name)
    kernel.after(4, seen.append, "first")
    kernel.run(10)
    assert seen == ["first", "a", "b", "c"]


def test_a_run_says_why_it_stopped():
    kernel = Kernel(max_events=3)

    def again():
        kernel.after(1, again)

    again()
    stopped = kernel.run(10**9)
    assert (stopped.reason, stopped.events) == ("event limit", 3)
    assert "3 events: event limit" in str(stopped)
    assert Kernel().run(10).reason == "nothing left to do"

    kernel = Kernel()
    kernel.after(50, lambda: None)
    assert kernel.run(20) == kernel.run(20)
    assert (kernel.run(20).reason, kernel.now) == ("time limit", 20)


def test_completing_stops_after_the_current_event():
    kernel, seen = Kernel(), []
    kernel.after(1, kernel.complete)
    kernel.after(1, seen.append, "late")
    assert kernel.run(10).reason == "complete"
    assert seen == []


def test_a_negative_delay_is_refused():
    with pytest.raises(ValueError, match=r"A delay is -1 µs"):
        Kernel().after(-1, print)


def test_the_logs_hash_depends_on_every_entry_and_on_nothing_else():
    kept, forgetful, other = EventLog(keep=True), EventLog(), EventLog()
    for number in range(10_000):
        kept.record(number, "tick")
        forgetful.record(number, "tick")
        other.record(number + (number == 5_000), "tick")
    assert kept.digest() == forgetful.digest() != other.digest()
    assert len(kept.kept()) == 10_000
    assert forgetful.kept() == []


def test_streams_are_independent_and_repeatable():
    assert stream(1, "clock", "Z1").random() == stream(1, "clock", "Z1").random()
    assert stream(1, "clock", "Z1").random() != stream(1, "clock", "Z2").random()

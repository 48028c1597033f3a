from functools import partial

import pytest

from engineroom.concurrency.locks import Mutex
from engineroom.concurrency.runs import Leak, peak_overlap
from engineroom.concurrency.scheduler import Deadlock, Panic, run


def test_sleep_costs_no_waiting_and_returns_on_time():
    def main(go):
        yield from go.sleep(3_600_000_000_000)
        return go.now

    assert run(main).result == 3_600_000_000_000


def test_goroutines_overlap_and_the_totals_add_up():
    def main(go):
        for name, duration in (("a", 5), ("b", 3)):
            go.start(go.work(duration, name), name)
        yield from go.sleep(4)

    result = run(main)
    assert result.makespan == 4
    assert [(s.lane, s.start, s.end) for s in result.work] == [("b", 0, 3), ("a", 0, 5)]
    assert (result.worked, result.peak_calls, result.peak_goroutines) == (8, 2, 3)
    assert result.calls == {"a": 1, "b": 1}
    assert result.lifetimes == (("main", 0, 4), ("a", 0, 5), ("b", 0, 3))


def test_waiting_is_counted_for_all_but_main_and_sleep():
    def main(go):
        lock = Mutex(go)

        def task(name):
            yield from lock.lock()
            yield from go.work(10, name)
            lock.unlock()

        for name in "abc":
            go.start(task(name), name)
        yield from go.sleep(100)

    assert run(main).waited == 10 + 20


def test_a_deadlock_names_every_goroutine_and_its_wait():
    def main(go):
        one, two = Mutex(go), Mutex(go)

        def task(first, second):
            yield from first.lock()
            yield from go.sleep(1)
            yield from second.lock()

        go.start(task(one, two), "left")
        yield from task(two, one)

    with pytest.raises(Deadlock, match="all goroutines are asleep") as caught:
        run(main)
    assert caught.value.blocked == {"main": "sync.Mutex.Lock", "left": "sync.Mutex.Lock"}
    stuck = caught.value.run.of("stuck")
    assert sorted(s.lane for s in stuck) == ["left", "main"]


def test_a_goroutine_left_behind_is_a_leak():
    def main(go):
        lock = Mutex(go)
        yield from lock.lock()
        go.start(lock.lock(), "forgotten")
        yield from go.sleep(5)

    result = run(main)
    assert result.leaks == (Leak("forgotten", "sync.Mutex.Lock"),)
    assert result.makespan == 5


def test_a_panic_ends_the_program():
    def main(go):
        go.start(boom(go), "task")
        yield from go.sleep(10)

    def boom(go):
        yield from go.sleep(1)
        raise Panic("boom")

    with pytest.raises(Panic, match="boom"):
        run(main)


def test_the_same_program_gives_the_same_run():
    def main(go):
        for i in range(50):
            go.start(go.work(7 * i % 11, str(i)), str(i))
        yield from go.sleep(20)

    assert run(main) == run(main)


@pytest.mark.parametrize(
    ("intervals", "peak"),
    [([], 0), ([(0, 2), (2, 4)], 1), ([(0, 3), (2, 4), (3, 5)], 2), ([(1, 1), (1, 1)], 0)],
)
def test_peak_overlap_counts_half_open_intervals(intervals, peak):
    assert peak_overlap(intervals) == peak


def test_partial_bodies_are_tasks():
    assert run(lambda go: partial(go.work, 3, "x")()).makespan == 3

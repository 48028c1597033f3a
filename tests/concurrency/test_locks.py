import pytest

from engineroom.concurrency.locks import Mutex, WaitGroup
from engineroom.concurrency.scheduler import Deadlock, Panic, run


def test_a_mutex_lets_one_in_at_a_time_in_order():
    def main(go):
        lock, done = Mutex(go), WaitGroup(go)

        def task(name):
            yield from lock.lock()
            yield from go.work(2, name)
            lock.unlock()

        for name in "abc":
            done.go(lambda name=name: task(name), name)
        yield from done.wait()

    result = run(main)
    assert [(s.label, s.start) for s in result.work] == [("a", 0), ("b", 2), ("c", 4)]
    assert (result.peak_calls, result.makespan) == (1, 6)


def test_try_lock():
    def main(go):
        lock = Mutex(go)
        first, second = lock.try_lock(), lock.try_lock()
        lock.unlock()
        return first, second, lock.try_lock()
        yield

    assert run(main).result == (True, False, True)


def test_locking_twice_is_a_deadlock():
    def main(go):
        lock = Mutex(go)
        yield from lock.lock()
        yield from lock.lock()

    with pytest.raises(Deadlock):
        run(main)


def test_wait_returns_at_once_when_nothing_was_added():
    def main(go):
        done = WaitGroup(go)

        def late():
            yield from go.sleep(1)
            done.add()
            yield from go.work(5, "late")
            done.done()

        go.start(late(), "late")
        yield from done.wait()

    result = run(main)
    assert (result.makespan, result.work[0].end) == (0, 6)


@pytest.mark.parametrize(
    ("misuse", "message"),
    [(lambda go: Mutex(go).unlock(), "unlock of unlocked"), (lambda go: WaitGroup(go).done(), "negative")],
)
def test_misuse_panics(misuse, message):
    def main(go):
        misuse(go)
        yield from go.sleep(1)

    with pytest.raises(Panic, match=message):
        run(main)

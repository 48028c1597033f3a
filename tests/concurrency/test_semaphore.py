from functools import partial

import pytest

from engineroom.concurrency import errgroup
from engineroom.concurrency.context import (
    CANCELED,
    DEADLINE_EXCEEDED,
    background,
    with_cancel,
    with_timeout,
)
from engineroom.concurrency.scheduler import Deadlock, Panic, run
from engineroom.concurrency.semaphore import Weighted


def starts(weights, capacity=10, hold=1):
    """Return when each call starts if all ask at once, in this order."""

    def main(go):
        pool, group, ctx = Weighted(go, capacity), errgroup.Group(go), background(go)

        def task(weight, name):
            assert (yield from pool.acquire(ctx, weight)) is None
            yield from go.work(hold, name)
            pool.release(weight)

        for i, weight in enumerate(weights):
            yield from group.go(partial(task, weight, str(i)), f"task {i}")
        return (yield from group.wait())

    result = run(main)
    return [span.start for span in sorted(result.work, key=lambda s: int(s.label))]


def test_small_requests_wait_behind_a_large_one():
    assert starts([6, 8, 1, 1, 1]) == [0, 1, 1, 1, 2]


def test_in_another_order_nobody_waits_for_long():
    assert starts([1, 1, 1, 6, 8]) == [0, 0, 0, 0, 1]


def test_the_whole_capacity_can_be_taken():
    assert starts([10, 10, 10]) == [0, 1, 2]


def test_a_cost_above_capacity_waits_for_the_context_alone():
    def main(go):
        pool = Weighted(go, 10)
        ctx, _ = with_timeout(background(go), 7)

        def other():
            assert (yield from pool.acquire(background(go), 10)) is None
            go.note("other got in")

        go.start(other(), "other")
        err = yield from pool.acquire(ctx, 11)
        return err, go.now, pool.held

    result = run(main)
    assert result.result == (DEADLINE_EXCEEDED, 7, 10)
    assert result.log == ((0, "other got in"),)


def test_without_a_context_that_ends_it_waits_for_ever():
    with pytest.raises(Deadlock, match="chan receive"):
        run(lambda go: Weighted(go, 10).acquire(background(go), 11))


def test_try_acquire_does_not_overtake_those_who_queue():
    def main(go):
        pool, ctx = Weighted(go, 10), background(go)
        yield from pool.acquire(ctx, 6)
        go.start(pool.acquire(ctx, 8), "large")
        yield from go.sleep(1)
        refused = pool.try_acquire(1)
        queued = pool.queued
        pool.release(6)
        return refused, queued, pool.try_acquire(2), pool.try_acquire(1)

    assert run(main).result == (False, 1, True, False)


def test_a_cancelled_request_leaves_the_queue_and_lets_the_next_in():
    def main(go):
        pool, root = Weighted(go, 10), background(go)
        ctx, cancel = with_cancel(root)
        yield from pool.acquire(root, 6)

        def ask(context, n, name):
            go.note(f"{name}: {(yield from pool.acquire(context, n))}")

        go.start(ask(ctx, 8, "large"), "large")
        go.start(ask(root, 4, "small"), "small")
        yield from go.sleep(3)
        cancel()
        yield from go.sleep(1)
        return pool.held

    result = run(main)
    assert result.result == 10
    assert sorted(result.log) == [(3, "large: context canceled"), (3, "small: None")]


def test_permits_granted_in_the_instant_of_cancellation_are_given_back():
    def main(go):
        pool, root = Weighted(go, 5), background(go)
        ctx, cancel = with_cancel(root)
        yield from pool.acquire(root, 5)

        def ask():
            go.note(str((yield from pool.acquire(ctx, 5))))

        go.start(ask(), "asks")
        yield from go.sleep(1)
        pool.release(5)
        cancel()
        yield from go.sleep(1)
        return pool.held

    result = run(main)
    assert (result.result, result.log) == (0, ((1, "context canceled"),))


def test_a_cancelled_context_fails_even_if_all_is_free():
    def main(go):
        ctx, cancel = with_cancel(background(go))
        cancel()
        pool = Weighted(go, 5)
        return (yield from pool.acquire(ctx, 1)), pool.held

    assert run(main).result == (CANCELED, 0)


def test_releasing_more_than_is_held_panics():
    def main(go):
        Weighted(go, 5).release(1)
        yield from go.sleep(1)

    with pytest.raises(Panic, match="released more than held"):
        run(main)

import math
from functools import partial

import pytest

from engineroom.concurrency import errgroup
from engineroom.concurrency.context import CANCELED, background, with_cancel, work
from engineroom.concurrency.locks import WaitGroup
from engineroom.concurrency.scheduler import Deadlock, GoError, Panic, run

STORM = GoError("storm")


def failing(go, after, err=STORM):
    yield from go.sleep(after)
    return err


def with_limit(durations, limit):
    def main(go):
        group = errgroup.Group(go)
        group.set_limit(limit)
        for i, duration in enumerate(durations):
            yield from group.go(partial(go.work, duration, str(i)), f"task {i}")
        return (yield from group.wait())

    return run(main)


@pytest.mark.parametrize("limit", [1, 2, 4, 8, 16, 64])
def test_equal_durations_take_ceil_n_by_k(limit):
    assert with_limit([10] * 64, limit).makespan == math.ceil(64 / limit) * 10


def test_starting_order_decides_over_the_makespan():
    assert with_limit([5, 1, 1, 1, 4], 2).makespan == 7
    assert with_limit([5, 4, 1, 1, 1], 2).makespan == 6


def test_the_limit_bounds_calls_and_goroutines():
    result = with_limit([3] * 20, 4)
    assert (result.peak_calls, result.peak_goroutines) == (4, 5)
    assert with_limit([3] * 20, -1).peak_calls == 20


def test_a_limit_of_nothing_lets_nothing_start():
    with pytest.raises(Deadlock, match=r"main \[chan send\]"):
        with_limit([1], 0)


def test_the_first_error_wins():
    def main(go):
        group = errgroup.Group(go)
        for after, text in ((9, "late"), (3, "early"), (5, "later")):
            yield from group.go(partial(failing, go, after, GoError(text)))
        return (yield from group.wait())

    result = run(main)
    assert (result.result, result.makespan) == (GoError("early"), 9)


@pytest.mark.parametrize(("with_context", "makespan"), [(True, 1), (False, 10)])
def test_only_a_context_stops_the_siblings(with_context, makespan):
    def main(go):
        group, ctx = errgroup.with_context(background(go))
        if not with_context:
            group, ctx = errgroup.Group(go), background(go)
        yield from group.go(partial(failing, go, 1))
        yield from group.go(partial(work, ctx, 10, "sibling"))
        return (yield from group.wait()), ctx.cause

    result = run(main)
    assert result.makespan == makespan
    assert result.result == (STORM, STORM if with_context else None)


def test_waiting_ends_the_context_even_without_an_error():
    def main(go):
        group, ctx = errgroup.with_context(background(go))
        yield from group.go(partial(go.work, 2))
        err = yield from group.wait()
        return err, ctx.err, ctx.cause

    assert run(main).result == (None, CANCELED, CANCELED)


def test_a_groups_error_does_not_touch_the_parent():
    def main(go):
        parent, _ = with_cancel(background(go))
        group, _ = errgroup.with_context(parent)
        yield from group.go(partial(failing, go, 1))
        yield from group.wait()
        return parent.err

    assert run(main).result is None


def test_try_go_starts_or_refuses_but_never_waits():
    def main(go):
        group = errgroup.Group(go)
        group.set_limit(1)
        first = yield from group.try_go(partial(go.work, 5))
        second = yield from group.try_go(partial(go.work, 5))
        yield from group.wait()
        third = yield from group.try_go(partial(go.work, 5))
        yield from group.wait()
        return first, second, third, go.now

    assert run(main).result == (True, False, True, 10)


def test_the_limit_must_not_change_while_tasks_run():
    def main(go):
        group = errgroup.Group(go)
        group.set_limit(2)
        yield from group.go(partial(go.work, 5))
        group.set_limit(3)

    with pytest.raises(Panic, match="modify limit while 1 goroutines"):
        run(main)


def test_starting_from_within_a_full_group_is_a_deadlock():
    def main(go):
        group = errgroup.Group(go)
        group.set_limit(1)

        def outer():
            yield from group.go(partial(go.work, 1), "inner")

        yield from group.go(outer, "outer")
        return (yield from group.wait())

    with pytest.raises(Deadlock) as caught:
        run(main)
    assert caught.value.blocked == {"main": "sync.WaitGroup.Wait", "outer": "chan send"}


def test_many_waiters_hear_of_the_end():
    def main(go):
        group, done = errgroup.Group(go), WaitGroup(go)
        yield from group.go(partial(failing, go, 3))

        def waiter():
            go.note(str((yield from group.wait())))

        for i in range(2):
            done.go(waiter, f"w{i}")
        yield from done.wait()

    assert run(main).log == ((3, "storm"), (3, "storm"))

from engineroom.concurrency.context import (
    CANCELED,
    DEADLINE_EXCEEDED,
    background,
    with_cancel,
    with_timeout,
    work,
)
from engineroom.concurrency.scheduler import GoError, run


def test_cancelling_reaches_children_but_not_parents():
    def main(go):
        root = background(go)
        parent, cancel_parent = with_cancel(root)
        child, _ = with_cancel(parent)
        cancel_parent(GoError("storm"))
        return [(c.err, c.cause) for c in (root, parent, child)]
        yield

    storm = GoError("storm")
    assert run(main).result == [(None, None), (CANCELED, storm), (CANCELED, storm)]


def test_only_the_first_cancellation_counts():
    def main(go):
        ctx, cancel = with_cancel(background(go))
        cancel()
        cancel(GoError("late"))
        return ctx.cause
        yield

    assert run(main).result is CANCELED


def test_a_child_of_a_cancelled_parent_is_born_cancelled():
    def main(go):
        parent, cancel = with_cancel(background(go))
        cancel(GoError("storm"))
        child, _ = with_timeout(parent, 100)
        return child.err, child.cause, child.done.closed
        yield

    assert run(main).result == (CANCELED, GoError("storm"), True)


def test_a_timeout_cuts_work_short():
    def main(go):
        ctx, _ = with_timeout(background(go), 30)
        err = yield from work(ctx, 100, "slow")
        return err, go.now

    result = run(main)
    assert result.result == (DEADLINE_EXCEEDED, 30)
    assert [(s.state, s.end) for s in result.work] == [("cancelled", 30)]


def test_work_that_is_done_in_time_is_done():
    def main(go):
        ctx, _ = with_timeout(background(go), 30)
        return (yield from work(ctx, 29, "quick"))

    result = run(main)
    assert result.result is None
    assert result.work[0].state == "working"


def test_work_under_a_cancelled_context_does_not_start():
    def main(go):
        ctx, cancel = with_cancel(background(go))
        cancel()
        return (yield from work(ctx, 5, "never")), go.now

    assert run(main).result == (CANCELED, 0)


def test_a_timeout_of_nothing_comes_at_once():
    def main(go):
        ctx, _ = with_timeout(background(go), 0)
        yield from go.sleep(1)
        return ctx.err

    assert run(main).result is DEADLINE_EXCEEDED

from functools import partial

import pytest

from engineroom.concurrency.channels import Recv, after, select
from engineroom.concurrency.scheduler import GoError, run
from engineroom.concurrency.singleflight import Group, Result


def calling(go, duration, value="sun", err=None):
    yield from go.work(duration, "call")
    return value, err


def callers(count, gap, duration, err=None):
    """Run callers that ask for one key, one every ``gap``; the results are in the log."""

    def main(go):
        flights = Group(go)

        def caller(i):
            yield from go.sleep(i * gap)
            result = yield from flights.do("Oslo", partial(calling, go, duration, err=err))
            go.note(f"{i}: {result.value} {result.err} {result.shared}")

        for i in range(count):
            go.start(caller(i), f"caller {i}")
        yield from go.sleep(0)

    return run(main)


def test_who_asks_while_a_call_is_in_flight_shares_it():
    result = callers(6, gap=40, duration=100)
    assert result.calls == {"call": 2}
    assert [at for at, _ in result.log] == [100, 100, 100, 220, 220, 220]
    assert all(text.endswith("sun None True") for _, text in result.log)


def test_it_is_no_cache():
    result = callers(3, gap=100, duration=60)
    assert result.calls == {"call": 3}
    assert all(text.endswith("False") for _, text in result.log)


def test_an_error_is_shared_too():
    result = callers(3, gap=1, duration=10, err=GoError("storm"))
    assert {text[3:] for _, text in result.log} == {"sun storm True"}


def test_other_keys_are_other_calls():
    def main(go):
        flights = Group(go)
        for key in ("Oslo", "Lima"):
            go.start(flights.do(key, partial(calling, go, 5)), key)
        yield from go.sleep(5)

    result = run(main)
    assert (result.calls, result.peak_calls) == ({"call": 2}, 2)


def test_do_chan_frees_a_follower_but_the_call_runs_on():
    def main(go):
        flights = Group(go)
        channel = flights.do_chan("Oslo", partial(calling, go, 100))
        case, _, _ = yield from select(go, Recv(channel), Recv(after(go, 30)))
        return case, go.now

    result = run(main)
    assert result.result == (1, 30)
    assert [(s.end, s.lane) for s in result.work] == [(100, "do Oslo")]


def test_do_and_do_chan_share():
    def main(go):
        flights = Group(go)
        channel = flights.do_chan("Oslo", partial(calling, go, 10))
        result = yield from flights.do("Oslo", partial(calling, go, 10))
        return result, (yield from channel.recv())[0]

    sun = Result("sun", None, True)
    assert run(main).result == (sun, sun)


@pytest.mark.parametrize(("forget", "calls"), [(True, 2), (False, 1)])
def test_forgetting_makes_the_next_caller_call_anew(forget, calls):
    def main(go):
        flights = Group(go)
        go.start(flights.do("Oslo", partial(calling, go, 10, "old")), "first")
        yield from go.sleep(4)
        if forget:
            flights.forget("Oslo")
        result = yield from flights.do("Oslo", partial(calling, go, 10, "new"))
        return result.value, go.now

    result = run(main)
    assert result.calls["call"] == calls
    assert result.result == (("new", 14) if forget else ("old", 10))


def test_a_forgotten_call_does_not_end_its_successor():
    def main(go):
        flights = Group(go)
        go.start(flights.do("Oslo", partial(calling, go, 10, "old")), "first")
        yield from go.sleep(4)
        flights.forget("Oslo")
        go.start(flights.do("Oslo", partial(calling, go, 10, "new")), "second")
        yield from go.sleep(8)  # the first has landed, the second is in flight
        return (yield from flights.do("Oslo", partial(calling, go, 10, "third"))).value

    assert run(main).result == "new"

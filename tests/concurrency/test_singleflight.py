from functools import partial

import pytest

from engineroom.concurrency.channels import Recv, after, select
from engineroom.concurrency.locks import WaitGroup
from engineroom.concurrency.scheduler import Deadlock, GoError, Panic, run
from engineroom.concurrency.singleflight import Group, Result
from engineroom.golang import build_source


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


def crashing(go, duration):
    yield from go.work(duration, "call")
    raise Panic("no such city")


def three_callers_who_recover(published):
    """Let three callers share a call that panics, and a fourth come later; the log says what each saw."""

    def main(go):
        flights, everybody = Group(go, published=published), WaitGroup(go)

        def caller(number, at):
            yield from go.sleep(at)
            try:
                yield from flights.do("Oslo", partial(crashing, go, 10))
            except Panic as panic:
                go.note(f"{number}: {panic}")

        for number, at in enumerate([0, 3, 6, 20], 1):
            everybody.go(partial(caller, number, at), f"caller {number}")
        yield from everybody.wait()

    return run(main)


def test_published_a_panic_of_the_call_reaches_every_caller():
    result = three_callers_who_recover(published=True)
    assert result.log == tuple((at, f"{n}: no such city") for n, at in [(1, 10), (2, 10), (3, 10), (4, 30)])


def test_in_the_internal_copy_only_the_first_panics_and_the_others_wait_for_ever():
    with pytest.raises(Deadlock) as caught:
        three_callers_who_recover(published=False)
    assert caught.value.run.log == ((10, "1: no such city"),)
    assert [name for name in caught.value.blocked if name != "main"] == ["caller 2", "caller 3", "caller 4"]


@pytest.mark.parametrize("published", [True, False])
def test_under_do_chan_no_caller_can_recover(published):
    def main(go):
        flights = Group(go, published=published)
        try:
            yield from flights.do_chan("Oslo", partial(crashing, go, 10)).recv()
        except Panic:
            go.note("recovered")

    with pytest.raises(Panic, match="no such city"):
        run(main)


GO_PANIC = """
import ("fmt"; "time"; "golang.org/x/sync/singleflight")

func main() {
	var flights singleflight.Group
	crash := func() (any, error) { time.Sleep(20 * time.Millisecond); panic("no such city") }
	caller := func(number int) {
		defer func() { fmt.Println(number, recover()) }()
		CALL
	}
	go caller(1)
	time.Sleep(10 * time.Millisecond)
	go caller(2)
	time.Sleep(50 * time.Millisecond)
}
"""


def test_the_real_copy_panics_in_its_leader_alone():
    done = build_source(GO_PANIC.replace("CALL", 'flights.Do("Oslo", crash)')).run()
    assert done.stdout == "1 no such city\n"  # the second caller waits until main ends


def test_the_real_copy_ends_the_program_under_do_chan():
    done = build_source(GO_PANIC.replace("CALL", '<-flights.DoChan("Oslo", crash)')).run(check=False)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "panic: no such city" in done.stderr

import pytest

from engineroom.concurrency.channels import DEFAULT, Channel, Recv, Send, after, select
from engineroom.concurrency.scheduler import Deadlock, Panic, run


def collect(main):
    """Run a program and return what it noted, as (time, text)."""
    return list(run(main).log)


def test_unbuffered_the_sender_waits_for_the_receiver():
    def main(go):
        ch = Channel(go)

        def sender():
            yield from ch.send("sun")
            go.note("sent")

        go.start(sender(), "sender")
        yield from go.sleep(5)
        value, ok = yield from ch.recv()
        go.note(f"{value} {ok}")
        yield from go.sleep(1)

    assert collect(main) == [(5, "sun True"), (5, "sent")]


def test_a_buffer_decouples_until_it_is_full():
    def main(go):
        ch = Channel(go, 2)

        def sender():
            for i in range(4):
                yield from ch.send(i)
                go.note(f"sent {i}")

        go.start(sender(), "sender")
        for _ in range(4):
            yield from go.sleep(10)
            value, _ = yield from ch.recv()
            go.note(f"got {value}")
        assert len(ch) == 0

    times = {text: at for at, text in collect(main)}
    assert [times[f"sent {i}"] for i in range(4)] == [0, 0, 10, 20]
    assert [times[f"got {i}"] for i in range(4)] == [10, 20, 30, 40]


def test_waiting_senders_and_receivers_are_served_in_order():
    def main(go):
        ch = Channel(go)

        def sender(value):
            yield from go.sleep(value)
            yield from ch.send(value)

        for value in (3, 1, 2):
            go.start(sender(value), f"s{value}")
        yield from go.sleep(10)
        got = []
        for _ in range(3):
            got.append((yield from ch.recv())[0])
        return got

    assert run(main).result == [1, 2, 3]


def test_closing_drains_the_buffer_then_gives_zero_values():
    def main(go):
        ch = Channel(go, 2)
        yield from ch.send("a")
        ch.close()
        return [(yield from ch.recv()), (yield from ch.recv())]

    assert run(main).result == [("a", True), (None, False)]


def test_closing_wakes_every_receiver():
    def main(go):
        ch = Channel(go)

        def receiver():
            go.note(str((yield from ch.recv())))

        for i in range(3):
            go.start(receiver(), f"r{i}")
        yield from go.sleep(4)
        ch.close()

    assert collect(main) == [(4, "(None, False)")] * 3


def sends_after_closing(go):
    ch = Channel(go, 1)
    ch.close()
    yield from ch.send(1)


def is_sending_while_closed(go):
    ch = Channel(go)
    go.start(ch.send(1), "sender")
    yield from go.sleep(1)
    ch.close()
    yield from go.sleep(1)


def closes_twice(go):
    ch = Channel(go)
    ch.close()
    ch.close()
    yield from go.sleep(1)


@pytest.mark.parametrize(
    ("main", "message"),
    [
        (sends_after_closing, "send on closed channel"),
        (is_sending_while_closed, "send on closed channel"),
        (closes_twice, "close of closed channel"),
        (lambda go: Channel(go, -1).recv(), "size out of range"),
    ],
)
def test_what_panics_in_go_panics_here(main, message):
    with pytest.raises(Panic, match=message):
        run(main)


def test_select_takes_what_comes_first_and_leaves_the_other_queues():
    def main(go):
        slow, fast = Channel(go), Channel(go)

        def sender(channel, delay):
            yield from go.sleep(delay)
            yield from channel.send(delay)
            go.note(f"sent {delay}")

        go.start(sender(slow, 9), "slow")
        go.start(sender(fast, 2), "fast")
        case, value, ok = yield from select(go, Recv(slow), Recv(fast))
        go.note(f"{case} {value} {ok}")
        yield from go.sleep(20)
        yield from slow.recv()

    assert collect(main) == [(2, "sent 2"), (2, "1 2 True"), (22, "sent 9")]


def test_select_with_default_never_waits():
    def main(go):
        ch = Channel(go, 1)
        first = yield from select(go, Send(ch, 1), default=True)
        second = yield from select(go, Send(ch, 2), default=True)
        return first[0], second[0], go.now

    assert run(main).result == (0, DEFAULT, 0)


def test_after_is_a_timeout():
    def main(go):
        case, _, _ = yield from select(go, Recv(Channel(go)), Recv(after(go, 30)))
        return case, go.now

    assert run(main).result == (1, 30)


def test_receiving_from_nobody_is_a_deadlock():
    with pytest.raises(Deadlock, match="chan receive"):
        run(lambda go: Channel(go).recv())

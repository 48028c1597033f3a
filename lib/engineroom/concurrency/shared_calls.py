"""One call for many callers: how much singleflight saves, and what it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from engineroom.concurrency.bounded import MS
from engineroom.concurrency.channels import Recv, after, select
from engineroom.concurrency.cities import Request
from engineroom.concurrency.locks import WaitGroup
from engineroom.concurrency.runs import Run
from engineroom.concurrency.scheduler import Body, Scheduler, run
from engineroom.concurrency.singleflight import Group
from engineroom.kit.knobs import Knobs, choice, integer, switch

__all__ = ["FlightKnobs", "calls_for", "calls_needed", "simulate"]


@dataclass(frozen=True)
class FlightKnobs(Knobs):
    """Callers that ask for the same city one after the other, and how long an answer takes."""

    callers: int = integer(6, 1, 40, label="callers", help="all for the same city")
    gap_ms: int = integer(40, 0, 200, step=5, unit="ms", label="gap", help="between one caller and the next")
    work_ms: int = integer(102, 2, 402, step=5, unit="ms", label="answer takes")
    sharing: bool = switch(True, label="singleflight", help="off: every caller makes a call of its own")
    wait: str = choice(
        "Do",
        ("Do", "DoChan, patience 120 ms"),
        label="callers use",
        help="wait however long it takes, or give up",
    )


def simulate(knobs: FlightKnobs) -> Run:
    """Let the callers come; the result is how many got an answer. Times in nanoseconds."""
    return run(partial(_main, knobs))


def _main(knobs: FlightKnobs, go: Scheduler) -> Body:
    flights, everybody, answered = Group(go), WaitGroup(go), []

    def fetch() -> Body:
        yield from go.work(knobs.work_ms * MS, "Oslo")
        return "sun", None

    def caller(number: int) -> Body:
        key = "Oslo" if knobs.sharing else f"Oslo for {number}"
        if knobs.wait == "Do":
            yield from flights.do(key, fetch)
        else:
            landed, patience = flights.do_chan(key, fetch), after(go, 120 * MS)
            case, _, _ = yield from select(go, Recv(landed), Recv(patience))
            if case == 1:
                return
        answered.append(number)

    for number in range(knobs.callers):
        everybody.go(partial(caller, number), f"caller {number + 1}")
        if number < knobs.callers - 1:
            yield from go.sleep(knobs.gap_ms * MS)
    yield from everybody.wait()
    return len(answered)


def calls_needed(callers: int, gap: int, work: int) -> int:
    """Return how many calls singleflight makes for callers that come one every ``gap``.

    Who comes before the call in flight lands shares it; the next one starts a new call.
    """
    shared = callers if gap == 0 else (work - 1) // gap + 1
    return -(-callers // shared)


def calls_for(requests: Iterable[Request], latency_ms: Mapping[str, int], slower: int = 1) -> Counter[str]:
    """Return how many calls singleflight makes per city for requests in the order of their time.

    Args:
        requests: who asks when; a request shares the call for its city that is in flight.
        latency_ms: how long a city's call takes.
        slower: multiply every latency by this.
    """
    landed: dict[str, int] = {}
    calls: Counter[str] = Counter()
    for request in requests:
        if request.at_ms >= landed.get(request.city, 0):
            landed[request.city] = request.at_ms + slower * latency_ms[request.city]
            calls[request.city] += 1
    return calls

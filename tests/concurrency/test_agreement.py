"""The model against real Go, and whether the comparison would notice a wrong model."""

import os
import random
from pathlib import Path
from unittest.mock import patch

import pytest

from engineroom.concurrency import channels, context, errgroup, semaphore, singleflight
from engineroom.concurrency.go import agreement
from engineroom.concurrency.go.agreement import compare, run_in_go, shrink
from engineroom.concurrency.interpreter import interpret
from engineroom.concurrency.random_programs import FAMILIES, random_program, smaller
from engineroom.golang import build_source

PER_FAMILY = 300


def test_the_model_agrees_with_go_on_random_programs():
    result = compare(PER_FAMILY)
    assert not result.disagreements, "\n\n".join(map(str, result.disagreements))
    assert sum(result.programs.values()) == PER_FAMILY * len(FAMILIES)
    # The comparison is worth something only if the programs do enough and end in every way.
    assert result.events > 15_000
    assert {ended for _, ended in result.programs} == {"ok", "deadlock", "leak"}


def test_panics_in_shared_calls_occur_and_are_shared():
    programs = [random_program(random.Random(f"panicking 0 {n}"), "panicking") for n in range(PER_FAMILY)]
    events = [text for program in programs for _, text in interpret(program).events]
    assert sum("do panicked" in text for text in events) >= 100
    assert sum(interpret(p) != interpret(p, published=True) for p in programs) >= 100


PUBLISHED = Path(os.environ.get("ENGINEROOM_X_SYNC", "/usr/share/gocode/src/golang.org/x/sync"))


@pytest.mark.skipif(
    not (PUBLISHED / "singleflight").is_dir(),
    reason="needs the published golang.org/x/sync: apt-get install golang-golang-x-sync-dev, or ENGINEROOM_X_SYNC",
)
def test_the_model_of_the_published_singleflight_agrees_with_it():
    main = (agreement.EXACTNESS / "main.go").read_text()
    files = {
        "main.go": main.replace('"golang.org/x/sync/singleflight"', '"lesson/singleflight"'),
        "singleflight/singleflight.go": (PUBLISHED / "singleflight" / "singleflight.go").read_text(),
    }
    programs = [
        random_program(random.Random(n), family) for family in ("scattered", "panicking") for n in range(500)
    ]
    reals = run_in_go(programs, build_source(files, name="published"))
    assert [interpret(p, published=True) for p in programs] == reals
    assert [interpret(p) for p in programs] != reals


def test_every_step_occurs_often():
    steps = [
        step["op"]
        for family in FAMILIES
        for n in range(PER_FAMILY)
        for task in random_program(random.Random(f"{family} 0 {n}"), family)["tasks"]
        for step in task["steps"]
    ]
    kinds = "sleep work acquire tryacquire release do dochan forget fail spawn send recv drain close"
    assert {kind: steps.count(kind) for kind in kinds.split() if steps.count(kind) < 50} == {}


def overtaking(self):
    """Grant whatever fits, also behind one that does not."""
    for request in list(self._queue):
        if self.size - self.held >= request[0]:
            self._queue.remove(request)
            self.held += request[0]
            request[1].succeed()


def eager(self, n):
    """Ignore the queue."""
    granted = self.size - self.held >= n
    self.held += n * granted
    return granted


def caching(self, call, key, fn):
    """Never forget a call that has landed."""
    call.value, call.err = yield from fn()
    call.landed.done()
    for channel in call.channels:
        yield from channel.send(call.result)


def last_error(self, task):
    """Keep the last error instead of the first."""
    err = yield from task()
    if err is not None:
        self.err = err
        self._stop(err)
    if self._permits is not None:
        yield from self._permits.recv()
    self._pending.done()


def impatient(self, n):
    """Take the limit to be one more than it is."""
    self._permits = None if n < 0 else channels.Channel(self.scheduler, n + 1)


def no_cause(self, err, cause):
    """Cancel without saying why."""
    if self.err is None:
        self.err = self.cause = err
        self.done.close()
        self.stopped.succeed(err)
        for child in self._children:
            child._cancel(err, None)


def deaf(self, err, cause):
    """Cancel without telling the children."""
    if self.err is None:
        self.err, self.cause = err, cause or err
        self.done.close()
        self.stopped.succeed(self.cause)


def last_in_first_out(queue):
    """Serve the waiter that came last."""
    while queue:
        waiter = queue.pop()
        if not waiter.event.triggered:
            return waiter
    return None


def keeps_permits(self, request):
    """Forget to give back what was granted to a cancelled request."""
    if not request[1].triggered:
        self._queue.remove(request)


def silent(self):
    """Leave the context alone when Wait returns."""
    yield from self._pending.wait()
    return self.err


MUTANTS = [
    ("crowded", semaphore.Weighted, "_grant", overtaking),
    ("scattered", semaphore.Weighted, "try_acquire", eager),
    ("crowded", semaphore.Weighted, "_withdraw", keeps_permits),
    ("scattered", singleflight.Group, "_fly", caching),
    ("scattered", singleflight.Group, "forget", lambda self, key: None),
    (
        "scattered",
        singleflight._Call,
        "result",
        property(lambda c: singleflight.Result(c.value, c.err, False)),
    ),
    ("scattered", errgroup.Group, "_run", last_error),
    ("scattered", errgroup.Group, "wait", silent),
    ("tied", errgroup.Group, "set_limit", impatient),
    ("scattered", context.Context, "_cancel", no_cause),
    ("scattered", context.Context, "_cancel", deaf),
    ("pipeline", channels, "_next", last_in_first_out),
]


@pytest.mark.parametrize(("family", "place", "name", "wrong"), MUTANTS)
def test_a_wrong_model_is_found_out(family, place, name, wrong):
    programs = [random_program(random.Random(n), family) for n in range(600)]
    reals = run_in_go(programs)
    with patch.object(place, name, wrong):
        assert any(interpret(p) != real for p, real in zip(programs, reals, strict=True))


def test_a_disagreement_shrinks_to_what_causes_it():
    with patch.object(semaphore.Weighted, "_grant", overtaking):
        programs = [random_program(random.Random(n), "crowded") for n in range(60)]
        reals = run_in_go(programs)
        found = next(p for p, real in zip(programs, reals, strict=True) if interpret(p) != real)
        least = shrink(found)
        assert all(interpret(less) == run_in_go([less])[0] for less in smaller(least.program))
    # One holds permits, a large request queues, and a small one must not overtake it.
    assert len(least.program["spawns"]) <= 4
    assert "model: " in str(least)
    assert "Go: " in str(least)


def test_there_is_nothing_to_shrink_where_both_agree():
    with pytest.raises(ValueError, match="agree"):
        shrink(random_program(random.Random(1), "tied"))


def test_the_seed_decides_over_the_programs():
    one, other = (compare(3, seed).events for seed in (1, 2))
    assert one == compare(3, 1).events
    assert one != other

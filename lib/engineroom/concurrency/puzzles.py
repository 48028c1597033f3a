"""Small programs that break under some schedules, and what mends each of them.

Every pair is one mistake from the lessons. The variables of a step are shared unless their name
says whose they are.
"""

from __future__ import annotations

from engineroom.concurrency.interleavings import Puzzle, State, Step

__all__ = ["PUZZLES"]


def _set(**values: int) -> dict[str, int]:
    return values


def _lock(name: str) -> Step:
    return Step(f"{name}.Lock()", lambda s: {name: 1}, lambda s: not s[name])


def _unlock(name: str) -> Step:
    return Step(f"{name}.Unlock()", lambda s: {name: 0})


def _acquire(pool: str, n: int, line: str) -> Step:
    return Step(line, lambda s: {pool: s[pool] - n}, lambda s: s[pool] >= n)


def _release(pool: str, n: int, line: str) -> Step:
    return Step(line, lambda s: {pool: s[pool] + n})


def _lost_update(locked: bool) -> Puzzle:
    def body(me: str) -> tuple[Step, ...]:
        read = Step("seen := total", lambda s: {me: s["total"]})
        write = Step("total = seen + 1", lambda s: {"total": s[me] + 1})
        return (_lock("mu"), read, write, _unlock("mu")) if locked else (read, write)

    def broken(s: State, over: bool) -> str:
        return f"an update is lost: total is {s['total']}, not 2" if over and s["total"] != 2 else ""

    return Puzzle(
        "lost update, with a mutex" if locked else "lost update",
        "Two goroutines count one city each (total++ is a read and a write). You win if the total is not 2.",
        {"A": body("A's seen"), "B": body("B's seen")},
        {"total": 0, **({"mu": 0} if locked else {}), "A's seen": 0, "B's seen": 0},
        broken,
    )


def _check_then_act(atomic: bool) -> Puzzle:
    """The cache is locked, but for each access alone: between check and act the lock is free."""

    def body(me: str) -> tuple[Step, ...]:
        check = Step("missing := !cached", lambda s: {me: 1 - s["cached"]})
        act = Step(
            "if missing { fetch(); cached = true }", lambda s: {"calls": s["calls"] + s[me], "cached": 1}
        )
        if atomic:
            return _lock("mu"), check, act, _unlock("mu")
        return _lock("mu"), check, _unlock("mu"), _lock("mu"), act, _unlock("mu")

    return Puzzle(
        "check and act under one lock" if atomic else "check, then act",
        "Two callers want the same city; each asks the cache first. You win if the service is called twice.",
        {"A": body("A's missing"), "B": body("B's missing")},
        {"cached": 0, "calls": 0, "mu": 0, "A's missing": 0, "B's missing": 0},
        lambda s, over: f"the city was fetched {s['calls']} times" if s["calls"] > 1 else "",
    )


def _lock_order(same: bool) -> Puzzle:
    def body(first: str, second: str) -> tuple[Step, ...]:
        return _lock(first), _lock(second), _unlock(second), _unlock(first)

    return Puzzle(
        "two locks, one order" if same else "two locks, two orders",
        "A moves a reading from north to south, B the other way. You win if nobody can go on.",
        {"A": body("north", "south"), "B": body(*(("north", "south") if same else ("south", "north")))},
        _set(north=0, south=0),
        lambda s, over: "",
    )


def _late_add(early: bool) -> Puzzle:
    add = Step("wg.Add(1)", lambda s: {"count": s["count"] + 1})
    fetch = Step("temperature = fetch()", lambda s: {"fetched": 1})
    done = Step("wg.Done()", lambda s: {"count": s["count"] - 1})
    start = Step("go worker()", lambda s: {"started": 1})
    wait = Step("wg.Wait()", ready=lambda s: s["count"] == 0)
    show = Step("print(temperature)", lambda s: {"printed": 1})
    began = Step("worker starts", ready=lambda s: s["started"] == 1)
    main = (add, start, wait, show) if early else (start, wait, show)
    worker = (began, fetch, done) if early else (began, add, fetch, done)
    return Puzzle(
        "Add before go" if early else "Add inside the goroutine",
        "Main starts a worker and waits for it. You win if main prints before the worker has fetched.",
        {"main": main, "worker": worker},
        _set(count=0, started=0, fetched=0, printed=0),
        lambda s, over: (
            "main printed a temperature that nobody had fetched" if s["printed"] > s["fetched"] else ""
        ),
        last="main",
    )


def _nested_limit(separate: bool) -> Puzzle:
    """Tasks of a group with limit 2 start their sub-tasks in the same group."""
    inner = "inner" if separate else "outer"

    def body() -> tuple[Step, ...]:
        return (
            _acquire("outer", 1, "outer.Go(region)"),
            _acquire(inner, 1, f"{inner}.Go(city)"),
            _release(inner, 1, "city ends"),
            _release("outer", 1, "region ends"),
        )

    return Puzzle(
        "nested, with a group of its own" if separate else "nested in one group",
        "Two regions run in a group with SetLimit(2); each starts a city. You win if nobody can go on.",
        {"A": body(), "B": body()},
        _set(outer=2, inner=2) if separate else _set(outer=2),
        lambda s, over: "",
    )


def _piecewise(whole: bool) -> Puzzle:
    def body() -> tuple[Step, ...]:
        if whole:
            return _acquire("permits", 2, "sem.Acquire(ctx, 2)"), _release("permits", 2, "sem.Release(2)")
        one = _acquire("permits", 1, "permits <- token{}"), _release("permits", 1, "<-permits")
        return one[0], one[0], one[1], one[1]

    return Puzzle(
        "permits all at once" if whole else "permits one by one",
        "Capacity is 3 and three dear cities cost 2 each. You win if nobody can go on.",
        {"A": body(), "B": body(), "C": body()},
        _set(permits=3),
        lambda s, over: "",
    )


PUZZLES = {
    puzzle.name: puzzle
    for make in (_lost_update, _check_then_act, _lock_order, _late_add, _nested_limit, _piecewise)
    for puzzle in (make(False), make(True))
}

"""The theme's Go programs, run now, against what the models and lessons say about them."""

from itertools import pairwise

import pytest

from engineroom.golang.trace_frames import most_at_once
from engineroom.tracing import recorder
from engineroom.tracing.buffers import BufferKnobs, as_it_turned_out, simulate
from engineroom.tracing.real import (
    RECORDINGS,
    measure_overhead,
    recording,
    replay,
    run,
    run_buffers,
)


def test_unknown_names_list_what_there_is():
    with pytest.raises(KeyError, match="there are: waits, tasks"):
        recording("nothing")
    with pytest.raises(KeyError, match="there are: bottleneck"):
        run("nothing")


def test_recordings_are_small():
    assert all(recording(name).stat().st_size < 150_000 for name in RECORDINGS)


def test_every_way_to_wait_has_its_reason():
    states = run("waits").states
    waits = states[states.state == "Waiting"].groupby("function", observed=True).reason
    main_reason = waits.agg(lambda reasons: reasons.value_counts().index[0]).astype(str)
    expected = {
        "main.sleeper": "sleep",
        "main.receiver": "chan receive",
        "main.networkReader": "network",
    }
    assert {name: main_reason[name] for name in expected} == expected
    caller = states[states.function == "main.systemCaller"].groupby("state", observed=True).duration_ns.sum()
    assert caller.idxmax() == "Syscall"


def test_ping_pong_wakes_in_turn():
    wakeups = run("pingpong", "-rounds=50").wakeups
    players = wakeups[wakeups.reason.isin(["chan send", "chan receive"])]
    assert len(players) >= 100
    pairs = list(zip(players.waker, players.goroutine, strict=True))
    turns = sum(a == b[::-1] for a, b in pairwise(pairs))
    assert turns >= 0.95 * (len(pairs) - 1)


@pytest.mark.parametrize("gogc", ["50", "400", "off"])
def test_two_stops_a_cycle(gogc):
    summary = run("collect", GOGC=gogc).summary
    # Two for each cycle and one to start the trace. A cycle under way at the trace's start has had its first
    # stop already, one under way at its end still owes its second.
    assert -2 <= summary.stops - 2 * summary.gc_cycles - 1 <= 1
    assert (summary.gc_cycles == 0) == (gogc == "off")


@pytest.mark.parametrize("where", ["recorded", "now"])
def test_no_more_run_at_once_than_there_are_processors(where):
    queued = {}
    for processors in (1, 2, 4):
        trace = (
            replay(f"crowd_p{processors}")
            if where == "recorded"
            else run("crowd", GOMAXPROCS=str(processors))
        )
        states = trace.states
        assert 1 <= most_at_once(states[states.state == "Running"]) <= processors == trace.summary.processors
        mine = states[states.function == "main.compute"].groupby("state", observed=True).duration_ns.sum()
        queued[processors] = mine["Runnable"] / (mine["Runnable"] + mine["Running"])
    assert queued[1] == pytest.approx(7 / 8, abs=0.03), "one runs, seven of eight wait"
    assert queued[1] > queued[4]
    if where == "recorded":
        assert queued[1] > queued[2] > queued[4]


def test_task_tree():
    trace = run("tasks", "-files=3")
    assert sorted(trace.tasks.path) == ["copy files", *["copy files/copy file"] * 3]
    assert sorted(trace.regions.name) == ["reading file"] * 3 + ["writing file"] * 3
    assert (trace.regions.cut == "no").all()


def test_fixed_bottleneck_hardly_waits_for_the_lock():
    slow, fast = run("bottleneck"), run("bottleneck", "-fixed")
    audits = [t.regions[t.regions.name == "audit"].duration_ns.sum() for t in (slow, fast)]
    assert audits[0] > 2 * audits[1]


def test_predicted_and_real_buffering_agree():
    """From the rate and size of events as they turned out, the model foretells the file.

    The runtime flushes a batch when the next event might not fit, so a real one may be a little
    less than full: one batch per writer and generation is allowed. A curve may be off by one
    batch per writer, which is what is on its way.
    """
    asked = BufferKnobs(writers=2, event_rate=100, duration_s=2.5)
    real = run_buffers(asked)
    model = simulate(as_it_turned_out(asked, real))
    generations = len(real.boundaries_s) + 1
    assert generations == len(model.boundaries_s) + 1 == 3
    assert abs(model.flushes - real.flushes) <= generations * asked.writers
    assert real.flushes > 10
    assert real.boundaries_s == pytest.approx(model.boundaries_s, rel=0.1)
    assert (real.readable <= real.written + 1).all()
    assert (real.written <= real.produced + 1).all()
    assert (real.produced - real.written).max() <= asked.writers * 64 * 1024


def test_flight_recorder_window():
    """The model and a recorded snapshot: 2.3 s of running, asked for 0.5 s."""
    trace = replay("recorder")
    window = recorder.simulate(recorder.RecorderKnobs(min_age_s=0.5, snapshot_s=2.3))
    assert trace.summary.duration_ns / 1e9 == pytest.approx(window.reach_s, rel=0.02)
    numbers = trace.logs.message.astype(int)
    assert (numbers.diff().dropna() == 1).all(), "a suffix without gaps"
    assert numbers.iloc[0] > 0


def test_flight_recorder_now():
    trace = run("recorder", "-min-age=300ms", "-run=1200ms")
    numbers = trace.logs.message.astype(int)
    assert (numbers.diff().dropna() == 1).all()
    assert trace.summary.duration_ns >= 0.19e9


def test_overhead_rounds_alternate():
    rounds = measure_overhead("-rounds=2", "-operations=200")
    assert [r["traced"] for r in rounds] == [False, True, False, True]
    assert all((r["trace_bytes"] > 0) == r["traced"] for r in rounds)

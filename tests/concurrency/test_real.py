"""Real Go beside the model: the counts must be equal, the times nearly so."""

import threading

import pytest

from engineroom.concurrency import real, record
from engineroom.concurrency.bounded import INSIDE, MS, LimitKnobs
from engineroom.concurrency.experiments import predict
from engineroom.concurrency.fail_fast import FailKnobs
from engineroom.concurrency.real import comparison
from engineroom.concurrency.shared_calls import FlightKnobs
from engineroom.concurrency.weighted import WeightKnobs
from engineroom.golang import GoRunError

LIVE = [
    LimitKnobs(),
    LimitKnobs(tasks=30, limit=5, durations="all 10 ms", permit=INSIDE),
    WeightKnobs(),
    WeightKnobs(dear=12, patience_ms=300),
    FlightKnobs(gap_ms=100, work_ms=252),
    FlightKnobs(wait="DoChan, patience 120 ms", callers=4, gap_ms=100, work_ms=402),
    FailKnobs(context=False),
    FailKnobs(),
]


def agree(model, measured):
    """What no noise of a machine can change: which calls are made, given up or refused, and the answer."""
    assert measured.calls == model.calls
    assert measured.peak_calls == model.peak_calls
    assert measured.result == model.result
    assert sorted(s.state for s in measured.work) == sorted(s.state for s in model.work)
    # A task that has given back its permit may still be on its way out when the next one starts.
    assert 0 <= measured.peak_goroutines - model.peak_goroutines <= 2
    # A sleep may last longer than asked for, never shorter; the clock of a trace ticks every 64 ns.
    assert measured.makespan >= model.makespan - 1000


@pytest.mark.parametrize("knobs", LIVE, ids=lambda knobs: f"{type(knobs).__name__} {knobs.describe()}"[:60])
def test_a_live_run_does_what_the_model_says(knobs):
    agree(predict(knobs), real.run(knobs))


@pytest.mark.parametrize("name", record.RUNS)
def test_a_recorded_run_does_what_the_model_says(name):
    knobs = real.recorded_knobs(name)
    assert knobs == record.RUNS[name]
    model, measured = predict(knobs), real.replay(name)
    agree(model, measured)
    assert measured.source == "recorded"
    # Each call in a chain may be late by the machine's timer and scheduler, here up to about a millisecond.
    longest_chain = max(1, -(-len(model.work) // model.peak_calls))
    assert measured.makespan - model.makespan < (5 + longest_chain) * MS


def test_every_recording_is_compared():
    table = comparison()
    assert list(table.index) == real.recordings() == list(record.RUNS)
    assert (table["calls, model"] == table["calls, real"]).all()
    assert (table["at once, model"] == table["at once, real"]).all()


def test_waits_have_gos_own_reasons():
    run = real.replay("costs")
    reasons = {s.label for s in run.of("waiting") if s.lane != "main"}
    assert reasons == {"select"}
    assert {s.label for s in real.replay("six callers").of("waiting") if s.lane != "main"} == {"sync"}


def test_the_head_of_the_queue_holds_up_the_small_ones_in_real_go_too():
    starts = sorted(span.start for span in real.replay("costs").work)
    assert [round(start / (50 * MS)) for start in starts] == [0, 1, 1, 1, 2]


def test_a_run_can_be_stopped():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(GoRunError, match="stopped on request"):
        real.run(FailKnobs(call_ms=400, context=False), cancel=cancel)


def test_an_unknown_recording_is_named():
    with pytest.raises(KeyError, match="no recorded run named 'nothing'"):
        real.replay("nothing")


def test_recording_stores_what_replay_returns(tmp_path, monkeypatch):
    knobs = LimitKnobs(tasks=3, durations="all 10 ms")
    monkeypatch.setattr(record, "RUNS", {"three": knobs})
    monkeypatch.setattr(record, "course_folder", lambda: tmp_path)
    monkeypatch.setattr(real, "data_file", lambda theme, name: tmp_path / "data" / theme / name)
    (tmp_path / "data" / "concurrency").mkdir(parents=True)
    real._recorded.cache_clear()
    try:
        record.main()
        assert real.recorded_knobs("three") == knobs
        agree(predict(knobs), real.replay("three"))
    finally:
        real._recorded.cache_clear()
    assert [f.name for f in (tmp_path / "data" / "concurrency").iterdir()] == [real.RECORDED]

"""A schema change at a future timestamp: one version at each timestamp everywhere, and nobody stopped."""

import gc
from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engineroom.kit.knobs import KnobError
from engineroom.spanner import online_change
from engineroom.spanner.checkers import check_all, check_leases
from engineroom.spanner.cluster import ClusterKnobs, simulate
from engineroom.spanner.events import stream
from engineroom.spanner.faults import random_faults
from engineroom.spanner.schema_change import ChangePlan, ChangesAtLeader

BUSY = {
    "lease_s": 1,
    "promise_s": 0.8,
    "poll_s": 3,
    "timeout_s": 0.5,
    "log_write_ms": 0.5,
    "log_spread_ms": 0.3,
    "clients": 12,
    "keys": 20,
    "think_ms": 20,
    "epsilon_ms": 4,
    "across": 0.5,
}


def uses(run):
    """Return (timestamp, schema version) of every commit and read done once a change was registered."""
    return [(entry[4], entry[5]) for entry in run.events if entry[1] == "schema"]


def at_odds(run):
    """Return the uses whose version is not the number of changes done at or before their timestamp."""
    done = [change.t_us for change in run.changes if change.state == "done"]
    return [(t, version) for t, version in uses(run) if version != sum(at <= t for at in done)]


@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    seed=st.integers(0, 10_000),
    lead_ms=st.sampled_from([0, 5, 50, 300, 1_500]),
    work_ms=st.sampled_from([0, 20, 400]),
    every=st.integers(400_000, 900_000),
)
def test_every_timestamp_has_one_schema_whatever_fails(seed, lead_ms, work_ms, every):
    plans = [
        ChangePlan(at, lead_ms * 1_000, work_ms * 1_000) for at in (300_000, 1_100_000, 1_200_000, 2_000_000)
    ]
    faults = random_faults(stream(seed, "faults"), ("Z1", "Z2", "Z3"), 3_000_000, every, every // 2)
    knobs = ClusterKnobs(seed=seed, transactions=400, settle_s=20, limit_s=60, **BUSY)
    run = simulate(knobs, faults=faults, changes=plans, keep_log=True)
    assert run.stopped.reason == "complete"
    assert at_odds(run) == []
    assert {change.state for change in run.changes} <= {"done", "refused"}
    assert lead_ms < 1_500 or "done" in {change.state for change in run.changes}
    assert check_all(run.history) is None
    assert check_leases(run.leases) is None


def change_under_load(lead_ms, work_ms=200, **more):
    knobs = ClusterKnobs(transactions=600, **BUSY | {"lease_s": 10, "promise_s": 8, "timeout_s": 5} | more)
    plan = ChangePlan(1_500_000, lead_ms * 1_000, work_ms * 1_000)
    return simulate(knobs, changes=[plan], keep_log=True)


def longest_ms(run):
    return max(one.end_us - one.start_us for one in run.history.transactions) / 1e3


def test_in_good_time_nobody_waits_and_from_now_on_everybody_does():
    without = longest_ms(simulate(ClusterKnobs(transactions=600, **BUSY | {"lease_s": 10, "timeout_s": 5})))
    early, late = change_under_load(500), change_under_load(0)
    versions = Counter(version for _, version in uses(early))
    assert versions[0] > 50, "much went on before t, though the change was registered"
    assert versions[1] > 50, "and after it"
    assert longest_ms(early) < without + 10
    assert 200 < longest_ms(late) < 260, "whoever came at once waited for the work"


def test_a_leader_that_does_not_hold_back_is_found_out(monkeypatch):
    monkeypatch.setattr(ChangesAtLeader, "must_wait", lambda self, at_least_us: False)
    monkeypatch.setattr(ChangesAtLeader, "blocks", lambda self, t_us: False)
    run = change_under_load(0)
    assert at_odds(run), "commits after t under the old schema"


def test_a_change_in_the_past_of_one_group_is_refused_and_leaves_the_old_schema():
    """Reads at other replicas make leaders vow for ``now().latest``, which one leader's clock puts later."""
    states = {}
    for seed in range(40):
        run = change_under_load(0, work_ms=20, seed=seed, epsilon_ms=20, rtt_ms=20, across=0)
        states.setdefault(run.changes[0].state, run)
        if "refused" in states:
            break
    refused = states["refused"]
    assert {version for _, version in uses(refused)} == {0}
    assert at_odds(refused) == []
    assert check_all(refused.history) is None


def test_without_changes_nothing_is_recorded_about_schemas():
    run = simulate(ClusterKnobs(transactions=50), keep_log=True)
    assert uses(run) == []
    assert run.changes == ()


@pytest.mark.parametrize("plan", [(-1, 0, 0), (0, -5, 0), (0, 0, -1)])
def test_a_plan_that_cannot_be_is_refused(plan):
    with pytest.raises(ValueError, match=r"of a schema change is -\d µs; it must not be negative"):
        ChangePlan(*plan)


def test_the_experiment_shows_the_pause_and_its_absence():
    waits = [
        online_change.simulate(online_change.ChangeKnobs(lead_ms=lead)).longest_ms for lead in (0, 100, 500)
    ]
    assert 200 < waits[0] < 260
    assert 90 < waits[1] < 160
    assert waits[2] < 50
    with pytest.raises(KnobError, match="t lies ahead by is -1 ms; it must be between 0 and 1,000 ms"):
        online_change.ChangeKnobs(lead_ms=-1)


def test_a_finished_deployment_leaves_nothing_for_the_collector_of_cycles():
    online_change.simulate(online_change.ChangeKnobs())
    gc.collect()
    gc.disable()
    try:
        online_change.simulate(online_change.ChangeKnobs(seed=2))
        assert gc.collect() == 0
    finally:
        gc.enable()

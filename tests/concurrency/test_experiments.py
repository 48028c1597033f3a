import math
import random
from itertools import permutations

import pytest

from engineroom.concurrency import bounded, fail_fast, shared_calls, weighted
from engineroom.concurrency.bounded import BEFORE_GO, INSIDE, MS, LimitKnobs, lower_bound, makespan
from engineroom.concurrency.cities import Request, load_cities, load_requests
from engineroom.concurrency.fail_fast import FailKnobs, wasted
from engineroom.concurrency.shared_calls import FlightKnobs, calls_for, calls_needed
from engineroom.concurrency.weighted import WeightKnobs
from engineroom.kit.knobs import KnobError


def test_seven_or_six():
    assert bounded.simulate(LimitKnobs()).makespan == 70 * MS
    assert bounded.simulate(LimitKnobs(order="longest first")).makespan == 60 * MS


@pytest.mark.parametrize("seed", range(20))
def test_the_kernel_and_the_heap_agree_on_the_makespan(seed):
    rng = random.Random(seed)
    knobs = LimitKnobs(
        tasks=rng.randint(1, 60),
        limit=rng.randint(1, 12),
        durations=rng.choice(LimitKnobs.declared()["durations"].options),
        order=rng.choice(LimitKnobs.declared()["order"].options),
    )
    assert bounded.simulate(knobs).makespan == makespan([ms for _, ms in knobs.calls], knobs.limit) * MS


@pytest.mark.parametrize("seed", range(10))
def test_longest_first_is_near_the_best_order_and_no_order_beats_the_bound(seed):
    rng = random.Random(seed)
    durations, limit = [rng.randint(1, 9) for _ in range(6)], rng.randint(1, 4)
    spans = [makespan(order, limit) for order in permutations(durations)]
    assert min(spans) >= lower_bound(durations, limit)
    longest_first = makespan(sorted(durations, reverse=True), limit)
    assert longest_first <= (4 / 3 - 1 / (3 * limit)) * min(spans)


def test_where_the_permit_is_taken_decides_over_the_goroutines():
    crowd = {"tasks": 200, "limit": 10, "durations": "all 10 ms"}
    peaks = [bounded.simulate(LimitKnobs(**crowd, permit=p)).peak_goroutines for p in (BEFORE_GO, INSIDE)]
    assert peaks == [11, 201]


def test_the_bound_of_a_run():
    assert bounded.bound_of(bounded.simulate(LimitKnobs())) == 60 * MS
    assert lower_bound([], 3) == 0
    assert lower_bound([9, 1], 8) == 9


def test_small_cities_wait_behind_a_dear_one():
    run = weighted.simulate(WeightKnobs())
    assert [span.start // (50 * MS) for span in run.work] == [0, 1, 1, 1, 2]
    assert weighted.simulate(WeightKnobs(order="cheap ones first")).makespan < run.makespan


def test_a_city_dearer_than_the_capacity_is_answered_by_its_context_only():
    run = weighted.simulate(WeightKnobs(dear=12, patience_ms=400))
    assert (run.result, run.makespan) == (4, 400 * MS)


def test_try_acquire_waits_for_nobody():
    run = weighted.simulate(WeightKnobs(ask="TryAcquire"))
    assert (run.result, run.waited) == (4, 0)


@pytest.mark.parametrize("callers", [1, 6, 40])
@pytest.mark.parametrize(
    ("gap_ms", "work_ms"), [(0, 102), (5, 2), (40, 102), (50, 102), (120, 102), (35, 402)]
)
def test_calls_needed_equals_the_kernel(callers, gap_ms, work_ms):
    run = shared_calls.simulate(FlightKnobs(callers=callers, gap_ms=gap_ms, work_ms=work_ms))
    assert len(run.work) == calls_needed(callers, gap_ms, work_ms)
    assert run.result == callers


def test_calls_for_requests_equals_calls_needed():
    requests = [Request(40 * i, "Oslo") for i in range(6)]
    assert calls_for(requests, {"Oslo": 102}) == {"Oslo": calls_needed(6, 40, 102)}


def test_cities_do_not_share_with_each_other():
    requests = [Request(0, "Oslo"), Request(1, "Lima"), Request(2, "Oslo")]
    assert calls_for(requests, {"Oslo": 10, "Lima": 10}) == {"Oslo": 1, "Lima": 1}


def test_the_slower_the_service_the_more_is_shared():
    latency = {city.name: city.latency_ms for city in load_cities()}
    made = [calls_for(load_requests(), latency, slower).total() for slower in (1, 4, 16)]
    assert len(load_requests()) > made[0] > made[1] > made[2]


def test_no_caller_comes_in_the_instant_in_which_a_call_lands():
    # There Go may do either; the knobs' steps (gaps of 5, work of 2 + 5 n) rule it out.
    gap, work = (FlightKnobs.declared()[name] for name in ("gap_ms", "work_ms"))
    gaps = range(int(gap.low), int(gap.high) + 1, int(gap.step))
    works = range(int(work.low), int(work.high) + 1, int(work.step))
    assert all(gap == 0 or work % gap for gap in gaps for work in works)


def test_impatient_callers_do_not_stop_the_call():
    run = shared_calls.simulate(FlightKnobs(wait="DoChan, patience 120 ms", work_ms=222))
    assert run.result == 3  # they come 120, 160 and 200 ms after the call took off; it lands at 222
    assert [(s.state, s.end) for s in run.work] == [("working", 222 * MS)]


@pytest.mark.parametrize(
    ("settings", "makespan_ms", "wasted_ms"),
    [
        ({}, 20, 0),
        ({"context": False}, 200, 9 * 180),
        ({"heeds": False}, 200, 9 * 180),
        ({"limit": 4}, 20, 0),
    ],
)
def test_what_a_failure_costs(settings, makespan_ms, wasted_ms):
    run = fail_fast.simulate(FailKnobs(**settings))
    assert (run.makespan, wasted(run)) == (makespan_ms * MS, wasted_ms * MS)
    assert run.result == "Oslo: no such city"


def test_the_limit_is_used_up_to_the_end():
    run = bounded.simulate(LimitKnobs(tasks=64, limit=8, durations="all 10 ms"))
    assert run.makespan == math.ceil(64 / 8) * 10 * MS


def test_knobs_out_of_range_are_named():
    with pytest.raises(KnobError, match="limit is 0; it must be between 1 and 64"):
        LimitKnobs(limit=0)

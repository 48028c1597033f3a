"""The closed loop: steady programs, phases, limits, and the properties that hold for all knobs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.ballast import real
from engineroom.ballast.cycles import COLUMNS
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.program import Phase, Program
from engineroom.ballast.textbook import (
    DIVERGENCE_GOGC,
    cycles_saved_by_ballast,
    floating_fixed_point,
    stopped_cycle_bytes,
    textbook,
)
from engineroom.ballast.trajectory import heap_trajectory, simulate
from engineroom.kit.knobs import KnobError

BUSY = HeapKnobs(live_mb=20, allocation_mb_s=2000, mutator_mb_s=2000, processors=1, duration_s=5)
STOPPED = HeapKnobs(live_mb=50, collector=STOP_THE_WORLD, processors=1)

heap_knobs = st.builds(
    HeapKnobs,
    live_mb=st.floats(1, 500),
    ballast_mb=st.floats(0, 2000),
    gogc=st.integers(5, 1000),
    limited=st.booleans(),
    limit_mb=st.floats(10, 2000),
    allocation_mb_s=st.floats(1, 5000),
    mutator_mb_s=st.floats(10, 5000),
    mark_ns_per_byte=st.floats(0.01, 20),
    processors=st.integers(1, 16),
    collector=st.sampled_from(["concurrent", STOP_THE_WORLD]),
    duration_s=st.floats(0.1, 20),
)


@settings(max_examples=60, deadline=None)
@given(heap_knobs)
def test_a_run_is_consistent_and_the_same_every_time(knobs):
    run, again = simulate(knobs), simulate(knobs)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(run, name), getattr(again, name))
    assert (run.trigger_bytes <= run.goal_bytes).all()
    assert (run.live_before_bytes <= run.trigger_bytes).all()
    assert (run.trigger_bytes <= run.peak_bytes).all()
    assert (run.marked_bytes >= (knobs.live_mb + knobs.ballast_mb) * MIB - 1).all()
    assert (run.goal_bytes >= 4 * MIB * knobs.gogc // 100).all() or knobs.limited
    assert (np.diff(run.start_s) > 0).all()
    assert (run.end_s <= run.duration_s).all()
    assert 0 <= run.gc_cpu_s <= run.busy_cpu_s <= run.duration_s * knobs.processors * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(heap_knobs)
def test_the_trajectory_goes_through_every_trigger_peak_and_foot(knobs):
    run = simulate(knobs)
    times, heap = heap_trajectory(run)
    assert times.shape == heap.shape == (3 * run.cycles + 2,)
    assert (np.diff(times) >= -1e-12).all()
    np.testing.assert_array_equal(heap[1::3][: run.cycles], run.trigger_bytes)
    np.testing.assert_array_equal(heap[2::3][: run.cycles], run.peak_bytes)
    risen = np.diff(heap)
    assert risen[risen > 0].sum() == pytest.approx(run.allocated_bytes, abs=run.cycles + 1)


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 200), st.integers(20, 400), st.floats(0, 500), st.floats(0, 500))
def test_above_the_minimum_heap_more_ballast_never_means_more_cycles(live, gogc, one, other):
    less, more = sorted((one, other))
    knobs = replace(STOPPED, live_mb=live, gogc=gogc)
    assert (
        simulate(replace(knobs, ballast_mb=more)).cycles <= simulate(replace(knobs, ballast_mb=less)).cycles
    )


def test_within_the_minimum_heap_a_ballast_only_takes_up_room():
    tiny = replace(STOPPED, live_mb=1, gogc=400)
    bare, loaded = simulate(tiny), simulate(replace(tiny, ballast_mb=2))
    assert loaded.bytes_per_cycle < bare.bytes_per_cycle
    recorded = [real.replay(f"stw live 1 GOGC 400 ballast {size}") for size in (0, 2)]
    assert recorded[1].bytes_per_cycle < recorded[0].bytes_per_cycle


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 300), st.floats(0, 300), st.floats(50, 1000))
def test_a_limit_is_kept_unless_live_heap_and_ballast_force_it(live, ballast, limit):
    knobs = replace(
        STOPPED, live_mb=live, ballast_mb=ballast, gogc_off=True, limited=True, limit_mb=limit, duration_s=2
    )
    run = simulate(knobs)
    unavoidable = 1.055 * live + ballast + 6
    assert (run.peak_bytes <= max(limit, unavoidable) * MIB).all()
    assert run.limiter_on is False or live + ballast > limit / 2


def test_a_stopped_world_follows_the_closed_form():
    run = simulate(STOPPED)
    expected = stopped_cycle_bytes(run.live_before_bytes[1], run.goal_bytes[1])
    allocated = (run.peak_bytes - run.live_before_bytes)[1:]
    assert allocated == pytest.approx(expected, abs=64)


def test_a_ballast_saves_its_share_of_the_cycles():
    knobs = replace(STOPPED, allocation_mb_s=2000, duration_s=60)
    ballast = replace(knobs, ballast_mb=450)
    saved = 1 - simulate(ballast).bytes_per_cycle ** -1 / simulate(knobs).bytes_per_cycle ** -1
    assert saved == pytest.approx(cycles_saved_by_ballast(50, 450), abs=0.01)


def test_a_busy_program_settles_at_the_fixed_point_of_floating_garbage():
    run = simulate(replace(BUSY, mark_ns_per_byte=1, duration_s=1))
    assert run.limiter_on is False
    assert run.marked_bytes[-1] == pytest.approx(floating_fixed_point(20 * MIB), rel=0.02)


def test_there_is_no_fixed_point_from_gogc_337_on():
    assert floating_fixed_point(1, 0, 336) < float("inf")
    assert floating_fixed_point(1, 0, 337) == float("inf")
    assert pytest.approx(336.8, abs=0.05) == DIVERGENCE_GOGC


def test_the_textbook():
    assert textbook(20, 100, 50).goal == 180
    assert textbook(20, 100, 50).allocated == 60


def test_ballast_lowers_gc_share_and_cycles_but_costs_memory():
    bare, loaded = simulate(HeapKnobs()), simulate(HeapKnobs(ballast_mb=200, duration_s=60))
    assert loaded.cycles_per_s < bare.cycles_per_s / 5
    assert loaded.gc_cpu_share < bare.gc_cpu_share / 2
    assert bare.rss_bytes + 100 * MIB < loaded.rss_bytes < loaded.mapped_bytes - 190 * MIB


def test_a_slower_mark_leaves_more_floating_garbage_until_assists_cap_it():
    marked = [
        simulate(replace(BUSY, duration_s=1, mark_ns_per_byte=ns)).marked_bytes[0] for ns in (0.1, 0.3, 9)
    ]
    assert marked == sorted(marked)
    assert marked[2] == pytest.approx(marked[1], abs=1)


def test_a_program_that_a_quarter_of_the_cpu_keeps_up_with_does_not_assist():
    light, heavy = (replace(BUSY, allocation_mb_s=rate) for rate in (20, 2000))
    assert simulate(light).assist_cpu_s.sum() == 0
    assert simulate(heavy).assist_cpu_s.min() > 0


def test_no_cycle_means_empty_columns():
    run = simulate(HeapKnobs(ballast_mb=10_240, duration_s=1))
    assert run.cycles == 0
    assert run.gc_cpu_s == 0
    assert heap_trajectory(run)[1].tolist() == [
        run.initial_marked_bytes,
        run.initial_marked_bytes + 100 * MIB,
    ]


def test_a_leak_raises_goals_until_the_phase_ends():
    run = simulate(HeapKnobs(live_mb=20), [Phase(5, 200, 100), Phase(5, 200, 100)])
    assert run.duration_s == 10
    assert (np.diff(run.marked_bytes[run.end_s < 5]) > 0).all()
    assert run.marked_bytes[-1] == pytest.approx(200 * MIB, rel=0.06)
    assert run.allocated_bytes == pytest.approx((1000 + 180) * MIB, rel=0.02)


def test_a_spike_collects_more_often_and_then_calms_down():
    calm = Phase(4, 20, 50)
    run = simulate(HeapKnobs(), [calm, Phase(4, 20, 1000), calm])
    per_phase = np.histogram(run.start_s, [0, 4, 8, 12])[0]
    assert per_phase[1] > 10 * per_phase[0]
    assert per_phase[2] <= per_phase[0] + 1


def test_a_program_crosses_from_one_phase_into_the_next():
    program = Program(10, [Phase(1, 10, 100), Phase(1, 30, 200)], speed=1000 * MIB)
    assert program.time_when_allocated(0.5, 160 * MIB) == pytest.approx(1.5)
    assert program.allocated(0.5, 1.5) == pytest.approx(160 * MIB)
    assert program.live(1.5) == 20 * MIB
    assert program.demand(0.5) == pytest.approx(0.1)


def test_a_long_run_ends_after_a_thousand_cycles_and_says_when():
    run = simulate(HeapKnobs(live_mb=1, gogc=5, allocation_mb_s=2000, duration_s=600))
    assert run.cycles == 1000
    assert run.duration_s == run.end_s[-1] < 600


def test_gogc_off_without_a_limit_is_refused():
    with pytest.raises(KnobError, match="GOGC=off without a memory limit never collects"):
        HeapKnobs(gogc_off=True)


@pytest.mark.parametrize("bad", [{"live_mb": 0}, {"gogc": 4}, {"processors": 1.5}, {"collector": "none"}])
def test_a_knob_out_of_range_is_refused(bad):
    with pytest.raises(KnobError):
        HeapKnobs(**bad)

"""The controller: what it remembers, and what a mark phase may cost."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.ballast.heapgoal import KIB, MIB
from engineroom.ballast.limiter import CPULimiter
from engineroom.ballast.mark_phase import concurrent_mark, stopped_mark
from engineroom.ballast.pacer import Pacer, cons_mark

times = st.floats(0, 100, allow_nan=False)


def test_cons_mark_puts_program_and_collector_on_equal_shares():
    assert cons_mark(30, 10, assist_share=0, idle_share=0) == pytest.approx(3 * 0.25 / 0.75)
    assert cons_mark(30, 10, assist_share=0.25, idle_share=0) == pytest.approx(3 * 0.5 / 0.5)
    assert cons_mark(30, 10, assist_share=0, idle_share=0.5) == pytest.approx(3 * 0.75 / 0.75)


def test_cons_mark_is_negative_where_assists_took_more_than_was_theirs():
    assert cons_mark(30, 10, assist_share=0.95, idle_share=0) < 0
    assert cons_mark(30, 10, assist_share=0.75, idle_share=0) == math.inf


def pacer(**changes):
    return Pacer(**{"gogc": 100, "marked": 20 * MIB, "heap_scan": 20 * MIB, **changes})


def learn(controller, *allocated):
    seen = []
    for amount in allocated:
        controller.end_cycle(amount, controller.heap_scan, controller.marked)
        seen.append(controller.cons_mark)
    return seen


def test_the_largest_of_five_measurements_counts():
    one = cons_mark(1 * MIB, 20 * MIB, 0, 0)
    seen = learn(pacer(), 3 * MIB, 1 * MIB, 2 * MIB, 1 * MIB, 1 * MIB, 1 * MIB, 1 * MIB, 1 * MIB)
    assert [round(c / one) for c in seen] == [3, 3, 3, 3, 3, 2, 2, 1]


def test_a_cycle_without_allocation_teaches_nothing():
    controller = pacer()
    learn(controller, 3 * MIB)
    before = controller.cons_mark, list(controller.recent)
    learn(controller, 0)
    assert (controller.cons_mark, list(controller.recent)) == before


def test_a_program_that_allocates_faster_starts_earlier():
    slow, fast = pacer(), pacer()
    learn(slow, 1 * MIB)
    learn(fast, 2 * MIB)
    assert fast.pace().trigger < slow.pace().trigger < pacer().pace().trigger


def test_gogc_off_paces_by_the_limit_alone():
    pacing = pacer(gogc=None, limit=100 * MIB, non_heap=10 * MIB).pace()
    assert pacing.limited
    assert pacing.goal == 90 * MIB - 90 * MIB // 100 * 3


def test_allowance_ends_at_the_goal():
    controller = pacer()
    pacing = controller.pace()
    assert controller.allowance(pacing, controller.scan_work) == pacing.goal - pacing.trigger


def test_allowance_stretches_with_unexpected_work_up_to_the_hard_goal():
    controller = pacer()
    pacing = controller.pace()
    ahead = pacing.goal - pacing.trigger
    assert controller.allowance(pacing, 2 * controller.scan_work) == 2 * ahead
    assert controller.allowance(pacing, 10**6 * controller.scan_work) == 2 * pacing.goal - pacing.trigger


def test_allowance_is_never_under_64_kib_where_gogc_paces():
    controller = pacer(marked=1 * MIB, heap_scan=MIB, gogc=5)
    pacing = controller.pace()
    assert pacing.goal == pacing.trigger
    assert controller.allowance(pacing, controller.scan_work) == 64 * KIB


def test_a_cycle_that_starts_at_its_goal_may_overshoot_by_a_tenth():
    controller = pacer(gogc=None, limit=10 * MIB)
    pacing = controller.pace()
    assert pacing.goal == pacing.trigger == 20 * MIB
    assert controller.allowance(pacing, controller.scan_work) == int(1.1 * 20 * MIB) - 20 * MIB


@given(st.lists(st.tuples(times, times)), st.integers(1, 64))
def test_the_bucket_stays_between_empty_and_full(windows, processors):
    limiter = CPULimiter(processors)
    for program_s, gc_s in windows:
        limiter.accumulate(program_s, gc_s)
        assert 0 <= limiter.fill_s <= limiter.capacity_s == processors
        assert limiter.limiting == (limiter.fill_s == limiter.capacity_s)
    assert limiter.ever_full or limiter.overflow_s == 0


def test_the_bucket_overflows_at_more_than_half_only():
    even, more = CPULimiter(2), CPULimiter(2)
    for _ in range(1000):
        even.accumulate(1.0, 1.0)
        more.accumulate(0.9, 1.1)
    assert not even.ever_full
    assert more.limiting
    assert more.overflow_s == pytest.approx(1000 * 0.2 - 2)


def test_seconds_until_full():
    limiter = CPULimiter(2, fill_s=1.0)
    assert limiter.seconds_until_full(program=0.5, gc=1.5) == pytest.approx(1.0)
    assert limiter.seconds_until_full(program=1.0, gc=1.0) == math.inf


def test_a_stopped_world_marks_on_every_processor():
    phase = stopped_mark(0.4, 4)
    assert (phase.wall_s, phase.pause_s, phase.allocated, phase.cpu_s) == (0.1, 0.1, 0, 0.4)


def test_without_a_program_idle_workers_take_three_quarters():
    phase = concurrent_mark(0.4, 1e9, 0, 1e9, CPULimiter(4))
    assert phase.wall_s == pytest.approx(0.1)
    assert (phase.background_s, phase.idle_s, phase.assist_s) == pytest.approx((0.1, 0.3, 0))


def test_a_program_below_its_allowance_does_not_assist():
    phase = concurrent_mark(0.4, 1e9, 0.5, 1e8, CPULimiter(1))
    assert phase.assist_s == 0
    assert phase.wall_s == pytest.approx(0.8)
    assert phase.allocated == pytest.approx(0.5 * 1e8 * 0.8)


def test_a_program_above_its_allowance_uses_it_up_exactly_and_assists():
    phase = concurrent_mark(0.4, 1e7, 1, 1e9, CPULimiter(1))
    assert phase.allocated == pytest.approx(1e7)
    assert phase.assist_s == pytest.approx(0.4 - 0.25 * phase.wall_s)


def test_a_full_bucket_lets_the_program_exceed_its_allowance():
    limiter = CPULimiter(1, fill_s=1.0)
    phase = concurrent_mark(1.0, 1e6, 1, 1e9, limiter)
    assert phase.allocated > 100e6
    assert limiter.limiting


@given(
    st.floats(1e-5, 10),
    st.floats(1, 1e10),
    st.floats(0, 1),
    st.floats(1e6, 1e10),
    st.integers(1, 64),
    st.floats(0, 1),
)
def test_no_processor_time_is_made_or_lost(work, allowance, demand, speed, processors, full):
    limiter = CPULimiter(processors, fill_s=full * processors)
    phase = concurrent_mark(work, allowance, demand, speed, limiter)
    assert phase.cpu_s == pytest.approx(work)
    assert phase.cpu_s + phase.allocated / speed == pytest.approx(processors * phase.wall_s)
    assert phase.background_s == pytest.approx(0.25 * processors * phase.wall_s)
    assert min(phase.assist_s, phase.idle_s) >= -1e-9

"""The heap goal and the trigger, by hand and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.ballast.heapgoal import (
    KIB,
    MIB,
    UNLIMITED,
    gogc_goal,
    heap_goal,
    limit_goal,
    runway,
    trigger,
    trigger_bounds,
)

sizes = st.integers(0, 20_000 * MIB)
percents = st.integers(1, 5000)
roots = st.integers(0, 50 * MIB)


def test_the_goal_doubles_the_heap_and_adds_the_roots():
    assert gogc_goal(20 * MIB, 100) == 40 * MIB
    assert gogc_goal(20 * MIB, 100, stacks=3 * MIB, globals_=1 * MIB) == 44 * MIB
    assert gogc_goal(20 * MIB, 50, stacks=3 * MIB, globals_=1 * MIB) == 32 * MIB


@pytest.mark.parametrize(("gogc", "minimum_mb"), [(25, 1), (100, 4), (400, 16)])
def test_the_minimum_heap_is_4_mb_at_gogc_100_and_scales(gogc, minimum_mb):
    assert gogc_goal(0, gogc) == minimum_mb * MIB


def test_gogc_off_has_no_goal():
    assert gogc_goal(20 * MIB, None) == UNLIMITED


def test_the_sweeper_gets_a_mebibyte():
    assert heap_goal(4 * MIB, 5) == 5 * MIB
    assert heap_goal(4 * MIB, 5, sweep_distance=0) == 4 * MIB * 105 // 100


def test_a_memory_limit_keeps_three_percent_and_at_least_a_mebibyte():
    assert limit_goal(1000 * MIB, 0, 0) == 1000 * MIB - 1000 * MIB // 100 * 3
    assert limit_goal(20 * MIB, 0, 0) == 19 * MIB
    assert limit_goal(1000 * MIB, 0, non_heap=100 * MIB) == 900 * MIB - 900 * MIB // 100 * 3


def test_what_is_mapped_above_the_limit_is_subtracted_again():
    assert limit_goal(200 * MIB, 0, 100 * MIB, mapped=250 * MIB) == 50 * MIB - 50 * MIB // 100 * 3


def test_a_limit_below_the_marked_heap_gives_in():
    assert limit_goal(100 * MIB, 300 * MIB, 4 * MIB) == 300 * MIB
    assert limit_goal(100 * MIB, 300 * MIB, 200 * MIB) == 300 * MIB


def test_the_smaller_goal_wins_and_a_limit_ignores_the_sweep_distance():
    assert heap_goal(20 * MIB, 100, limit_allows=30 * MIB) == 30 * MIB
    assert heap_goal(20 * MIB, 100, limit_allows=50 * MIB) == 40 * MIB
    assert heap_goal(20 * MIB, 100, limit_allows=20 * MIB) == 20 * MIB


def test_the_trigger_lies_between_70_and_95_percent_of_the_way():
    assert trigger_bounds(64 * MIB, 128 * MIB) == (64 * MIB + 45 * MIB, 64 * MIB + 61 * MIB)


def test_a_long_way_ends_4_mb_short():
    assert trigger_bounds(640 * MIB, 1280 * MIB)[1] == 1276 * MIB


def test_the_runway_is_subtracted_from_the_goal_within_the_bounds():
    assert trigger(64 * MIB, 128 * MIB, 10 * MIB) == 118 * MIB
    assert trigger(64 * MIB, 128 * MIB, 0) == 125 * MIB
    assert trigger(64 * MIB, 128 * MIB, 500 * MIB) == 109 * MIB


def test_a_cycle_that_is_past_its_goal_starts_at_once():
    assert trigger(300 * MIB, 300 * MIB, 0, 0) == 300 * MIB


def test_the_runway_is_three_times_cons_mark_at_a_quarter_of_the_cpu():
    assert runway(0.5, 20 * MIB) == 30 * MIB


@given(sizes, percents, percents, roots)
def test_the_goal_rises_with_gogc(marked, one, other, scanned):
    low, high = sorted((one, other))
    assert heap_goal(marked, low, scanned) <= heap_goal(marked, high, scanned)


@given(sizes, sizes, percents, roots)
def test_the_goal_rises_with_the_live_heap_or_the_ballast(one, other, gogc, scanned):
    low, high = sorted((one, other))
    assert heap_goal(low, gogc, scanned) <= heap_goal(high, gogc, scanned)


@given(sizes, percents, roots, roots)
def test_the_goal_is_at_least_the_minimum_heap_and_what_is_marked(marked, gogc, stacks, globals_):
    goal = heap_goal(marked, gogc, stacks, globals_)
    assert goal >= 4 * MIB * gogc // 100
    assert goal > marked


@given(sizes, sizes, st.integers(0, 100 * MIB))
def test_a_limit_is_only_exceeded_by_what_is_marked(limit, marked, non_heap):
    goal = limit_goal(limit, marked, non_heap)
    assert goal == marked or goal <= max(limit - non_heap, 1 * MIB)


@given(sizes, percents, roots, st.integers(0, 1 << 40))
def test_the_trigger_is_between_its_bounds_and_never_past_the_goal(marked, gogc, scanned, ahead):
    goal = heap_goal(marked, gogc, scanned)
    start = trigger(marked, goal, ahead)
    lowest, highest = trigger_bounds(marked, goal)
    assert marked < lowest <= start <= highest <= goal


@given(sizes, sizes, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_a_longer_runway_starts_no_later(marked, distance, one, other):
    goal = marked + distance + 64 * KIB
    short, long = sorted((one, other))
    assert trigger(marked, goal, long, 0) <= trigger(marked, goal, short, 0) <= goal

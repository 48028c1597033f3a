"""On the way into a memory limit: what a program still gets done."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.ballast import real
from engineroom.ballast.death_spiral import SpiralKnobs, simulate
from engineroom.kit.knobs import KnobError


def test_the_collector_eats_the_program_until_the_limiter_steps_in():
    run = simulate(SpiralKnobs(to_mb=260, steps=13, step_s=1))
    first = int(np.argmax(run.limiter_on))
    assert 0 < first < 12
    assert (np.diff(run.gc_share[:first]) > 0).all()
    assert (np.diff(run.throughput[:first]) < 0).all()
    assert run.throughput[first - 1] < 0.5
    assert run.limiter_on[first:].all()
    assert (run.gc_share[first + 1 :] < 0.65).all()


def test_below_the_limiter_memory_stays_below_the_limit_and_beyond_it_does_not():
    run = simulate(SpiralKnobs(to_mb=260, steps=13, step_s=1))
    assert (run.mapped_mb[~run.limiter_on] <= 200).all()
    assert run.mapped_mb[-1] > 260


def recorded_like(number):
    run = real.replay_spiral(number)
    model = simulate(SpiralKnobs(from_mb=20, to_mb=195, steps=len(run.live_mb), step_s=1))
    np.testing.assert_allclose(model.live_mb, run.live_mb, rtol=1e-4)
    return model, run


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_limiter_steps_in_at_the_same_step_as_it_really_did(number):
    model, run = recorded_like(number)
    assert abs(int(np.argmax(model.limiter_on)) - int(np.argmax(run.limiter_on))) <= 1


def test_work_done_until_then_is_what_was_recorded_and_beyond_it_less_was():
    pairs = [recorded_like(number) for number in (1, 2, 3)]
    model, recorded = pairs[0][0], np.mean([run.throughput for _, run in pairs], axis=0)
    off = ~model.limiter_on
    assert recorded[off] == pytest.approx(model.throughput[off], abs=0.15)
    assert (recorded[~off] < 0.8 * model.throughput[~off]).all()
    assert (recorded[~off] > 0.3 * model.throughput[~off]).all()


def test_more_room_means_no_spiral():
    assert not simulate(SpiralKnobs(limit_mb=1000)).limiter_on.any()


def test_an_untouched_ballast_counts_against_the_limit():
    knobs = {"limit_mb": 200, "from_mb": 20, "to_mb": 21, "steps": 2}
    trap, plain = simulate(SpiralKnobs(**knobs, ballast_mb=300)), simulate(SpiralKnobs(**knobs))
    steps = real.table("spiral").set_index("run")
    recorded_trap, recorded_plain = steps.loc[steps.ballast_mb > 0].iloc[0], steps.loc[5]
    assert recorded_trap.cycles_per_s > 2 * recorded_plain.cycles_per_s
    assert trap.cycles_per_s[0] > 2 * plain.cycles_per_s[0]
    assert trap.gc_share[0] > 2 * plain.gc_share[0]


def test_a_live_heap_that_shrinks_is_refused():
    with pytest.raises(KnobError, match="last live heap is 10 MB"):
        SpiralKnobs(from_mb=20, to_mb=10)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(16, 2048),
    st.floats(0, 1024),
    st.floats(1, 1000),
    st.floats(10, 5000),
    st.floats(0.01, 20),
    st.integers(1, 16),
)
def test_every_setting_gives_a_finite_answer(limit, ballast, live, speed, mark, processors):
    knobs = SpiralKnobs(
        limit_mb=limit,
        ballast_mb=ballast,
        from_mb=live,
        to_mb=live,
        steps=3,
        mutator_mb_s=speed,
        mark_ns_per_byte=mark,
        processors=processors,
    )
    run = simulate(knobs)
    for column in (run.throughput, run.gc_share, run.cycles_per_s, run.mapped_mb):
        assert np.isfinite(column).all()
    assert ((run.gc_share >= 0) & (run.gc_share <= 1)).all()

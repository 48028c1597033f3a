"""On the way into a memory limit: what a program still gets done."""

import numpy as np
import pytest

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

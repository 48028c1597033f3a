"""TrueTime's promise: the true time is always inside, and after/before never lie."""

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.spanner import closed_forms
from engineroom.spanner.events import Kernel, stream
from engineroom.spanner.truetime import Sawtooth, TrueTime

LAWS = st.builds(
    Sawtooth,
    st.integers(1, 5_000),
    st.integers(0, 1_000),
    st.integers(1_000, 60_000_000),
)


@settings(max_examples=60, deadline=None)
@given(LAWS, st.integers(0, 2**20), st.lists(st.integers(0, 10_000_000), min_size=1, max_size=30))
def test_the_true_time_is_always_inside(law, seed, steps):
    kernel = Kernel()
    clock = TrueTime(kernel, law, stream(seed))
    for step in steps:
        kernel.now += step
        earliest, latest = clock.now()
        assert earliest <= kernel.now <= latest
        assert not clock.after(kernel.now)
        assert not clock.before(kernel.now)


def test_an_understated_epsilon_misses_the_true_time():
    kernel = Kernel()
    clock = TrueTime(kernel, Sawtooth(), stream(1), lean=1, understated=0.5)
    assert not clock.now().earliest <= kernel.now <= clock.now().latest


def test_a_skew_beyond_epsilon_misses_the_true_time():
    kernel = Kernel()
    clock = TrueTime(kernel, Sawtooth(), stream(1))
    clock.skew_us = 20_000
    assert clock.now().earliest > kernel.now
    assert clock.after(kernel.now), "it is sure of something false"


def test_the_sawtooth_is_the_papers():
    law = Sawtooth()
    assert law.epsilon(0) == 1_000
    assert law.epsilon(29_999_999) == 7_000
    assert law.mean() == closed_forms.epsilon_mean(1_000, 200e-6, 30e6) == 4_000


def test_epsilon_over_time_matches_the_closed_form():
    kernel, law = Kernel(), Sawtooth()
    clock = TrueTime(kernel, law, stream(3))
    start = -clock._polled_us
    seen = []
    for kernel.now in range(0, 120_000_000, 50_021):
        earliest, latest = clock.now()
        seen.append((latest - earliest) / 2)
        expected = closed_forms.epsilon(kernel.now + start, 1_000, 200e-6, 30e6)
        assert 0 <= seen[-1] - expected < 1 + 1e-6, "rounded up to a whole microsecond"
    # Four whole periods sampled every 50 ms: the step of 10 µs bounds the error of the mean, plus rounding.
    assert math.isclose(statistics.mean(seen), 4_000, abs_tol=11)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((0,), "ε at a poll is 0 µs"), ((1, -1), "drift is -1"), ((1, 1, 0), "poll interval is 0")],
)
def test_impossible_clocks_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Sawtooth(*arguments)

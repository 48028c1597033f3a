"""The flight recorder's window."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.tracing.recorder import RecorderKnobs, simulate


def test_generation_granularity():
    """Asked for 0.5 s, a snapshot holds between 0.5 and 1.5 s."""
    reaches = [
        simulate(RecorderKnobs(min_age_s=0.5, snapshot_s=round(10 + i / 20, 2))).reach_s for i in range(40)
    ]
    assert 0.5 <= min(reaches) <= 0.56
    assert 1.45 <= max(reaches) <= 1.51


def test_max_bytes_wins():
    window = simulate(RecorderKnobs(min_age_s=20, max_mb=3, trace_rate=2, snapshot_s=25))
    assert window.reach_s < 4
    assert 3e6 < window.size <= 3e6 + 2 * 2e6, "one generation beyond the limit at most"


def test_short_run_holds_everything():
    window = simulate(RecorderKnobs(min_age_s=10, snapshot_s=2.5))
    assert [g.begin_s for g in window.kept] == [0, 1, 2]
    assert window.reach_s == 2.5
    assert window.dropped == ()


@given(st.floats(0.1, 20), st.floats(0.1, 100), st.floats(0.01, 50), st.floats(0.1, 5), st.floats(0.1, 30))
def test_kept_and_dropped_make_the_whole_run(age, size, rate, generation, snapshot):
    knobs = RecorderKnobs(age, size, rate, generation, snapshot)
    window = simulate(knobs)
    everything = [*window.dropped, *window.kept]
    assert everything[0].begin_s == 0
    assert everything[-1].end_s == snapshot
    assert all(a.end_s == b.begin_s for a, b in pairwise(everything))
    enough = window.reach_s >= age or not window.dropped or window.size > size * 1e6
    assert enough, "MinAge is reached unless MaxBytes forbids it"
    assert window.size == pytest.approx(window.reach_s * rate * 1e6)

"""Binning against brute force, and its speed class: independent of the number of spans."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.tracing.binning import LaneIndex

DURATION = 200


def brute_force(spans, lanes, begin, end, pixels, categories):
    edges = np.clip(np.rint(np.linspace(begin, end, pixels + 1)).astype(int), 0, DURATION)
    covered = np.zeros((categories, max(lanes) + 1, DURATION), bool)
    for lane, start, stop, category in spans:
        if lane <= max(lanes):
            covered[category, lane, start:stop] = True
    return np.array(
        [
            [[covered[c, lane, a:b].sum() for a, b in pairwise(edges)] for lane in lanes]
            for c in range(categories)
        ]
    ), np.diff(edges)


span = st.tuples(
    st.integers(0, 3), st.integers(0, DURATION), st.integers(0, DURATION), st.integers(0, 2)
).map(lambda s: (s[0], min(s[1], s[2]), max(s[1], s[2]), s[3]))


@settings(deadline=None)
@given(st.lists(span, max_size=40), st.integers(0, 150), st.integers(1, 250), st.integers(1, 60))
def test_equals_brute_force(spans, begin, length, pixels):
    columns = np.array(spans, np.int64).reshape(-1, 4).T
    index = LaneIndex(columns[0], columns[1], columns[2], columns[3], 3, DURATION)
    lanes = [2, 0]
    made = index.bins(np.array(lanes), begin, begin + length, pixels)
    spent, width = brute_force(spans, lanes, begin, begin + length, pixels, 3)
    total = spent.sum(axis=0)
    assert ((made.dominant == 255) == (total == 0)).all()
    chosen = np.where(total > 0, made.dominant, 0).astype(int)
    best = np.take_along_axis(spent, chosen[None], axis=0)[0]
    assert (best == spent.max(axis=0)).all()
    share = np.ceil(255 * np.minimum(total / np.maximum(width, 1), 1))
    assert (made.filled == share).all()
    whole, _ = brute_force(spans, lanes, begin, begin + length, 1, 3)
    assert index.totals(np.array(lanes), begin, begin + length).tolist() == whole.sum(axis=(1, 2)).tolist()


@given(st.lists(span, max_size=20), st.integers(0, 3), st.integers(0, DURATION - 1))
def test_at_finds_a_span_that_covers(spans, lane, instant):
    columns = np.array(spans, np.int64).reshape(-1, 4).T
    index = LaneIndex(columns[0], columns[1], columns[2], columns[3], 3, DURATION)
    row = index.at(lane, instant)
    covering = [s for s in spans if s[0] == lane and s[1] <= instant < s[2]]
    assert (row >= 0) == bool(covering)
    if row >= 0:
        assert spans[row][0] == lane


def test_a_sliver_is_never_lost():
    """One nanosecond of work in a second still marks its pixel."""
    index = LaneIndex(
        np.array([0]), np.array([500_000_000]), np.array([500_000_001]), np.array([1]), 2, 10**9
    )
    made = index.bins(np.array([0]), 0, 10**9, 100)
    assert made.dominant[0, 50] == 1
    assert made.filled[0, 50] == 1
    assert (np.delete(made.dominant[0], 50) == 255).all()


@given(st.lists(span, max_size=20), st.lists(span, min_size=1, max_size=20))
def test_fills_tells_windows_that_hold_something(spans, windows):
    columns = np.array(spans, np.int64).reshape(-1, 4).T
    index = LaneIndex(columns[0], columns[1], columns[2], columns[3], 3, DURATION)
    asked = np.array(windows, np.int64).T
    held = [
        any(s[0] == lane and max(s[1], begin) < min(s[2], end) for s in spans)
        for lane, begin, end, _ in windows
    ]
    assert index.fills(asked[0], asked[1], asked[2]).tolist() == held

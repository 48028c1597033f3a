"""Which keys scale with nodes, and which cannot be helped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.spanner.splits import SCHEMES, SplitKnobs, participants, simulate

HEAVY = {"writes": 30_000, "minutes": 12}


@pytest.mark.parametrize("scheme", ["monotonic", "descending"])
@pytest.mark.parametrize("nodes", [1, 5, 20])
def test_a_moving_tail_is_worth_one_node_whatever_you_buy(scheme, nodes):
    run = simulate(SplitKnobs(scheme=scheme, nodes=nodes, **HEAVY))
    assert run.throughput == 3_500
    assert run.minutes[-1].reasons == ("MOVING_HOT_SPOT",)
    assert run.minutes[-1].splits > run.minutes[0].splits, "it is cut again and again, in vain"


@pytest.mark.parametrize("scheme", ["UUID v4", "bit-reversed"])
@pytest.mark.parametrize("nodes", [1, 2, 5])
def test_scattered_keys_scale_with_nodes(scheme, nodes):
    run = simulate(SplitKnobs(scheme=scheme, nodes=nodes, **HEAVY))
    assert run.throughput == nodes * 3_500


def test_scattered_keys_need_splits_first():
    run = simulate(SplitKnobs(scheme="UUID v4", nodes=10, **HEAVY))
    assert run.minutes[0].served == 3_500
    assert run.throughput == 30_000
    ready = simulate(SplitKnobs(scheme="UUID v4", nodes=10, presplits=100, **HEAVY))
    assert ready.minutes[0].served == 30_000


@pytest.mark.parametrize("prefixes", [1, 2, 4, 8, 16])
def test_a_hash_prefix_is_worth_as_many_nodes_as_it_has_values(prefixes):
    run = simulate(SplitKnobs(scheme="hash prefix", nodes=20, prefixes=prefixes, **HEAVY))
    assert run.throughput == pytest.approx(min(30_000, prefixes * 3_500))


def test_a_hot_row_ends_alone_in_its_split_and_is_never_cured():
    run = simulate(SplitKnobs(scheme="one hot row", nodes=10, hot_share=0.3, **HEAVY))
    assert run.throughput == pytest.approx(0.7 * 30_000 + 3_500)
    assert run.minutes[-1].reasons == ("UNISOLATABLE_HOT_ROW",)


def test_splits_are_cut_by_size_without_any_heat():
    run = simulate(SplitKnobs(scheme="UUID v4", nodes=10, writes=1_000, split_rows=100_000, minutes=12))
    assert run.minutes[-1].hottest == 0
    # 12 minutes at 1,000 rows a second; a split is cut in the minute after it has outgrown the limit.
    assert 720_000 / 100_000 / 2 <= run.minutes[-1].splits <= 2 * 720_000 / 100_000 + 1


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SCHEMES),
    st.integers(1, 30),
    st.integers(0, 60_000),
    st.integers(1, 50),
    st.integers(1, 30),
)
def test_never_more_than_offered_nor_than_the_nodes_can(scheme, nodes, writes, presplits, prefixes):
    run = simulate(
        SplitKnobs(scheme=scheme, nodes=nodes, writes=writes, presplits=presplits, prefixes=prefixes)
    )
    for minute in run.minutes:
        assert 0 <= minute.served <= min(writes, nodes * 3_500) + 1e-6
        assert sum(minute.node_load) == pytest.approx(writes)
        assert minute.splits <= presplits + 15 * 2**6, "cutting that cannot help has to end"


def test_a_transactions_participants_are_the_splits_it_touches():
    boundaries = [10.0, 20.0, 30.0]
    assert participants([1, 2, 3], boundaries) == 1
    assert participants([1, 10, 35], boundaries) == 3
    assert participants([9.99, 10.0], boundaries) == 2, "a boundary belongs to the right-hand split"
    assert participants([], boundaries) == 0

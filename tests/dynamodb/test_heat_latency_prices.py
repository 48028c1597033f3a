import dataclasses
from datetime import date

import numpy as np
import pytest

from engineroom.dynamodb import collection_growth, latency, partitions
from engineroom.dynamodb.collection_growth import CollectionKnobs
from engineroom.dynamodb.latency import LatencyKnobs, answer_time, parallel_quantile
from engineroom.dynamodb.partitions import HeatKnobs, partitions_for, zipf_shares
from engineroom.dynamodb.prices import read_prices
from engineroom.kit.knobs import KnobError

QUIET = HeatKnobs(rate=500, skew=0, keys=100)


def test_one_request_takes_what_was_published():
    p50, p99 = answer_time((1,))
    # 4,000 draws: the median's standard error is 0.6 %, that of the 99th percentile 2.4 %
    assert p50 == pytest.approx(7.55, rel=0.02) and p99 == pytest.approx(16.2, rel=0.07)


@pytest.mark.parametrize("calls", [1, 2, 5, 20])
def test_together_agrees_with_the_order_statistic_in_closed_form(calls):
    result = latency.simulate(LatencyKnobs(calls=calls, arrangement="all together", median_ms=7.55))
    for share, seen in ((0.5, result.p50_ms), (0.99, result.p99_ms)):
        wanted = parallel_quantile(share, calls, 7.55, 16.2)
        assert seen == pytest.approx(wanted, rel=0.07)


def test_a_waterfall_adds_up_and_a_fan_out_does_not():
    serial, together = answer_time((1,) * 5), answer_time((5,))
    assert serial[0] == pytest.approx(5 * 7.55 * np.exp(0.328**2 / 2), rel=0.03)  # the mean of a lognormal
    assert together[0] < 1.6 * answer_time((1,))[0] < serial[0] / 3


def test_the_tail_cannot_be_faster_than_the_middle():
    with pytest.raises(KnobError, match="must be above the median"):
        LatencyKnobs(median_ms=10, p99_ms=9)


def test_an_even_load_within_capacity_is_served_whole():
    result = partitions.simulate(QUIET)
    assert result.throttled_share == 0 and (result.served == result.asked).all()


def test_units_are_conserved_and_no_partition_passes_its_cap():
    result = partitions.simulate(HeatKnobs(rate=8000, skew=1.5, provisioned=32_000))
    assert (result.served <= result.asked + 1e-9).all()
    assert (result.served <= partitions.CAPS["write"] * result.partitions + 1e-9).all()


def test_one_key_keeps_the_cap_whatever_is_provisioned():
    one = HeatKnobs(rate=5000, skew=2, keys=1, provisioned=32_000, split_after_s=10)
    result = partitions.simulate(one)
    assert result.served.max() == pytest.approx(1000) and result.partitions[-1] == one.partitions


def test_shards_divide_the_heat_and_multiply_the_reads():
    one = HeatKnobs(rate=5000, skew=2, keys=1, provisioned=32_000, split_after_s=10, seconds=600)
    result = partitions.simulate(dataclasses.replace(one, shards=50))
    assert result.hottest_key == pytest.approx(1 / 50) and result.fan_out == 50
    assert result.served[-1] > 4500


def test_heat_splits_and_never_merges():
    result = partitions.simulate(HeatKnobs(rate=6000, provisioned=32_000, skew=0.8, split_after_s=20))
    assert (np.diff(result.partitions) >= 0).all() and result.partitions[-1] > result.partitions[0]


def test_a_split_inside_a_key_needs_spread_writes_and_no_local_index():
    one = HeatKnobs(rate=5000, skew=2, keys=1, provisioned=32_000, split_after_s=10, seconds=600)
    rising, spread, local = (
        partitions.simulate(dataclasses.replace(one, inside=inside))
        for inside in (partitions.RISING, partitions.SPREAD, partitions.LOCAL)
    )
    assert (spread.partitions[-1], spread.served[-1]) >= (9, 4500)
    assert spread.hottest_key == rising.hottest_key == 1, "it is still one key"
    assert (local.served == rising.served).all() and rising.served.max() == pytest.approx(1000)


def fill(knobs, indexes):
    """Fill a collection second by second; return its bytes and the second of the first refusal."""
    each = knobs.item_bytes + indexes * knobs.entry_bytes
    units = sum(-(-size // 1024) for size in [knobs.item_bytes, *[knobs.entry_bytes] * indexes])
    size = 0.0
    for second in range(knobs.days * 86_400):
        spread = not indexes and knobs.sort_keys == partitions.SPREAD
        new = knobs.rate if spread else min(knobs.rate, 1000 / units)
        if indexes and size + new * each > 10 * 2**30:
            return size, second
        size += new * each
    return size, None


@pytest.mark.parametrize(
    "knobs",
    [
        CollectionKnobs(days=20),
        CollectionKnobs(days=1),
        CollectionKnobs(days=1, rate=3000, item_bytes=5000, local_indexes=2, entry_bytes=1025),
        CollectionKnobs(days=2, rate=3000, local_indexes=0),
        CollectionKnobs(days=2, rate=3000, local_indexes=0, sort_keys=partitions.SPREAD),
    ],
)
def test_a_collection_fills_as_second_by_second(knobs):
    result = collection_growth.simulate(knobs)
    size, refused = fill(knobs, knobs.local_indexes)
    assert result.size_gb[-1] * 2**30 == pytest.approx(size, rel=1e-3)
    assert (result.full_after is None) == (refused is None)
    if refused is not None:
        assert result.full_after * 86_400 == pytest.approx(refused, rel=1e-3, abs=1)
        assert result.size_gb.max() == 10 and result.partitions[0] == 1
    assert result.free_gb[-1] * 2**30 == pytest.approx(fill(knobs, 0)[0], rel=1e-3)


def test_ten_gigabytes_limit_nothing_without_a_local_index():
    result = collection_growth.simulate(CollectionKnobs(local_indexes=0, days=365))
    assert result.full_after is None and result.size_gb[-1] > 200 and result.partitions[0] == 24


def test_adaptive_capacity_lends_what_the_table_has_left():
    skewed = HeatKnobs(rate=1500, skew=1.2, provisioned=2000, seconds=900, split_after_s=600)
    with_it = partitions.simulate(skewed)
    without = partitions.simulate(dataclasses.replace(skewed, adaptive=False))
    assert with_it.throttled_share < without.throttled_share


def test_burst_lasts_as_long_as_what_was_saved():
    """A single partition at its share of 100 can't have saved anything; bursts need idle time first."""
    knobs = HeatKnobs(rate=400, skew=0, partitions=1, provisioned=100, adaptive=False, seconds=20)
    result = partitions.simulate(knobs)
    assert result.served == pytest.approx(np.full(20, 100.0))
    table = partitions._Table(knobs, np.array([0.5]), np.array([1.0]))
    for _ in range(400):
        table.serve(0.0)
    assert table.saved == pytest.approx([300 * 100])
    assert [table.serve(1000.0) for _ in range(40)].count(1000.0) == pytest.approx(33, abs=1)


def test_the_same_seed_gives_the_same_heat():
    one, other = partitions.simulate(HeatKnobs()), partitions.simulate(HeatKnobs())
    assert (one.served == other.served).all()


def test_zipf_shares_and_partition_counts():
    assert zipf_shares(3, 0).tolist() == pytest.approx([1 / 3] * 3)
    assert zipf_shares(2, 1).tolist() == pytest.approx([2 / 3, 1 / 3])
    assert partitions_for(25) == 3 and partitions_for(1, writes=4500) == 5 and partitions_for(0) == 1


def test_prices_are_dated():
    new, old = read_prices(), read_prices(on=date(2024, 10, 31))
    assert new.since == date(2024, 11, 1) and old.write_million == 2 * new.write_million
    with pytest.raises(ValueError, match="No prices are known for 2012"):
        read_prices(on=date(2012, 1, 1))


def test_provisioned_wins_above_the_published_utilisation():
    prices = read_prices()
    assert prices.break_even("write") == pytest.approx(0.289, abs=0.0005)
    month = 730 * 3600
    at = prices.break_even("write")
    assert prices.on_demand(writes=at * month) == pytest.approx(prices.provisioned_month(writes=1))


def test_an_edited_price_table_is_read_or_refused(tmp_path):
    path = tmp_path / "prices.csv"
    header = "since,region,write_million,read_million,write_hour,read_hour,storage_gb_month\n"
    path.write_text(header + "2030-01-01,mars,1,2,3,4,5\n")
    assert read_prices(path).on_demand(reads=1e6, writes=1e6) == 3
    path.write_text(header + "2030-01-01,mars,cheap,2,3,4,5\n")
    with pytest.raises(ValueError, match="Line 2 of the price table can't be read"):
        read_prices(path)
    path.write_text(header + "2030-01-01,mars,-1,2,3,4,5\n")
    with pytest.raises(ValueError, match="negative price for a million on-demand write units"):
        read_prices(path)

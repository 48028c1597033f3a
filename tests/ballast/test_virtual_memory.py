"""What a slice is charged: pages, not bytes, and only those that were touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.ballast.heapgoal import KIB, MIB
from engineroom.ballast.virtual_memory import PageKnobs, simulate
from engineroom.kit.knobs import KnobError

page_knobs = st.builds(
    PageKnobs,
    size_mb=st.floats(1, 10240),
    touched_percent=st.floats(0, 100),
    access=st.sampled_from(["write", "read"]),
    element=st.sampled_from(["bytes", "pointers"]),
    page=st.sampled_from(["4 KB", "16 KB", "64 KB", "2 MB"]),
)


def test_an_untouched_ballast_costs_address_space_and_a_thousandth_of_its_size():
    charge = simulate(PageKnobs(size_mb=1024))
    assert charge.vsz_bytes == 1024 * MIB + 16 * 72 * KIB
    assert charge.rss_bytes == 1 * MIB
    assert charge.minor_faults == 256


def test_writing_half_makes_half_resident():
    charge = simulate(PageKnobs(size_mb=100, touched_percent=50))
    assert charge.rss_bytes == 50 * MIB + 100 * KIB
    assert charge.minor_faults == 12_800 + 25


def test_reading_faults_but_shares_the_page_of_zeros():
    charge = simulate(PageKnobs(size_mb=100, touched_percent=100, access="read"))
    assert charge.rss_bytes == 100 * KIB
    assert charge.minor_faults == 25_600 + 25


def test_a_ballast_of_pointers_is_read_by_every_collection():
    charge = simulate(PageKnobs(size_mb=100, element="pointers"))
    assert charge.scan_bytes == 100 * MIB
    assert charge.gc_faults == 25_600
    assert simulate(PageKnobs(size_mb=100)).scan_bytes == 0


def test_larger_pages_fault_less_and_round_up():
    assert simulate(PageKnobs(size_mb=64, touched_percent=100, page="64 KB")).minor_faults == 1024 + 1
    assert simulate(PageKnobs(size_mb=64, touched_percent=1, page="2 MB")).rss_bytes == 64 * KIB
    assert simulate(PageKnobs(size_mb=64, touched_percent=2, page="2 MB")).rss_bytes == 2 * MIB + 64 * KIB


def test_a_slice_that_fits_the_first_arena_reserves_nothing_new():
    assert simulate(PageKnobs(size_mb=20)).vsz_bytes == 0


@given(page_knobs)
def test_resident_never_exceeds_the_slice_and_its_table(knobs):
    charge = simulate(knobs)
    assert 0 <= charge.rss_bytes <= knobs.size_mb * MIB * (1 + 1 / 1024)
    assert charge.gc_faults * knobs.page_bytes <= charge.scan_bytes + knobs.page_bytes


def test_more_than_all_of_it_is_refused():
    with pytest.raises(KnobError, match="touched is 101 %"):
        PageKnobs(touched_percent=101)

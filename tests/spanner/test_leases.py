"""Leases of successive leaders never overlap, whatever the clocks within their ε say."""

from hypothesis import given
from hypothesis import strategies as st

from engineroom.spanner.events import Kernel, stream
from engineroom.spanner.leases import Lease, Vote, lease_from_votes
from engineroom.spanner.truetime import Interval, Sawtooth, TrueTime

LEAN = st.floats(-1, 1)


@given(LEAN, LEAN, LEAN, st.integers(0, 50_000), st.integers(0, 50_000), st.integers(1, 10_000_000))
def test_one_common_voter_keeps_two_leases_apart(first, voter, second, there, back, length):
    kernel = Kernel()
    kernel.now = 10**9
    clock_1, clock_v, clock_2 = (
        TrueTime(kernel, Sawtooth(poll_us=10**15), stream(i), lean=lean)
        for i, lean in enumerate((first, voter, second))
    )
    vote, before_send = Vote(), clock_1.now()
    kernel.now += there
    vote.grant(clock_v, 1, length)
    kernel.now += back
    lease_1 = lease_from_votes(clock_1.now(), [before_send], length)
    while not vote.free(clock_v, 2):
        kernel.now += max(1, vote.end_us - clock_v.now().earliest + 1)
    before_send = clock_2.now()
    vote.grant(clock_v, 2, length)
    lease_2 = lease_from_votes(clock_2.now(), [before_send], length)
    assert lease_2.start_us > lease_1.end_us


def test_the_lease_counts_from_the_earliest_request():
    lease = lease_from_votes(Interval(90, 110), [Interval(10, 30), Interval(5, 25)], 1_000)
    assert lease == Lease(110, 1_005)
    assert lease.covers(110)
    assert lease.covers(1_005)
    assert not lease.covers(1_006)
    assert lease.extended(900) == lease


def test_a_vote_binds_to_its_ballot_until_released():
    kernel = Kernel()
    clock, vote = TrueTime(kernel, Sawtooth(), stream(1)), Vote()
    assert vote.free(clock, 7)
    vote.grant(clock, 7, 1_000_000)
    assert vote.free(clock, 7)
    assert not vote.free(clock, 8)
    vote.release(8)
    assert not vote.free(clock, 8), "only its own leader can give it back"
    vote.release(7)
    assert vote.free(clock, 8)

"""Places, distances, quorums and what they survive."""

import itertools
import math

import pytest

from engineroom.spanner.topology import (
    Placement,
    Site,
    configuration,
    configurations,
    distance_km,
    region,
    regions,
    round_trip_ms,
)


def test_distances_are_great_circles():
    # London-Sydney is about 17,000 km; half the equator is π times the radius; no way to itself.
    assert distance_km(region("europe-west2"), region("australia-southeast1")) == pytest.approx(
        16_990, rel=0.01
    )
    for a, b in itertools.combinations(regions().values(), 2):
        assert distance_km(a, b) == pytest.approx(distance_km(b, a))
        assert 0 < distance_km(a, b) <= math.pi * 6371.0088
    assert distance_km(region("asia-east1"), region("asia-east1")) == 0


def test_the_floor_lies_below_the_one_published_strong_read():
    """eur6 with a read-only replica in us-east1: about 100 ms published, so cables detour by about 1.4."""
    floor = round_trip_ms(Site("europe-west4", "a"), Site("us-east1", "a", "read-only"), zone_rtt_ms=0)
    assert 65 < floor < 72
    assert 1.3 < 100 / floor < 1.6


@pytest.mark.parametrize("name", configurations())
def test_the_commit_time_is_the_order_statistic_by_brute_force(name):
    placement = configuration(name)
    home = placement.leader
    best = min(
        max(round_trip_ms(home, site) for site in quorum)
        for size in range(placement.quorum, len(placement.voters) + 1)
        for quorum in itertools.combinations(placement.voters, size)
        if home in quorum and placement._is_quorum(quorum)
    )
    assert placement.commit_rtt_ms() == pytest.approx(best)


@pytest.mark.parametrize(
    ("name", "voters", "quorum", "zones", "lost_regions"),
    [
        ("regional-us-central1", 3, 2, 1, 0),
        ("dual-region-japan1", 6, 4, 1, 0),
        ("nam3", 5, 3, 2, 1),
        ("nam-eur-asia1", 5, 3, 2, 1),
    ],
)
def test_survivable_failures(name, voters, quorum, zones, lost_regions):
    placement = configuration(name)
    assert (len(placement.voters), placement.quorum) == (voters, quorum)
    assert (placement.zone_failures(), placement.region_failures()) == (zones, lost_regions)


def test_all_multi_regions_survive_any_region_and_no_dual_region_does():
    for name in configurations():
        placement = configuration(name)
        for lost in placement.regions():
            gone = [site for site in placement.sites if site.region == lost]
            votes = any(site.votes for site in gone)
            expected = not votes or len(placement.regions()) > 2
            assert placement.survives(gone) is expected, (name, lost)


def test_losing_sites_makes_commits_slower_or_impossible():
    placement = configuration("nam3")
    usual = placement.commit_rtt_ms()
    twin = placement.sites[1]
    assert placement.commit_rtt_ms(failed=[twin]) >= usual
    assert placement.commit_rtt_ms(failed=[placement.leader]) == math.inf
    assert placement.commit_rtt_ms(failed=placement.voters[1:4]) == math.inf


def test_a_witness_votes_but_neither_leads_nor_counts_as_survivor_alone():
    placement = configuration("eur3")
    witnesses = [site for site in placement.sites if site.kind == "witness"]
    assert len(witnesses) == 1
    assert witnesses[0].votes
    with pytest.raises(ValueError, match="europe-north1 cannot lead: it holds witness replicas only"):
        Placement("x", placement.sites, "europe-north1")


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: region("moon-east1"), "There is no region 'moon-east1'; there are 29, such as us-central1"),
        (lambda: configuration("nam99"), "There is no configuration 'nam99'"),
        (lambda: Placement("x", (Site("us-east1", "a"),) * 2, "us-east1"), "holds two replicas"),
        (lambda: Placement("x", (Site("us-east1", "a", "spare"),), "us-east1"), "kinds are: read-write"),
        (lambda: Placement("x", (Site("us-east1", "a"),), "us-west1"), "us-west1 cannot lead: it holds no"),
        (lambda: Placement("x", (Site("us-east1", "a"),), "us-east1", 2), "can never reach a quorum"),
        (lambda: configuration("nam3").commit_rtt_ms(detour=0.9), "detour factor is 0.9"),
        (lambda: configuration("nam3").commit_rtt_ms(zone_rtt_ms=-1), "between zones is -1 ms"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()

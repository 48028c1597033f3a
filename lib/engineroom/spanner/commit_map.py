"""A configuration on the map: who votes, how far away, what a commit waits for, what may fail."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engineroom.kit.knobs import Knobs, choice, number

from .topology import Placement, Region, Site, configuration, region, round_trip_ms

__all__ = ["FAILURES", "CommitMap", "MapKnobs", "simulate"]

SHOWN = (
    "regional-us-central1",
    "dual-region-japan1",
    "dual-region-australia1",
    "eur3",
    "eur6",
    "asia1",
    "nam3",
    "nam6",
    "nam-eur-asia1",
)
FAILURES = ("nothing", "leader's zone", "leader's region", "another zone", "another region", "witness")


@dataclass(frozen=True)
class MapKnobs(Knobs):
    """A published configuration and a mishap."""

    configuration: str = choice("nam3", SHOWN, label="configuration")
    detour: float = number(
        1.4, 1, 3, step=0.1, label="detour of cables", help="1 is the great circle, a floor."
    )
    zone_rtt_ms: float = number(0.5, 0, 5, step=0.1, unit="ms", label="round trip between zones")
    lost: str = choice("nothing", FAILURES, label="lost")


@dataclass(frozen=True)
class CommitMap:
    """Where votes come from and when.

    Attributes:
        placement: the configuration.
        failed: the sites that are lost.
        leader: who leads now; None if nobody can.
        rtt_ms: round trip from the leader to each voter that is left, in milliseconds.
        commit_ms: when a quorum has answered; infinite if none can.
    """

    placement: Placement
    failed: frozenset[Site]
    leader: Site | None
    rtt_ms: dict[Site, float]
    commit_ms: float

    @property
    def places(self) -> dict[str, Region]:
        """The configuration's regions by name."""
        return {name: region(name) for name in self.placement.regions()}


def simulate(knobs: MapKnobs) -> CommitMap:
    """Take the mishap, elect a leader if possible and time a commit."""
    placement = configuration(knobs.configuration)
    failed = frozenset(_lost(placement, knobs.lost))
    alive = [site for site in placement.sites if site not in failed]
    able = [site for site in alive if site.kind == "read-write"]
    at_home = [site for site in able if site.region == placement.leader_region]
    leader = (at_home or able or [None])[0]
    if leader is None or not placement.survives(failed):
        return CommitMap(placement, failed, None, {}, math.inf)
    waits = {
        site: round_trip_ms(leader, site, knobs.detour, knobs.zone_rtt_ms) for site in alive if site.votes
    }
    leader_first = (leader, *(site for site in placement.sites if site != leader))
    moved = Placement(placement.name, leader_first, leader.region, placement.per_region)
    commit = moved.commit_rtt_ms(knobs.detour, knobs.zone_rtt_ms, failed)
    return CommitMap(placement, failed, leader, waits, commit)


def _lost(placement: Placement, what: str) -> list[Site]:
    home = placement.leader
    others = [name for name in placement.regions() if name != home.region]
    voters = [site for site in placement.voters if site != home]
    other = [site for site in placement.voters if others and site.region == others[0]]
    return {
        "nothing": [],
        "leader's zone": [home],
        "leader's region": [site for site in placement.sites if site.region == home.region],
        "another zone": voters[:1],
        "another region": other,
        "witness": [site for site in placement.sites if site.kind == "witness"][:1],
    }[what]

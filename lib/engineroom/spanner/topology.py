"""Where replicas live: regions, round trips, what a commit waits for and which failures it survives.

Round trips are computed: great-circle distance (haversine, mean Earth radius 6371.0088 km) at the
speed of light in glass, times a detour factor. With a factor of 1 they are a floor that no cable beats.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from engineroom.kit.plainly import ToldPlainly

from .published import table

__all__ = [
    "KM_PER_MS",
    "BadPlacement",
    "Placement",
    "Region",
    "Site",
    "configuration",
    "configurations",
    "distance_km",
    "region",
    "regions",
    "round_trip_ms",
]

EARTH_RADIUS_KM = 6371.0088
KM_PER_MS = 200.0  # light in glass, refractive index about 1.5
KINDS = ("read-write", "witness", "read-only")


@dataclass(frozen=True)
class Region:
    """A region and the place that stands for it, in degrees."""

    name: str
    place: str
    latitude: float
    longitude: float


@dataclass(frozen=True, order=True)
class Site:
    """One replica's home: a zone of a region."""

    region: str
    zone: str
    kind: str = "read-write"

    @property
    def name(self) -> str:
        """Region and zone in one word."""
        return f"{self.region}-{self.zone}"

    @property
    def votes(self) -> bool:
        """Whether its replica counts towards the quorum."""
        return self.kind != "read-only"


class BadPlacement(ToldPlainly, ValueError):
    """Replicas that cannot work together, or a leader that cannot lead."""


@dataclass(frozen=True)
class Placement:
    """Where the replicas of a database live and which of them leads.

    Args:
        name: the configuration's name.
        sites: one per replica.
        leader_region: the region whose first read-write replica leads.
        per_region: how many votes each voting region must contribute (2 in a dual-region configuration).

    Raises:
        BadPlacement: when no replica can lead, a quorum is impossible, a zone holds two replicas or
            a kind is unknown.
    """

    name: str
    sites: tuple[Site, ...]
    leader_region: str
    per_region: int = 0

    def __post_init__(self) -> None:
        """Check that the placement can work at all."""
        for site in self.sites:
            region(site.region)
            if site.kind not in KINDS:
                raise BadPlacement(
                    f"{site.name} holds a {site.kind!r} replica; kinds are: {', '.join(KINDS)}."
                )
        doubles = [name for name, count in Counter(site.name for site in self.sites).items() if count > 1]
        if doubles:
            raise BadPlacement(f"{doubles[0]} holds two replicas; each zone holds at most one.")
        if not any(s.kind == "read-write" for s in self.sites if s.region == self.leader_region):
            held = sorted({s.kind for s in self.sites if s.region == self.leader_region}) or ["no"]
            raise BadPlacement(
                f"{self.leader_region} cannot lead: it holds {' and '.join(held)} replicas only, "
                "and only a read-write replica can lead."
            )
        if not self.survives(()):
            raise BadPlacement(f"{self.name} can never reach a quorum of {self.quorum}.")

    @property
    def leader(self) -> Site:
        """The site of the leader."""
        return next(s for s in self.sites if s.region == self.leader_region and s.kind == "read-write")

    @property
    def voters(self) -> tuple[Site, ...]:
        """The sites whose votes count."""
        return tuple(site for site in self.sites if site.votes)

    @property
    def quorum(self) -> int:
        """How many votes a commit needs."""
        return len(self.voters) // 2 + 1

    def commit_rtt_ms(
        self, detour: float = 1.0, zone_rtt_ms: float = 1.0, failed: Iterable[Site] = ()
    ) -> float:
        """Return how long the leader waits for a quorum, in milliseconds; infinite if there is none.

        The votes arrive in order of distance, the leader's own at once; the commit is durable with the
        first set of them that is a quorum.
        """
        lost, home = set(failed), self.leader
        if home in lost:
            return math.inf
        alive = [site for site in self.voters if site not in lost]
        waits = {site: round_trip_ms(home, site, detour, zone_rtt_ms) for site in alive}
        arrived: list[Site] = []
        for site in sorted(alive, key=lambda s: waits[s]):
            arrived.append(site)
            if self._is_quorum(arrived):
                return waits[site]
        return math.inf

    def survives(self, failed: Iterable[Site]) -> bool:
        """Return whether the others can still elect a leader and commit."""
        lost = set(failed)
        alive = [site for site in self.voters if site not in lost]
        return self._is_quorum(alive) and any(site.kind == "read-write" for site in alive)

    def zone_failures(self) -> int:
        """Return the largest number of zones that can fail, whichever they are."""
        return self._survivable([(site,) for site in self.voters])

    def region_failures(self) -> int:
        """Return the largest number of regions that can fail, whichever they are."""
        return self._survivable([tuple(s for s in self.sites if s.region == name) for name in self.regions()])

    def regions(self) -> tuple[str, ...]:
        """Return the regions, in order of appearance."""
        return tuple(dict.fromkeys(site.region for site in self.sites))

    def rtt_us(self, detour: float = 1.0, zone_rtt_ms: float = 1.0) -> dict[tuple[str, str], int]:
        """Return round trips in microseconds by pair of site names, as `cluster.Cluster` wants them."""
        pairs = itertools.product(self.sites, repeat=2)
        return {(a.name, b.name): round(1_000 * round_trip_ms(a, b, detour, zone_rtt_ms)) for a, b in pairs}

    def _is_quorum(self, alive: Iterable[Site]) -> bool:
        votes = Counter(site.region for site in alive)
        wanted = {site.region for site in self.voters}
        return sum(votes.values()) >= self.quorum and all(votes[name] >= self.per_region for name in wanted)

    def _survivable(self, units: list[tuple[Site, ...]]) -> int:
        for size in range(1, len(units) + 1):
            for some in itertools.combinations(units, size):
                if not self.survives(itertools.chain.from_iterable(some)):
                    return size - 1
        return len(units)


@cache
def regions() -> dict[str, Region]:
    """Return every known region by name."""
    return {
        row["region"]: Region(row["region"], row["place"], float(row["latitude"]), float(row["longitude"]))
        for row in table("regions")
    }


def region(name: str) -> Region:
    """Return a region.

    Raises:
        ValueError: for an unknown region, naming a few known ones.
    """
    known = regions()
    if name not in known:
        raise ValueError(
            f"There is no region {name!r}; there are {len(known)}, such as {', '.join(list(known)[:4])}."
        )
    return known[name]


def distance_km(a: Region, b: Region) -> float:
    """Return the great-circle distance between two regions by the haversine formula."""
    phi_a, phi_b = math.radians(a.latitude), math.radians(b.latitude)
    half_phi = (phi_b - phi_a) / 2
    half_lambda = math.radians(b.longitude - a.longitude) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def round_trip_ms(a: Site, b: Site, detour: float = 1.0, zone_rtt_ms: float = 1.0) -> float:
    """Return the round trip between two sites in milliseconds.

    Args:
        a: one end.
        b: the other end.
        detour: how much longer the cable is than the great circle.
        zone_rtt_ms: between two zones of one region (OSDI 2012: under 1 ms); 0 within a zone.

    Raises:
        ValueError: for a detour below 1 or a negative round trip.
    """
    if detour < 1:
        raise ValueError(
            f"The detour factor is {detour:g}; a cable is at least as long as the great circle (1)."
        )
    if zone_rtt_ms < 0:
        raise ValueError(f"The round trip between zones is {zone_rtt_ms:g} ms; it must not be negative.")
    if a.name == b.name:
        return 0.0
    if a.region == b.region:
        return zone_rtt_ms
    return zone_rtt_ms + 2 * detour * distance_km(region(a.region), region(b.region)) / KM_PER_MS


def configurations() -> tuple[str, ...]:
    """Return the names of the published configurations."""
    return tuple(dict.fromkeys(row["configuration"] for row in table("configurations")))


def configuration(name: str) -> Placement:
    """Return a published configuration.

    Raises:
        ValueError: for an unknown configuration, naming the known ones.
    """
    rows = [row for row in table("configurations") if row["configuration"] == name]
    if not rows:
        raise ValueError(f"There is no configuration {name!r}; there are: {', '.join(configurations())}.")
    sites = tuple(site for row in rows for site in _sites(row))
    leader = next(row["region"] for row in rows if row["default_leader"] == "yes")
    return Placement(name, sites, leader, 2 if rows[0]["kind"] == "dual-region" else 0)


def _sites(row: Mapping[str, str]) -> list[Site]:
    kinds = [kind for kind in KINDS for _ in range(int(row[kind.replace("-", "_")]))]
    return [Site(row["region"], zone, kind) for zone, kind in zip("abcdef", kinds, strict=False)]

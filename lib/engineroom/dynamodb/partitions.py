"""Heat: what a skewed load does to partitions that each serve 1,000 writes or 3,000 reads a second.

Time goes in seconds. Each partition has its share of the provisioned units, saves what it does not
use for up to 300 s (burst), may borrow what the table has left (adaptive capacity), and never
passes its own cap. A partition that stays too hot is split in two, between keys or, where the heat
lies on many sort keys, inside one. It is never split inside a key that has a local secondary index
(all of its collection stays together), nor where writes always go to the newest sort key.
Sources: the developer guide on burst and adaptive capacity, and part 3 of AWS's posts on scaling
DynamoDB. How long heat must last before a split is not published, so it is a knob.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engineroom.kit.knobs import Knobs, choice, integer, number, switch

__all__ = [
    "CAPS",
    "HeatKnobs",
    "HeatResult",
    "partitions_for",
    "simulate",
    "zipf_shares",
]

CAPS = {"write": 1000.0, "read": 3000.0}
PARTITION_GB = 10.0
BURST_S = 300
RISING, SPREAD, LOCAL = "rising sort keys", "spread sort keys", "spread, local index"
CUTS = 32  # places at which one key's collection may be cut, where it may be


@dataclass(frozen=True)
class HeatKnobs(Knobs):
    """A write load on a table, how skewed it is, and what is done about it."""

    rate: int = integer(3000, 100, 20_000, unit="writes/s", step=100, label="load")
    skew: float = number(1.1, 0, 2, step=0.05, label="Zipf skew", help="0 is even; 1 is a common real load.")
    keys: int = integer(200, 1, 2000, label="partition keys")
    shards: int = integer(
        1, 1, 50, label="shards per key", help="Writes go to key#0 … key#n; a read asks all n."
    )
    inside: str = choice(
        RISING,
        (RISING, SPREAD, LOCAL),
        label="inside a key",
        help="A split may cut a key's collection only if its writes are spread and no local index holds it.",
    )
    partitions: int = integer(4, 1, 32, label="partitions at the start")
    provisioned: int = integer(6000, 100, 32_000, unit="WCU", step=100, label="capacity")
    adaptive: bool = switch(True, label="adaptive capacity")
    split_after_s: int = integer(
        60, 10, 600, unit="s", label="split after", help="Heat lasts this long first."
    )
    seconds: int = integer(300, 10, 900, unit="s", label="duration")


@dataclass(frozen=True)
class HeatResult:
    """Second by second, what was asked and what was served.

    Attributes:
        asked: units asked for in each second.
        served: units served in each second.
        partitions: number of partitions in each second.
        load: units asked for in the last second by partition, hottest first.
        hottest_key: share of all writes that go to the hottest single key (a shard counts as a key).
        fan_out: requests that one read of a whole key takes.
    """

    asked: np.ndarray
    served: np.ndarray
    partitions: np.ndarray
    load: np.ndarray
    hottest_key: float
    fan_out: int

    @property
    def throttled_share(self) -> float:
        """Return the share of all units that were refused."""
        return 1.0 - float(self.served.sum() / self.asked.sum())


def zipf_shares(keys: int, skew: float) -> np.ndarray:
    """Return each key's share of a Zipf load, the hottest first; they add up to 1."""
    weights = np.arange(1, keys + 1, dtype=float) ** -skew
    return weights / weights.sum()


def partitions_for(size_gb: float, *, reads: float = 0.0, writes: float = 0.0) -> int:
    """Return how many partitions a table of that size and units per second needs at least."""
    by_load = reads / CAPS["read"] + writes / CAPS["write"]
    return max(1, int(np.ceil(max(by_load, size_gb / PARTITION_GB))))


def simulate(knobs: HeatKnobs, rng: np.random.Generator | None = None) -> HeatResult:
    """Play a load against a table, second by second.

    Args:
        knobs: the experiment.
        rng: places the keys and draws each second's load; one with a fixed seed when None.
    """
    rng = rng or np.random.default_rng(1)
    shares = np.repeat(zipf_shares(knobs.keys, knobs.skew) / knobs.shards, knobs.shards)
    places = np.sort(rng.random(shares.size))  # hashes of the keys on a ring from 0 to 1
    shares = rng.permutation(shares)
    hottest = float(shares.max())
    table = _Table(knobs, *_cut_places(places, shares, CUTS if knobs.inside == SPREAD else 1))
    asked = rng.poisson(knobs.rate, knobs.seconds).astype(float)
    served, counts = np.zeros(knobs.seconds), np.zeros(knobs.seconds, dtype=int)
    for second, total in enumerate(asked):
        counts[second] = table.heat.size
        served[second] = table.serve(total)
    load = np.sort(table.heat * asked[-1])[::-1]
    return HeatResult(asked, served, counts, load, hottest, knobs.shards)


def _cut_places(places: np.ndarray, shares: np.ndarray, cuts: int) -> tuple[np.ndarray, np.ndarray]:
    """Spread each key's load over that many places between its own hash and the next key's."""
    gaps = np.diff(places, append=1.0)
    spread = places[:, None] + gaps[:, None] * np.arange(cuts) / cuts
    return spread.ravel(), np.repeat(shares / cuts, cuts)


class _Table:
    """Partitions as ranges of sorted places (key hashes, and sort keys within them), with their buckets."""

    def __init__(self, knobs: HeatKnobs, places: np.ndarray, shares: np.ndarray):
        self.knobs, self.places, self.shares = knobs, places, shares
        self.edges = np.linspace(0.0, 1.0, knobs.partitions + 1)
        self.hot_for = np.zeros(knobs.partitions, dtype=int)
        self.saved = np.zeros(knobs.partitions)
        self._measure()

    def _measure(self) -> None:
        """Give every partition the share of the load that its keys bring, and its unit share."""
        at = np.searchsorted(self.places, self.edges)
        running = np.concatenate([[0.0], np.cumsum(self.shares)])
        self.heat = np.diff(running[at])
        self.keys = np.diff(at)
        self.share = min(self.knobs.provisioned / self.heat.size, CAPS["write"])

    def serve(self, total: float) -> float:
        """Serve one second of load; return the units served."""
        asked = self.heat * total
        reachable = np.minimum(asked, CAPS["write"])
        served = np.minimum(reachable, self.share + self.saved)
        if self.knobs.adaptive:
            left = max(0.0, self.knobs.provisioned - served.sum())
            wanting = reachable - served
            short = wanting.sum()
            if short > 0:
                served = served + wanting * min(1.0, left / short)
        self.saved = np.clip(self.saved + self.share - served, 0.0, BURST_S * self.share)
        self._note_heat(asked)
        return min(total, float(served.sum()))  # a sum of shares may be a rounding error above the whole

    def _note_heat(self, asked: np.ndarray) -> None:
        self.hot_for = np.where(asked > CAPS["write"], self.hot_for + 1, 0)
        hot = np.flatnonzero((self.hot_for >= self.knobs.split_after_s) & (self.keys > 1))
        if hot.size:
            self._split(hot)

    def _split(self, hot: np.ndarray) -> None:
        """Split each hot partition between two places, where the load halves best; nothing ever merges."""
        cuts = []
        for which in hot:
            low, high = np.searchsorted(self.places, self.edges[[which, which + 1]])
            running = np.cumsum(self.shares[low:high])
            at = int(np.argmin(np.abs(running[:-1] - running[-1] / 2)))
            cuts.append((self.places[low + at] + self.places[low + at + 1]) / 2)
        self.edges = np.insert(self.edges, hot + 1, cuts)
        self.saved = np.insert(self.saved, hot + 1, 0.0)
        self.hot_for = np.zeros(self.edges.size - 1, dtype=int)
        self._measure()

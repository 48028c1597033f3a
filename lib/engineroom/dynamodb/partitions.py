"""Heat: what a skewed load does to partitions that each serve 1,000 writes or 3,000 reads a second.

Time goes in seconds. Each partition has its share of the provisioned units, saves what it does not
use for up to 300 s (burst), may borrow what the table has left (adaptive capacity), and never
passes its own cap. A partition that stays too hot is split in two; a single key can't be.
Sources: the developer guide on burst and adaptive capacity, and part 3 of AWS's posts on scaling
DynamoDB. How long heat must last before a split is not published, so it is a knob.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engineroom.kit.knobs import Knobs, integer, number, switch

__all__ = [
    "CAPS",
    "COLLECTION_LIMIT_GB",
    "HeatKnobs",
    "HeatResult",
    "partitions_for",
    "simulate",
    "zipf_shares",
]

CAPS = {"write": 1000.0, "read": 3000.0}
PARTITION_GB = 10.0
COLLECTION_LIMIT_GB = 10.0  # only with a local secondary index: without one, a collection may span partitions
BURST_S = 300


@dataclass(frozen=True)
class HeatKnobs(Knobs):
    """A write load on a table, how skewed it is, and what is done about it."""

    rate: int = integer(3000, 100, 20_000, unit="writes/s", step=100, label="load")
    skew: float = number(1.1, 0, 2, step=0.05, label="Zipf skew", help="0 is even; 1 is a common real load.")
    keys: int = integer(200, 1, 2000, label="partition keys")
    shards: int = integer(
        1, 1, 50, label="shards per key", help="Writes go to key#0 … key#n; a read asks all n."
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
    table = _Table(knobs, places, shares)
    asked = rng.poisson(knobs.rate, knobs.seconds).astype(float)
    served, counts = np.zeros(knobs.seconds), np.zeros(knobs.seconds, dtype=int)
    for second, total in enumerate(asked):
        counts[second] = table.heat.size
        served[second] = table.serve(total)
    load = np.sort(table.heat * asked[-1])[::-1]
    return HeatResult(asked, served, counts, load, float(shares.max()), knobs.shards)


class _Table:
    """Partitions as ranges of sorted key hashes, with their buckets."""

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
        """Split each hot partition between two keys, where the load halves best; nothing ever merges."""
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

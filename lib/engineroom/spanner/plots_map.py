"""Figure of the map explorer: where replicas live, and what a commit waits for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engineroom.kit.figures import LiveFigure, new_figure
from engineroom.kit.style import COLOURS
from engineroom.spanner.plots import columns
from engineroom.spanner.topology import KINDS

if TYPE_CHECKING:
    from engineroom.spanner.commit_map import CommitMap

__all__ = ["MapFigure"]

SHAPES = dict(zip(KINDS, (("o", "model"), ("D", "warm"), ("^", "good")), strict=True))


class MapFigure(LiveFigure):
    """The voters on the map, and when each vote arrives."""

    MOST = 9

    def __init__(self) -> None:
        figure = new_figure(9.0, 4.0)
        self.map, self.votes = figure.subplots(1, 2, width_ratios=(3, 2))
        self.map.set(
            title="Replicas", xlabel="longitude, °", ylabel="latitude, °", xlim=(-180, 180), ylim=(-90, 90)
        )
        self.votes.set(title="Round trip to the leader", xlabel="ms", ylim=(-0.6, self.MOST - 0.4), yticks=[])
        self.votes.invert_yaxis()
        self.dots = {
            kind: self.map.plot([], [], shape, color=COLOURS[colour], markersize=9, label=kind)[0]
            for kind, (shape, colour) in SHAPES.items()
        }
        (self.lost,) = self.map.plot([], [], "x", color=COLOURS["ink"], markersize=11, label="lost")
        (self.home,) = self.map.plot(
            [], [], "o", markersize=16, markerfacecolor="none", color=COLOURS["ink"], label="leader"
        )
        self.bars = self.votes.barh(range(self.MOST), [0] * self.MOST, color=COLOURS["sky"], height=0.7)
        self.names = [self.votes.text(0, row, "", va="center", fontsize=9) for row in range(self.MOST)]
        self.line = self.votes.axvline(0, color=COLOURS["model"], linewidth=2.2, label="commit")
        self.map.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=5, fontsize=9)
        self.votes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
        super().__init__(
            figure, [*self.dots.values(), self.lost, self.home, *self.bars, *self.names, self.line]
        )

    def update(self, prediction: CommitMap, measured: None = None) -> str:
        """Draw sites (fanned out within a region), round trips and the commit's."""
        spots = _fanned_out(prediction)
        self._frame_map(spots)
        for kind, dots in self.dots.items():
            dots.set_data(columns(spots[site] for site in spots if site.kind == kind))
        self.lost.set_data(columns(spots[site] for site in prediction.failed))
        self.home.set_data(columns([spots[prediction.leader]] if prediction.leader else []))
        waits = sorted(prediction.rtt_ms.items(), key=lambda pair: pair[1])
        for row, (bar, name) in enumerate(zip(self.bars, self.names, strict=True)):
            site, wait = waits[row] if row < len(waits) else (None, 0.0)
            bar.set_width(wait)
            name.set(x=wait, text=f" {site.name}, {wait:.1f} ms" if site else "")
        reached = math.isfinite(prediction.commit_ms)
        self.line.set(xdata=[prediction.commit_ms if reached else 0] * 2, visible=reached)
        self.fit(self.votes, x=1.9 * max(prediction.rtt_ms.values(), default=1.0))
        self.votes.set_ylim(self.MOST - 0.4, -0.6)
        return _map_in_words(prediction)

    def _frame_map(self, spots: dict) -> None:
        x, y = columns(spots.values())
        limits = ((min(x) - 12, max(x) + 12), (max(-90, min(y) - 8), min(90, max(y) + 8)))
        if limits != (self.map.get_xlim(), self.map.get_ylim()):
            self.map.set(xlim=limits[0], ylim=limits[1])
            self._background = None


def _fanned_out(result: CommitMap) -> dict:
    """Return a spot for every site: zones of one region side by side."""
    places, seen, spots = result.places, {}, {}
    for site in result.placement.sites:
        turn = seen[site.region] = seen.get(site.region, -1) + 1
        place = places[site.region]
        spots[site] = (place.longitude + 1.6 * turn, place.latitude + 0.9 * turn)
    return spots


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _map_in_words(result: CommitMap) -> str:
    placement = result.placement
    quorum = f"{placement.quorum} of {len(placement.voters)} votes"
    survives = (
        f"It survives the loss of any {_count(placement.zone_failures(), 'zone')} and of any "
        f"{_count(placement.region_failures(), 'region')}."
    )
    if result.leader is None:
        return f"{placement.name}: no leader and no quorum ({quorum} needed): writes stop. {survives}"
    return (
        f"{placement.name}, led from {result.leader.name}: a commit has {quorum} after "
        f"{result.commit_ms:.1f} ms. {survives}"
    )

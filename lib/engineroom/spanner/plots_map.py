"""Figure of the map explorer: where replicas live, and what a commit waits for."""

from __future__ import annotations

import math
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from engineroom.kit.figures import LiveFigure, new_figure
from engineroom.kit.style import COLOURS
from engineroom.spanner.plots import columns
from engineroom.spanner.published import table
from engineroom.spanner.topology import KINDS

if TYPE_CHECKING:
    from matplotlib.path import Path

    from engineroom.spanner.commit_map import CommitMap
    from engineroom.spanner.topology import Region

__all__ = ["MapFigure"]

SHAPES = dict(zip(KINDS, (("o", "model"), ("D", "warm"), ("^", "good")), strict=True))

SHAPE = 1.6  # width by height of the map


class MapFigure(LiveFigure):
    """The voters on the map, and when each vote arrives."""

    MOST = 9  # votes
    REGIONS = 6

    def __init__(self) -> None:
        from matplotlib.patches import PathPatch

        figure = new_figure(9.4, 4.0)
        self.map, self.votes = figure.subplots(1, 2, width_ratios=(3, 2))
        self.map.set(title="Replicas", xticks=[], yticks=[])
        self.votes.set(title="Round trip to the leader", xlabel="ms", ylim=(self.MOST - 0.4, -0.6))
        self.votes.set_yticks(range(self.MOST), ["northamerica-south1-a"] * self.MOST, fontsize=9)
        self.votes.grid(axis="y", visible=False)
        self.votes.tick_params(axis="y", length=0)
        self.votes.xaxis.set_major_formatter("{x:g}")
        land = self.map.add_patch(PathPatch(_land(), facecolor=COLOURS["grid"], edgecolor=COLOURS["quiet"]))
        land.set_linewidth(0.5)
        self.places = [self.map.text(0, 0, "", fontsize=9, va="center") for _ in range(self.REGIONS)]
        self.dots = {
            kind: self.map.plot([], [], shape, color=COLOURS[colour], markersize=9, label=kind)[0]
            for kind, (shape, colour) in SHAPES.items()
        }
        (self.lost,) = self.map.plot([], [], "x", color=COLOURS["ink"], markersize=11, label="lost")
        (self.home,) = self.map.plot(
            [], [], "o", markersize=16, markerfacecolor="none", color=COLOURS["ink"], label="leader"
        )
        self.bars = self.votes.barh(range(self.MOST), [0] * self.MOST, color=COLOURS["sky"], height=0.7)
        self.times = [self.votes.text(0, row, "", va="center", fontsize=9) for row in range(self.MOST)]
        self.line = self.votes.axvline(
            0, color=COLOURS["model"], linewidth=2.2, label="the vote that completes a quorum"
        )
        self.stopped = self.votes.text(
            0.5, 0.5, "no quorum:\nwrites stop", transform=self.votes.transAxes, ha="center", fontsize=12
        )
        self.map.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=5, fontsize=9)
        self.votes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), fontsize=9)
        moving = [*self.dots.values(), self.lost, self.home, *self.bars, self.line, *self.times, self.stopped]
        super().__init__(figure, moving, ground=[land, *self.places])

    def update(self, prediction: CommitMap, measured: None = None) -> str:
        """Draw sites (fanned out within a region), round trips and the commit's."""
        self._frame_map(prediction)
        spots = _fanned_out(prediction, self.map.get_xlim())
        for kind, dots in self.dots.items():
            dots.set_data(columns(spots[site] for site in spots if site.kind == kind))
        self.lost.set_data(columns(spots[site] for site in prediction.failed))
        self.home.set_data(columns([spots[prediction.leader]] if prediction.leader else []))
        waits = sorted(prediction.rtt_ms.items(), key=lambda pair: pair[1])
        self._name_votes([site.name for site, _ in waits])
        for row, (bar, text) in enumerate(zip(self.bars, self.times, strict=True)):
            wait = waits[row][1] if row < len(waits) else None
            bar.set(width=wait or 0, visible=wait is not None)
            text.set(x=wait or 0, text=f"  {wait:.1f}" if wait is not None else "", visible=wait is not None)
        reached = math.isfinite(prediction.commit_ms)
        self.line.set(xdata=[prediction.commit_ms if reached else 0] * 2, visible=reached)
        self.stopped.set_visible(not reached)
        self.fit(self.votes, x=1.2 * max(prediction.rtt_ms.values(), default=8.0))
        return _map_in_words(prediction)

    def _name_votes(self, names: list[str]) -> None:
        wanted = (*names, *[""] * (self.MOST - len(names)))
        if self.named.get(self.votes) != wanted:
            self.votes.set_yticks(range(self.MOST), wanted, fontsize=9)
            self.named[self.votes] = wanted

    def _frame_map(self, result: CommitMap) -> None:
        """Show the configuration's part of the world, one degree as long in either direction."""
        if self.named.get(self.map) == result.placement.name:
            return
        self.named[self.map] = result.placement.name
        x, y = columns((place.longitude, place.latitude) for place in result.places.values())
        middle = (min(y) + max(y)) / 2
        shrunk = math.cos(math.radians(middle))
        half_y = max((max(y) - min(y)) / 2 + 4, (0.58 * (max(x) - min(x)) + 8) * shrunk / SHAPE)
        middle, half_x = min(middle, 85 - half_y), half_y * SHAPE / shrunk
        centre = (min(x) + max(x)) / 2
        self.map.set(xlim=(centre - half_x, centre + half_x), ylim=(middle - half_y, middle + half_y))
        self._name_places(result.places, centre, half_x, 0.13 * half_y)

    def _name_places(self, places: dict[str, Region], middle: float, half: float, row: float) -> None:
        """Write each region's name beneath its dots, or above, or further off where others are in the way."""
        taken = [(p.longitude, p.longitude + 0.1 * half, p.latitude) for p in places.values()]
        for text, (name, place) in zip_longest(self.places, places.items(), fillvalue=("", None)):
            text.set(text=name, visible=bool(name))
            if place:
                x, wide = place.longitude, 0.034 * half * len(name)
                to_left = x + wide > middle + half
                left = x - wide if to_left else x
                rows = [place.latitude + step * row for step in (-1, 1, -2, 2, -3, 3)]
                free = [
                    y
                    for y in rows
                    if not any(_meets(left, left + wide, u, v, y - w, row) for u, v, w in taken)
                ]
                y = (free or rows)[0]
                taken.append((left, left + wide, y))
                text.set(x=x, y=y, ha="right" if to_left else "left")


def _meets(left: float, right: float, other_left: float, other_right: float, dy: float, row: float) -> bool:
    return left < other_right and other_left < right and abs(dy) < 0.9 * row


@cache
def _land() -> Path:
    """Return the outlines of all land as one path, in degrees."""
    from matplotlib.path import Path

    rings: dict[str, list[tuple[float, float]]] = {}
    for row in table("coastlines"):
        ring, longitude = rings.setdefault(row["ring"], []), float(row["longitude"])
        if ring:  # on across the date line, not back around the world
            longitude += 360 * round((ring[-1][0] - longitude) / 360)
        ring.append((longitude, float(row["latitude"])))
    return Path.make_compound_path(*(Path(_turned_home(ring), closed=True) for ring in rings.values()))


def _turned_home(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a ring with its middle between 180° west and 180° east."""
    turns = round(sum(x for x, _ in ring) / len(ring) / 360)
    return [(x - 360 * turns, y) for x, y in ring]


def _fanned_out(result: CommitMap, seen: tuple[float, float]) -> dict:
    """Return a spot for every site: zones of one region side by side."""
    apart = 0.03 * (seen[1] - seen[0])
    places, turns, spots = result.places, {}, {}
    for site in result.placement.sites:
        turn = turns[site.region] = turns.get(site.region, -1) + 1
        spots[site] = (places[site.region].longitude + apart * turn, places[site.region].latitude)
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
    lost = f" without {', '.join(sorted(site.name for site in result.failed))}" if result.failed else ""
    if result.leader is None:
        return f"{placement.name}{lost}: no leader and no quorum ({quorum} needed): writes stop. {survives}"
    return (
        f"{placement.name}{lost}, led from {result.leader.name}: a commit has {quorum} after "
        f"{result.commit_ms:.1f} ms. {survives}"
    )

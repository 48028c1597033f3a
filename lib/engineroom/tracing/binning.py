"""Exact level of detail: how much of every pixel of a timeline each category fills.

Spans are kept per category, sorted by lane and start, with running sums of their lengths.
The time that a category fills up to an instant is then one binary search away, whatever the
number of spans, so a window of any width over millions of spans is binned in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Bins", "LaneIndex"]


@dataclass(frozen=True)
class Bins:
    """A window of a timeline, pixel by pixel.

    Attributes:
        dominant: shape (lanes, pixels), the category that fills most of the pixel; 255 if none.
        filled: shape (lanes, pixels), share of the pixel that is filled at all, 0 to 255.
    """

    dominant: np.ndarray
    filled: np.ndarray


class _Category:
    """The spans of one category in all lanes; none overlaps another of its lane."""

    def __init__(self, start: np.ndarray, end: np.ndarray, row: np.ndarray):
        order = np.argsort(start, kind="stable")
        start, end, row = start[order], end[order], row[order]
        reach = np.maximum.accumulate(end) if len(end) else end
        start = np.maximum(start, np.append(np.int64(-1), reach[:-1])) if len(end) else start
        self.start, self.end, self.row = start, np.maximum(start, end), row
        self.filled = np.append(0, np.cumsum(self.end - self.start))

    def before(self, instants: np.ndarray) -> np.ndarray:
        """Return the time filled before each instant."""
        spans = np.searchsorted(self.start, instants, "right")
        overshoot = np.append(np.int64(-1), self.end)[spans] - instants
        return self.filled[spans] - np.maximum(overshoot, 0) * (spans > 0)

    def at(self, instant: int) -> int:
        """Return the row of the span that covers an instant, or -1."""
        i = int(np.searchsorted(self.start, instant, "right")) - 1
        return int(self.row[i]) if i >= 0 and self.end[i] > instant else -1


class LaneIndex:
    """Spans in lanes, ready to be binned.

    Args:
        lane: number of each span's lane.
        start: begin of each span, from 0 to `duration` [ns].
        end: its end [ns].
        category: its category, from 0 to `categories` - 1.
        categories: number of categories, at most 255.
        duration: length of the whole timeline [ns].

    Where spans of one lane and category overlap, they fill the time that they cover together.
    """

    def __init__(
        self,
        lane: np.ndarray,
        start: np.ndarray,
        end: np.ndarray,
        category: np.ndarray,
        categories: int,
        duration: int,
    ):
        # a lane's times get a stretch of their own on one long axis, so one search serves all lanes
        self.stretch = np.int64(duration + 1)
        offset = np.asarray(lane, np.int64) * self.stretch
        self._categories = []
        for number in range(categories):
            rows = np.flatnonzero(np.asarray(category) == number)
            self._categories.append(_Category(offset[rows] + start[rows], offset[rows] + end[rows], rows))

    def bins(self, lanes: np.ndarray, begin: int, end: int, pixels: int) -> Bins:
        """Bin a window of time, for some lanes, into pixels of equal width.

        Args:
            lanes: numbers of the lanes wanted.
            begin: left edge of the window [ns].
            end: right edge of the window [ns].
            pixels: number of pixels.
        """
        edges = np.linspace(begin, end, pixels + 1)
        inside = np.clip(np.rint(edges).astype(np.int64), 0, self.stretch - 1)
        instants = np.asarray(lanes, np.int64)[:, None] * self.stretch + inside
        shape = (len(self._categories), len(lanes), pixels)
        spent = np.zeros(shape, np.int64)
        for number, spans in enumerate(self._categories):
            if len(spans.row):
                spent[number] = np.diff(spans.before(instants), axis=1)
        total = spent.sum(axis=0)
        most = spent.argmax(axis=0) if len(spent) else total
        dominant = np.where(total > 0, most, 255).astype(np.uint8)
        width = np.maximum(np.diff(inside), 1)
        share = np.ceil(255 * np.minimum(total / width, 1.0)).astype(np.uint8)
        return Bins(dominant, share)

    def at(self, lane: int, instant: int) -> int:
        """Return the row of the span that covers an instant in a lane, or -1 if none does."""
        place = lane * int(self.stretch) + int(instant)
        return next((row for spans in self._categories if (row := spans.at(place)) >= 0), -1)

    def totals(self, lanes: np.ndarray, begin: int, end: int) -> np.ndarray:
        """Return the time that each category fills in a window, summed over lanes [ns]."""
        edges = np.clip(np.array([begin, end], np.int64), 0, self.stretch - 1)
        instants = np.asarray(lanes, np.int64)[:, None] * self.stretch + edges
        return np.array([int(np.diff(spans.before(instants), axis=1).sum()) for spans in self._categories])

    def fills(self, lanes: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return for each window, with a lane and edges of its own, whether a span fills some of it."""
        offset = np.asarray(lanes, np.int64) * self.stretch
        spent = np.zeros(len(offset), np.int64)
        for spans in self._categories:
            if len(spans.row):
                spent += spans.before(offset + end) - spans.before(offset + begin)
        return spent > 0

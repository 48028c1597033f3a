"""What a flight recorder's window holds.

The recorder keeps whole generations in memory. When one ends, it is kept for certain; older
ones are added, newest first, until what is kept exceeds MaxBytes or reaches back further
than MinAge. A snapshot ends the running generation early.

Source: ``runtime/trace/recorder.go`` and ``flightrecorder.go`` of Go 1.27.
"""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.kit.knobs import Knobs, number

__all__ = ["Generation", "RecorderKnobs", "Window", "simulate"]


@dataclass(frozen=True)
class RecorderKnobs(Knobs):
    """A flight recorder and the program that it watches."""

    min_age_s: float = number(2, 0.1, 20, unit="s", step=0.1, label="MinAge", help="runtime: 10")
    max_mb: float = number(10, 0.1, 100, unit="MB", step=0.1, label="MaxBytes", help="runtime: 10.5")
    trace_rate: float = number(1, 0.01, 50, unit="MB/s", log=True, label="trace data")
    generation_s: float = number(1, 0.1, 5, unit="s", step=0.1, label="generation", help="runtime: 1 s")
    snapshot_s: float = number(7.3, 0.1, 30, unit="s", step=0.1, label="snapshot at", help="after the start")


@dataclass(frozen=True)
class Generation:
    """One generation of trace data: when it began and ended [s], its bytes [B]."""

    begin_s: float
    end_s: float
    size: float


@dataclass(frozen=True)
class Window:
    """What a snapshot holds.

    Attributes:
        kept: the generations in it, oldest first.
        dropped: those that the recorder has thrown away, oldest first.
        knobs: the settings that led here.
    """

    kept: tuple[Generation, ...]
    dropped: tuple[Generation, ...]
    knobs: RecorderKnobs

    @property
    def reach_s(self) -> float:
        """How far back the snapshot reaches [s]."""
        return self.kept[-1].end_s - self.kept[0].begin_s

    @property
    def size(self) -> float:
        """Bytes of the snapshot [B]."""
        return sum(generation.size for generation in self.kept)


def simulate(knobs: RecorderKnobs) -> Window:
    """Record until the snapshot and return what it holds."""
    ring: list[Generation] = []
    dropped: list[Generation] = []
    begin = 0.0
    while begin < knobs.snapshot_s:
        end = min(begin + knobs.generation_s, knobs.snapshot_s)
        if knobs.snapshot_s - end < 1e-9:
            end = knobs.snapshot_s
        active = Generation(begin, end, (end - begin) * knobs.trace_rate * 1e6)
        kept = _keep(active, ring, knobs)
        dropped += ring[: len(ring) + 1 - len(kept)]
        ring, begin = kept, end
    return Window(tuple(ring), tuple(dropped), knobs)


def _keep(active: Generation, ring: list[Generation], knobs: RecorderKnobs) -> list[Generation]:
    kept = [active]
    size = active.size
    for older in reversed(ring):
        if size > knobs.max_mb * 1e6 or active.end_s - kept[-1].begin_s > knobs.min_age_s:
            break
        size += older.size
        kept.append(older)
    return kept[::-1]

"""The ballast theme's explorers: knobs, the model, and a button for the real thing."""

from __future__ import annotations

from engineroom.ballast import death_spiral, real, trajectory, virtual_memory
from engineroom.ballast.cycles import GCRun
from engineroom.ballast.death_spiral import SpiralKnobs, SpiralRun
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.plots import HeapFigure, MemoryFigure, SpiralFigure
from engineroom.ballast.virtual_memory import MemoryCharge, PageKnobs
from engineroom.kit.explorer import Explorer, Progress

__all__ = ["explore_heap", "explore_limit", "explore_memory", "explore_spiral"]

# Three seconds show dozens of cycles and are short enough to wait for. The two speeds are those of
# go/heapload at 80 MB/s on a small virtual machine; `real.calibrate` finds a learner's own.
START = {"duration_s": 3.0, "mark_ns_per_byte": 1.1, "mutator_mb_s": 450}
API = {"live_mb": 10, "allocation_mb_s": 80}


def _run_heap(knobs: HeapKnobs, progress: Progress) -> GCRun:
    return real.run(knobs, on_progress=lambda share: progress(share, "running Go…"), cancel=progress.cancel)


def _touch_pages(knobs: PageKnobs, progress: Progress) -> MemoryCharge:
    progress(None, "running Go…")
    return real.touch_pages(knobs, cancel=progress.cancel)


def _run_spiral(knobs: SpiralKnobs, progress: Progress) -> SpiralRun:
    return real.spiral(
        knobs, on_progress=lambda share: progress(share, "running Go…"), cancel=progress.cancel
    )


def explore_heap() -> Explorer:
    """Explore how live heap, GOGC, ballast and allocation rate shape the sawtooth of the heap."""
    return Explorer(
        "A Go heap and its collector",
        HeapKnobs,
        trajectory.simulate,
        HeapFigure(),
        run=_run_heap,
        show=("live_mb", "gogc", "ballast_mb", "allocation_mb_s", "collector"),
        start=START | API,
        presets={
            "GOGC=400": {"gogc": 400},
            "Ballast of 200 MB": {"ballast_mb": 200},
            "Stop the world": {"collector": STOP_THE_WORLD},
        },
    )


def explore_limit() -> Explorer:
    """Explore GOGC together with a memory limit: which of the two sets the goal, and at what price."""
    return Explorer(
        "GOGC and the memory limit",
        HeapKnobs,
        trajectory.simulate,
        HeapFigure(),
        run=_run_heap,
        show=("live_mb", "ballast_mb", "gogc_off", "limited", "limit_mb"),
        start={**START, **API, "limited": True, "limit_mb": 210},
        presets={
            "GOGC=off, limit 210 MB": {"gogc_off": True},
            "Ballast over the limit": {"ballast_mb": 300, "limit_mb": 200},
            "Live heap near the limit": {"gogc_off": True, "live_mb": 150, "limit_mb": 180},
        },
    )


def explore_memory() -> Explorer:
    """Explore what Linux charges for a ballast: touched or not, of bytes or of pointers."""
    return Explorer(
        "What a ballast costs in memory",
        PageKnobs,
        virtual_memory.simulate,
        MemoryFigure(),
        run=_touch_pages,
        show=("size_mb", "touched_percent", "access", "element"),
        presets={
            "Half written": {"touched_percent": 50},
            "All of it read": {"touched_percent": 100, "access": "read"},
            "Pointers instead of bytes": {"element": "pointers"},
        },
    )


def explore_spiral() -> Explorer:
    """Explore what is left of a program whose live heap grows towards its memory limit."""
    return Explorer(
        "The way into the memory limit",
        SpiralKnobs,
        death_spiral.simulate,
        SpiralFigure(),
        run=_run_spiral,
        show=("limit_mb", "from_mb", "to_mb", "mark_ns_per_byte", "processors"),
        presets={
            "A leak beyond the limit": {"to_mb": 260},
            "More room: limit 400 MB": {"limit_mb": 400},
            "Two processors": {"processors": 2},
        },
    )

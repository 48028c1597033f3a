"""The ballast theme's explorers: knobs, the model, and a button for the real thing."""

from __future__ import annotations

from engineroom.ballast import real, trajectory, virtual_memory
from engineroom.ballast.cycles import GCRun
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.plots import HeapFigure, MemoryFigure
from engineroom.ballast.virtual_memory import MemoryCharge, PageKnobs
from engineroom.kit.explorer import Explorer, Progress

__all__ = ["explore_heap", "explore_limit", "explore_memory"]

# Three seconds show dozens of cycles and are short enough to wait for.
THREE_SECONDS = {"duration_s": 3.0}


def _run_heap(knobs: HeapKnobs, progress: Progress) -> GCRun:
    return real.run(knobs, on_progress=lambda share: progress(share, "running Go…"), cancel=progress.cancel)


def _touch_pages(knobs: PageKnobs, progress: Progress) -> MemoryCharge:
    progress(None, "running Go…")
    return real.touch_pages(knobs, cancel=progress.cancel)


def explore_heap() -> Explorer:
    """Explore how live heap, GOGC, ballast and allocation rate shape the sawtooth of the heap."""
    return Explorer(
        "A Go heap and its collector",
        HeapKnobs,
        trajectory.simulate,
        HeapFigure(),
        run=_run_heap,
        show=("live_mb", "gogc", "ballast_mb", "allocation_mb_s", "collector"),
        start=THREE_SECONDS,
        presets={
            "Small heap, busy API": {"live_mb": 10, "allocation_mb_s": 80},
            "GOGC=400": {"live_mb": 10, "allocation_mb_s": 80, "gogc": 400},
            "Ballast of 200 MB": {"live_mb": 10, "allocation_mb_s": 80, "ballast_mb": 200},
            "Stop the world": {"live_mb": 10, "allocation_mb_s": 80, "collector": STOP_THE_WORLD},
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
        start={**THREE_SECONDS, "live_mb": 10, "allocation_mb_s": 80, "limited": True, "limit_mb": 210},
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
            "The article's ballast": {},
            "Half written": {"touched_percent": 50},
            "All of it read": {"touched_percent": 100, "access": "read"},
            "Pointers instead of bytes": {"element": "pointers"},
        },
    )

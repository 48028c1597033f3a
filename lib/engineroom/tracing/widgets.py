"""Explorers of the tracing theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engineroom.kit.explorer import Explorer
from engineroom.tracing import buffers, real, recorder
from engineroom.tracing.plots import BufferFigure, WindowFigure
from engineroom.tracing.viewer import TraceViewer

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace

__all__ = ["explore_buffers", "explore_recorder", "explore_trace"]


def explore_trace(trace: Trace, layout: str = "goroutines", *, search: str = "") -> TraceViewer:
    """What was this goroutine doing? A timeline to zoom, search and measure."""
    return TraceViewer(trace, layout, search=search)


def explore_buffers() -> Explorer:
    """Follow trace data from the threads to the file, then and now."""
    return Explorer(
        "From events to the file",
        buffers.BufferKnobs,
        buffers.simulate,
        BufferFigure(),
        run=real.run_buffers,
        show=("design", "writers", "event_rate", "event_bytes", "reader_speed"),
        presets={
            "As in the article (Go 1.13)": {"design": buffers.PER_P, "writers": 8},
            "Slow disk": {"reader_speed": 3},
            "Slow disk, old design": {"reader_speed": 3, "design": buffers.PER_P},
        },
    )


def explore_recorder() -> Explorer:
    """See which generations a flight recorder's snapshot holds."""
    return Explorer(
        "What the flight recorder holds",
        recorder.RecorderKnobs,
        recorder.simulate,
        WindowFigure(),
        presets={
            "Half a second, please": {"min_age_s": 0.5, "snapshot_s": 2.3},
            "MaxBytes wins": {"min_age_s": 10, "max_mb": 3, "trace_rate": 2, "snapshot_s": 20},
        },
    )

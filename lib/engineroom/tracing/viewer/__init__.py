"""An execution trace as a timeline in the notebook: zoom, pan, search, measure, export.

The kernel holds the trace and bins what is visible to pixels; the browser draws. So the cost of
a frame depends on the size of the screen, not on that of the trace.
"""

from engineroom.tracing.viewer.widget import TraceViewer

__all__ = ["TraceViewer"]

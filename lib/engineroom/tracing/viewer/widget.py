"""The viewer's widget: answers the browser's questions about a trace."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from engineroom.kit.figures import image_html
from engineroom.kit.front_end import front_end
from engineroom.tracing import overlays
from engineroom.tracing.lanes import LAYOUTS, Lanes, arrange
from engineroom.tracing.looks import looks_of
from engineroom.tracing.viewer import export, frames

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace

__all__ = ["TraceViewer"]

HERE = Path(__file__).parent
# The browser gets one module, joined from these in this order; each uses only what stands before it.
PARTS = ("drawing.js", "controls.js", "gestures.js", "view.js", "timeline.js")
MOST_PIXELS = 8192
MOST_LANES = 200
MOST_NAMES = 100_000


class TraceViewer(anywidget.AnyWidget):
    """A timeline of a trace.

    Args:
        trace: what `engineroom.golang.trace.read` returned.
        layout: "goroutines", "processors" or "tasks".
        search: text to look for, as typed into the search field.
        system: whether to show the runtime's own goroutines.

    Attributes:
        lanes: what is shown now.
        failure: the last unexpected exception, or None.
    """

    _esm = "\n".join(front_end(HERE / part) for part in PARTS)
    _css = HERE / "viewer.css"
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, trace: Trace, layout: str = "goroutines", *, search: str = "", system: bool = False):
        self._trace = trace
        self._phases = overlays.Phases(trace)
        self.failure: Exception | None = None
        super().__init__()
        self._show(layout, search, [], system)
        self.on_msg(self._on_message)

    def _show(self, layout: str, search: str, hidden: list[str], system: bool) -> None:
        self.lanes: Lanes = arrange(self._trace, layout, search=search, hidden=hidden, system=system)
        self._marks = overlays.Marks(self._trace, self.lanes)
        summary = self._trace.summary
        categories = list(dict.fromkeys([*self.lanes.categories, *hidden]))
        self.scene = {
            "layout": layout,
            "layouts": list(LAYOUTS),
            "search": search,
            "hidden": hidden,
            "system": system,
            "names": self.lanes.names[:MOST_NAMES],
            "categories": categories,
            "looks": [vars(look) for look in looks_of(categories)],
            "phases": self._phases.present,
            "marks": self._marks.present,
            "duration": summary.duration_ns,
            "title": str(summary),
            "matches": self.lanes.matches,
            "summary": frames.window_summary(self.lanes, 0, summary.duration_ns),
        }

    def _on_message(self, _: Any, message: dict[str, Any], __: Any) -> None:
        answers = {
            "frame": self._frame,
            "details": self._details,
            "lane": self._lane,
            "summary": self._summary,
            "arrange": self._arrange,
            "export": self._export,
        }
        try:
            answer = answers.get(message.get("ask"))
            if answer:
                answer(message)
        except Exception as error:
            self.failure = error
            where = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            self.send({"answer": "failure", "seq": message.get("seq"), "text": told})

    def _frame(self, message: dict[str, Any]) -> None:
        begin, end = int(message["begin"]), int(message["end"])
        pixels = min(max(int(message["pixels"]), 1), MOST_PIXELS)
        first = max(int(message["first"]), 0)
        last = min(first + min(int(message["count"]), MOST_LANES), len(self.lanes.names))
        wanted, right = np.arange(first, max(last, first)), max(end, begin + 1)
        bins = self.lanes.index.bins(wanted, begin, right, pixels)
        marks = self._marks.bins(wanted, begin, right, pixels)
        self.send(
            {
                "answer": "frame",
                "seq": message.get("seq"),
                "begin": begin,
                "end": end,
                "first": first,
                "count": max(last - first, 0),
                "pixels": pixels,
                "bands": self._phases.in_window(begin, end, pixels),
                "arrows": overlays.arrows(self._trace, self.lanes, first, last, begin, end),
            },
            buffers=[bins.dominant.tobytes(), bins.filled.tobytes(), marks],
        )

    def _details(self, message: dict[str, Any]) -> None:
        lane, instant = int(message["lane"]), int(message["instant"])
        found = frames.details(self._trace, self.lanes, lane, instant)
        if found:
            over = [*self._phases.at(instant), *filter(None, [self._marks.at(lane, instant)])]
            found["lines"] += [f"during: {name}, {frames.duration_text(length)}" for name, length in over]
        self.send({"answer": "details", "seq": message.get("seq"), "found": found})

    def _lane(self, message: dict[str, Any]) -> None:
        found = frames.lane_details(self._trace, self.lanes, int(message["lane"]))
        self.send({"answer": "details", "seq": message.get("seq"), "found": found})

    def _summary(self, message: dict[str, Any]) -> None:
        text = frames.window_summary(self.lanes, int(message["begin"]), int(message["end"]))
        self.send({"answer": "summary", "seq": message.get("seq"), "text": text})

    def _arrange(self, message: dict[str, Any]) -> None:
        hidden = [str(name) for name in message.get("hidden", [])]
        self._show(message["layout"], str(message.get("search", "")), hidden, bool(message.get("system")))

    def _export(self, message: dict[str, Any]) -> None:
        begin, end = int(message["begin"]), int(message["end"])
        try:
            text = export.chrome_events(self._trace, self.lanes, begin, end)
        except ValueError as error:
            self.send({"answer": "failure", "seq": message.get("seq"), "text": str(error)})
        else:
            self.send({"answer": "export", "seq": message.get("seq")}, buffers=[text.encode()])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the widget; readers without a kernel see a figure of the whole trace."""
        from engineroom.tracing.plots import draw_lanes

        shown = super()._repr_mimebundle_(**kwargs)
        bundle, *metadata = shown if isinstance(shown, tuple) else (shown,)
        picture = draw_lanes(self._trace, self.lanes)
        bundle = dict(bundle)
        bundle["text/plain"] = picture.alt
        width = 100 * picture.figure.get_figwidth()
        bundle["text/html"] = image_html(picture.png(), picture.alt, width)
        return (bundle, *metadata) if metadata else bundle

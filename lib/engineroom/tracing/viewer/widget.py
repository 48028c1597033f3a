"""The viewer's widget: answers the browser's questions about a trace."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from engineroom.kit.figures import image_html
from engineroom.tracing.lanes import LAYOUTS, Lanes, arrange
from engineroom.tracing.viewer import frames

if TYPE_CHECKING:
    from engineroom.golang.trace import Trace

__all__ = ["TraceViewer"]

HERE = Path(__file__).parent
MOST_PIXELS = 8192
MOST_LANES = 200


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

    _esm = HERE / "viewer.js"
    _css = HERE / "viewer.css"
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, trace: Trace, layout: str = "goroutines", *, search: str = "", system: bool = False):
        self._trace = trace
        self._phases = frames.Phases(trace)
        self.failure: Exception | None = None
        super().__init__()
        self._show(layout, search, [], system)
        self.on_msg(self._on_message)

    def _show(self, layout: str, search: str, hidden: list[str], system: bool) -> None:
        self.lanes: Lanes = arrange(self._trace, layout, search=search, hidden=hidden, system=system)
        summary = self._trace.summary
        self.scene = {
            "layout": layout,
            "layouts": list(LAYOUTS),
            "search": search,
            "hidden": hidden,
            "system": system,
            "names": self.lanes.names[:100_000],
            "categories": list(dict.fromkeys([*self.lanes.categories, *hidden])),
            "duration": summary.duration_ns,
            "title": str(summary),
            "matches": self.lanes.matches,
            "summary": frames.window_summary(self.lanes, 0, summary.duration_ns),
        }

    def _on_message(self, _: Any, message: dict[str, Any], __: Any) -> None:
        answers = {
            "frame": self._frame,
            "details": self._details,
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
        bins = self.lanes.index.bins(np.arange(first, max(last, first)), begin, max(end, begin + 1), pixels)
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
                "arrows": frames.arrows(self._trace, self.lanes, first, last, begin, end),
            },
            buffers=[bins.dominant.tobytes(), bins.filled.tobytes()],
        )

    def _details(self, message: dict[str, Any]) -> None:
        found = frames.details(self._trace, self.lanes, int(message["lane"]), int(message["instant"]))
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
            text = frames.chrome_events(self._trace, self.lanes, begin, end)
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

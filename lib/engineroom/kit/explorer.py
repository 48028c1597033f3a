"""The explorer: an experiment's knobs on the left, prediction and measurement on the right.

One widget serves every theme. It takes the three things a theme has (knobs, a model, a figure)
and, where there is one, the real thing; the widget itself does no arithmetic.
"""

from __future__ import annotations

import gc
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from engineroom.kit.figures import LiveFigure, image_html
from engineroom.kit.front_end import front_end
from engineroom.kit.knobs import KnobError, Knobs

__all__ = ["Explorer", "Progress"]

HERE = Path(__file__).parent
MEND_FIRST = "Nothing was run: first mend what is marked with ⚠."


class Progress:
    """What a real run is given: where to report to, and when to stop.

    Attributes:
        cancel: set when the learner presses Stop; pass it on to the child process.
    """

    def __init__(self, tell: Callable[[float | None, str], None]):
        self.cancel = threading.Event()
        self._tell = tell

    def __call__(self, share: float | None, message: str) -> None:
        """Report the share done (0 to 1, or None when unknown) and what is going on."""
        self._tell(share, message)


class Explorer(anywidget.AnyWidget):
    """An experiment to be explored: turn knobs, see the model, run the real thing.

    Args:
        title: the experiment's name.
        knobs: a `Knobs` dataclass.
        simulate: the model, from knobs to a result. It should need no more than 12 ms.
        figure: draws a prediction, and a measurement of the same type beside it.
        run: the real thing, called as ``run(knobs, progress)``; no button when None.
        presets: named settings, each a mapping of the knobs that differ from the start.
        show: names of the knobs that get a control, in order; all when None. Five are plenty.
        start: settings that differ from the knobs' own defaults; those not shown stay at them.
        run_label: what the button says.

    Attributes:
        knobs: the present settings.
        figure: what draws the prediction and the measurement, as it is now.
        prediction: the model's newest result.
        measured: the real result for exactly these knobs, or None.
        failure: the last unexpected exception, or None.
    """

    _esm = front_end(HERE / "explorer.js")
    _css = HERE / "explorer.css"
    spec = traitlets.Dict().tag(sync=True)
    ask = traitlets.Dict().tag(sync=True, echo_update=False)  # its answer is echo enough
    answer = traitlets.Dict().tag(sync=True)
    image = traitlets.Bytes().tag(sync=True)
    command = traitlets.Dict().tag(sync=True, echo_update=False)
    progress = traitlets.Dict({"running": False, "share": None, "message": ""}).tag(sync=True)

    def __init__(
        self,
        title: str,
        knobs: type[Knobs],
        simulate: Callable[[Any], Any],
        figure: LiveFigure,
        *,
        run: Callable[[Any, Progress], Any] | None = None,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        show: Sequence[str] | None = None,
        start: Mapping[str, Any] | None = None,
        run_label: str = "Run for real",
    ):
        self.figure, self._simulate, self._run = figure, simulate, run
        self._thread: threading.Thread | None = None
        self._drawing = threading.Lock()  # a real run ends in a thread of its own
        self._summary = ""
        self.prediction = self.measured = self.failure = None
        self.knobs = knobs(**(start or {}))
        presets = {"Reset": {}, **(presets or {})}
        for settings in presets.values():
            replace(self.knobs, **settings)  # a preset out of range is our mistake: say so now
        declared = knobs.declared()
        shown = {name: declared[name] for name in show or declared}
        super().__init__(
            spec={
                "title": title,
                "knobs": {name: {**asdict(knob), "kind": knob.kind} for name, knob in shown.items()},
                "presets": {name: {**asdict(self.knobs), **settings} for name, settings in presets.items()},
                "run_label": run_label if run else "",
                "width": round(100 * figure.figure.get_figwidth()),
            }
        )
        self._respond(0, {}, force=True)
        self.observe(self._on_ask, "ask")
        self.observe(self._on_command, "command")

    def turn(self, **settings: Any) -> None:
        """Turn knobs from code, as a learner would on screen; errors are shown in place."""
        self._respond(0, settings, force=True)

    def run_for_real(self) -> None:
        """Start the real run for the present knobs and return at once; refuse while a knob is wrong."""
        if self._run is None or (self._thread and self._thread.is_alive()):
            return
        if any(self.answer["errors"]):  # by knob; one without a knob is ours
            self._tell(None, MEND_FIRST, running=False)
            return
        progress = Progress(self._tell)
        self._cancel = progress.cancel
        self._tell(None, "starting…")
        self._thread = threading.Thread(target=self._measure, args=(self.knobs, progress), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the real run, if one is under way."""
        if self._thread:
            self._cancel.set()

    def wait(self) -> None:
        """Block until the real run has ended."""
        if self._thread:
            self._thread.join()

    def _on_ask(self, change: Any) -> None:
        self._respond(change.new["seq"], change.new["values"])

    def _on_command(self, change: Any) -> None:
        {"run": self.run_for_real, "stop": self.stop}[change.new["do"]]()

    def _respond(self, seq: int, raw: Mapping[str, Any], *, force: bool = False) -> None:
        errors: dict[str, str] = {}
        with self._drawing, _no_collection(), self.hold_sync():
            try:
                knobs = self.knobs.from_raw({**asdict(self.knobs), **raw})
                prediction = self._simulate(knobs)
                if knobs != self.knobs:
                    self._forget_measurement()
                elif self.progress["message"] == MEND_FIRST:
                    self._tell(None, "", running=False)
                self.knobs, self.prediction = knobs, prediction
                self._draw()
            except KnobError as error:
                errors = error.problems
            except Exception as error:
                errors = {"": self._defect(error)}
            self.answer = {
                "seq": seq,
                "force": force,
                "values": asdict(self.knobs),
                "errors": errors,
                "summary": self._summary,
            }

    def _forget_measurement(self) -> None:
        """Drop what was measured, and what was said about it: both belong to other settings."""
        self.measured = None
        if not self.progress["running"]:
            self._tell(None, "", running=False)

    def _draw(self) -> None:
        self._summary = self.figure.update(self.prediction, self.measured)
        self.image = self.figure.frame()

    def _defect(self, error: Exception) -> str:
        """Keep an unexpected exception for the author and say it to the learner."""
        self.failure = error
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return f"The explorer failed: {type(error).__name__}: {error} ({place})"

    def _tell(self, share: float | None, message: str, *, running: bool = True) -> None:
        self.progress = {"running": running, "share": share, "message": message}

    def _measure(self, knobs: Knobs, progress: Progress) -> None:
        try:
            measured = self._run(knobs, progress)
            message = "measured"
        except Exception as error:
            measured, message = None, "stopped" if progress.cancel.is_set() else str(error)
        with self._drawing, self.hold_sync():
            if measured is not None and knobs == self.knobs:
                self.measured = measured
                try:
                    self._draw()
                except Exception as error:
                    message = self._defect(error)
                self.answer = {**self.answer, "summary": self._summary, "force": False}
            elif measured is not None:
                message = "measured, but the knobs have moved since: run it again for these settings"
            self._tell(1.0, message, running=False)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the widget; readers without a kernel see the figure as it was when stored."""
        shown = super()._repr_mimebundle_(**kwargs)
        bundle, *metadata = shown if isinstance(shown, tuple) else (shown,)
        title = self.spec["title"]
        bundle = dict(bundle)
        bundle["text/plain"] = f"{title}: {self._summary}"
        picture = image_html(self.figure.png(), bundle["text/plain"], self.spec["width"])
        bundle["text/html"] = f"<p><strong>{title}</strong></p>{picture}<p>{self._summary}</p>"
        return (bundle, *metadata) if metadata else bundle


@contextmanager
def _no_collection() -> Iterator[None]:
    """Put off Python's garbage collection: a full one, with matplotlib loaded, takes 45 ms."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

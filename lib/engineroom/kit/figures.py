"""Figures with alt text, and figures that follow a knob.

matplotlib is the language of figures, but a fresh figure costs a fifth of a second. A
`LiveFigure` keeps its axes as a cached background and redraws only its moving artists.
"""

from __future__ import annotations

import base64
import html
import io
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engineroom.kit.style import use_house_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

__all__ = ["LiveFigure", "Picture", "new_figure", "nice_limit"]

PIXEL_RATIO = 1.5  # pixels per CSS pixel: sharp at 150 % zoom, and still cheap to compress


def new_figure(width: float = 8.0, height: float = 4.2) -> Figure:
    """Return an empty figure in house style; sizes in inches of 100 CSS pixels."""
    from matplotlib.figure import Figure

    use_house_style()
    return Figure(figsize=(width, height), layout="constrained")


def image_html(png: bytes, alt: str, width_px: float) -> str:
    """Return an ``<img>`` element with real alt text, which Jupyter's own image outputs lack."""
    data = base64.b64encode(png).decode()
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" '
        f'style="width:{width_px:.0f}px;max-width:100%">'
    )


def encode(canvas: FigureCanvasAgg, format: str, **options: Any) -> bytes:
    """Compress a drawn canvas with Pillow."""
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.frombuffer("RGBA", canvas.get_width_height(physical=True), canvas.buffer_rgba())
    image.convert("RGB").save(buffer, format, **options)
    return buffer.getvalue()


class Picture:
    """A finished figure that shows itself with its alt text, in a notebook or on a page.

    Args:
        figure: a matplotlib figure.
        alt: what a reader who can't see the figure needs to know, in full sentences.
    """

    def __init__(self, figure: Figure, alt: str):
        self.figure = figure
        self.alt = " ".join(alt.split())

    def png(self) -> bytes:
        """Render the figure to PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.figure.set_dpi(100 * PIXEL_RATIO)
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        return encode(canvas, "PNG", optimize=True)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            "text/plain": self.alt,
            "text/html": image_html(self.png(), self.alt, 100 * self.figure.get_figwidth()),
        }


class LiveFigure(ABC):
    """A figure that follows its knobs: the axes stay, the moving artists are redrawn.

    A subclass builds its axes, passes the artists that move to ``super().__init__`` and
    implements `update`.
    """

    def __init__(self, figure: Figure, moving: Sequence[Artist]):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.figure = figure
        self.moving = list(moving)
        figure.set_dpi(100 * PIXEL_RATIO)
        self._canvas = FigureCanvasAgg(figure)
        self._background: Any = None
        for artist in self.moving:
            artist.set_animated(True)

    @abstractmethod
    def update(self, prediction: Any, measured: Any | None) -> str:
        """Set the moving artists' data from results; return a text summary of what they show.

        Args:
            prediction: what ``simulate(knobs)`` returned.
            measured: what ``real.run(knobs)`` returned, or None when it has not been run.
        """

    def fit(self, axes: Axes, *, x: float | None = None, y: float | None = None) -> None:
        """Make the axes reach from 0 to at least x and y.

        Limits move in steps, so that the cached background survives most moves of a knob.
        """
        for low, high, wanted, set_limits in (
            (*axes.get_xlim(), x, axes.set_xlim),
            (*axes.get_ylim(), y, axes.set_ylim),
        ):
            if wanted is not None and (low, high) != (0.0, nice := nice_limit(wanted)):
                set_limits(0.0, nice)
                self._background = None

    def redraw_all(self) -> None:
        """Forget the cached background: call it after changing anything that is not a moving artist."""
        self._background = None

    def frame(self) -> bytes:
        """Render the present state for the screen: JPEG, which compresses four times faster than PNG."""
        self._draw()
        return encode(self._canvas, "JPEG", quality=90, subsampling=0)

    def png(self) -> bytes:
        """Render the present state to PNG, for storing."""
        self._draw()
        return encode(self._canvas, "PNG", optimize=True)

    def _draw(self) -> None:
        if self._background is None:
            self._canvas.draw()
            if self.figure.get_layout_engine() is not None:
                self.figure.set_layout_engine("none")  # the layout settles once; then only data moves
                self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        else:
            self._canvas.restore_region(self._background)
        for artist in self.moving:
            if artist.get_visible():
                self.figure.draw_artist(artist)


def nice_limit(wanted: float) -> float:
    """Return the smallest round number (1, 1.5, 2, 3, 4, 5, 6, 8 × 10ⁿ) that is at least `wanted`."""
    if not wanted > 0 or math.isinf(wanted):
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(
        step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if wanted <= step * power * (1 + 1e-9)
    )

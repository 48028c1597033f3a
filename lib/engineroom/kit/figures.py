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
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from engineroom.kit.style import use_house_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

__all__ = ["LiveFigure", "Picture", "new_figure", "nice_limit"]

WIDEST_TICK = 10_000  # what a live figure's layout leaves room for beside its axes
BACKGROUNDS = 4  # kept, of 4 MB each: a knob moved to and fro crosses the same limits
LEAST_WIDTH = 640  # CSS pixels a figure keeps; explorer.css says the same
# JupyterLab would take the arrow keys. After a click, which gives the focus too, it keeps all its keys.
KEEP_ARROWS = "this.toggleAttribute('data-lm-suppress-shortcuts',this.matches(':focus-visible'))"
PIXEL_RATIO = 1.5  # pixels per CSS pixel: sharp at 150 % zoom, and still cheap to compress


def new_figure(width: float = 8.0, height: float = 4.2) -> Figure:
    """Return an empty figure in house style; sizes in inches of 100 CSS pixels."""
    from matplotlib.figure import Figure

    use_house_style()
    return Figure(figsize=(width, height), layout="constrained")


def image_html(png: bytes, alt: str, width_px: float) -> str:
    """Return a framed image that carries its PNG with it."""
    return framed_html(f"data:image/png;base64,{base64.b64encode(png).decode()}", alt, width_px)


def framed_html(src: str, alt: str, width_px: float) -> str:
    """Return an image with real alt text, which Jupyter's own image outputs lack, in a frame of its own.

    In a narrow column, as at 200 % zoom, it shrinks no further than its letters can be read.
    """
    least = min(LEAST_WIDTH, width_px)
    return scrolled_html(
        f'<img src="{html.escape(src, quote=True)}" alt="{html.escape(alt, quote=True)}" '
        f'style="width:100%;min-width:{least:.0f}px;max-width:{width_px:.0f}px">',
        "figure",
    )


def scrolled_html(content: str, name: str) -> str:
    """Return a named frame in which what is wider than its column scrolls to the side, also by keyboard."""
    return (
        f'<div class="er-frame" tabindex="0" role="group" aria-label="{name}" style="overflow-x:auto" '
        f'onfocus="{KEEP_ARROWS}">{content}</div>'
    )


def to_image(canvas: FigureCanvasAgg) -> Image.Image:
    """Return what is drawn on a canvas as a Pillow image without transparency, with a spare byte a pixel."""
    from PIL import Image

    size = canvas.get_width_height(physical=True)
    return Image.frombuffer("RGBX", size, canvas.buffer_rgba(), "raw", "RGBX", 0, 1)


def to_png(canvas: FigureCanvasAgg) -> bytes:
    """Compress for storing: 256 colours serve a figure to within 2 %, in half the room."""
    from PIL import Image

    image = to_image(canvas).convert("RGB")
    colours = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    colours.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def to_jpeg(canvas: FigureCanvasAgg) -> bytes:
    """Compress for the screen: four times faster than PNG, and as sharp to the eye."""
    buffer = io.BytesIO()
    to_image(canvas).save(buffer, "JPEG", quality=90, subsampling=0)
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
        return to_png(canvas)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            "text/plain": self.alt,
            "text/html": image_html(self.png(), self.alt, 100 * self.figure.get_figwidth()),
        }


class LiveFigure(ABC):
    """A figure that follows its knobs, redrawn in layers.

    Paper (titles, legends, spines) is drawn once, axes when their limits move to where they have not just
    been, and only the moving artists every time. A subclass builds its axes, passes the artists that move
    to ``super().__init__`` (and those that move only when limits do, as `ground`) and implements `update`.

    Attributes:
        named: what else the axes show, such as names as ticks. A subclass that changes it says so here.
    """

    def __init__(self, figure: Figure, moving: Sequence[Artist], ground: Sequence[Artist] = ()):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.figure = figure
        self.moving = list(moving)
        self._axes_layer = [*ground, *(axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis))]
        figure.set_dpi(100 * PIXEL_RATIO)
        self._canvas = FigureCanvasAgg(figure)
        self._paper: Any = None
        self._background: Any = None
        self._backgrounds: dict[Hashable, Any] = {}
        self.named: dict[Hashable, Hashable] = {}
        for artist in [*self.moving, *self._axes_layer]:
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

        Limits move in steps, so that most moves of a knob leave the axes as they are.
        """
        for low, high, wanted, set_limits in (
            (*axes.get_xlim(), x, axes.set_xlim),
            (*axes.get_ylim(), y, axes.set_ylim),
        ):
            if wanted is not None and (low, high) != (0.0, nice := nice_limit(wanted)):
                set_limits(0.0, nice)

    def redraw_all(self) -> None:
        """Forget what is cached: call it after changing anything that is not a moving artist."""
        self._paper = None

    def frame(self) -> bytes:
        """Render the present state to JPEG, for the screen."""
        self._draw()
        return to_jpeg(self._canvas)

    def png(self) -> bytes:
        """Render the present state to PNG, for storing."""
        self._draw()
        return to_png(self._canvas)

    def picture(self, alt: str) -> Picture:
        """Return the present state as a still picture; the live figure is not to be used afterwards."""
        self._settle_layout()
        for artist in [*self.moving, *self._axes_layer]:
            artist.set_animated(False)
        return Picture(self.figure, alt)

    def _draw(self) -> None:
        if self._paper is None:
            self._settle_layout()
            self._canvas.draw()
            self._paper = self._canvas.copy_from_bbox(self.figure.bbox)
            self._backgrounds.clear()
        limits = [limit for axes in self.figure.axes for limit in (*axes.get_xlim(), *axes.get_ylim())]
        key = (*limits, *self.named.items())
        self._background = self._backgrounds.pop(key, None) or self._draw_axes()
        self._backgrounds[key] = self._background  # as the newest
        if len(self._backgrounds) > BACKGROUNDS:
            del self._backgrounds[next(iter(self._backgrounds))]
        self._canvas.restore_region(self._background)
        self._draw_all(self.moving)

    def _draw_axes(self) -> Any:
        self._canvas.restore_region(self._paper)
        self._draw_all(self._axes_layer)
        return self._canvas.copy_from_bbox(self.figure.bbox)

    def _draw_all(self, artists: Sequence[Artist]) -> None:
        for artist in artists:
            if artist.get_visible():
                self.figure.draw_artist(artist)

    def _settle_layout(self) -> None:
        """Lay the figure out once, with room for any tick label, so that later nothing shifts or is cut."""
        if self.figure.get_layout_engine() is None:
            return
        limits = [(axes, axes.get_ylim()) for axes in self.figure.axes if axes.get_yscale() == "linear"]
        for axes, _ in limits:
            axes.set_ylim(0, WIDEST_TICK)
        self._canvas.draw()
        self.figure.set_layout_engine("none")
        for axes, limit in limits:
            axes.set_ylim(limit)


def nice_limit(wanted: float) -> float:
    """Return the smallest round number (1, 1.5, 2, 3, 4, 5, 6, 8 × 10ⁿ) that is at least `wanted`."""
    if not wanted > 0 or math.isinf(wanted):
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(
        step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if wanted <= step * power * (1 + 1e-9)
    )

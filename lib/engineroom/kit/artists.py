"""Artists for figures that follow a knob: they look like matplotlib's and are drawn sooner.

Imported only where a figure is made, since matplotlib takes long to import.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PolyCollection
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

__all__ = ["Bars", "StampedText"]

Stamp = tuple[np.ndarray, int, int]  # pixels, and where their lower left corner lies seen from the anchor

MOST_STAMPS = 200  # of some 10 kB; a wording with numbers in it may never come back


class Bars(PolyCollection):
    """Rectangles of one look, drawn as one path: Agg prepares a hatch anew for each path that it fills."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw all rectangles at once if they are hatched, except in a still figure."""
        apart = self._paths
        if self.get_animated() and self.get_hatch() and len(apart) > 1:
            self._paths = [Path.make_compound_path(*apart)]
        super().draw(renderer)
        self._paths = apart


class StampedText(Text):
    """A text that is laid out once for each wording; while animated it is then only copied, to whole pixels.

    Only its wording, place, horizontal alignment and visibility may change. Still figures are drawn as
    ever: they are compared to the pixel.

    Args:
        stamps: what was drawn so far, to be shared by texts of one look.
    """

    def __init__(self, *args: Any, stamps: dict[tuple[str, str, float], Stamp], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._stamps = stamps

    def draw(self, renderer: RendererBase) -> None:
        """Copy the text's picture to its place, or draw it as usual in a still figure."""
        if not (self.get_animated() and isinstance(renderer, RendererAgg)):
            super().draw(renderer)
        elif self.get_visible() and self.get_text():
            key = self.get_text(), self.get_horizontalalignment(), renderer.dpi
            if key not in self._stamps:
                if len(self._stamps) >= MOST_STAMPS:
                    self._stamps.clear()
                self._stamps[key] = self._stamp(renderer)
            pixels, left, bottom = self._stamps[key]
            x, y = self.get_transform().transform(self.get_position())
            gc = renderer.new_gc()
            self._set_gc_clip(gc)
            renderer.draw_image(gc, round(x) + left, round(y) + bottom, pixels)
            gc.restore()

    def _stamp(self, renderer: RendererAgg) -> Stamp:
        """Draw the text, with its box, in the middle of a transparent canvas of its own."""
        extent = self.get_window_extent(renderer)
        x, y = int(extent.width) + 10, int(extent.height) + 10  # its middle, with room for the box
        canvas = RendererAgg(2 * x, 2 * y, renderer.dpi)
        before = {name: getattr(self, f"get_{name}")() for name in ("position", "transform", "clip_on")}
        self.set(position=(x, y), transform=IdentityTransform(), clip_on=False)
        super().draw(canvas)
        self.set(**before)
        pixels = np.asarray(canvas.buffer_rgba())[::-1]
        rows, columns = pixels[..., 3].any(axis=1).nonzero()[0], pixels[..., 3].any(axis=0).nonzero()[0]
        inked = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return np.ascontiguousarray(inked), columns[0] - x, rows[0] - y

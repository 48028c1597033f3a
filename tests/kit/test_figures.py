import base64
import io

import numpy as np
import pytest
from PIL import Image

from engineroom.kit.figures import LiveFigure, Picture, new_figure, nice_limit
from engineroom.kit.style import COLOURS


class Curve(LiveFigure):
    def __init__(self):
        figure = new_figure(4, 3)
        self.axes = figure.add_subplot()
        (self.line,) = self.axes.plot([], [])
        super().__init__(figure, [self.line])

    def update(self, prediction, measured):
        self.line.set_data(range(len(prediction)), prediction)
        self.fit(self.axes, x=len(prediction), y=max(prediction))
        return "a curve"


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_redrawn_in_place_equals_drawn_anew():
    """The cached background never shows an older curve or older axes."""
    moved, fresh = Curve(), Curve()
    for values in ([1, 2, 3], [5, 1, 90], [4, 2, 88]):
        moved.update(values, None)
        moved.frame()
    fresh.update([4, 2, 88], None)
    assert (pixels(moved.png()) == pixels(fresh.png())).all()


def test_axes_are_drawn_only_when_their_limits_move():
    curve = Curve()
    layers = []
    for values in ([1, 2, 3], [3, 2, 2.5], [1, 2, 300]):
        curve.update(values, None)
        curve.frame()
        layers.append((curve._paper, curve._background))
    assert layers[0] == layers[1]
    assert layers[1][0] is layers[2][0]
    assert layers[1][1] is not layers[2][1]


def test_axes_moved_to_and_fro_are_drawn_once_and_few_are_kept():
    curve = Curve()
    backgrounds = []
    for high in (3, 300, 3, 300, 30, 3_000, 30_000, 3):
        curve.update([1, 2, high], None)
        curve.frame()
        backgrounds.append(curve._background)
    assert backgrounds[2] is backgrounds[0]
    assert backgrounds[3] is backgrounds[1]
    assert backgrounds[-1] is not backgrounds[0]
    fresh = Curve()
    fresh.update([1, 2, 3], None)
    assert (pixels(curve.png()) == pixels(fresh.png())).all()


def test_wide_tick_labels_are_not_cut():
    """The layout is settled with small numbers and must hold for large ones."""
    curve = Curve()
    curve.axes.set_ylabel("MB")
    for values in ([1, 2, 3], [1, 2, 10_000]):
        curve.update(values, None)
        left_edge = pixels(curve.png())[:, :3]
        assert (left_edge == 255).all()


def test_a_still_picture_shows_what_the_live_figure_showed():
    live, still = Curve(), Curve()
    live.update([4, 2, 88], None)
    shown = pixels(live.png())
    still.update([4, 2, 88], None)
    drawn = pixels(still.picture("a curve").png())
    # the layers are stacked in another order: the same picture but for pixels where axes and spines meet
    difference = np.abs(shown.astype(int) - drawn).max(axis=2)
    assert (difference > 60).mean() < 0.005


@pytest.mark.parametrize(
    ("wanted", "nice"), [(0.9, 1), (1, 1), (1.2, 1.5), (42, 50), (799, 800), (8.1, 10), (0, 1)]
)
def test_nice_limit(wanted, nice):
    assert nice_limit(wanted) == nice


def test_a_picture_carries_its_alt_text_wherever_it_is_shown():
    bundle = Picture(new_figure(3, 2), 'Heap "goal"\n is 40 MB.')._repr_mimebundle_()
    assert bundle["text/plain"] == 'Heap "goal" is 40 MB.'
    assert 'alt="Heap &quot;goal&quot; is 40 MB."' in bundle["text/html"]
    data = bundle["text/html"].split("base64,")[1].split('"')[0]
    assert pixels(base64.b64decode(data)).shape == (300, 450, 3)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_and_lines_stand_out_from_the_paper():
    """WCAG 2.2: 4.5 for text, 3 for graphics (1.4.3, 1.4.11)."""
    assert min(contrast(COLOURS[name], COLOURS["paper"]) for name in ("ink", "quiet")) >= 4.5
    assert min(contrast(COLOURS[name], COLOURS["paper"]) for name in ("model", "real", "good")) >= 3

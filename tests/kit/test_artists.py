import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.text import Text

from engineroom.kit.artists import MOST_STAMPS, Bars, StampedText
from engineroom.kit.figures import new_figure

BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}


def drawn(artists, animated=True):
    """The pixels of artists, each on an axes of the same look."""
    figure = new_figure(3, 2)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1), facecolor="#009E73")
    canvas = FigureCanvasAgg(figure)
    for artist in artists:
        axes.add_artist(artist)
        artist.set_transform(axes.transData)
        artist.set_animated(animated)
    canvas.draw()
    for artist in artists if animated else ():
        figure.draw_artist(artist)
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def texts(kind, **look):
    return [kind(x, y, s, ha="center", va="center", bbox=BOX, **look) for x, y, s in PLACES]


PLACES = [(0.2, 0.3, "Lima"), (0.51, 0.52, "l"), (0.77, 0.3, "Lima"), (0.98, 0.8, "cut at the edge")]


def test_a_stamped_text_lies_where_the_text_would_to_within_a_pixel():
    stamps, nothing = {}, drawn([])
    for stamped, text in zip(texts(StampedText, stamps=stamps), texts(Text), strict=True):
        ours, theirs = (np.argwhere((drawn([one]) != nothing).any(2)) for one in (stamped, text))
        assert np.abs(ours.min(0) - theirs.min(0)).max() <= 1
        assert np.abs(ours.max(0) - theirs.max(0)).max() <= 1
        assert 0.9 < len(ours) / len(theirs) < 1.1
    assert len(stamps) == 3  # "Lima" was drawn once


def test_stamps_of_wordings_that_do_not_come_back_are_dropped():
    stamps = {}
    drawn([StampedText(0.5, 0.5, str(number), stamps=stamps) for number in range(MOST_STAMPS + 3)])
    assert list(stamps) == [(str(number), "left", 100) for number in range(MOST_STAMPS, MOST_STAMPS + 3)]


def test_hatched_bars_drawn_at_once_look_as_if_drawn_one_by_one():
    corners = [
        [(x, y), (x, y + 0.2), (x + 0.3, y + 0.2), (x + 0.3, y)] for x in (0.1, 0.6) for y in (0.1, 0.6)
    ]
    look = {"facecolor": "#E69F00", "edgecolor": "white", "hatch": "///", "linewidth": 0.6}
    at_once, apart = drawn([Bars(corners, **look)]), drawn([PolyCollection(corners, **look)])
    assert (apart != drawn([])).any()
    assert np.abs(at_once - apart).max() < 40


def test_a_still_figure_is_drawn_to_the_pixel_as_ever():
    still = drawn(texts(StampedText, stamps={}), animated=False)
    assert (still == drawn(texts(Text), animated=False)).all()

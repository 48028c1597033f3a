"""Every explorer's figure: its letters and lines stand out from the paper."""

import importlib

import matplotlib.colors
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text
from tests.kit.test_palette import contrast

from engineroom.kit.explorer import Explorer

THEMES = ("ballast", "concurrency", "dynamodb", "spanner", "tracing")
NEEDS_MORE = {"explore_trace"}  # takes a trace; its canvas is looked at in tests/browser


def explorers():
    for theme in THEMES:
        widgets = importlib.import_module(f"engineroom.{theme}.widgets")
        for name in widgets.__all__:
            if name.startswith("explore_") and name not in NEEDS_MORE:
                yield pytest.param(getattr(widgets, name), id=f"{theme}-{name}")


def shown(figure, kind):
    return [
        artist for artist in figure.findobj(kind) if artist.get_visible() and artist.get_alpha() in (None, 1)
    ]


@pytest.mark.parametrize("make", list(explorers()))
def test_letters_and_lines_stand_out(make):
    explorer = make()
    if not isinstance(explorer, Explorer):
        return  # drawn by the browser: tests/browser asks axe
    figure = explorer.figure.figure
    to_hex = matplotlib.colors.to_hex
    pale = {
        (text.get_text(), to_hex(text.get_color()))
        for text in shown(figure, Text)
        if text.get_text().strip() and contrast(to_hex(text.get_color()).upper(), "#FFFFFF") < 4.5
    }
    assert pale == set(), "letters need a contrast of 4.5"
    grid = {
        line for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for line in axis.get_gridlines()
    }
    faint = {
        (line.get_label(), to_hex(line.get_color()))
        for line in set(shown(figure, Line2D)) - grid
        if len(line.get_xdata())
        and line.get_linestyle() != "None"
        and contrast(to_hex(line.get_color()).upper(), "#FFFFFF") < 3
    }
    assert faint == set(), "lines need a contrast of 3"

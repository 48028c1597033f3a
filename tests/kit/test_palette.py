"""The palette by numbers: contrast on paper (WCAG 2.2) and distance for the colour-blind (Machado 2009)."""

from itertools import combinations

import numpy as np
import pytest

from engineroom.kit.style import COLOURS

# Machado, Oliveira and Fernandes (2009), table of severity 1.0, on linear RGB.
SEES = {
    "everything": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
FILLS = {"sky", "warm"}  # too light for a line or a letter; they fill areas that have an edge or a hatch
BACKGROUND = {"paper", "grid"}
INKS = sorted(set(COLOURS) - FILLS - BACKGROUND)
SERIES = sorted(set(COLOURS) - BACKGROUND)
TELLABLE = 10  # CIE76 units; about 2.3 are just noticeable side by side


def linear(colour):
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG's ratio of two colours, from 1 to 21."""
    light, dark = sorted((XYZ[1] @ linear(c) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour, sees="everything"):
    """A colour in CIELAB as somebody sees it."""
    seen = np.clip(np.array(SEES[sees]) @ linear(colour), 0, 1)
    x, y, z = XYZ @ seen / XYZ.sum(axis=1)
    f = [np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_yardsticks_give_published_values():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)  # WCAG's lightest grey for text
    assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    red, green = "#C04000", "#5A7A00"
    apart = {sees: np.linalg.norm(lab(red, sees) - lab(green, sees)) for sees in SEES}
    assert apart["deuteranopia"] < apart["everything"] / 2 < apart["tritanopia"]


@pytest.mark.parametrize("name", INKS)
def test_lines_and_marks_stand_out_from_paper(name):
    assert contrast(COLOURS[name], COLOURS["paper"]) >= 3


@pytest.mark.parametrize("name", ["ink", "quiet", "model"])
def test_text_is_readable(name):
    assert contrast(COLOURS[name], COLOURS["paper"]) >= 4.5


@pytest.mark.parametrize("name", sorted(FILLS | {"good", "accent", "grid"}))
def test_labels_on_fills_are_readable(name):
    assert contrast(COLOURS[name], COLOURS["ink"]) >= 4


@pytest.mark.parametrize("sees", SEES)
@pytest.mark.parametrize(("one", "other"), list(combinations(SERIES, 2)))
def test_any_two_colours_can_be_told_apart(sees, one, other):
    assert np.linalg.norm(lab(COLOURS[one], sees) - lab(COLOURS[other], sees)) >= TELLABLE

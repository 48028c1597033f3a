"""House figure style: colour-blind safe colours with fixed meanings, and one matplotlib theme."""

from __future__ import annotations

__all__ = ["COLOURS", "LETTERS", "MARKERS", "RC", "use_house_style"]

# Okabe & Ito (2008), https://jfly.uni-koeln.de/color/ : distinguishable with any common colour
# blindness. The yellow is left out: it has too little contrast on white.
COLOURS = {
    "model": "#0072B2",  # blue: what a model predicts, in every theme
    "real": "#D55E00",  # vermilion: what the real thing did, in every theme
    "good": "#009E73",
    "accent": "#CC79A7",
    "sky": "#56B4E9",
    "warm": "#E69F00",
    "ink": "#1F2933",
    "quiet": "#697586",
    "grid": "#D9DEE4",
    "paper": "#FFFFFF",
}

# Those of them that are too pale for letters on paper, dark enough for that.
LETTERS = {"good": "#006B4E", "real": "#A34700"}

# A second cue beside colour, in the order in which series are added to a figure.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

RC = {
    "figure.figsize": (8.0, 4.2),
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.facecolor": COLOURS["paper"],
    "axes.facecolor": COLOURS["paper"],
    "axes.edgecolor": COLOURS["quiet"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.titlecolor": COLOURS["ink"],
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "font.size": 11,
    "font.family": "DejaVu Sans",  # ships with matplotlib, so figures are the same everywhere
    "lines.linewidth": 1.8,
}


def use_house_style() -> None:
    """Make the house style matplotlib's default for this process."""
    import matplotlib as mpl

    mpl.rcParams.update(RC)

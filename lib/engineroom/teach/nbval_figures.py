"""A pytest plugin for nbval: compare figures to the pixel where the same renderer drew them.

Figures are stored in HTML. Where this machine draws with another matplotlib or processor, their
pixels may differ, so there only their alt texts are compared.
"""

from __future__ import annotations

import nbformat
import pytest

from engineroom.teach.stored_outputs import renderer

__all__ = ["pytest_collectstart"]

PIXELS = r"data:image/png;base64,[A-Za-z0-9+/=]+"


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Leave pixels out of the comparison for notebooks that another renderer drew."""
    if not hasattr(collector, "sanitize_patterns"):
        return
    try:
        stored = nbformat.read(collector.path, as_version=4).metadata.get("engineroom", {})
    except ValueError:
        return  # not a notebook: nbval says so itself
    if stored.get("renderer") != renderer():
        collector.sanitize_patterns[PIXELS] = "FIGURE"

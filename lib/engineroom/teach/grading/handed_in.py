"""Reads what a learner handed in as a notebook: it may be anything."""

from __future__ import annotations

import warnings
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["code_cells", "readable"]

DEEPEST = 100


def code_cells(text: str) -> list[NotebookNode]:
    """Return a notebook's code cells.

    Raises:
        ValueError: in one sentence, when it is no notebook with code cells.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a student's tool wrote oddly but readably
            notebook = nbformat.reads(text, as_version=4)
        if _deeper(notebook, DEEPEST):  # how much Python itself can bear differs from version to version
            raise ValueError(f"nested more than {DEEPEST} deep")
        cells = [c for c in notebook.cells if c.cell_type == "code"]
        sound = all(isinstance(c.source, str) and isinstance(c.metadata, dict) for c in cells)
    except Exception as error:
        reason = str(error).strip().splitlines() or [""]
        told = readable(f"{type(error).__name__}: {reason[0][:200]}")
        raise ValueError(f"This is not a notebook ({told}).") from None
    if not cells or not sound:
        raise ValueError("This notebook has no code cells.")
    return cells


def readable(text: str) -> str:
    """Replace what no file can hold or what commands a terminal: a learner's message may have such in it."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _deeper(value: Any, levels: int) -> bool:
    """Tell whether lists and dicts are nested more than so many levels deep."""
    level = [value]
    for _ in range(levels + 1):
        nested = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, (dict, list))]
        level = [child for children in nested for child in children]
    return bool(level)

"""Lessons are prose and calls: short cells, no logic, a length that fits one sitting."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

COURSE = Path(__file__).parents[2]
LESSONS = sorted((COURSE / "notebooks").glob("*/[0-9][0-9]_*.ipynb"))
LOGIC = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.AsyncFunctionDef)


def lesson_cells(path, kind):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind and c.source.strip()]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestLesson:
    def test_cells_are_few_and_short(self, path):
        cells = lesson_cells(path, "code")
        assert 4 <= len(cells) <= 25
        long = [c.source for c in cells if len(c.source.splitlines()) > 8 and not c.source.startswith("%%go")]
        assert not long, "cells of more than 8 lines"

    def test_cells_hold_no_logic(self, path):
        for cell in lesson_cells(path, "code"):
            if cell.source.startswith("%%") or "exercise" in cell.metadata.get("tags", []):
                continue
            code = "\n".join("" if line.startswith("%") else line for line in cell.source.splitlines())
            assert not [n for n in ast.walk(ast.parse(code)) if isinstance(n, LOGIC)], cell.source

    def test_length_fits_one_sitting(self, path):
        prose = " ".join(c.source for c in lesson_cells(path, "markdown"))
        words = len(re.findall(r"[\w'’-]+", re.sub(r"\(http\S+\)", "", prose)))
        assert 800 <= words <= 1700, f"{words} words"

    def test_opens_and_closes_as_every_lesson_does(self, path):
        prose = [c.source for c in lesson_cells(path, "markdown")]
        assert prose[0].startswith("# ")
        assert 6 <= sum(cell.startswith("## ") for text in prose for cell in text.splitlines()) <= 12
        assert "## What you take away" in prose[-1]

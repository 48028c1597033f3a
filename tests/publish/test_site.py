"""What the reading copy makes of notebooks and docs before Sphinx sees them."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from engineroom.course_map import THEMES
from engineroom.publish import site
from engineroom.publish.sweeps import FEWEST, add_sweeps

COURSE = Path(__file__).parents[2]
CALLS = {
    "explore_heap()": 1,
    "explore_heap(**{'show': 1})": 0,  # not a literal argument list
    "explore_heap(knobs)": 0,  # made by the lesson
    "other()": 0,
}


def lesson(call):
    """Return a notebook with one explorer's cell as it is stored."""
    cell = nbformat.v4.new_code_cell(f"from engineroom.ballast.widgets import explore_heap\n\n{call}")
    stored = {"text/html": "<p><strong>A Go heap and its collector</strong></p>stored figure"}
    cell.outputs = [nbformat.v4.new_output("display_data", stored)]
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize("call", [call for call, moves in CALLS.items() if not moves])
def test_an_explorer_that_takes_what_the_lesson_made_keeps_its_figure(call, tmp_path):
    notebook = lesson(call)
    assert add_sweeps(notebook, Path("notebooks/x/y.ipynb"), tmp_path / "sweeps") == 0
    assert "stored figure" in notebook.cells[0].outputs[0].data["text/html"]


def test_an_explorer_gets_a_slider_with_different_described_pictures(tmp_path):
    notebook = lesson("explore_heap()")
    assert add_sweeps(notebook, Path("notebooks/x/y.ipynb"), tmp_path / "sweeps") == 1
    page = notebook.cells[0].outputs[0].data["text/html"]
    frames = json.loads(re.search(r'<script type="application/json">(.*)</script>', page)[1])
    assert len(frames) >= FEWEST
    pictures = {(tmp_path / "sweeps" / Path(frame["src"]).name).read_bytes() for frame in frames}
    assert len(pictures) == len(frames)
    assert all(frame["src"].startswith("../../sweeps/x-y-0-") for frame in frames)
    assert len({frame["value"] for frame in frames}) == len(frames)
    assert all(frame["alt"] and frame["summary"] for frame in frames)
    start = int(re.search(r'value="(\d+)"', page)[1])
    assert f"<output>{frames[start]['value']}</output>" in page
    assert "<label>" in page


def test_pages_are_staged_with_navigation_and_launch_links(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "add_sweeps", lambda *_: 0)
    site.stage(tmp_path, "https://hub.example.org/lab/tree/")
    front = (tmp_path / "index.md").read_text()
    lessons = sorted(
        path.relative_to(COURSE).with_suffix("") for path in (COURSE / "notebooks").glob("*/[0-9]*.ipynb")
    )
    assert all(f"\n{path}\n" in front for path in lessons)
    assert all(name in front for name, _ in THEMES.values())
    for path in lessons:
        text = "".join(cell.source for cell in nbformat.read(tmp_path / path.with_suffix(".ipynb"), 4).cells)
        assert f"(https://hub.example.org/lab/tree/{path}.ipynb)" in text
    start = (tmp_path / "notebooks" / "start_here.ipynb").read_text()
    assert "href='ballast/01_small_heap.html'" in start


def test_every_page_of_docs_is_in_the_navigation():
    listed = {name for names in site.DOCS.values() for name in names}
    assert {path.stem for path in (COURSE / "docs").glob("*.md")} <= listed

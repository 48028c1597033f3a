"""Lessons as pages, for readers without Jupyter: axe has nothing serious to say, and every figure has a text.

Looked at is what the course puts there, prose and outputs; nbconvert's own prompts and code colours are pale.
"""

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not here; bring it with: make test-browser")

from tests.browser.accessibility import findings
from tests.browser.reading_page import open_page

from engineroom.kit.places import course_folder

NOTEBOOKS = sorted((course_folder() / "notebooks").rglob("*.ipynb"))
KNOWN = ("link-in-text-block: ",)  # nbconvert doesn't underline links


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_page_is_accessible(path, lab, axe, tmp_path):
    open_page(lab.page, nbformat.read(path, as_version=4), tmp_path / "page.html")
    found = findings(lab.page, axe, ".jp-RenderedMarkdown, .jp-OutputArea-output")
    assert [finding for finding in found if not any(known in finding for known in KNOWN)] == []
    texts = lab.page.locator("main img").evaluate_all("all => all.map(image => image.alt)")
    assert all(len(text) > 20 and "No description" not in text for text in texts), texts

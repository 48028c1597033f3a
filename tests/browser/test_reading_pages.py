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
# nbconvert doesn't underline links; and one of the design bench's fills has 4.31 of 4.5 with ink on it
KNOWN = ("link-in-text-block: ", "background:#009E73;padding:0 5px;color:#1F2933")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_page_is_accessible(path, lab, axe, tmp_path):
    open_page(lab.page, nbformat.read(path, as_version=4), tmp_path / "page.html")
    found = findings(lab.page, axe, ".jp-RenderedMarkdown, .jp-OutputArea-output")
    assert [finding for finding in found if not any(known in finding for known in KNOWN)] == []
    texts = lab.page.locator("main img").evaluate_all("all => all.map(image => image.alt)")
    assert all(len(text) > 20 and "No description" not in text for text in texts), texts

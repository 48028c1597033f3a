"""Learners' JupyterLab shows none of nbgrader's tools, though they are installed. Run by `make test-browser`."""

import pytest

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("nbgrader", reason="nbgrader is not installed: .venv/bin/uv pip install -e '.[teach]'")

expect = playwright.expect


def test_learners_see_neither_its_menu_nor_its_button(lab):
    lab.open("ballast/exercises.ipynb")
    expect(lab.page.get_by_role("menuitem", name="Run", exact=True)).to_be_visible()
    expect(lab.page.get_by_role("menuitem", name="Nbgrader", exact=True)).to_have_count(0)
    expect(lab.page.get_by_text("Validate", exact=True)).to_have_count(0)

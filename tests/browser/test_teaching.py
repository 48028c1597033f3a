"""nbgrader's tools in teaching mode, and their absence otherwise. Run by `make test-browser`."""

import pytest

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("nbgrader", reason="nbgrader is not installed: .venv/bin/uv pip install -e '.[teach]'")

from engineroom.teach.release import assignments  # noqa: E402

expect = playwright.expect
PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def lab(start_lab):
    lab = start_lab(teach=True)
    lab.open("notebooks/ballast/exercises.ipynb")
    return lab


def choose(lab, entry):
    lab.page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    lab.page.locator(".lm-Menu-itemLabel", has_text=entry).first.click()


def test_validate_tells_what_an_unsolved_exercise_lacks(lab):
    lab.page.get_by_text("Validate", exact=True).first.click()
    dialog = lab.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Validation Results", timeout=PATIENCE_MS)
    expect(dialog).to_contain_text("checks.check_heap_goal(heap_goal)")
    expect(dialog).to_contain_text("is not written yet: replace the line that raises.")
    expect(dialog).not_to_contain_text("Traceback")
    dialog.get_by_role("button").last.click()


def test_create_assignment_shows_what_each_cell_is_for(lab):
    choose(lab, "Create assignment")
    panel = lab.page.locator(".nbgrader-NotebookPanelWidget, .nbgrader-NotebookWidget").first
    expect(panel).to_contain_text("Autograded tests", timeout=PATIENCE_MS)
    ids = panel.locator("input[type=text]").evaluate_all("fields => fields.map(field => field.value)")
    assert {"heap_goal", "check_heap_goal"} <= set(ids)


def test_formgrader_lists_every_assignment(lab):
    choose(lab, "Formgrader")
    frame = lab.page.frame_locator("iframe")
    for assignment in assignments():
        row = frame.locator("tr", has_text=assignment.parent.name)
        expect(row.first).to_be_visible(timeout=PATIENCE_MS)
    expect(frame.locator("body")).not_to_contain_text("could not be created")

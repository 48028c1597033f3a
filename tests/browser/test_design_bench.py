"""The design bench in JupyterLab: a learner edits a template, sees it at once, and asks the real API."""

import nbformat
import pytest

from engineroom.kit.places import course_folder

NOTEBOOK = "dynamodb/01_one_request.ipynb"


@pytest.fixture(scope="module")
def lab(start_lab):
    return start_lab()


def test_the_lesson_it_is_in_exists():
    cells = nbformat.read(course_folder() / "notebooks" / NOTEBOOK, as_version=4).cells
    assert any('bench = explore_design("shop")' in cell.source for cell in cells)


def test_edit_see_and_run_for_real(lab):
    page = lab.page
    lab.open(NOTEBOOK)
    lab.run_all()
    bench = page.locator(".er-bench").last
    bench.scroll_into_view_if_needed()
    bench.get_by_text("✔ pass").first.wait_for()
    sort_key = bench.locator("fieldset", has_text="Order keys").get_by_label("SK", exact=True)

    # the lesson's own cells have edited this bench from code: the field shows what they wrote last
    assert sort_key.input_value() == "ORDER#{ordered_at}#{order_id}"
    sort_key.fill("ORDER#{nope}")
    bench.get_by_role("alert").filter(has_text="names 'nope'; Order has: order_id").wait_for()
    sort_key.fill("ORDER#{order_id}")
    bench.get_by_text("rows missing").first.wait_for()
    sort_key.fill("ORDER#{ordered_at}#{order_id}")
    bench.get_by_text("5 of 5 access patterns pass").wait_for()

    bench.get_by_label("what to map").select_option("GSI1")
    bench.get_by_role("img", name="Collection map of the index GSI1").wait_for()
    bench.get_by_label("compare with ten times the data").check()
    bench.get_by_role("columnheader", name="at ×10").wait_for()
    bench.get_by_role("button", name="Run for real").click()
    bench.get_by_text("the engine agrees on 5 of 5 patterns").wait_for()
    assert lab.errors_shown() == []

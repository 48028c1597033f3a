"""Explorers in a real browser: keyboard, mouse, wrong input, and a real run. Run by `make test-browser`."""

import pytest

playwright = pytest.importorskip("playwright.sync_api")

TITLE = "A Go heap and its collector"


@pytest.fixture(scope="module")
def lab(start_lab):
    lab = start_lab()
    lab.open("start_here.ipynb")
    lab.run_all()
    return lab


@pytest.fixture
def explorer(lab):
    explorer = lab.explorer(TITLE)
    explorer.get_by_role("button", name="Reset").click()
    playwright.expect(explorer.get_by_label("live heap in MB, as a number")).to_have_value("10")
    return explorer


def picture(explorer):
    return explorer.locator("img").get_attribute("src")


def wait_for_new(explorer, old):
    playwright.expect(explorer.locator("img")).not_to_have_attribute("src", old)


def test_every_control_has_a_name_and_the_figure_has_alt_text(explorer):
    for control in explorer.get_by_role("slider").all() + explorer.get_by_role("textbox").all():
        assert control.evaluate(
            "e => e.labels?.length ? e.labels[0].innerText : e.getAttribute('aria-label')"
        )
    assert explorer.locator("img").get_attribute("alt").startswith(f"{TITLE}: Model: ")


def test_a_slider_moved_by_keyboard_changes_picture_number_and_summary(explorer):
    old, summary = picture(explorer), explorer.locator(".er-summary").inner_text()
    slider = explorer.get_by_label("GOGC", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    wait_for_new(explorer, old)
    assert explorer.get_by_label("GOGC in %, as a number").input_value() != "100"
    assert explorer.locator(".er-summary").inner_text() != summary


def test_a_slider_dragged_with_the_mouse(explorer):
    old = picture(explorer)
    box = explorer.get_by_label("live heap", exact=True).bounding_box()
    middle = box["y"] + box["height"] / 2
    explorer.page.mouse.move(box["x"] + box["width"] * 0.33, middle)
    explorer.page.mouse.down()
    explorer.page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=15)
    explorer.page.mouse.up()
    wait_for_new(explorer, old)
    assert float(explorer.get_by_label("live heap in MB, as a number").input_value()) > 50


def test_wrong_input_is_said_in_place_and_a_right_one_mends_it(explorer):
    field = explorer.get_by_label("live heap in MB, as a number")
    field.fill("lots")
    field.press("Enter")
    message = explorer.get_by_text("live heap is 'lots'; it must be a number between 1 and 1,000 MB.")
    playwright.expect(message).to_be_visible()
    field.fill("50")
    field.press("Enter")
    playwright.expect(message).to_have_count(0)


def test_run_for_real_lands_in_the_same_picture(explorer):
    old = picture(explorer)
    explorer.get_by_role("button", name="Run for real").click()
    playwright.expect(explorer.get_by_role("status")).to_have_text("measured", timeout=60_000)
    wait_for_new(explorer, old)
    assert "Real go1." in explorer.locator(".er-summary").inner_text()


def test_stop_ends_a_real_run(explorer):
    explorer.get_by_role("button", name="Run for real").click()
    explorer.get_by_role("button", name="Stop", exact=True).click()
    playwright.expect(explorer.get_by_role("status")).to_have_text("stopped", timeout=20_000)


@pytest.fixture
def zoomed(explorer):
    """The frame of the explorer's figure at 200 % zoom, where the figure is wider than its column."""
    page = explorer.page
    page.set_viewport_size({"width": 640, "height": 500})
    frame = explorer.get_by_role("group", name="figure")
    page.wait_for_function("f => f.scrollWidth > f.clientWidth", arg=frame.element_handle())
    yield frame
    page.set_viewport_size({"width": 1400, "height": 1000})


def test_arrow_keys_scroll_a_figure_that_is_wider_than_its_column(explorer, zoomed):
    explorer.get_by_role("button", name="Run for real").focus()
    explorer.page.keyboard.press("Tab")
    playwright.expect(zoomed).to_be_focused()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.wait_for_function("f => f.scrollLeft > 0", arg=zoomed.element_handle())
    playwright.expect(zoomed).to_be_focused()


def test_after_a_click_on_a_figure_jupyterlab_keeps_its_keys(lab, explorer, zoomed):
    zoomed.click()
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = explorer.page.evaluate(active)
    explorer.page.keyboard.press("Shift+Enter")
    explorer.page.wait_for_function(f"before => {active} === before + 1", arg=before)
    lab.wait_idle()


def test_nothing_went_wrong_on_the_page(lab):
    assert lab.errors_shown() == []
    assert lab.console_errors == []

"""Every notebook in JupyterLab, as a learner goes through it: run all, turn, mistype, run for real."""

import re

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not here; bring it with: make test-browser")

from tests.browser.accessibility import (
    cut_choices,
    cut_off,
    findings,
    not_reached_by_tab,
    still_moving,
    unnamed,
)
from tests.browser.explorers_on_page import CALL, explorers_of

from engineroom.kit.places import course_folder

FOLDER = course_folder() / "notebooks"
ALL = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
WAY_TO_GET_IT = re.compile(r"bring (it|them) with|apt-get install|pip install|make \w+")


def sources(notebook):
    cells = nbformat.read(FOLDER / notebook, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


WITH_EXPLORERS = [name for name in ALL if any(CALL.search(source) for source in sources(name))]


class Opened:
    """A notebook all of whose cells have been run."""

    def __init__(self, lab, notebook):
        self.lab, self.notebook, self._explorers = lab, notebook, None
        lab.console_errors.clear()
        lab.page.set_viewport_size({"width": 1400, "height": 1000})
        lab.open(notebook)
        lab.run_all()
        self.cells = lab.cells()

    @property
    def explorers(self):
        if self._explorers is None:
            self._explorers = explorers_of(self.lab)
        return self._explorers


@pytest.fixture(scope="module", params=ALL)
def opened(request, lab):
    made = Opened(lab, request.param)
    yield made
    lab.close()


def explorers_only(test):
    """Run a test for those notebooks that show explorers."""
    return pytest.mark.parametrize("opened", WITH_EXPLORERS, indirect=True, scope="module")(test)


def test_all_cells_run_and_only_stubs_fail(opened):
    code = [cell for cell in opened.cells if cell["type"] == "code" and cell["source"].strip()]
    assert [cell["count"] for cell in code] == list(range(1, len(code) + 1))
    failed = {cell["source"]: cell["errors"] for cell in code if cell["errors"]}
    assert all("raises-exception" in cell["tags"] for cell in code if cell["errors"]), failed
    assert not [cell["warnings"] for cell in code if cell["warnings"]]


@explorers_only
def test_every_explorer_appears(opened):
    assert len(opened.explorers) >= 1


@explorers_only
def test_every_control_is_named_and_reached_by_tab(opened):
    for explorer in opened.explorers:
        assert unnamed(explorer.root) == [], explorer.title
        assert not_reached_by_tab(explorer.root) == [], explorer.title


@explorers_only
def test_keyboard_moves_the_picture(opened):
    for explorer in opened.explorers:
        explorer.reset()
        assert explorer.move_by_keyboard(), f"{explorer.title}: no key changed its picture"
        explorer.reset()


@explorers_only
def test_mouse_moves_the_picture(opened):
    for explorer in opened.explorers:
        assert explorer.move_by_mouse(), f"{explorer.title}: no click or drag changed its picture"


@explorers_only
def test_wrong_input_is_said_in_place(opened):
    for explorer in opened.explorers:
        explorer.mistype()


@explorers_only
def test_run_for_real(opened, sheet):
    for explorer in opened.explorers:
        said = explorer.run_for_real()
        sheet.add(opened.notebook, explorer, said or "model only")
        good = said is None or said == "measured" or "agrees on" in said or WAY_TO_GET_IT.search(said)
        assert good, f"{explorer.title} said: {said}"


@explorers_only
def test_nothing_moves_for_those_who_want_less_motion(opened):
    opened.lab.page.emulate_media(reduced_motion="reduce")
    try:
        assert {e.title: still_moving(e.root) for e in opened.explorers if still_moving(e.root)} == {}
    finally:
        opened.lab.page.emulate_media(reduced_motion="no-preference")


def test_axe_finds_nothing_serious(opened, axe):
    assert findings(opened.lab.page, axe, ".jp-OutputArea-output, .jp-MarkdownOutput") == []


def resize(page, width, height):
    """Change the window, and wait until JupyterLab has laid out its panels anew, a frame later."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("width", [1400, 1280, 640])
def test_figures_fit_in_any_window(opened, width):
    """Those of 1400 and 1280 CSS pixels, and the latter at 200 % zoom."""
    page = opened.lab.page
    resize(page, width, 500 if width == 640 else 1000)
    try:
        assert cut_off(page) + cut_choices(page) == []
    finally:
        page.set_viewport_size({"width": 1400, "height": 1000})


def test_letters_in_figures_grow_with_the_zoom(opened):
    page, figures = opened.lab.page, opened.lab.page.locator(".er-frame > :is(img, svg)")
    widths = "all => all.map(figure => figure.getBoundingClientRect().width)"
    try:
        resize(page, 1280, 1000)
        usual = figures.evaluate_all(widths)
        resize(page, 640, 500)
        zoomed = [2 * width for width in figures.evaluate_all(widths)]
    finally:
        page.set_viewport_size({"width": 1400, "height": 1000})
    assert all(large > 1.4 * small for small, large in zip(usual, zoomed, strict=True)), (usual, zoomed)


def test_zz_the_browser_had_nothing_to_complain_about(opened):
    assert opened.lab.console_errors == []
    assert opened.lab.errors_shown() == [e for cell in opened.cells for e in cell["errors"]]

"""The reading copy in a real browser without a network: whole, accessible, sliders move, quizzes answer."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "build" / "site" / "html"
PAGES = sorted(
    path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts
)
if not PAGES:
    pytest.skip("there is no reading copy to look at; build it with: make site", allow_module_level=True)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("Chromium is missing; bring it with: apt-get install chromium", allow_module_level=True)
playwright_api = pytest.importorskip("playwright.sync_api", reason="python -m pip install playwright")

from tests.browser.accessibility import findings, not_reached_by_tab, still_moving, unnamed  # noqa: E402

NARROW = 650  # CSS pixels of a window of 1300 at 200 % zoom


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    """Return a browser's page, the address of the site, and a list that collects what goes wrong."""
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        with playwright_api.sync_playwright() as playwright:
            root = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu", *root])
            page, wrong = browser.new_page(viewport={"width": 1300, "height": 900}), []
            ours = (address, "data:", "blob:")
            page.on(
                "request", lambda r: None if r.url.startswith(ours) else wrong.append(f"asked for {r.url}")
            )
            page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
            page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            yield page, address, wrong
            browser.close()
        server.shutdown()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_and_moves(site, name):
    page, address, wrong = site
    wrong.clear()
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(address + name)
    for sweep in page.locator(".er-sweep").all():
        slider, image, value = sweep.locator("input"), sweep.locator("img"), sweep.locator("output")
        before = image.get_attribute("src"), value.inner_text()
        slider.focus()
        at_end = slider.input_value() == slider.get_attribute("max")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        assert image.get_attribute("src") != before[0]
        assert value.inner_text() != before[1]
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    if name.startswith("notebooks/") and "quiz(" in page.locator("main").inner_text():
        answers = page.locator(".MCButton")
        assert answers.count() >= 3
        answers.first.click()
        page.get_by_text("Right.").or_(page.get_by_text("No.")).first.wait_for()
    page.set_viewport_size({"width": 420, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("theme", "width"), [("light", 1300), ("dark", NARROW)])
def test_page_is_accessible(site, axe, name, theme, width):
    page, address, _ = site
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(address + name)
    assert page.locator("html").get_attribute("data-theme") == theme
    assert findings(page, axe, "html") == []
    assert still_moving(page.locator("body")) == []
    assert not_reached_by_tab(page.locator("body")) == []
    assert [unnamed(widget) for widget in page.locator(".er-sweep, .Quiz").all() if unnamed(widget)] == []
    texts = page.locator("main img").evaluate_all("all => all.map(image => image.alt)")
    assert all(len(text) > 20 and "No description" not in text for text in texts), texts


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("notebooks/")])
def test_letters_in_figures_stay_readable_on_a_phone(site, name):
    page, address, _ = site
    page.set_viewport_size({"width": 420, "height": 900})
    page.goto(address + name)
    widths = page.locator(".er-frame > :is(img, svg)").evaluate_all(
        "all => all.map(figure => figure.getBoundingClientRect().width)"
    )
    assert all(width >= 600 for width in widths), widths


def test_search_field_is_named_and_reached_by_keyboard(site, axe):
    page, address, _ = site
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(address)
    page.get_by_role("button", name="Search Ctrl + K").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("searchbox")
    playwright_api.expect(field).to_be_focused()
    assert unnamed(page.locator("dialog[open]")) == []
    assert findings(page, axe, "dialog[open]") == []
    page.keyboard.type("ballast")
    page.keyboard.press("Enter")
    page.locator("#search-results li").first.wait_for()


def test_search_finds_a_lesson(site):
    page, address, _ = site
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(address + "search.html?q=ballast")
    page.locator("#search-results li").first.wait_for()

"""One JupyterLab and one browser for all tests here."""

from pathlib import Path

import pytest

from engineroom.kit.places import course_folder
from engineroom.teach.lab_in_browser import BrowserMissing, lab_in_browser

AXE = course_folder() / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def lab():
    """JupyterLab in a browser, with all cells of a notebook on the page.

    It ends with its module: others drive a browser of their own, and Playwright drives one at a time.
    """
    try:
        with lab_in_browser(whole=True) as browser:
            yield browser
    except BrowserMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def axe():
    """The source of axe, Deque's accessibility checker; `make test-browser` brings it from npm."""
    if not AXE.exists():
        pytest.skip("axe-core is not here; bring it with: apt-get install npm; make test-browser")
    return AXE.read_text()


@pytest.fixture(scope="session")
def sheet():
    """A contact sheet of every explorer in build/: shows what the tests saw."""
    from tests.browser.contact_sheet import ContactSheet

    made = ContactSheet(Path(course_folder()) / "build" / "explorers")
    yield made
    made.write()

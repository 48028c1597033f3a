"""One JupyterLab and one browser for all tests here."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from engineroom.kit.places import course_folder
from engineroom.teach.lab_in_browser import BrowserMissing, lab_in_browser

AXE = course_folder() / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def start_lab():
    """Return a function that starts JupyterLab in a browser, as `lab_in_browser` does, or skips without one.

    It ends with its module: others drive a browser of their own, and Playwright drives one at a time.
    """
    with ExitStack() as running:

        def start(**how):
            try:
                return running.enter_context(lab_in_browser(**how))
            except BrowserMissing as missing:
                pytest.skip(str(missing))

        yield start


@pytest.fixture(scope="module")
def lab(start_lab):
    """JupyterLab in a browser, with all cells of a notebook on the page."""
    return start_lab(whole=True)


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

"""One JupyterLab and one browser for all tests here, and what must be there in CI.

On a learner's machine a missing tool skips a test, with the sentence that brings the tool. Where
``ENGINEROOM_REQUIRE`` is set, as in ``.ci/run``, that skip is a failure.
"""

import os
from pathlib import Path

import pytest

from engineroom.kit.places import course_folder
from engineroom.teach.lab_in_browser import BrowserMissing, lab_in_browser

AXE = course_folder() / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def _required(report):
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("ENGINEROOM_REQUIRE"):
        report.outcome = "failed"
        report.longrepr = f"ENGINEROOM_REQUIRE is set, so nothing may be missing here: {report.longrepr[2]}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _required((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _required((yield))


@pytest.fixture(scope="session")
def lab():
    """JupyterLab in a browser, with all cells of a notebook on the page."""
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

"""What many tests need: a course cache of their own, and word of what may not be missing.

On a learner's machine a missing tool skips a test, with the sentence that brings the tool. Where
``ENGINEROOM_REQUIRE`` is set, as in ``.ci/run``, that skip is a failure.
"""

import os

import pytest

from engineroom.kit.places import cache_folder

os.environ["ENGINEROOM_PROGRESS"] = "off"  # tests must not count as somebody's tries

# Google's emulator comes with its Cloud CLI, and from no package index.
MAY_BE_MISSING_ANYWHERE = ("Google's Spanner emulator is not installed", "without its recorded old traces")


def _required(report):
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("ENGINEROOM_REQUIRE"):
        why = str(report.longrepr[2])
        if not any(reason in why for reason in MAY_BE_MISSING_ANYWHERE):
            report.outcome = "failed"
            report.longrepr = f"ENGINEROOM_REQUIRE is set, so nothing may be missing here: {why}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _required((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _required((yield))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache of this test's own, so that what is left behind can be counted; the compiler's is shared."""
    shared = cache_folder("go-build")
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "go-build").symlink_to(shared)
    monkeypatch.setenv("ENGINEROOM_CACHE", str(folder))
    return folder

"""What many tests need: a course cache of their own that shares the compiler's work."""

import os

import pytest

from engineroom.kit.places import cache_folder

os.environ["ENGINEROOM_PROGRESS"] = "off"  # tests must not count as somebody's tries


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache of this test's own, so that what is left behind can be counted; the compiler's is shared."""
    shared = cache_folder("go-build")
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "go-build").symlink_to(shared)
    monkeypatch.setenv("ENGINEROOM_CACHE", str(folder))
    return folder

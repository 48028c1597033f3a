"""The etcd servers that a test starts: whether there can be any, and which there are."""

import shutil
import time

import psutil
import pytest

needs_etcd = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="etcd is not installed: sudo apt-get install etcd-server"
)


def etcds_of(pid=None):
    """Return the etcd servers below a process, by default this very one; not those of other runs."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if child.name() == "etcd":
                found.append(child)
        except psutil.NoSuchProcess:
            pass
    return found


def until(holds, within_s=20):
    """Look again and again until a condition holds."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)

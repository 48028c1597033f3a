"""The quorum explorer in real JupyterLab, beside real etcd: measured, stopped half-way, and ended with its kernel."""

import os
import shutil
import time

import psutil
import pytest

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="etcd is not installed: sudo apt-get install etcd-server"
)


@pytest.fixture(scope="module")
def lab(start_lab):
    lab = start_lab()
    lab.open("spanner/05_leases_and_failover.ipynb")
    lab.run_all()
    return lab


@pytest.fixture
def explorer(lab):
    explorer = lab.explorer("A quorum of three")
    explorer.get_by_role("button", name="Reset").click()
    return explorer


def servers():
    """Return the etcd servers below this very process, those of other runs on the machine not."""
    found = []
    for child in psutil.Process(os.getpid()).children(recursive=True):
        try:
            if child.name() == "etcd":
                found.append(child)
        except psutil.NoSuchProcess:
            pass
    return found


def until(holds, within_s=30):
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def status(explorer):
    return playwright.expect(explorer.get_by_role("status"))


def test_run_for_real_lands_beside_the_model(explorer):
    explorer.get_by_role("button", name="Run for real (etcd)").click()
    status(explorer).to_have_text("measured", timeout=60_000)
    model, real = explorer.locator(".er-summary").inner_text().split(" etcd 3.")
    for part in ("put", "linearizable read", "serializable read", "without a leader"):
        assert part in model
        assert part in real
    until(lambda: not servers())


def test_stop_ends_it_half_way(explorer):
    explorer.get_by_role("button", name="Run for real (etcd)").click()
    until(servers)
    explorer.get_by_role("button", name="Stop", exact=True).click()
    status(explorer).to_have_text("stopped", timeout=20_000)
    until(lambda: not servers())


def test_a_kernel_that_is_shut_down_takes_its_servers_along(lab, explorer):
    explorer.get_by_role("button", name="Run for real (etcd)").click()
    until(lambda: len(servers()) == 3)
    lab.page.get_by_role("menuitem", name="Kernel", exact=True).click()
    lab.page.get_by_text("Shut Down Kernel", exact=True).click()
    until(lambda: not servers())

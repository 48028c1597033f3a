"""The quorum explorer in real JupyterLab, beside real etcd: measured, stopped half-way, and ended with its kernel."""

import pytest
from tests.spanner.etcd_servers import etcds_of, needs_etcd, until

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = needs_etcd


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


def status(explorer):
    return playwright.expect(explorer.get_by_role("status"))


def test_run_for_real_lands_beside_the_model(explorer):
    explorer.get_by_role("button", name="Run for real (etcd)").click()
    status(explorer).to_have_text("measured", timeout=60_000)
    model, real = explorer.locator(".er-summary").inner_text().split(" etcd 3.")
    for part in ("put", "linearizable read", "serializable read", "without a leader"):
        assert part in model
        assert part in real
    until(lambda: not etcds_of(), within_s=30)


def test_stop_ends_it_half_way(explorer):
    explorer.get_by_role("button", name="Run for real (etcd)").click()
    until(etcds_of, within_s=30)
    explorer.get_by_role("button", name="Stop", exact=True).click()
    status(explorer).to_have_text("stopped", timeout=20_000)
    until(lambda: not etcds_of(), within_s=30)


def test_a_kernel_that_is_shut_down_takes_its_servers_along(lab, explorer):
    explorer.get_by_role("button", name="Run for real (etcd)").click()
    until(lambda: len(etcds_of()) == 3, within_s=30)
    lab.page.get_by_role("menuitem", name="Kernel", exact=True).click()
    lab.page.get_by_text("Shut Down Kernel", exact=True).click()
    until(lambda: not etcds_of(), within_s=30)

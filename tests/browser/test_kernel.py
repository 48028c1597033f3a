"""A kernel that is interrupted or restarted leaves no program behind, and its explorers come back."""

import nbformat
import psutil
import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not here; bring it with: make test-browser"
)

from tests.browser.explorers_on_page import explorers_of  # noqa: E402

expect = playwright.expect
PID = "import os\nprint('kernel', os.getpid())"
FOR_EVER = "%load_ext engineroom.golang.magic"
SPIN = """%%go --time 300
func main() {
	for i := 0; ; i++ {
	}
}"""
EXPLORE = "from engineroom.ballast.widgets import explore_heap\n\nexplore_heap()"


@pytest.fixture
def opened(lab, request):
    """A notebook with the cells that a test asks for."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in [PID, *request.param]],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        },
    )
    nbformat.write(notebook, lab.folder / "kernel.ipynb")
    lab.console_errors.clear()
    lab.open("kernel.ipynb")
    yield lab
    lab.close()


def children_of_kernel(lab):
    said = lab.page.locator(".jp-OutputArea-output", has_text="kernel ").first
    said.wait_for(timeout=60_000)
    kernel = psutil.Process(int(said.inner_text().split()[-1]))
    return lambda: kernel.children(recursive=True)


def until(lab, holds, seconds=60):
    """Look again in the browser's own time until a condition holds."""
    for _ in range(seconds * 10):
        if holds():
            return
        lab.page.wait_for_timeout(100)
    pytest.fail(f"still not so after {seconds} s")


@pytest.mark.parametrize("opened", [(FOR_EVER, SPIN)], indirect=True)
def test_interrupt_ends_a_long_run_and_its_programs(opened):
    lab = opened
    lab.start_all()
    children = children_of_kernel(lab)
    until(lab, children)
    programs = children()
    lab.interrupt()
    lab.wait_idle()
    assert psutil.wait_procs(programs, timeout=20)[1] == []
    assert children() == []


@pytest.mark.parametrize("opened", [(EXPLORE,)], indirect=True)
def test_restart_ends_a_real_run_and_the_explorer_comes_back(opened):
    lab = opened
    lab.run_all()
    children = children_of_kernel(lab)
    (explorer,) = explorers_of(lab)
    explorer.root.locator(".er-run").click()
    until(lab, children)
    programs = children()
    lab.restart()
    assert psutil.wait_procs(programs, timeout=20)[1] == []
    lab.run_all()
    (explorer,) = explorers_of(lab)
    assert explorer.move_by_keyboard()
    assert lab.errors_shown() == lab.console_errors == []

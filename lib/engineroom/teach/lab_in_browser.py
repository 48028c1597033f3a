"""JupyterLab in a real browser, driven as a learner would: for browser tests and benchmarks.

Needs PyPI's ``playwright`` and a Chromium of the system; both are optional for learners.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engineroom.kit.children import Server
from engineroom.kit.places import course_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from playwright.sync_api import Locator, Page

__all__ = ["BrowserMissing", "LabInBrowser", "lab_in_browser"]

QUIET = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
PATIENCE_MS = 90_000


class BrowserMissing(RuntimeError):
    """There is no Chromium, or no Playwright to drive it."""


class LabInBrowser:
    """One JupyterLab in one browser window.

    Attributes:
        page: Playwright's page.
        folder: what JupyterLab shows: a copy, to be written to at will.
        console_errors: what the browser's console reported as errors so far.
    """

    def __init__(self, page: Page, folder: Path, address: str, token: str):
        self.page, self.folder, self._address, self._token = page, folder, address, token
        self.console_errors: list[str] = []
        page.on("console", lambda m: self.console_errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))

    def save(self, path: str, notebook: NotebookNode) -> None:
        """Save a notebook in the folder that JupyterLab shows."""
        content = {"type": "notebook", "content": notebook}
        url, headers = f"{self._address}/api/contents/{path}", {"Authorization": f"token {self._token}"}
        answer = self.page.request.put(url, data=content, headers=headers)
        if not answer.ok:
            raise RuntimeError(f"{path} could not be saved: {answer.status} {answer.text()}")

    def open(self, notebook: str) -> None:
        """Open a notebook by its path from ``notebooks/`` and wait until its kernel is idle."""
        self.page.goto(f"{self._address}/lab/tree/{notebook}?token={self._token}&reset")
        self.page.wait_for_selector(".jp-Notebook", timeout=PATIENCE_MS)
        self.wait_idle()

    def wait_idle(self) -> None:
        """Wait until the status bar says that the kernel is idle."""
        self.page.wait_for_function(
            "document.querySelector('#jp-main-statusbar')?.innerText.includes('Idle')", timeout=PATIENCE_MS
        )

    def run_all(self) -> None:
        """Run all cells from the menu and wait until JupyterLab reports that it has run them."""
        self.page.evaluate(
            """() => {
              window.ranAll = false;
              const told = (_, ran) => {
                if (ran.id !== "notebook:run-all-cells") return;
                jupyterapp.commands.commandExecuted.disconnect(told);
                ran.result.finally(() => (window.ranAll = true));
              };
              jupyterapp.commands.commandExecuted.connect(told);
            }"""
        )
        self.start_all()
        self.page.wait_for_function(
            # The command is through as soon as one cell fails, though a cell that may fail lets others run:
            # so every cell must have got its number back, unless one failed that may not.
            """() => {
              const cells = jupyterapp.shell.currentWidget.content.widgets.map(({ model }) => model)
                .filter((model) => model.type === "code" && model.sharedModel.getSource().trim());
              const mayFail = (model) => (model.getMetadata("tags") ?? []).includes("raises-exception");
              const stopped = cells.some((model) => !mayFail(model)
                && model.outputs.toJSON().some((output) => output.output_type === "error"));
              return window.ranAll && (stopped || cells.every((model) => model.executionCount !== null));
            }""",
            timeout=2 * PATIENCE_MS,
        )
        self.wait_idle()

    def start_all(self) -> None:
        """Run all cells from the menu, without waiting."""
        self._choose("Run", "Run All Cells")

    def interrupt(self) -> None:
        """Interrupt the kernel from the menu, as a learner does who has waited long enough."""
        self._choose("Kernel", "Interrupt Kernel")

    def restart(self) -> None:
        """Restart the kernel from the menu, and wait until it is idle."""
        self._choose("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_function(
            "document.querySelector('#jp-main-statusbar')?.innerText.match(/Restarting|Starting|Unknown/)",
            timeout=PATIENCE_MS,
        )
        self.wait_idle()

    def cells(self) -> list[dict[str, Any]]:
        """Return the cells as they stand on the page: type, source, tags, count, errors, warnings."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets.map(({ model }) => ({
              type: model.type,
              source: model.sharedModel.getSource(),
              tags: model.getMetadata("tags") ?? [],
              count: model.executionCount ?? null,
              errors: (model.outputs?.toJSON() ?? [])
                .filter((output) => output.output_type === "error")
                .map((output) => `${output.ename}: ${output.evalue}`),
              warnings: (model.outputs?.toJSON() ?? [])
                .filter((output) => output.output_type === "stream" && output.name === "stderr")
                .map((output) => [output.text].flat().join("")),
            }))"""
        )

    def close(self) -> None:
        """Leave the notebook and end its kernel, with all that the kernel runs."""
        kernels = f"{self._address}/api/kernels"
        ours = {"headers": {"Authorization": f"token {self._token}"}}
        self.page.goto("about:blank")
        for kernel in self.page.request.get(kernels, **ours).json():
            self.page.request.delete(f"{kernels}/{kernel['id']}", **ours)

    def _choose(self, menu: str, entry: str) -> None:
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()

    def explorer(self, title: str) -> Locator:
        """Return an explorer that shows its figure, scrolled into view."""
        found = self.page.locator(f".er-explorer[aria-label='{title}']")
        found.wait_for(timeout=PATIENCE_MS)
        found.scroll_into_view_if_needed()
        found.locator("img[src]").wait_for(timeout=PATIENCE_MS)
        return found

    def errors_shown(self) -> list[str]:
        """Return the texts of all error outputs on the page."""
        return self.page.locator(
            ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"
        ).all_inner_texts()


@contextmanager
def lab_in_browser(
    *, width: int = 1400, height: int = 1000, teach: bool = False, whole: bool = False
) -> Iterator[LabInBrowser]:
    """Start JupyterLab as ``make lab`` does, on a copy of the notebooks, and open a browser window.

    With `teach` it starts as ``make lab TEACH=1`` does, on a folder with ``notebooks`` and ``assignments``.
    With `whole` the page holds all of a notebook; otherwise JupyterLab takes out what is out of sight.

    Raises:
        BrowserMissing: with the commands that bring what is missing.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        raise BrowserMissing(
            "Browser tests need Chromium and Playwright; bring them with: "
            "apt-get install chromium; .venv/bin/python -m pip install playwright"
        )
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="engineroom-lab-") as copy, sync_playwright() as playwright:
        for folder in ("notebooks", "assignments") if teach else ():
            shutil.copytree(course_folder() / folder, Path(copy) / folder)
        if not teach:
            shutil.copytree(course_folder() / "notebooks", copy, dirs_exist_ok=True)
        if whole:
            settings = (
                Path(copy) / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
            )
            settings.mkdir(parents=True)
            (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
        with _lab_server(Path(copy), token, teach) as address:
            root = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *root])
            try:
                page = browser.new_page(viewport={"width": width, "height": height})
                yield LabInBrowser(page, Path(copy), address, token)
            finally:
                browser.close()


@contextmanager
def _lab_server(folder: Path, token: str, teach: bool) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    flags = [f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    root = ["--allow-root"] if os.geteuid() == 0 else []
    flags.append("--LabApp.expose_app_in_browser=True")  # so that we can ask it when it has run all cells
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", *flags, *root]
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"), "ENGINEROOM_PROGRESS": "off"}
    with Server(command, env=env | (_teaching(folder) if teach else {})) as server:
        server.wait_until(lambda: _answers(f"{address}/api?token={token}"), within_s=60)
        yield address


def _teaching(folder: Path) -> dict[str, str]:
    return {
        "ENGINEROOM_CLASSROOM": str(folder),
        "JUPYTER_CONFIG_PATH": str(Path(__file__).parent / "lab"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # nbgrader calls alembic
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False

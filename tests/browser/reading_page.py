"""A notebook as nbconvert turns it into a page for readers without Jupyter."""

from pathlib import Path

from nbconvert import HTMLExporter
from playwright.sync_api import Page


def open_page(page: Page, notebook, path: Path) -> None:
    """Convert a notebook with its outputs and open it, without any network."""
    body, _ = HTMLExporter().from_notebook_node(notebook)
    path.write_text(body)
    page.route(
        "http*://**",
        lambda route: route.abort() if "127.0.0.1" not in route.request.url else route.continue_(),
    )
    page.goto(path.as_uri(), wait_until="domcontentloaded")

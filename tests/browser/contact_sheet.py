"""Screenshots of every explorer on one page, by notebook, for people to look at."""

import html
import shutil
from pathlib import Path


class ContactSheet:
    """A folder of screenshots and the page that shows them.

    Args:
        folder: emptied first.
    """

    def __init__(self, folder: Path):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._shots: list[tuple[str, str, str]] = []

    def add(self, notebook: str, explorer, moment: str) -> None:
        """Take a screenshot of an explorer at a moment such as "measured"."""
        stem = notebook.removesuffix(".ipynb").replace("/", "-")
        name = f"{stem}-{len(self._shots):03}.png"
        page, usual = explorer.root.page, explorer.root.page.viewport_size
        page.set_viewport_size({**usual, "height": 2000})  # all of it above JupyterLab's status bar
        explorer.root.screenshot(path=self._folder / name, animations="disabled")
        page.set_viewport_size(usual)
        self._shots.append((notebook, f"{explorer.title}, {moment}", name))

    def write(self) -> None:
        """Write ``index.html``."""
        shown = [
            f"<figure><img src='{name}' alt='{html.escape(said, quote=True)}'>"
            f"<figcaption>{html.escape(f'{notebook}: {said}')}</figcaption></figure>"
            for notebook, said, name in sorted(self._shots)
        ]
        style = "body{display:flex;flex-wrap:wrap;gap:12px;font:14px sans-serif}img{max-width:680px}figure{margin:0}"
        page = f"<!doctype html><html lang='en'><title>Every explorer</title><style>{style}</style>{''.join(shown)}"
        (self._folder / "index.html").write_text(page)

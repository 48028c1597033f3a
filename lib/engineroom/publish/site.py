"""Builds the reading copy: a static site of the stored notebooks and the docs, made by Sphinx and MyST-NB.

Nothing is run but the explorers' models, which draw a strip of pictures for one knob each.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from engineroom.course_map import THEMES
from engineroom.kit.places import course_folder
from engineroom.publish.link_check import problems
from engineroom.publish.sweeps import add_sweeps

__all__ = ["LOCAL_LAB", "build_site"]

LOCAL_LAB = "http://127.0.0.1:8888/lab/tree/"
DOCS = {
    "For reference": ("glossary", "misconceptions", "fidelity", "benchmarks"),
    "Behind the course": ("instructors", "hosting", "design", "contributing"),
}
NOT_PAGES = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")


def build_site(to: Path, launch: str = LOCAL_LAB) -> list[str]:
    """Build the site into a folder and check its links.

    Args:
        to: folder for the result; ``html/`` in it is the site.
        launch: what a notebook's path is appended to, to open it for running: a JupyterLab of this
            machine, or the beginning of a Binder or nbgitpuller link.

    Returns:
        what is wrong with links and resources, one line each; empty when all is well.

    Raises:
        ModuleNotFoundError: without the packages of the extra ``site``.
        RuntimeError: when Sphinx fails or warns.
    """
    from sphinx.cmd.build import build_main

    source, html = to / "source", to / "html"
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
    stage(source, launch)
    configured = ["-c", str(course_folder() / "docs" / "site"), "-d", str(to / "doctrees"), "-E"]
    if build_main(["-b", "html", "-q", "-W", "--keep-going", *configured, str(source), str(html)]):
        raise RuntimeError("Sphinx reported problems: see above.")
    shutil.copytree(source / "sweeps", html / "sweeps")
    return problems(html)


def stage(source: Path, launch: str) -> None:
    """Lay out what Sphinx reads: README as the front page, docs, data, and the notebooks."""
    course = course_folder()
    for folder in ("docs", "data"):
        shutil.copytree(course / folder, source / folder, ignore=NOT_PAGES)
    shutil.rmtree(source / "docs" / "site")
    for name in ("LICENSE", "environment.yml"):
        shutil.copy(course / name, source / name)
    for path in sorted((course / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            page = path.relative_to(course)
            (source / page).parent.mkdir(parents=True, exist_ok=True)
            notebook = nbformat.read(path, as_version=4)
            nbformat.write(_readable(notebook, page, launch, source), source / page)
    front = (course / "README.md").read_text(encoding="utf-8") + _contents(source)
    (source / "index.md").write_text(front, encoding="utf-8")


def _readable(notebook: NotebookNode, page: Path, launch: str, source: Path) -> NotebookNode:
    """Add a link that opens the notebook for running, let explorers move, let links lead to pages."""
    notebook.metadata.language_info["pygments_lexer"] = "coursecell"  # see docs/site/conf.py
    add_sweeps(notebook, page, source / "sweeps")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if shown := output.get("data", {}).get("text/html"):
                output.data["text/html"] = re.sub(r"(href='[\w/.-]+)\.ipynb'", r"\1.html'", shown)
    text = f"*You are reading a stored run.* [Open this notebook in JupyterLab]({launch}{page.as_posix()})"
    if launch == LOCAL_LAB:
        text += " (works while `make lab` is running on this machine)"
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text + ".", id="open-in-lab"))
    return notebook


def _contents(source: Path) -> str:
    """Return the tables of contents that make the navigation."""
    parts = [_tree("Start", ["Start here <notebooks/start_here>"])]
    for theme, (name, _) in THEMES.items():
        lessons = sorted(path.stem for path in (source / "notebooks" / theme).glob("[0-9]*.ipynb"))
        parts.append(_tree(name, [f"notebooks/{theme}/{stem}" for stem in [*lessons, "exercises"]]))
    for caption, names in DOCS.items():
        parts.append(_tree(caption, [f"docs/{n}" for n in names if (source / "docs" / f"{n}.md").exists()]))
    parts.append(_tree("Data cards", [f"data/{theme}/README" for theme in THEMES]))
    return "\n".join(parts)


def _tree(caption: str, pages: list[str]) -> str:
    return "\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""])

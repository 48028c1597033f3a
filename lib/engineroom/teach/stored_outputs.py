"""Notebooks carry their outputs: this module stores them and finds those that can't be trusted.

nbval re-runs every notebook and compares each text, table and figure with what is stored. What it
would let pass (a stripped notebook, cells stored out of order, a skipped cell) `complaints` refuses.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

__all__ = ["complaints", "renderer", "store_outputs"]

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
CELL_TIMEOUT_S = 120
MAY_IGNORE = re.compile(r"\bexplore_\w+\(|\bexamine\(\)|\bmy_progress\(\)|\bquiz\(")


def renderer() -> str:
    """Name what figures are drawn with: equal names draw equal pixels."""
    import matplotlib as mpl
    from matplotlib import ft2font

    machine = f"{platform.system()} {platform.machine()}".lower()
    return f"matplotlib {mpl.__version__}, freetype {ft2font.__freetype_version__}, {machine}"


def store_outputs(path: Path) -> None:
    """Run a notebook from top to bottom and store its outputs in it, as readers and nbval need them.

    Raises:
        nbclient.exceptions.CellExecutionError: when a cell fails that isn't tagged ``raises-exception``.
    """
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["kernelspec"] = KERNEL
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.execute(env={**os.environ, "ENGINEROOM_PROGRESS": "off"})  # nobody's tries
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # without a kernel it would show as an error
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "engineroom": {**notebook.metadata.get("engineroom", {}), "renderer": renderer()},
    }
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def complaints(path: Path) -> list[str]:
    """Return what makes a stored notebook untrustworthy, one sentence each; empty when it is sound."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        return [f"it is not a readable notebook ({str(error).splitlines()[0]})"]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    found = [] if cells else ["it has no code cell"]
    if "engineroom" not in notebook.metadata:
        found.append("its outputs were not stored by: engineroom store")
    if "widgets" in notebook.metadata:
        found.append("it carries the state of widgets, which is stale as soon as it is stored")
    counts = [cell.execution_count for cell in cells]
    if counts != list(range(1, len(cells) + 1)):
        found.append(f"its cells were not run once from top to bottom (execution counts {counts})")
    for number, cell in enumerate(cells, 1):
        found += [f"cell {number} {problem}" for problem in _cell_complaints(cell)]
    return found


def _cell_complaints(cell: NotebookNode) -> list[str]:
    tags = set(cell.metadata.get("tags", []))
    found = []
    if any(tag.startswith("nbval-skip") for tag in tags) or "# NBVAL_" in cell.source:
        found.append("is skipped by nbval")
    if re.search(r";\s*$", cell.source) and not cell.source.startswith("%%go"):
        found.append("ends in a semicolon, which hides its output")
    if "nbval-ignore-output" in tags and not (MAY_IGNORE.search(cell.source) or "live-timing" in tags):
        found.append("has its output ignored, though it shows neither a widget nor a live timing")
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and "raises-exception" not in tags:
        found.append(f"stores an error ({errors[0].ename})")
    if "raises-exception" in tags and not errors:
        found.append("is said to raise an exception, but stores none")
    for output in cell.outputs:
        found += _output_complaints(output)
    return found


def _output_complaints(output: NotebookNode) -> list[str]:
    data = output.get("data", {})
    page = "".join(data.get("text/html", ""))
    found = []
    if WIDGET in data:
        found.append("stores a live widget, which shows as an error without its kernel")
    if {"image/png", "image/svg+xml", "image/jpeg"} & set(data):
        found.append("stores an image without alt text: show figures as a Picture")
    if any(not re.search(r' alt="[^"]{21,}"', image) for image in re.findall(r"<img[^>]*>", page)):
        found.append("shows an image without alt text of more than 20 characters")
    return found

"""Lets explorers move without a kernel: one knob goes through its range, drawn when the site is built."""

from __future__ import annotations

import ast
import html
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from engineroom.kit.explorer import Explorer
from engineroom.kit.figures import framed_html
from engineroom.kit.knobs import Number

__all__ = ["add_sweeps"]

FRAMES, FEWEST = 13, 6
PAGE = """\
<div class="er-sweep" role="group" aria-label="{title}: one knob">
<p><strong>{title}</strong></p>
<p><label>{label} <input type="range" min="0" max="{last}" step="1" value="{start}"></label>
<output>{value}</output></p>
{figure}
<p class="er-summary">{summary}</p>
<p><small>{count} pictures, drawn when this page was made. In JupyterLab all knobs move.</small></p>
<script type="application/json">{frames}</script>
</div>"""


def add_sweeps(notebook: NotebookNode, page: Path, to: Path) -> int:
    """Put a slider in place of the stored figure of explorers that can be made without running the lesson.

    Those are the explorers of ``kit`` whose call has only literal arguments; others keep their figure.

    Args:
        notebook: is changed in place.
        page: its path from the root of the site.
        to: folder for the pictures, beside ``page``'s root.

    Returns:
        how many explorers move.
    """
    makers: dict[str, Any] = {}
    moving = 0
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or cell.source.startswith("%%"):
            continue
        code = [line for line in cell.source.splitlines() if not line.startswith(("%", "!"))]
        tree = ast.parse("\n".join(code))
        makers |= _imported(tree)
        for explorer in _made(tree, makers):
            shown = [
                o for o in cell.outputs if explorer.spec["title"] in o.get("data", {}).get("text/html", "")
            ]
            frames = list(_frames(explorer)) if shown else []
            if len(frames) >= FEWEST:
                up = "../" * len(page.parent.parts)
                name = f"{'-'.join(page.with_suffix('').parts[1:])}-{number}"
                shown[0].data["text/html"] = _slider(explorer, frames, to, f"{up}{to.name}/", name)
                moving += 1
    return moving


def _imported(tree: ast.Module) -> dict[str, Any]:
    """Return the explorers that a cell imports, by the name that it gives them."""
    return {
        name.asname or name.name: getattr(import_module(node.module), name.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engineroom.")
        for name in node.names
        if name.name.startswith("explore_")
    }


def _made(tree: ast.Module, makers: Mapping[str, Any]) -> Iterator[Explorer]:
    """Yield what a cell's calls of explorers make, where their arguments are literals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
            try:
                positional = [ast.literal_eval(value) for value in node.args]
                named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
            except ValueError:
                continue  # it takes something that the lesson made
            if None in named:
                continue  # a ** of something
            made = makers[node.func.id](*positional, **named)
            if isinstance(made, Explorer):
                yield made


def _frames(explorer: Explorer) -> Iterator[dict[str, Any]]:
    """Yield the pictures of the first knob that has enough of them; the others stay as the lesson starts."""
    declared, reset = explorer.knobs.declared(), explorer.spec["presets"]["Reset"]
    for name in explorer.spec["knobs"]:
        knob, frames = declared[name], {}
        if not isinstance(knob, Number):
            continue
        for value in _positions(knob, reset[name]):
            explorer.turn(**{**reset, name: value})
            if not explorer.answer["errors"]:
                told = {"label": knob.label, "value": knob.with_unit(value), "start": value == reset[name]}
                frames[explorer.figure.png()] = told | {"summary": explorer.answer["summary"]}
        if len(frames) >= FEWEST:
            yield from ({**told, "png": png} for png, told in frames.items())
            return


def _positions(knob: Number, start: float) -> list[float]:
    """Return settings over a knob's range, evenly spaced as on its slider, the starting one among them."""
    low = max(knob.low, knob.step) if knob.log else knob.low
    parts = [i / (FRAMES - 2) for i in range(FRAMES - 1)]
    spread = [low * (knob.high / low) ** p if knob.log else low + (knob.high - low) * p for p in parts]
    snapped = {knob.low + round((value - knob.low) / knob.step) * knob.step for value in spread}
    values = {min(knob.high, int(v) if knob.whole else float(f"{v:.6g}")) for v in snapped}
    return sorted(values | {start})


def _slider(explorer: Explorer, frames: list[dict[str, Any]], to: Path, there: str, name: str) -> str:
    to.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames):
        (to / f"{name}-{number}.png").write_bytes(frame.pop("png"))
        frame["src"] = f"{there}{name}-{number}.png"
        frame["alt"] = f"{explorer.spec['title']} with {frame['label']} {frame['value']}; described below."
    start = next((number for number, frame in enumerate(frames) if frame["start"]), 0)
    data = [{key: frame[key] for key in ("src", "alt", "value", "summary")} for frame in frames]
    told = {
        key: html.escape(str(value), quote=True) for key, value in frames[start].items() if key != "start"
    }
    return PAGE.format(
        **told,
        title=html.escape(explorer.spec["title"], quote=True),
        figure=framed_html(frames[start]["src"], frames[start]["alt"], explorer.spec["width"]),
        start=start,
        last=len(frames) - 1,
        count=len(frames),
        frames=json.dumps(data).replace("</", "<\\/"),
    )

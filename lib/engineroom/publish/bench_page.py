"""Makes one page of what benchmarks told: a table each, the ratios as a picture, README's summary."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from engineroom.golang import find_go
from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.places import course_folder
from engineroom.kit.style import COLOURS
from engineroom.publish.bench_rows import Measured

__all__ = ["Ended", "write_page"]

BEGIN, END = "<!-- benchmarks: written by `make bench` -->", "<!-- /benchmarks -->"
PACKAGES = ("jupyterlab", "numpy", "pandas", "matplotlib", "simpy", "ministack", "nbgrader", "jupyterhub")
PAINTED = "painted, p50"  # what the slider's end-to-end rows end in, and the second panel shows
HEAD = """\
# How fast is it?

`make bench` measures all this on one machine in one go and writes this page. A time says little, for machines
differ and are busy; a **ratio** of two figures from the same run says more. Above 1, ours is faster.

- **When:** {today}, load {load:.1f} as it began
- **Machine:** {machine}
- **Versions:** {versions}
"""


@dataclass(frozen=True)
class Ended:
    """How one benchmark ended: its name, its seconds, what went wrong (if anything did), what it printed."""

    name: str
    seconds: float
    problem: str
    printed: str = ""


def write_page(
    page: Path, rows: Sequence[Measured], ended: Sequence[Ended], load: float, *, summarise: bool
) -> None:
    """Write the page, the picture beside it, and with `summarise` README's summary too.

    Args:
        page: path of the Markdown file.
        rows: what the benchmarks told.
        ended: how each ended, in the order in which they ran.
        load: the machine's load average before the first one.
        summarise: whether README.md is to show the headlines of this run.
    """
    today = str(datetime.date.today())
    parts = [HEAD.format(today=today, load=load, machine=_machine(), versions=_versions())]
    if picture := _picture(rows):
        page.with_suffix(".png").write_bytes(picture.png())
        parts.append(f"\n![{picture.alt}]({page.stem}.png)\n")
    for one in ended:
        mine = [row for row in rows if row.bench == one.name]
        parts.append(f"\n## {one.name.replace('_', ' ')}\n\n")
        parts.append(f"`python benchmarks/bench_{one.name}.py`, {one.seconds:.0f} s.")
        parts.append(f" **It {one.problem}.**\n" if one.problem else "\n")
        parts += [f"\nSkipped: {row.what}: {row.why}\n" for row in mine if row.ours is None]
        parts.append(_table([row for row in mine if row.ours is not None]))
        if not mine and one.printed:
            parts.append(f"\n```text\n{one.printed.strip()}\n```\n")
    page.write_text("".join(parts), encoding="utf-8")
    if summarise:
        readme = course_folder() / "README.md"
        before, mark, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        if mark:
            told = _summary(rows, today)
            readme.write_text(before + told + rest.partition(END)[2], encoding="utf-8")


def _table(rows: Sequence[Measured]) -> str:
    if not rows:
        return ""
    lines = ["", "| what | ours | compared with | theirs | ratio |", "|---|---|---|---|---|"]
    for row in rows:
        theirs = "" if row.theirs is None else figure_text(row.theirs, row.unit)
        ours = figure_text(row.ours, row.unit)
        lines.append(f"| {row.what} | {ours} | {row.peer} | {theirs} | {_ratio_text(row)} |")
    return "\n".join(lines) + "\n"


def figure_text(value: float, unit: str) -> str:
    """Write a figure in three digits with its unit."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f} {unit}"
    return f"{value:.3g} {unit}"


def _ratio_text(row: Measured) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2g} ×" if row.ratio < 100 else f"{row.ratio:,.0f} ×"


def _summary(rows: Sequence[Measured], today: str) -> str:
    shown = [row for row in rows if row.headline and row.ours is not None]
    lines = [BEGIN, f"Measured on {today} ({_machine()}); [all figures](docs/benchmarks.md).", ""]
    lines += ["| what | ours | compared with | ratio |", "|---|---|---|---|"]
    for row in shown:
        peer = "" if row.theirs is None else f"{row.peer}: {figure_text(row.theirs, row.unit)}"
        lines.append(f"| {row.what} | {figure_text(row.ours, row.unit)} | {peer} | {_ratio_text(row)} |")
    return "\n".join([*lines, END])


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(": ")[2] if names else model
    gib = psutil.virtual_memory().total / 2**30
    return f"{len(os.sched_getaffinity(0))} processors, {model}, {gib:.0f} GiB, {platform.system()}"


def _versions() -> str:
    found = {dist.metadata["Name"].lower(): dist.version for dist in importlib.metadata.distributions()}
    told = [f"Python {platform.python_version()}", f"Go {find_go().version}"]
    return ", ".join([*told, *(f"{name} {found[name]}" for name in PACKAGES if name in found)])


def _picture(rows: Sequence[Measured]) -> Picture | None:
    """Draw the ratios on a logarithmic axis, and slider to painted picture of each explorer."""
    compared = [row for row in rows if row.ratio is not None and row.ratio > 0]
    painted = [row for row in rows if row.what.endswith(PAINTED) and row.ours is not None]
    if not compared:
        return None
    tall = max(len(compared), len(painted))
    figure = new_figure(12.0 if painted else 8.0, 1.0 + 0.24 * tall)
    left, *right = figure.subplots(1, 2 if painted else 1, squeeze=False)[0]
    ratios = [row.ratio for row in compared]
    left.axvline(1, color=COLOURS["ink"], linewidth=1)
    colours = [COLOURS["model"] if ratio >= 1 else COLOURS["real"] for ratio in ratios]
    for at, (ratio, colour) in enumerate(zip(ratios, colours, strict=True)):
        left.plot([1, ratio], [at, at], color=colour)
        left.plot(ratio, at, "o" if ratio >= 1 else "s", color=colour)
    left.set_xscale("log")
    left.set_yticks(range(len(compared)), [f"{row.what} : {row.peer}"[:60] for row in compared], fontsize=7)
    left.set_ylim(tall - 0.5, -0.5)
    left.set_title("Times as fast as the peer")
    for axes in right:
        names = [row.what.removesuffix(f", {PAINTED}") for row in painted]
        axes.plot([row.ours for row in painted], range(len(painted)), "o", color=COLOURS["model"])
        axes.axvline(100, color=COLOURS["ink"], linewidth=1)
        axes.set_yticks(range(len(painted)), names, fontsize=7)
        axes.set_ylim(tall - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_title("Slider to painted picture, p50, ms")
    return Picture(figure, _alt(compared, painted))


def _alt(compared: Sequence[Measured], painted: Sequence[Measured]) -> str:
    faster = sum(row.ratio > 1 for row in compared)
    best = max(compared, key=lambda row: row.ratio)
    worst = min(compared, key=lambda row: row.ratio)
    text = (
        f"{len(compared)} comparisons on a logarithmic axis: ours is faster in {faster}, from "
        f"{_ratio_text(worst)} ({worst.what} against {worst.peer}) "
        f"to {_ratio_text(best)} ({best.what} against {best.peer})."
    )
    if painted:
        slowest = max(painted, key=lambda row: row.ours)
        soon = sum(row.ours <= 100 for row in painted)
        text += (
            f" From slider to painted picture {soon} of {len(painted)} explorers need at most 100 ms at the "
            f"median; the slowest is {slowest.what.removesuffix(f', {PAINTED}')} with {slowest.ours:.0f} ms."
        )
    return text

"""Writes the fidelity report: docs/fidelity.md, its picture, and the summary in README.md."""

from __future__ import annotations

import datetime
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.places import course_folder
from engineroom.kit.style import COLOURS
from engineroom.publish.fidelity import all_rows
from engineroom.publish.fidelity_row import Row

__all__ = ["stale", "write_report"]

BEGIN, END = "<!-- fidelity: written by `engineroom fidelity` -->", "<!-- /fidelity -->"
THEMES = {
    "ballast": "The Go heap and its ballast",
    "concurrency": "Go concurrency",
    "tracing": "Go execution tracing",
    "dynamodb": "DynamoDB single-table design",
    "spanner": "Inside Spanner",
}
HEAD = """\
# How far can the models be trusted?

Every model of the course is compared with the real thing or with published figures. `make fidelity` makes all
comparisons anew and writes this page; a test fails when the page and a fresh comparison disagree.

*Largest* is the worst case of the grid, *promise* what the tests hold it to. *Textbook* is the largest
error of the formula that one finds in articles, on the same grid. Where there is no promise, the figure is
shown so that you know how wrong the model may be.

![{alt}](fidelity.png)

Computed on {today}. *Since* is the day on which a recording last changed.
"""
OFF = "at most {largest} off"
README_ROWS = (  # what a row is called in README, how the report's own row begins, compared with, result
    (
        "Go's GC pacer: heap goal",
        "stop the world: heap goal",
        "{grid} real Go programs, world stopped to mark",
        OFF + " (textbook: {textbook})",
    ),
    (
        "Go's GC pacer: bytes per cycle",
        "stop the world: bytes per cycle",
        "the same",
        OFF + " (textbook: {textbook})",
    ),
    (
        "Go's GC pacer: trigger, one cycle ahead",
        "one step ahead: trigger",
        "{grid} cycles of gcpacertrace",
        OFF,
    ),
    (
        "Go's GC pacer, concurrent: a run's mean",
        "throttled: bytes per cycle",
        "{grid} throttled programs",
        "{promise}",
    ),
    (
        "Go's GC pacer, concurrent: single cycles",
        "flat out: bytes of one cycle",
        "{grid} cycles at full speed",
        "{promise}",
    ),
    ("virtual memory of a ballast", "virtual memory: resident", "{grid} slices, touched or not", OFF),
    (
        "errgroup, semaphore, singleflight",
        "errgroup",
        "{grid:,} random programs in real Go on virtual time",
        "{largest}",
    ),
    (
        "tables read from a Go trace",
        "tables read",
        "the toolchain's own printed reader, {grid} recorded traces",
        "{largest}",
    ),
    ("DynamoDB units", "capacity units", "a second oracle, {grid:,} random operations", "{largest}"),
    (
        "Spanner, two-phase commit",
        "two-phase commit",
        "table 4 of the OSDI paper",
        "off by {typical}, with one constant fitted to that table",
    ),
    (
        "Spanner, one write",
        "one write, commit wait beside",
        "table 3 of the OSDI paper",
        "off by {typical} in the nearer of two readings; the lesson says why",
    ),
)


def write_report() -> Path:
    """Compare everything and write docs/fidelity.md, docs/fidelity.png and README's summary.

    Returns:
        the path of the page.
    """
    rows, course = all_rows(), course_folder()
    picture = _picture(rows)
    page = course / "docs" / "fidelity.md"
    page.write_text(_page(rows, picture.alt), encoding="utf-8")
    page.with_suffix(".png").write_bytes(picture.png())
    readme = course / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    readme.write_text(before + _summary(rows) + rest.partition(END)[2], encoding="utf-8")
    return page


def stale(course: Path) -> list[str]:
    """Return, as lines, what the committed report of a checkout says otherwise than a fresh comparison.

    Dates are not compared.
    """
    rows = all_rows()
    committed = (course / "docs" / "fidelity.md").read_text(encoding="utf-8")
    readme = (course / "README.md").read_text(encoding="utf-8")
    stored = BEGIN + readme.partition(BEGIN)[2].partition(END)[0] + END
    fresh = [*_dateless(_page(rows, _alt(_shown(rows)))), *_dateless(_summary(rows))]
    there = {*_dateless(committed), *_dateless(stored)}
    return [line for line in fresh if line not in there]


def _dateless(text: str) -> list[str]:
    return re.sub(r"\d{4}-\d\d-\d\d", "DATE", text).splitlines()


def _page(rows: Sequence[Row], alt: str) -> str:
    parts = [HEAD.format(alt=alt, today=datetime.date.today())]
    for theme, title in THEMES.items():
        parts.append(
            f"\n## {title}\n\n"
            "| predicted | compared with | grid | typical | largest | promise | textbook | data, since |\n"
            "|---|---|---|---|---|---|---|---|\n"
        )
        parts += [_line(row) for row in rows if row.theme == theme]
    return "".join(parts)


def _line(row: Row) -> str:
    link, since = "made on the spot", str(datetime.date.today())
    if row.data:
        file = row.data if Path(row.data).suffix else f"{row.data}/README.md"
        link, since = f"[{Path(row.data).name}](../{file})", _last_changed(row.data)
    figures = (f"{row.grid:,}", row.typical, row.largest, row.promise, row.textbook or "–")
    return f"| {' | '.join([row.model, row.real, *figures, f'{link}, {since}'])} |\n"


def _last_changed(path: str) -> str:
    """Return the day of the last commit that touched a path, or that of the file where git doesn't know."""
    course = course_folder()
    if git := shutil.which("git"):
        asked = [git, "-C", course, "log", "-1", "--format=%cs", "--", path]
        if day := subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip():
            return day
    return str(datetime.date.fromtimestamp((course / path).stat().st_mtime))


def _summary(rows: Sequence[Row]) -> str:
    lines = [BEGIN, "| model | compared with | result |", "|---|---|---|"]
    for title, start, real, result in README_ROWS:
        row = next(row for row in rows if row.model.startswith(start))
        lines.append(f"| {title} | {real.format(**vars(row))} | {result.format(**vars(row))} |")
    return "\n".join([*lines, END])


def _shown(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.share > 1e-6]


def _alt(shown: Sequence[Row]) -> str:
    best, worst = min(shown, key=lambda row: row.share), max(shown, key=lambda row: row.share)
    gains = [row.textbook_share / row.share for row in shown if not math.isnan(row.textbook_share)]
    return (
        "Typical error of each model as a share of what it predicts, on a logarithmic axis: from "
        f"{100 * best.share:.2g} % ({best.model}) to {100 * worst.share:.2g} % ({worst.model}). "
        f"Where a textbook has a formula, its error is {min(gains):.1f} to {max(gains):.0f} times as large. "
        "The tables below have every figure."
    )


def _picture(rows: Sequence[Row]) -> Picture:
    """Draw typical errors as shares: the course's model in blue, the textbook in grey squares."""
    shown = _shown(rows)
    ours, theirs = [row.share for row in shown], [row.textbook_share for row in shown]
    figure = new_figure(9.0, 0.5 + 0.32 * len(shown))
    axes = figure.subplots()
    height = range(len(shown))
    axes.hlines(height, ours, theirs, color=COLOURS["grid"])
    axes.plot(theirs, height, "s", color=COLOURS["quiet"], label="textbook, or nothing fitted")
    axes.plot(ours, height, "o", color=COLOURS["model"], label="the course's model")
    axes.set_xscale("log")
    ticks = {f"{10.0**power:g} %": 10.0 ** (power - 2) for power in range(-3, 3)}
    axes.set_xticks([*ticks.values()], [*ticks])
    axes.set_yticks(height, [f"{row.theme}: {row.model.partition(', 0')[0]}" for row in shown], fontsize=9)
    axes.invert_yaxis()
    axes.set_title("Typical error, as a share of the predicted value")
    axes.legend(loc="lower left")
    return Picture(figure, _alt(shown))

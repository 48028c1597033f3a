"""Runs all benchmarks one after the other and writes what they measured as one table and one picture."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from engineroom.kit.children import Limits, run_child
from engineroom.kit.places import course_folder
from engineroom.publish.bench_page import Ended, write_page
from engineroom.publish.bench_rows import QUICK, ROWS, read_rows

__all__ = ["run_benchmarks"]

TOTAL_S, EACH_S = 25 * 60, 10 * 60
# Arguments that keep a benchmark short, for trying whether all of them work.
SMALL = {
    "spanner_model": ["1000"],
    "tracing_reader": ["1"],
    "tracing_viewer": ["10000"],
    "hub": ["1"],
}


def run_benchmarks(only: Sequence[str] = (), *, quick: bool = False) -> tuple[Path, list[Ended]]:
    """Run ``benchmarks/bench_*.py``, each in a process of its own, and write the page.

    A benchmark that fails or takes longer than ten minutes is named, and the rest goes on; after 25 minutes
    no further one is begun. A complete run writes ``docs/benchmarks.md``, its picture and README's summary; a
    quick or partial one writes ``build/benchmarks.md``, since its figures mean little.

    Args:
        only: names without ``bench_``, or parts of them; all when empty.
        quick: small counts, to see whether everything works.

    Returns:
        the page, and how each benchmark ended.
    """
    course = course_folder()
    scripts = sorted((course / "benchmarks").glob("bench_*.py"))
    chosen = [s for s in scripts if not only or any(part in s.stem for part in only)]
    if not chosen:
        raise ValueError(f"There is no benchmark named {', '.join(only)}; see benchmarks/.")
    ended, deadline = [], time.monotonic() + TOTAL_S
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="engineroom-bench-") as folder:
        told = Path(folder) / "rows.jsonl"
        for script in chosen:
            name = script.stem.removeprefix("bench_")
            left = deadline - time.monotonic()
            ended.append(_run(script, told, min(EACH_S, left), SMALL.get(name, []) if quick else [], quick))
        page = course / ("build" if quick or only else "docs") / "benchmarks.md"
        page.parent.mkdir(exist_ok=True)
        write_page(page, read_rows(told), ended, load, summarise=not (quick or only))
    return page, ended


def _run(script: Path, told: Path, limit_s: float, arguments: list[str], quick: bool) -> Ended:
    name = script.stem.removeprefix("bench_")
    print(f"\n== {name}", flush=True)
    if limit_s <= 0:
        return Ended(name, 0.0, "not begun: the 25 minutes were over")
    env = {**os.environ, "PYTHONUNBUFFERED": "1", ROWS: str(told), **({QUICK: "1"} if quick else {})}
    limits = Limits(time_s=limit_s, memory_mb=16_000, output_mb=64)
    done = run_child([sys.executable, script, *arguments], env=env, limits=limits, on_line=_print)
    if done.ok:
        return Ended(name, done.wall_s, "", done.stdout)
    print(done.stderr, file=sys.stderr)
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    reason = (
        f"exit code {done.exit_code}: {last}" if done.ended_by == "exit" else f"ended by the {done.ended_by}"
    )
    return Ended(name, done.wall_s, f"failed ({reason})")


def _print(line: str) -> None:
    print(line, flush=True)

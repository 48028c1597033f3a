"""From a trace file to tables: ours, the toolchain's bare reader, and its printed text.

Run: ``python benchmarks/bench_tracing_reader.py [MB …]`` (default: 1 10 100; the last takes about five
minutes). Each line is the best of three rounds in which the competitors take turns; above 20 MB there is one
round. The goals: ten times as fast as the text into pandas, within 2.5 of the bare reader, and a summary in
at most four times the file's size (or in what a bare Go reader needs anyway).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from engineroom.golang import Limits, build, find_go, go_environment
from engineroom.golang.trace import Trace, read
from engineroom.golang.trace_helper import SOURCE, build_inside_goroot
from engineroom.kit.children import run_child
from engineroom.publish.bench_rows import report as tell

HERE = Path(__file__).parent / "tracing"
AMPLE = Limits(time_s=1200, memory_mb=16_000)
BYTES_AN_ITEM = 60
CHUNK = 200_000  # events; a table of texts for 10 M events would take most of 20 GB
EVENT = re.compile(r"^M=(-?\d+) P=(-?\d+) G=(-?\d+) (\w+) Time=(-?\d+)(?: (.*))?$")


def make_trace(folder: Path, megabytes: float) -> Path:
    path = folder / f"{megabytes}.trace"
    build(HERE / "bulk").run(["-items", int(megabytes * 1e6 / BYTES_AN_ITEM), "-o", path], limits=AMPLE)
    return path


def all_tables(path: Path) -> Trace:
    trace = read(path)
    for table in ("states", "processors", "goroutines", "wakeups", "ranges", "tasks", "regions"):
        getattr(trace, table)
    return trace


def text_to_pandas(path: Path, tool: str) -> pd.DataFrame:
    """The way without a helper: the printed events, one regular expression a line, in typed chunks."""
    command = [tool, "-d=parsed", path]
    chunks, rows = [], []
    with subprocess.Popen(command, env=go_environment(), stdout=subprocess.PIPE, text=True) as printed:
        for line in printed.stdout:
            if match := EVENT.match(line):
                rows.append(match.groups())
                if len(rows) == CHUNK:
                    chunks.append(typed(rows))
                    rows = []
    return pd.concat([*chunks, typed(rows)], ignore_index=True)


def typed(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["thread", "processor", "goroutine", "kind", "time", "rest"])
    numbers = dict.fromkeys(("thread", "processor", "goroutine", "time"), "int64")
    return frame.astype(numbers | {"kind": "category"})


def run(argv: list) -> float:
    """Run a command and return its peak memory in MB; its output goes nowhere."""
    done = run_child(["/bin/sh", "-c", '"$@" > /dev/null', "sh", *argv], env=go_environment(), limits=AMPLE)
    return done.max_rss_mb


def main() -> None:
    sizes = [float(size) for size in sys.argv[1:]] or [1, 10, 100]
    command = [find_go().go, "tool", "-n", "trace"]
    tool = subprocess.run(command, env=go_environment(), capture_output=True, text=True).stdout.strip()
    bare, helper = build_inside_goroot(HERE / "barereader").path, build_inside_goroot(SOURCE).path
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            path = make_trace(Path(scratch), size)
            columns = Path(scratch) / "columns"
            columns.mkdir()
            competitors: dict[str, Callable[[], object]] = {
                "bare reader of the toolchain": lambda path=path: run([bare, path]),
                "our summary": lambda path=path: run([helper, path]),
                "our columns on disk": lambda path=path, to=columns: run([helper, "-out", to, path]),
                "our read()": lambda path=path: read(path),
                "our read() and all frames": lambda path=path: all_tables(path),
                "-d=parsed to /dev/null": lambda path=path: run([tool, "-d=parsed", path]),
                "-d=parsed into pandas": lambda path=path: text_to_pandas(path, tool),
            }
            report(path, competitors, rounds=3 if size <= 20 else 1)


def report(path: Path, competitors: dict[str, Callable[[], object]], rounds: int) -> None:
    megabytes, summary = path.stat().st_size / 1e6, read(path).summary
    print(f"\n{megabytes:.1f} MB, {summary.total_events:,} events, {summary.goroutines} goroutines")
    best: dict[str, float] = {}
    memory: dict[str, float] = {}
    for _ in range(rounds):
        for name, action in competitors.items():
            begun = time.perf_counter()
            result = action()
            best[name] = min(best.get(name, 1e9), time.perf_counter() - begun)
            if isinstance(result, float):
                memory[name] = max(memory.get(name, 0), result)
    reference = best["bare reader of the toolchain"]
    for peer in ("bare reader of the toolchain", "-d=parsed to /dev/null", "-d=parsed into pandas"):
        if peer in best:
            head, title = peer == "-d=parsed into pandas", f"read() of a trace, {megabytes:.0f} MB"
            tell(title, best["our read()"], "s", peer=peer, theirs=best[peer], headline=head)
    for name, seconds in best.items():
        print(
            f"  {name:30} {seconds:8.2f} s  {megabytes / seconds:7.1f} MB/s  "
            f"{summary.total_events / seconds / 1e6:6.2f} M events/s  {seconds / reference:6.2f} × bare"
            + (f"  peak {memory[name]:,.0f} MB" if name in memory else ""),
            flush=True,
        )
    judge(megabytes, best, memory)


def judge(megabytes: float, best: dict[str, float], memory: dict[str, float]) -> None:
    ours, bare = best["our read() and all frames"], best["bare reader of the toolchain"]
    faster, slower = best["-d=parsed into pandas"] / ours, best["our read()"] / bare
    peak, floor = memory["our summary"], memory["bare reader of the toolchain"]
    print(f"  {faster:.0f} × as fast as the text into pandas: {verdict(faster >= 10)}")
    print(f"  read() takes {slower:.2f} × the bare reader: {verdict(slower <= 2.5)}")
    print(
        f"  the summary's peak is {peak / megabytes:.1f} × the file, {peak / floor:.2f} × the bare reader's: "
        f"{verdict(peak <= max(4 * megabytes, 1.1 * floor))}"
    )


def verdict(held: bool) -> str:
    return "goal held" if held else "GOAL MISSED"


if __name__ == "__main__":
    main()

"""The Go runner: an edited cell, the same cell again, and running it, beside `go run` on the same file.

python benchmarks/bench_go_runner.py
"""

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from engineroom.golang import build_source, find_go, go_environment
from engineroom.publish.bench_rows import report

RUNS = 7


def milliseconds(function, *args):
    started = time.perf_counter()
    function(*args)
    return 1000 * (time.perf_counter() - started)


def cell(number):
    """Return a program that differs from all others, so that it has to be compiled."""
    return f'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Println({number}, {time.time_ns()}) }}\n'


def go_run(folder, text):
    (folder / "main.go").write_text(text)
    subprocess.run(
        [find_go().go, "run", "."], cwd=folder, env=go_environment(), check=True, capture_output=True
    )


def main():
    build_source(cell(-1)).run()
    rows = {
        "build an edited cell": [],
        "build it again": [],
        "run it": [],
        "go run, edited": [],
        "go run, again": [],
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "go.mod").write_text("module bench\n\ngo 1.27\n")
        for number in range(RUNS):
            text = cell(number)
            rows["build an edited cell"].append(milliseconds(build_source, text))
            rows["build it again"].append(milliseconds(build_source, text))
            rows["run it"].append(milliseconds(build_source(text).run))
            other = cell(number)
            rows["go run, edited"].append(milliseconds(go_run, folder, other))
            rows["go run, again"].append(milliseconds(go_run, folder, other))
    base = statistics.median(rows["go run, edited"])
    print(f"{'':24} {'p50, ms':>9} {'of an edited go run':>20}")
    edited, again = statistics.median(rows["build an edited cell"]), statistics.median(rows["run it"])
    report("Go: an edited cell, built", edited, "ms", peer="go run, edited", theirs=base, headline=True)
    rerun = statistics.median(rows["go run, again"])
    report("Go: an unchanged cell, run again", again, "ms", peer="go run, again", theirs=rerun, headline=True)
    for name, times in rows.items():
        print(f"{name:24} {statistics.median(times):9.1f} {statistics.median(times) / base:19.2f}x")


if __name__ == "__main__":
    main()

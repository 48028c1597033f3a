"""Import time of every theme's models and widgets, each in a fresh interpreter, beside pandas alone.

python benchmarks/bench_imports.py
"""

import pkgutil
import statistics
import subprocess
import sys
import time

import engineroom
from engineroom.publish.bench_rows import report

RUNS = 5


def import_ms(module):
    """Median wall time of `import module` over fresh interpreters, less that of an empty one."""

    def once(code):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return 1000 * (time.perf_counter() - started)

    pairs = [(once(f"import {module}"), once("pass")) for _ in range(RUNS)]
    return statistics.median(full - empty for full, empty in pairs)


def main():
    themes = {m.name for m in pkgutil.iter_modules(engineroom.__path__) if m.ispkg} - {
        "kit",
        "golang",
        "teach",
        "publish",
    }
    pandas = import_ms("pandas")
    print(f"{'module':36} {'ms':>7}  {'of pandas alone':>16}")
    print(f"{'pandas':36} {pandas:7.0f}  {1:15.2f}x")
    for theme in sorted(themes):
        for part in ("real", "widgets"):
            took = import_ms(f"engineroom.{theme}.{part}")
            report(f"import engineroom.{theme}.{part}", took, "ms", peer="import pandas", theirs=pandas)
            print(f"{f'engineroom.{theme}.{part}':36} {took:7.0f}  {took / pandas:15.2f}x")


if __name__ == "__main__":
    main()

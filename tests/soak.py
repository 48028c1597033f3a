"""Runs the whole notebook suite again and again under strain, and reports flakes and whatever grows.

    python tests/soak.py --count 20

Each round takes the notebooks in another random order, on one or two processors, with or without as many processes
that burn their time. Everything a round leaves behind is looked for: its processes (all carry a mark in their
environment), ports they listen on, temporary files, and growth of the course's cache, which is its own for the soak.
It stops by itself: a round may take half an hour, and no round is begun after ``--hours``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from engineroom.kit.children import Limits, run_child
from engineroom.kit.places import cache_folder, course_folder

MARK = "ENGINEROOM_SOAK"
ROUND_S = 1800
SETTLE_S = 10.0
KEPT = course_folder() / "build" / "soak"  # what a round that failed had to say
NBVAL = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "engineroom.teach.nbval_figures",
    "--nbval",
    "--nbval-cell-timeout=240",
    "-rfE",
]
BURN = "while True: pass"


@dataclass
class Round:
    """What one round did, and what it left behind."""

    processors: int
    loaded: bool
    seconds: float = 0.0
    ended: str = ""
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    cache_mb: float = 0.0

    @property
    def sound(self) -> bool:
        return bool(self.passed) and not (
            self.ended or self.failed or self.processes or self.ports or self.files
        )

    def __str__(self) -> str:
        left = f"{len(self.processes)} processes, {len(self.ports)} ports, {len(self.files)} files left"
        strain = f"{self.processors} processor(s), {'loaded' if self.loaded else 'idle  '}"
        tests = f"{self.passed} passed, {len(self.failed)} failed"
        told = f"{strain}: {self.seconds:5.0f} s, {tests}, {left}, cache {self.cache_mb:.1f} MB {self.ended}"
        return "\n".join([told.rstrip(), *(f"  failed: {name}" for name in self.failed)])


@contextlib.contextmanager
def strained(processors: set[int], loaded: bool) -> Iterator[None]:
    """Keep what is started meanwhile to these processors, and burn as many processes' time if `loaded`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    burning = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in processors] if loaded else []
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, before)


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes that a round started, wherever in the tree they are by now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def left_behind(mark: str) -> tuple[list[str], list[int]]:
    """Return processes and listening ports of a round that are still there after it had time to settle."""
    deadline = time.monotonic() + SETTLE_S
    while (alive := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.2)
    told, ports = [], []
    for process in alive:
        with contextlib.suppress(psutil.Error):
            told.append(f"{process.pid} {' '.join(process.cmdline())[:100]}")
            listening = process.net_connections("inet")
            ports += [c.laddr.port for c in listening if c.status == psutil.CONN_LISTEN]
        with contextlib.suppress(psutil.Error):
            process.kill()
    return told, ports


def size_mb(folder: Path) -> float:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files) / 1e6


def run_round(notebooks: list[str], processors: set[int], loaded: bool, cache: Path) -> Round:
    this, mark = Round(len(processors), loaded), secrets.token_hex(8)
    with (
        tempfile.TemporaryDirectory(prefix="er-soak-") as scratch,
        tempfile.TemporaryDirectory(prefix="er-pytest-") as pytests_own,  # pytest keeps its last runs there
    ):
        env = {
            **os.environ,
            MARK: mark,
            "TMPDIR": scratch,
            "PYTEST_DEBUG_TEMPROOT": pytests_own,
            "ENGINEROOM_CACHE": str(cache),
            "ENGINEROOM_PROGRESS": "off",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        workers = ["-n", str(len(processors)), "--dist", "loadscope"]
        command = [sys.executable, "-m", "pytest", *NBVAL, *workers, "--color=no", *notebooks]
        with strained(processors, loaded):
            done = run_child(
                command, env=env, cwd=course_folder(), limits=Limits(time_s=ROUND_S, memory_mb=16_000)
            )
        this.seconds, this.ended = done.wall_s, "" if done.ended_by == "exit" else f"({done.ended_by})"
        this.failed = re.findall(r"^(?:FAILED|ERROR) (\S+(?: \S+)?)", done.stdout, re.MULTILINE)
        counted = re.search(r"(\d+) passed", done.stdout)
        this.passed = int(counted[1]) if counted else 0
        if done.exit_code:
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / f"{mark}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
            this.ended += f"see build/soak/{mark}.txt"
        if done.exit_code and not this.failed:
            this.ended += f" exit code {done.exit_code}: {(done.stdout + done.stderr).strip()[-300:]}"
        this.processes, this.ports = left_behind(mark)
        this.files = sorted(str(path.relative_to(scratch)) for path in Path(scratch).iterdir())
    this.cache_mb = size_mb(cache)
    return this


def strains(available: list[int]) -> list[tuple[set[int], bool]]:
    """Return the combinations of processors and load that rounds go through in turn."""
    one, two = set(available[:1]), set(available[:2])
    return [(two, True), (one, True), (two, False), (one, False)]


def summary(rounds: list[Round]) -> tuple[str, bool]:
    """Tell what failed how often and what grew; the second value says whether all was sound."""
    failures = Counter(name for each in rounds for name in each.failed)
    lines = [f"{len(rounds)} rounds, {sum(each.passed for each in rounds)} cells passed."]
    for name, times in failures.most_common():
        lines.append(f"{'flake' if times < len(rounds) else 'fails'} {times}/{len(rounds)}: {name}")
    for number, each in enumerate(rounds, 1):
        lines += [f"round {number} left {left}" for left in each.processes + each.files]
        lines += [f"round {number} left port {port} open" for port in each.ports]
    growth = rounds[-1].cache_mb - rounds[0].cache_mb if rounds else 0.0
    grew = growth > 1 + 0.05 * rounds[0].cache_mb if rounds else False
    lines.append(f"The cache grew by {growth:.1f} MB after the first round{': too much' if grew else ''}.")
    sound = bool(rounds) and all(each.sound for each in rounds) and not grew
    return "\n".join([*lines, "Steady." if sound else "NOT steady."]), sound


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=20, help="rounds (default: 20)")
    parser.add_argument("--hours", type=float, default=6.0, help="begin no round after that many hours")
    parser.add_argument("--seed", type=int, default=None, help="repeats the orders of an earlier soak")
    parser.add_argument("notebooks", nargs="*", help="default: all")
    options = parser.parse_args()
    everything = sorted(
        str(p.relative_to(course_folder())) for p in course_folder().glob("notebooks/**/*.ipynb")
    )
    chosen = options.notebooks or [p for p in everything if ".ipynb_checkpoints" not in p]
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    print(f"{len(chosen)} notebooks, {options.count} rounds, --seed {seed}", flush=True)
    order, rounds = random.Random(seed), []
    begun, combinations = time.monotonic(), strains(sorted(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory(prefix="er-soak-cache-") as folder:
        (Path(folder) / "go-build").symlink_to(cache_folder("go-build"))  # the compiler's work is shared
        for number in range(options.count):
            if time.monotonic() - begun > 3600 * options.hours:
                print(f"{options.hours:g} hours are over: no further round.")
                break
            order.shuffle(chosen)
            rounds.append(run_round(chosen, *combinations[number % len(combinations)], Path(folder)))
            print(f"round {number + 1:2}: {rounds[-1]}", flush=True)
    told, sound = summary(rounds)
    print(told)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())

"""Makes the recordings in ``data/ballast`` anew, on this machine: ``python -m engineroom.ballast.record``."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from engineroom.ballast import real
from engineroom.ballast.checks import choose_ballast, replace_ballast
from engineroom.ballast.gcpacertrace import PacerEnd
from engineroom.ballast.gctrace import GCTrace, parse, with_pacing
from engineroom.ballast.go.programs import GO
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapload import gc_run
from engineroom.golang import build, json_lines
from engineroom.kit.places import course_folder

__all__ = ["CONCURRENT_GRID", "PACER_RUNS", "STW_GRID", "main", "write_whole"]

FLAT_OUT_MB_S = 5000  # more than one goroutine can allocate, so it never waits
API_REPEATS = 7

STW_GRID = (
    *product((5, 20, 50, 100), (50, 100, 200, 400), (0, 50, 200)),
    *product((1, 2), (25, 50, 100, 400), (0, 2)),  # the minimum heap and the sweep distance decide
)

# live MB, GOGC, ballast MB, MB allocated per second, GOMAXPROCS
CONCURRENT_GRID = (
    *product((20,), (100,), (0,), (50, 100, 200), (1, 2)),
    *product((20,), (100,), (100,), (100, 200), (1, 2)),
    *product((10, 50), (100,), (0,), (100,), (2,)),
    *product((20,), (100,), (300,), (200,), (2,)),
    *product((20,), (200,), (0,), (200, FLAT_OUT_MB_S), (1, 2)),
    *product((20,), (100,), (0, 100, 1000), (FLAT_OUT_MB_S,), (1, 2)),
)

PACER_RUNS = {
    "baseline": HeapKnobs(live_mb=20, allocation_mb_s=400, duration_s=3),
    "flat out": HeapKnobs(live_mb=20, allocation_mb_s=FLAT_OUT_MB_S, duration_s=1.5, processors=1),
    "high GOGC": HeapKnobs(live_mb=10, gogc=200, allocation_mb_s=400, duration_s=3),
    "ballast": HeapKnobs(live_mb=10, ballast_mb=50, allocation_mb_s=500, duration_s=4),
    "low GOGC": HeapKnobs(live_mb=40, gogc=50, allocation_mb_s=200, duration_s=3),
    "memory limit": HeapKnobs(
        live_mb=20, gogc_off=True, limited=True, limit_mb=60, allocation_mb_s=400, duration_s=3
    ),
}

PAGE_RUNS = (
    {"size-mb": 0},
    *({"size-mb": 100, "touch": part} for part in (0, 0.25, 0.5, 0.75, 1)),
    *({"size-mb": 100, "touch": part, "access": "read"} for part in (0.5, 1)),
    {"size-mb": 1024},
    *({"size-mb": 100, "kind": "pointers", "touch": part} for part in (0, 0.5, 1)),
    {"size-mb": 1024, "kind": "pointers"},
)

SPIRAL_RUNS = (
    *({"limit-mb": 200, "from-mb": 20, "to-mb": 195, "steps": 15, "step-seconds": 1} for _ in range(3)),
    {"limit-mb": 200, "ballast-mb": 300, "from-mb": 20, "to-mb": 20, "steps": 1},
    {"limit-mb": 200, "from-mb": 20, "to-mb": 20, "steps": 1},
)


def _stw_grid() -> Iterator[dict[str, Any]]:
    for live, gogc, ballast in STW_GRID:
        minimum_mb = max(4 * gogc / 100, live + ballast + 1)
        per_cycle_mb = max((live + ballast) * gogc / 100, minimum_mb - live - ballast)
        total_mb = min(12.5 * per_cycle_mb, 5000.0)
        knobs = HeapKnobs(
            live_mb=live,
            gogc=gogc,
            ballast_mb=ballast,
            allocation_mb_s=total_mb,  # in a hurry, it is only their product that counts
            duration_s=1,
            processors=1,
            collector=STOP_THE_WORLD,
        )
        yield _heap_run(f"stw live {live} GOGC {gogc} ballast {ballast}", knobs, hurry=True)


def _concurrent() -> Iterator[dict[str, Any]]:
    for live, gogc, ballast, rate, processors in CONCURRENT_GRID:
        knobs = HeapKnobs(
            live_mb=live,
            gogc=gogc,
            ballast_mb=ballast,
            allocation_mb_s=rate,
            processors=processors,
            duration_s=min(6.0, max(2.0, 4.5 * (live + ballast) * gogc / 100 / rate)),
        )
        speed = "flat out" if rate == FLAT_OUT_MB_S else f"rate {rate}"
        yield _heap_run(f"live {live} GOGC {gogc} ballast {ballast} {speed} P {processors}", knobs)


def _heap_run(name: str, knobs: HeapKnobs, *, hurry: bool = False) -> dict[str, Any]:
    run = real.run(knobs, at_most_s=knobs.duration_s, hurry=hurry)
    return {"name": name, "knobs": asdict(knobs), "run": run.to_record()}


def _exercises() -> Iterator[dict[str, Any]]:
    """Yield the runs that judge an exercise where there is no Go."""
    for knobs in [*choose_ballast.stand_ins(), *replace_ballast.stand_ins()]:
        setting = f"limit {knobs.limit_mb:g}" if knobs.limited else f"GOGC {knobs.gogc}"
        name = f"live {knobs.live_mb:g} {setting} ballast {knobs.ballast_mb:g}"
        yield _heap_run(name, knobs, hurry=True)


def _pacer() -> Iterator[dict[str, Any]]:
    """Yield one row per cycle: what the pacer knew before it, what it did, what came of it."""
    for name, knobs in PACER_RUNS.items():
        rows, stderr = real.heapload_report(knobs)
        gc_run(rows, stderr, label=name)  # raises unless the report is complete
        known = {row["number"]: row for row in rows if row["kind"] in ("start", "cycle")}
        for cycle, account in with_pacing([r for r in parse(stderr) if isinstance(r, GCTrace | PacerEnd)]):
            if (before := known.get(cycle.number - 1)) and not cycle.forced:
                yield _pacer_row(name, knobs, cycle, account, before)


def _pacer_row(
    name: str, knobs: HeapKnobs, cycle: GCTrace, account: PacerEnd, before: Mapping[str, Any]
) -> dict[str, Any]:
    inputs = ("marked_bytes", "stacks_bytes", "globals_bytes", "next_goal_bytes")
    return {
        "run": name,
        "number": cycle.number,
        "gogc": "off" if knobs.gogc_off else knobs.gogc,
        "limit_mb": knobs.limit_mb if knobs.limited else "",
        "processors": cycle.processors,
        **{f"before_{key}": before[key] for key in inputs},
        **asdict(account),
        "goal_bytes": account.goal_bytes,
        "mark_ms": cycle.mark_ms,
        "assist_cpu_ms": cycle.assist_cpu_ms,
        "background_cpu_ms": cycle.background_cpu_ms,
        "idle_cpu_ms": cycle.idle_cpu_ms,
    }


def _pagetouch() -> Iterator[dict[str, Any]]:
    for flags in PAGE_RUNS:
        [row] = real.measure("pagetouch", flags)
        row["forced_gc_s"], row["second_forced_gc_s"] = row["forced_gc_s"]
        yield row


def _spiral() -> Iterator[dict[str, Any]]:
    for number, flags in enumerate(SPIRAL_RUNS, 1):
        for row in real.measure("spiral", flags, env={"GOMAXPROCS": "1"}):
            yield {"run": number, **row}


def _heapshape() -> Iterator[dict[str, Any]]:
    """Yield each shape's mark cost with both mark algorithms, in three interleaved repeats."""
    programs = {
        "Green Tea": build(GO / "heapshape"),
        "before Green Tea": build(GO / "heapshape", env={"GOEXPERIMENT": "nogreenteagc"}),
    }
    for repeat, (collector, program) in product((1, 2, 3), programs.items()):
        done = program.run(["-shape=all"], env={"GOMAXPROCS": "1"})
        for row in json_lines(done.stdout):
            if row["kind"] == "shape":
                yield {"repeat": repeat, "collector": collector, **row}


def _api(first_repeat: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Yield one row per setting and repeat, the settings taking turns."""
    for repeat in range(first_repeat, first_repeat + repeats):
        for row in real.compare_api(seconds=5).to_dict("records"):
            yield {**row, "repeat": repeat}


PARTS: dict[str, tuple[str, Callable[[], Iterable[dict[str, Any]]]]] = {
    "stw": ("stw_grid.jsonl", _stw_grid),
    "concurrent": ("concurrent.jsonl", _concurrent),
    "exercises": ("exercises.jsonl", _exercises),
    "pacer": ("pacer.csv", _pacer),
    "pagetouch": ("pagetouch.csv", _pagetouch),
    "spiral": ("spiral.csv", _spiral),
    "heapshape": ("heapshape.csv", _heapshape),
}


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers see the old one or the new one, never a part."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as new:
        try:
            new.write(text)
            new.close()
            os.chmod(new.name, 0o644)  # noqa: PTH101 - a temporary file is private by default
            os.replace(new.name, path)  # noqa: PTH105 - one step, on one file system
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    with tempfile.TemporaryFile("w+", newline="") as text:
        columns = [column for column in rows[0] if column != "kind"]
        writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _short(value) for key, value in row.items()} for row in rows)
        text.seek(0)
        return text.read()


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.6g}")
    return value


def _announce(part: str, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Collect the rows of a part, telling on stderr how far it is."""
    collected = []
    for row in rows:
        collected.append(row)
        print(f"\r{part}: {len(collected)} rows", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return collected


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the parts that were named, or all of them."""
    names = [*PARTS, "api"]
    parser = argparse.ArgumentParser(prog="python -m engineroom.ballast.record", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *names], help=f"any of: {', '.join(names)}")
    parser.add_argument("--repeats", type=int, default=API_REPEATS, help="interleaved repeats of api")
    parser.add_argument("--append", action="store_true", help="add the repeats of api to those on file")
    parser.add_argument("--into", type=Path, default=course_folder() / "data" / "ballast", help="the folder")
    chosen = parser.parse_args(arguments)
    real.prepare()
    for part in chosen.part or names:
        if part == "api":
            _record_api(chosen.into / "api.csv", chosen.repeats, chosen.append)
            continue
        file, make = PARTS[part]
        rows = _announce(part, make())
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        write_whole(chosen.into / file, lines if file.endswith(".jsonl") else _as_csv(rows))


def _record_api(path: Path, repeats: int, append: bool) -> None:
    rows = list(csv.DictReader(path.read_text().splitlines())) if append and path.exists() else []
    first = max((int(row["repeat"]) for row in rows), default=0) + 1
    rows += _announce("api", _api(first, repeats))
    write_whole(path, _as_csv(rows))


if __name__ == "__main__":
    main()

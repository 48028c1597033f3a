"""The recorded runs and tables in ``data/ballast``, loaded and checked."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from engineroom.ballast.cycles import GCRun
from engineroom.ballast.death_spiral import SpiralRun
from engineroom.ballast.heap_knobs import HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.kit.data import data_file, load_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SCHEMAS",
    "recorded_knobs",
    "recordings",
    "replay",
    "replay_spiral",
    "spiral_run",
    "stand_ins",
    "table",
]

THEME = "ballast"
RUNS = ("stw_grid.jsonl", "concurrent.jsonl")
STAND_INS = "exercises.jsonl"


def _schema(**columns_by_kind: str) -> dict[str, str]:
    return {
        column: kind.replace("_or_gap", "?")
        for kind, columns in columns_by_kind.items()
        for column in columns.split()
    }


SCHEMAS = {
    "api": _schema(
        integer="repeat cycles failed gomaxprocs passes requests",
        number="""ballast_mb limit_mb live_mb request_kb rps seconds allocated_bytes goal_bytes rss_bytes
            cpu_s gc_cpu_s assist_cpu_s dedicated_cpu_s idle_cpu_s p50_s p90_s p99_s max_s""",
        text="setting go gogc",
        flag="limiter_on",
    ),
    "article": _schema(text="quantity about", number_or_gap="low high", text_or_gap="unit"),
    "heapshape": _schema(
        integer="repeat gomaxprocs",
        number="mark_cpu_s least_s most_s live_bytes scan_bytes",
        text="collector go shape",
    ),
    "pacer": _schema(
        integer="""number processors before_marked_bytes before_stacks_bytes before_globals_bytes
            before_next_goal_bytes cpu_percent target_percent heap_work_bytes stack_work_bytes
            globals_work_bytes expected_work_bytes trigger_bytes end_bytes over_goal_bytes goal_bytes""",
        number="cons_mark mark_ms assist_cpu_ms background_cpu_ms idle_cpu_ms",
        number_or_gap="limit_mb",
        text="run gogc",
        flag="controller_reset",
    ),
    "pagetouch": _schema(
        integer="faults_by_gc minor_faults",
        number="""size_mb touched rss_bytes rss_grew_bytes rss_grew_by_gc_bytes vsz_bytes vsz_grew_bytes
            scan_bytes forced_gc_s second_forced_gc_s""",
        text="access element go",
    ),
    "spiral": _schema(
        integer="run step of gomaxprocs",
        number="""live_mb limit_mb ballast_mb seconds units_per_s cycles_per_s gc_cpu_s assist_cpu_s
            busy_cpu_s cpu_s mapped_bytes rss_bytes goal_bytes""",
        text="go",
        flag="limiter_on",
    ),
}


def table(name: str) -> pd.DataFrame:
    """Return a recorded table: api, article, heapshape, pacer, pagetouch or spiral.

    Raises:
        KeyError: when there is no such table.
        DataError: when its file is missing or not as it should be.
    """
    if name not in SCHEMAS:
        raise KeyError(f"There is no recorded table named {name!r}; there are: {', '.join(SCHEMAS)}.")
    return load_table(THEME, f"{name}.csv", SCHEMAS[name])


def recordings() -> list[str]:
    """Return the names of the recorded runs that `replay` knows."""
    return list(_recorded())


def replay(name: str) -> GCRun:
    """Return a recorded run.

    Raises:
        KeyError: when there is no recording of that name.
    """
    return GCRun.from_record(_recording(name)["run"] | {"label": recorded_knobs(name).describe()})


def recorded_knobs(name: str) -> HeapKnobs:
    """Return the knobs that a recorded run was made with.

    Raises:
        KeyError: when there is no recording of that name.
    """
    return HeapKnobs(**_recording(name)["knobs"])


@cache
def stand_ins() -> tuple[tuple[HeapKnobs, GCRun], ...]:
    """Return the recorded runs, with their knobs, that judge an exercise where there is no Go."""
    records = _records(STAND_INS)
    return tuple(
        (HeapKnobs(**r["knobs"]), GCRun.from_record(r["run"] | {"label": r["name"]})) for r in records
    )


def replay_spiral(run: int = 1) -> SpiralRun:
    """Return one of the recorded walks of a live heap into a memory limit: 1, 2 or 3.

    Raises:
        KeyError: when there is no such run.
    """
    rows = table("spiral").query("run == @run")
    if len(rows) < 2:
        raise KeyError(f"There is no recorded walk {run!r} into a memory limit; there are 1, 2 and 3.")
    return spiral_run(rows)


def spiral_run(rows: pd.DataFrame) -> SpiralRun:
    """Return the steps that the program spiral reports as the model's result type."""
    return SpiralRun(
        origin=rows.go.iloc[0],
        live_mb=rows.live_mb.to_numpy(),
        throughput=(rows.units_per_s / rows.units_per_s.iloc[0]).to_numpy(),
        gc_share=(rows.gc_cpu_s / rows.busy_cpu_s).to_numpy(),
        cycles_per_s=rows.cycles_per_s.to_numpy(),
        mapped_mb=(rows.mapped_bytes / MIB).to_numpy(),
        limiter_on=rows.limiter_on.to_numpy(),
        limit_mb=float(rows.limit_mb.iloc[0]),
    )


@cache
def _recorded() -> dict[str, dict[str, Any]]:
    return {record["name"]: record for file in RUNS for record in _records(file)}


def _records(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data_file(THEME, file).read_text(encoding="utf-8").splitlines()]


def _recording(name: str) -> dict[str, Any]:
    if name not in _recorded():
        raise KeyError(f"There is no recorded run named {name!r}; recordings() lists them.")
    return _recorded()[name]

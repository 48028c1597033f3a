"""Makes the recordings in ``data/concurrency`` anew: ``python -m engineroom.concurrency.record``."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple
from typing import Any

from engineroom.concurrency import real
from engineroom.concurrency.bounded import BEFORE_GO, INSIDE, LimitKnobs
from engineroom.concurrency.fail_fast import FailKnobs
from engineroom.concurrency.shared_calls import FlightKnobs
from engineroom.concurrency.weighted import WeightKnobs
from engineroom.kit.knobs import Knobs
from engineroom.kit.places import course_folder

__all__ = ["RUNS", "main"]

CROWD = {"tasks": 200, "limit": 10, "durations": "all 10 ms"}
SWEEP = {"tasks": 64, "durations": "all 10 ms"}

RUNS: dict[str, Knobs] = {
    "limit": LimitKnobs(),
    "longest first": LimitKnobs(order="longest first"),
    "sample cities": LimitKnobs(tasks=40, limit=8, durations="the sample cities"),
    "200 cities, SetLimit": LimitKnobs(**CROWD),
    "200 cities, channel before go": LimitKnobs(**CROWD, permit=BEFORE_GO),
    "200 cities, channel inside": LimitKnobs(**CROWD, permit=INSIDE),
    **{f"64 cities, limit {k}": LimitKnobs(**SWEEP, limit=k) for k in (1, 2, 4, 8, 16, 64)},
    "costs": WeightKnobs(),
    "cheap ones first": WeightKnobs(order="cheap ones first"),
    "dearer than the capacity": WeightKnobs(dear=12, patience_ms=400),
    "TryAcquire": WeightKnobs(ask="TryAcquire"),
    "six callers": FlightKnobs(),
    "too late to share": FlightKnobs(gap_ms=120),
    "without singleflight": FlightKnobs(sharing=False),
    "callers without patience": FlightKnobs(wait="DoChan, patience 120 ms", work_ms=222),
    "with context": FailKnobs(),
    "no context": FailKnobs(context=False),
    "calls that do not listen": FailKnobs(heeds=False),
    "four at a time": FailKnobs(limit=4),
}


def record(name: str, knobs: Knobs) -> dict[str, Any]:
    """Run the real program once and return what is stored of it: times in nanoseconds since main began."""
    measured = real.run(knobs)
    run = {
        "makespan": measured.makespan,
        "result": measured.result,
        "lifetimes": measured.lifetimes,
        "spans": [astuple(span) for span in measured.spans],
    }
    experiment = next(program for program, kind in real.EXPERIMENTS.items() if isinstance(knobs, kind))
    return {"name": name, "experiment": experiment, "knobs": asdict(knobs), "run": run}


def main() -> None:
    """Record every run of `RUNS`; the old file is replaced only when all have been made."""
    lines = []
    for name, knobs in RUNS.items():
        print(name, flush=True)
        lines.append(json.dumps(record(name, knobs), separators=(",", ":"), ensure_ascii=False) + "\n")
    target = course_folder() / "data" / "concurrency" / real.RECORDED
    draft = target.with_suffix(".part")
    draft.write_text("".join(lines), encoding="utf-8")
    draft.replace(target)


if __name__ == "__main__":
    main()

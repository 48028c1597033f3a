"""Runs the concurrency theme's Go programs and reads their execution traces, or replays recorded runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engineroom.concurrency.bounded import MS, LimitKnobs
from engineroom.concurrency.cities import NAMES
from engineroom.concurrency.experiments import predict
from engineroom.concurrency.fail_fast import FailKnobs
from engineroom.concurrency.runs import Run
from engineroom.concurrency.shared_calls import FlightKnobs
from engineroom.concurrency.weighted import WeightKnobs
from engineroom.golang import Limits, build
from engineroom.golang.trace import read
from engineroom.kit.data import data_file
from engineroom.kit.knobs import Knobs
from engineroom.kit.places import cache_folder
from engineroom.kit.timeline import Span

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "EXPERIMENTS",
    "RECORDED",
    "comparison",
    "recorded_knobs",
    "recordings",
    "replay",
    "run",
    "run_of_trace",
]

RECORDED = "recorded_runs.jsonl"

GO = Path(__file__).with_name("go")
LIMITS = Limits(time_s=30, memory_mb=512)


def _bounded(knobs: LimitKnobs) -> dict[str, Any]:
    calls = [{"City": city, "MS": ms} for city, ms in knobs.calls]
    return {"limit": knobs.limit, "permit": knobs.permit, "calls": json.dumps(calls)}


def _weighted(knobs: WeightKnobs) -> dict[str, Any]:
    cities = [{"Name": name, "Cost": cost} for name, cost in knobs.costs]
    times = {"hold": f"{knobs.hold_ms}ms", "patience": f"{knobs.patience_ms}ms"}
    return {"capacity": knobs.capacity, "ask": knobs.ask, "cities": json.dumps(cities), **times}


def _shared_calls(knobs: FlightKnobs) -> dict[str, Any]:
    times = {"gap": f"{knobs.gap_ms}ms", "work": f"{knobs.work_ms}ms"}
    patience = "0" if knobs.wait == "Do" else "120ms"
    return {"callers": knobs.callers, "sharing": str(knobs.sharing).lower(), "patience": patience, **times}


def _fail_fast(knobs: FailKnobs) -> dict[str, Any]:
    switches = {"context": str(knobs.context).lower(), "heeds": str(knobs.heeds).lower()}
    times = {"fail": f"{knobs.fail_ms}ms", "call": f"{knobs.call_ms}ms"}
    return {"cities": json.dumps(NAMES[: knobs.cities]), "limit": knobs.limit, **switches, **times}


PROGRAMS = {
    LimitKnobs: ("bounded", _bounded),
    WeightKnobs: ("weighted", _weighted),
    FlightKnobs: ("sharedcalls", _shared_calls),
    FailKnobs: ("failfast", _fail_fast),
}
EXPERIMENTS = {program: knobs for knobs, (program, _) in PROGRAMS.items()}


def run(knobs: Knobs, *, cancel: threading.Event | None = None) -> Run:
    """Run the Go program of an experiment and return its timeline, read from its execution trace.

    Args:
        knobs: `LimitKnobs`, `WeightKnobs`, `FlightKnobs` or `FailKnobs`.
        cancel: when set, the program is killed and GoRunError raised.

    Raises:
        GoMissing: there is no toolchain.
        GoRunError: the program failed, or was stopped after 30 s.
    """
    name, flags = PROGRAMS[type(knobs)]
    program = build(GO / name)
    with TemporaryDirectory(prefix="run-", dir=cache_folder("work")) as folder:
        trace = Path(folder) / "run.trace"
        arguments = [f"-{flag}={value}" for flag, value in flags(knobs).items()]
        done = program.run(arguments, env={"ENGINEROOM_TRACE": str(trace)}, limits=LIMITS, cancel=cancel)
        return run_of_trace(trace, result=done.stdout.strip())


def run_of_trace(path: Path, result: str = "") -> Run:
    """Return the run that a trace shows, if its program named its goroutines as ``go/internal/stage`` does.

    Regions are work, and so is all that a goroutine waits for inside one. Times are nanoseconds
    since main began.
    """
    trace = read(path)
    logs = trace.logs
    name = logs[logs.category == "name"].drop_duplicates("goroutine").set_index("goroutine").message.to_dict()
    main = logs[logs.category == "main"].set_index("message").time_ns
    zero = int(main["begins"])
    regions = trace.regions
    spans = _work(regions, logs, name, zero) + _waits(trace.states, regions, name, zero, int(main["returns"]))
    goroutines = trace.goroutines[trace.goroutines.goroutine.isin(name)]
    lifetimes = [
        (name[g], max(0, created - zero), (int(main["returns"]) if name[g] == "main" else ended) - zero)
        for g, created, ended in zip(
            goroutines.goroutine, goroutines.created_ns.tolist(), goroutines.ended_ns.tolist(), strict=True
        )
    ]
    return Run(
        spans=tuple(sorted(spans, key=lambda span: span.end)),
        makespan=int(main["returns"]) - zero,
        lifetimes=tuple(sorted(lifetimes, key=lambda life: (life[0] != "main", life[1]))),
        result=_plain(result),
        source="real",
    )


def _plain(result: str) -> int | str | None:
    return None if result == "<nil>" else int(result) if result.isdigit() else result


def _work(regions: pd.DataFrame, logs: pd.DataFrame, name: Mapping[int, str], zero: int) -> list[Span]:
    given_up = set(logs[logs.category == "cancelled"].goroutine)
    return [
        Span(
            name[row.goroutine],
            row.start_ns - zero,
            row.end_ns - zero,
            "cancelled" if row.goroutine in given_up else "working",
            str(row.name),
        )
        for row in regions.itertuples(index=False)
    ]


def _waits(
    states: pd.DataFrame, regions: pd.DataFrame, name: Mapping[int, str], zero: int, end: int
) -> list[Span]:
    working = dict(zip(regions.goroutine, zip(regions.start_ns, regions.end_ns, strict=True), strict=True))
    waits = states[(states.state == "Waiting") & states.goroutine.isin(name)]
    spans = []
    for row in waits.itertuples(index=False):
        start, stop = working.get(row.goroutine, (end, end))
        if not start <= row.start_ns < stop and row.start_ns >= zero and row.start_ns < end:
            spans.append(
                Span(name[row.goroutine], row.start_ns - zero, row.end_ns - zero, "waiting", str(row.reason))
            )
    return spans


def recordings() -> list[str]:
    """Return the names of the recorded runs that `replay` knows."""
    return list(_recorded())


def replay(name: str) -> Run:
    """Return a recorded run of the real program.

    Raises:
        KeyError: there is no recording of that name.
    """
    record = _recording(name)["run"]
    return Run(
        spans=tuple(Span(*span) for span in record["spans"]),
        makespan=record["makespan"],
        lifetimes=tuple(map(tuple, record["lifetimes"])),
        result=record["result"],
        source="recorded",
    )


def recorded_knobs(name: str) -> Knobs:
    """Return the knobs that a recorded run was made with.

    Raises:
        KeyError: there is no recording of that name.
    """
    record = _recording(name)
    return EXPERIMENTS[record["experiment"]](**record["knobs"])


def comparison() -> pd.DataFrame:
    """Return one row per recorded run: counts and times, model and real; times in milliseconds."""
    import pandas as pd

    rows = []
    for name in recordings():
        row = {"run": name}
        for source, run in (("model", predict(recorded_knobs(name))), ("real", replay(name))):
            row |= {f"calls, {source}": len(run.work), f"at once, {source}": run.peak_calls}
            row |= {f"goroutines, {source}": run.peak_goroutines}
            row[f"makespan, {source}"] = round(run.makespan / MS, 1)
        rows.append(row)
    return pd.DataFrame(rows).set_index("run")


def _recording(name: str) -> dict[str, Any]:
    if name not in _recorded():
        raise KeyError(f"There is no recorded run named {name!r}; recordings() lists them.")
    return _recorded()[name]


@cache
def _recorded() -> dict[str, Any]:
    lines = data_file("concurrency", RECORDED).read_text(encoding="utf-8").splitlines()
    return {record["name"]: record for record in map(json.loads, lines)}

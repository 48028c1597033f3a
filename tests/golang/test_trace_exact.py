"""Every number of the tables equals what the toolchain's own reader prints."""

from collections import Counter
from pathlib import Path

import pytest
from trace_oracle import Replay, parsed_text

from engineroom.golang.trace import read

KINDS = (
    "pool",
    "pingpong",
    "gc",
    "tasks",
    "syscalls",
    "network",
    "profile",
    "spawn",
    "processors",
    "sequence",
    "misnested",
)
FRESH = [(kind, seed) for kind in KINDS for seed in (1, 2)] + [("generations", 1)]
RECORDED = sorted((Path(__file__).parents[2] / "data").glob("*/*.trace"))
STATES = ["goroutine", "state", "start_ns", "end_ns", "cut", "reason", "processor", "thread"]
PROCESSORS = ["processor", "state", "start_ns", "end_ns", "cut", "thread"]
RANGES = ["name", "scope", "scope_id", "start_ns", "end_ns", "cut", "swept", "reclaimed"]
TASKS = ["task", "parent", "name", "start_ns", "end_ns", "cut", "goroutine", "ended_by"]
REGIONS = ["goroutine", "name", "start_ns", "end_ns", "cut", "depth"]


def rows(frame, columns):
    return sorted(frame[columns].astype(object).itertuples(index=False, name=None))


@pytest.fixture(scope="module", params=FRESH + RECORDED, ids=lambda p: getattr(p, "stem", p))
def both(request, make_trace):
    path = request.param if isinstance(request.param, Path) else make_trace(*request.param)
    return read(path, events=True), Replay(parsed_text(path))


def test_events_per_kind(both):
    trace, oracle = both
    assert trace.summary.events == dict(oracle.kinds)
    assert Counter(trace.events.kind.astype(str)) == oracle.kinds


def test_state_intervals(both):
    trace, oracle = both
    assert rows(trace.states, STATES) == sorted(oracle.states)
    assert oracle.illegal == []


def test_processor_intervals(both):
    trace, oracle = both
    assert rows(trace.processors, PROCESSORS) == sorted(oracle.processors)


def test_ranges(both):
    trace, oracle = both
    assert rows(trace.ranges, RANGES) == sorted(oracle.ranges)


def test_tasks_regions_logs(both):
    trace, oracle = both
    assert rows(trace.tasks, TASKS) == sorted(oracle.tasks)
    assert rows(trace.regions, REGIONS) == sorted(oracle.regions)
    assert rows(trace.logs, ["time_ns", "goroutine", "task", "category", "message"]) == sorted(oracle.logs)


def test_points(both):
    trace, oracle = both
    assert rows(trace.wakeups, ["time_ns", "waker", "goroutine", "reason"]) == sorted(oracle.wakeups)
    assert rows(trace.metrics, ["time_ns", "name", "value"]) == sorted(oracle.metrics)
    assert rows(trace.labels, ["time_ns", "goroutine", "label"]) == sorted(oracle.labels)
    assert rows(trace.samples, ["time_ns", "goroutine", "processor", "thread"]) == sorted(oracle.samples)


def test_goroutines(both):
    trace, oracle = both
    born = {number: g for number, g in oracle.goroutines.items() if "created" in g}
    table = trace.goroutines.set_index("goroutine")
    assert set(table.index) == set(oracle.goroutines)
    assert table.created_ns[list(born)].to_dict() == {n: g["created"] for n, g in born.items()}
    assert table.creator[list(born)].to_dict() == {n: g["creator"] for n, g in born.items()}


def test_stacks(both):
    """The stack of an interval is the one in the event that began it, if that had one."""
    trace, oracle = both
    states = trace.states[trace.states.state != "Running"]
    compared = 0
    for row in states[states.cut.isin(["no", "end"])].itertuples():
        printed = oracle.stacks.get((row.goroutine, row.start_ns))
        if printed is None:
            continue
        ours = [line for f in trace.stack(row.stack) for line in (f.function, f"{f.file}:{f.line}")]
        assert ours == [line.partition(" @ 0x")[0] for line in printed]
        compared += 1
    assert compared > 0 or not len(states)

"""Compares every model of the course with its real thing, and gathers what was found as rows.

The second opinions that no lesson may lean on (an oracle of DynamoDB's units, a reader of printed traces)
stand beside the tests, so this needs a checkout of the course with its test packages.
"""

from __future__ import annotations

import importlib
import inspect
import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engineroom.kit.places import course_folder
from engineroom.publish.fidelity_row import Row, amount

__all__ = ["all_rows"]

PROGRAMS_A_FAMILY = 1000
OPERATIONS, OPERATIONS_SEED = 10_000, 2024


def all_rows() -> list[Row]:
    """Compare everything, theme by theme; takes about half a minute, most of it for real Go.

    Raises:
        FileNotFoundError: when this is no checkout with tests.
        GoMissing: when there is no Go toolchain.
    """
    return [*_ballast(), *_concurrency(), *_tracing(), *_dynamodb(), *_spanner()]


def _ballast() -> Iterator[Row]:
    from engineroom.ballast.fidelity import fidelity_table
    from engineroom.ballast.real import replay

    go = replay("stw live 5 GOGC 50 ballast 0").origin.replace("go", "Go ")
    sources = {
        "stop the world": ("recorded runs of a Go program, world stopped to mark", "stw_grid.jsonl"),
        "one step ahead": ("cycles in recorded gcpacertrace", "pacer.csv"),
        "throttled": ("recorded runs, concurrent collector, allocating at a set rate", "concurrent.jsonl"),
        "flat out": ("recorded runs, concurrent collector, allocating at full speed", "concurrent.jsonl"),
        "memory limit": ("recorded goals under a memory limit (also spiral.csv)", "pacer.csv"),
        "death spiral": ("recorded steps towards a memory limit", "spiral.csv"),
        "virtual memory": ("recorded slices, touched or not", "pagetouch.csv"),
    }  # fmt: skip
    for found in fidelity_table():
        real, file = next(source for name, source in sources.items() if found.comparison.startswith(name))
        textbook = (
            "" if math.isnan(found.textbook_max_error) else amount(found.textbook_max_error, found.unit)
        )
        relative = found.unit == "relative" and found.mean_error > 0
        yield Row(
            "ballast",
            found.comparison,
            f"{real}, {go}",
            found.grid,
            amount(found.mean_error, found.unit),
            amount(found.max_error, found.unit),
            _promise(found.bound, found.unit, found.promised, found.inside),
            textbook,
            f"data/ballast/{file}",
            found.mean_error if relative else math.nan,
            found.textbook_mean_error if relative else math.nan,
        )


def _promise(bound: float, unit: str, promised: float, inside: float) -> str:
    if math.isinf(bound):
        return "none: shown for orientation"
    if promised == 1:
        return "inside the stated band" if bound == 0 else f"at most {amount(bound, unit)}"
    within = "inside the stated band" if bound == 0 else f"within {amount(bound, unit)}"
    return f"{100 * promised:.0f} % {within} (found: {math.floor(100 * inside)} %)"


def _concurrency() -> Iterator[Row]:
    from engineroom.concurrency import real
    from engineroom.concurrency.experiments import predict
    from engineroom.concurrency.go.agreement import compare
    from engineroom.golang import find_go

    found = compare(PROGRAMS_A_FAMILY)
    programs, unlike = found.programs.total(), len(found.disagreements)
    go = f"Go {find_go().version}"
    yield Row(
        "concurrency",
        "errgroup, weighted semaphore, singleflight: every event, to the nanosecond",
        f"random programs with {found.events:,} events, run in real {go} on virtual time",
        programs,
        f"{unlike} disagreements",
        f"{unlike} disagreements",
        "no disagreement",
    )
    late = [
        real.replay(name).makespan / predict(real.recorded_knobs(name)).makespan - 1
        for name in real.recordings()
    ]
    yield Row(
        "concurrency",
        "makespan on virtual time",
        f"recorded runs of {go} on real time, where timers and the scheduler come on top",
        len(late),
        amount(sum(map(abs, late)) / len(late), "relative"),
        amount(max(map(abs, late)), "relative"),
        "none: shown for orientation",
        data=f"data/concurrency/{real.RECORDED}",
        share=sum(map(abs, late)) / len(late),
    )


def _tracing() -> Iterator[Row]:
    from engineroom.golang import build, find_go
    from engineroom.golang.trace import read

    with _beside_tests("golang"):
        exact = importlib.import_module("test_trace_exact")
    maker = build(Path(exact.__file__).parent / "go" / "tracemaker")
    checks = [
        check
        for name, check in vars(exact).items()
        if name.startswith("test_") and [*inspect.signature(check).parameters] == ["both"]
    ]

    def unlike(path: Path) -> int:
        both = read(path, events=True), exact.Replay(exact.parsed_text(path))
        return sum(_fails(check, both) for check in checks)

    go = f"Go {find_go().version}"
    with tempfile.TemporaryDirectory() as folder:
        fresh = [Path(folder) / f"{kind}-{seed}.trace" for kind, seed in exact.FRESH]
        for (kind, seed), path in zip(exact.FRESH, fresh, strict=True):
            maker.run(["-kind", kind, "-seed", seed, "-o", path])
        counted = {"recorded": exact.RECORDED, "freshly made": fresh}
        for which, paths in counted.items():
            found = sum(map(unlike, paths))
            yield Row(
                "tracing",
                f"tables read from a trace: {len(checks)} kinds, every number",
                f"{which} traces, as the toolchain's own reader prints them, {go}",
                len(paths),
                f"{found} tables differ",
                f"{found} tables differ",
                "no difference",
                data="data/tracing" if which == "recorded" else "",
            )


def _fails(check: Any, both: Any) -> bool:
    try:
        check(both)
    except AssertionError:
        return True
    return False


def _dynamodb() -> Iterator[Row]:
    with _beside_tests("dynamodb"):
        test = importlib.import_module("test_capacity")
    model, ledger = test.Model(), test.Ledger(test.TABLE.create_request("t"))
    unlike = 0
    for kind, args in test.operations(seed=OPERATIONS_SEED, count=OPERATIONS):
        mine, theirs = test.both(model, ledger, kind, args)
        unlike += mine != theirs
    yield Row(
        "dynamodb",
        "capacity units of table and indexes",
        "random operations, charged by a second oracle written apart from the published rules",
        OPERATIONS,
        f"{unlike} differ",
        f"{unlike} differ",
        "no difference",
    )


def _spanner() -> Iterator[Row]:
    from engineroom.kit.data import load_json
    from engineroom.spanner import fidelity, raft_quorum, real

    def row(model: str, rows: list, source: str, promise: str, **textbook: Any) -> Row:
        share = [abs(one.gap) / one.published for one in rows]
        return Row(
            "spanner",
            model,
            f"the OSDI paper of 2012, {source}",
            len(rows),
            f"{fidelity.root_mean_square_gap(rows):.1f} ms (root mean square)",
            f"{max(abs(one.gap) for one in rows):.1f} ms",
            promise,
            data=f"data/spanner/osdi_{source.replace(' ', '')}.csv",
            share=sum(share) / len(share),
            **textbook,
        )

    for reading in ("overlapped", "serial"):
        title = f"one write, commit wait {'beside' if reading == 'overlapped' else 'after'} Paxos"
        yield row(title, fidelity.table_3(reading), "table 3", "the paper lies between the two readings")
    each, bare = fidelity.fit_participant_ms(), fidelity.table_4()
    bare_share = sum(abs(one.gap) / one.published for one in bare) / len(bare)
    title = f"two-phase commit, {each:.2f} ms per participant fitted to this table"
    worst = f"{max(abs(one.gap) for one in bare):.0f} ms (nothing fitted)"
    told = {"textbook": worst, "textbook_share": bare_share}
    yield row(title, fidelity.table_4(each), "table 4", "calibrated, not predicted", **told)

    record = load_json("spanner", "etcd_quorum.json")
    knobs, run = raft_quorum.QuorumKnobs(**record["knobs"]), real.replay()
    mean = raft_quorum.election_gap_mean(knobs.heartbeat_ms, knobs.election_ms) / 1e3
    off = abs(run.gap_s / mean - 1)
    yield Row(
        "spanner",
        f"no leader after a kill: {mean:.2f} s on average",
        f"a recorded quorum of three, {run.origin}",
        len(run.gap_s),
        amount(float(abs(run.gap_s.mean() / mean - 1)), "relative") + " (of the mean)",
        amount(float(off.max()), "relative"),
        "none: shown for orientation",
        data="data/spanner/etcd_quorum.json",
        share=float(abs(run.gap_s.mean() / mean - 1)),
    )


@contextmanager
def _beside_tests(folder: str) -> Iterator[None]:
    """Let modules that stand beside a theme's tests be imported for a moment."""
    path = course_folder() / "tests" / folder
    if not path.is_dir():
        raise FileNotFoundError(f"{path} is missing: the fidelity report needs a checkout with its tests")
    sys.path.insert(0, str(path))
    try:
        yield
    finally:
        sys.path.remove(str(path))

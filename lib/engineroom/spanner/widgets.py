"""The Spanner theme's explorers: knobs and a model; what the paper measured is in the pictures."""

from __future__ import annotations

from engineroom.kit.explorer import Explorer, Progress
from engineroom.spanner import (
    commit_map,
    failover,
    latency,
    online_change,
    raft_quorum,
    real,
    schema,
    spacetime,
    splits,
    staleness,
    two_phase,
)
from engineroom.spanner.plots import FailoverFigure, SplitFigure, StaleFigure, TwoPhaseFigure, WaitFigure
from engineroom.spanner.plots_histories import SpaceTimeFigure
from engineroom.spanner.plots_map import MapFigure
from engineroom.spanner.plots_quorum import QuorumFigure
from engineroom.spanner.plots_schema import ChangeFigure, SchemaFigure

__all__ = [
    "explore_commit_wait",
    "explore_failover",
    "explore_keys",
    "explore_map",
    "explore_quorum",
    "explore_schema",
    "explore_schema_change",
    "explore_staleness",
    "explore_transaction",
    "explore_two_phase_commit",
]


def explore_map() -> Explorer:
    """Explore where replicas live: what a commit waits for, and what may fail."""
    return Explorer(
        "Replicas on the map",
        commit_map.MapKnobs,
        commit_map.simulate,
        MapFigure(),
        presets={
            "nam3 loses a region": {"lost": "another region"},
            "Three continents of readers": {"configuration": "nam-eur-asia1"},
            "Dual region loses one": {"configuration": "dual-region-japan1", "lost": "another region"},
        },
    )


def explore_commit_wait() -> Explorer:
    """Explore how ε and Paxos make up the latency of a write."""
    return Explorer(
        "Commit wait beside Paxos",
        latency.LatencyKnobs,
        latency.simulate,
        WaitFigure(),
        show=("epsilon_low_ms", "epsilon_high_ms", "log_ms", "rtt_ms", "replicas"),
        presets={
            "The paper's data centre": {},
            "Better clocks": {"epsilon_low_ms": 0.1, "epsilon_high_ms": 0.5},
            "Clocks gone bad": {"epsilon_low_ms": 5, "epsilon_high_ms": 30},
            "Across a continent": {"rtt_ms": 30},
        },
    )


def explore_two_phase_commit() -> Explorer:
    """Explore what each further participant costs, beside the paper's table 4."""
    return Explorer(
        "Two-phase commit",
        latency.LatencyKnobs,
        two_phase.simulate,
        TwoPhaseFigure(),
        show=("participant_ms", "log_ms", "spread_ms", "rtt_ms", "epsilon_high_ms"),
        start={"samples": 150},
        presets={"Waiting for the slowest": {}, "And counting one by one": {"participant_ms": 0.65}},
    )


def explore_staleness() -> Explorer:
    """Explore how much staleness buys how much latency."""
    return Explorer(
        "Stale reads",
        staleness.StaleKnobs,
        staleness.simulate,
        StaleFigure(),
        presets={
            "15 seconds": {"staleness_s": 15},
            "Half a heartbeat": {"staleness_s": 4},
            "Heartbeat of a second": {"heartbeat_s": 1, "staleness_s": 1},
        },
    )


def explore_failover() -> Explorer:
    """Explore how long reads stop when leaders die, by the length of the lease."""
    return Explorer(
        "Killing the leaders",
        failover.FailoverKnobs,
        failover.simulate,
        FailoverFigure(),
        show=("kill", "lease_s", "groups", "reads", "kill_s"),
        presets={
            "Kill a zone without leaders": {"kill": "non-leader"},
            "Warn it first": {"kill": "leader-soft"},
            "A lease of two seconds": {"lease_s": 2},
        },
    )


def explore_keys() -> Explorer:
    """Explore which keys let a table use the nodes that you pay for."""
    return Explorer(
        "Keys, splits and nodes",
        splits.SplitKnobs,
        splits.simulate,
        SplitFigure(),
        show=("scheme", "nodes", "writes", "prefixes", "presplits"),
        start={"writes": 15_000},
        presets={
            "Timestamps": {},
            "Timestamps, more nodes": {"nodes": 20},
            "Random UUIDs": {"scheme": "UUID v4"},
            "Hash prefix": {"scheme": "hash prefix"},
            "One hot row": {"scheme": "one hot row"},
        },
    )


def explore_transaction() -> Explorer:
    """Explore one transaction, message by message."""
    return Explorer(
        "A transaction, step by step",
        spacetime.StepKnobs,
        spacetime.simulate,
        SpaceTimeFigure(),
        show=("kind", "step", "epsilon_ms", "rtt_ms", "commit_wait"),
        presets={
            "One split": {"kind": "write, one split"},
            "Three splits": {"kind": "write, three splits"},
            "A strong read": {"kind": "strong read, nearest replica"},
            "Without commit wait": {"commit_wait": "none"},
        },
    )


def explore_schema() -> Explorer:
    """Explore how many splits one order touches, by where its lines and indexes live."""
    return Explorer(
        "Participants of one order",
        schema.SchemaKnobs,
        schema.simulate,
        SchemaFigure(),
        show=("layout", "lines", "indexes", "indexes_interleaved", "splits"),
        presets={
            "Everything in the order's tree": {"indexes_interleaved": 1},
            "Lines with keys of their own": {"layout": "own table, random key"},
            "Five indexes": {"indexes": 5},
        },
    )


def explore_schema_change() -> Explorer:
    """Explore who waits for a schema change, by how far ahead its timestamp lies."""
    return Explorer(
        "A schema change under load",
        online_change.ChangeKnobs,
        online_change.simulate,
        ChangeFigure(),
        show=("lead_ms", "work_ms", "epsilon_ms"),
        presets={
            "From now on": {"lead_ms": 0},
            "Too soon": {"lead_ms": 100},
            "In good time": {"lead_ms": 500},
        },
    )


def explore_quorum() -> Explorer:
    """Explore a quorum of three: the model, and three real etcd servers on this machine."""
    return Explorer(
        "A quorum of three",
        raft_quorum.QuorumKnobs,
        raft_quorum.simulate,
        QuorumFigure(),
        run=_run_quorum,
        show=("disk_ms", "disk_spread_ms", "hop_ms", "election_ms", "kills"),
        start={"disk_ms": 0.2, "disk_spread_ms": 1.2, "hop_ms": 1.9},
        presets={
            "A slow disk": {"disk_ms": 8, "disk_spread_ms": 4},
            "An impatient follower": {"election_ms": 300, "kills": 3},
        },
        run_label="Run for real (etcd)",
    )


def _run_quorum(knobs: raft_quorum.QuorumKnobs, progress: Progress) -> raft_quorum.QuorumRun:
    return real.run(knobs, on_progress=progress, cancel=progress.cancel)

"""The whole deployment: determinism, external consistency under faults, liveness, stalls that are shown."""

import os
import subprocess
import sys

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engineroom.kit.knobs import KnobError
from engineroom.spanner.checkers import check_leases, check_order, check_registers, check_snapshots
from engineroom.spanner.clients import Plan
from engineroom.spanner.cluster import Cluster, ClusterKnobs, Zone, simulate
from engineroom.spanner.events import stream
from engineroom.spanner.faults import Fault, random_faults
from engineroom.spanner.protocol import Protocol
from engineroom.spanner.topology import configuration

BUSY = {
    "lease_s": 1,
    "promise_s": 0.8,
    "poll_s": 3,
    "timeout_s": 0.5,
    "log_write_ms": 0.5,
    "log_spread_ms": 0.3,
    "clients": 12,
    "keys": 8,
    "think_ms": 20,
    "epsilon_ms": 4,
}


def assert_right(run):
    assert check_order(run.history) is None
    assert check_snapshots(run.history) is None
    assert check_registers(run.history) == (None, [])
    assert check_leases(run.leases) is None


def faults_for(knobs, every_us=1_500_000, repair_us=600_000):
    zones = [f"Z{i + 1}" for i in range(knobs.replicas)]
    return random_faults(stream(knobs.seed, "faults"), zones, 10**9, every_us, repair_us)


def test_the_same_seed_gives_the_same_log_and_another_seed_another():
    knobs = ClusterKnobs(transactions=300, **BUSY)
    runs = [simulate(knobs, faults=faults_for(knobs)) for _ in range(2)]
    assert runs[0].digest == runs[1].digest
    assert runs[0].history == runs[1].history
    other = ClusterKnobs(transactions=300, seed=2, **BUSY)
    assert simulate(other, faults=faults_for(knobs)).digest != runs[0].digest


def test_the_hash_does_not_depend_on_the_process():
    """Nothing may iterate over a set of text, whose order changes with every interpreter."""
    code = (
        "from engineroom.spanner.scenarios import SCENARIOS;"
        "print(SCENARIOS['ignore prepared'].run().digest, SCENARIOS['overlapping leases'].run().digest)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


def test_keeping_the_log_changes_nothing():
    knobs = ClusterKnobs(transactions=100)
    kept = simulate(knobs, keep_log=True)
    assert kept.digest == simulate(knobs).digest
    assert kept.events[0][0] <= kept.events[-1][0]


@pytest.mark.parametrize(("transactions", "fine_grained"), [(10_000, False), (2_000, True)])
def test_ten_thousand_transactions_with_faults_survive_every_checker(transactions, fine_grained):
    knobs = ClusterKnobs(seed=11, transactions=transactions, **BUSY)
    run = simulate(knobs, Protocol(fine_grained=fine_grained), faults_for(knobs))
    assert run.stopped.reason == "complete"
    assert len(run.history.transactions) == transactions
    assert_right(run)
    terms = sum(map(len, run.leases.values()))
    assert terms > 10, "leaders did change, or the faults tested nothing"
    assert any(one.end_us is None for one in run.history.transactions), "some outcomes are unknown"


@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    seed=st.integers(0, 10_000),
    replicas=st.sampled_from([3, 5]),
    groups=st.integers(2, 6),
    across=st.floats(0, 1),
    from_leader=st.booleans(),
    every=st.integers(300_000, 900_000),
)
def test_invariants_hold_under_random_faults(seed, replicas, groups, across, from_leader, every):
    layout = {
        "seed": seed,
        "replicas": replicas,
        "groups": groups,
        "across": across,
        "from_leader": from_leader,
    }
    knobs = ClusterKnobs(transactions=250, settle_s=20, **layout, **BUSY)
    cluster = Cluster(knobs)
    zones = [zone.name for zone in cluster.zones]
    run = cluster.run(random_faults(stream(seed, "faults"), zones, 4_000_000, every, every // 2))
    assert run.stopped.reason == "complete"
    assert len(run.history.transactions) == 250
    assert_right(run)
    for name, group in cluster.groups.items():  # healed for long: nothing may be left over
        (lead,) = group.leaders
        assert lead.transactions.locks.held() == {}, name
        assert {replica.released for replica in group.replicas} == {lead.replica.released}, name
        assert not any(replica.prepared for replica in group.replicas), name


def test_a_read_only_transaction_on_an_idle_group_ends_without_the_leaders_heartbeat():
    """Nobody ever writes, and the heartbeat is far away: the replica has to ask."""
    plan = Plan("read-only", {"g0": ("g0/1",), "g1": ("g1/1",)}, {}, from_leader=False)
    knobs = ClusterKnobs(groups=2, clients=3, promise_s=60, limit_s=30)
    run = simulate(knobs, plans=[plan] * 30)
    assert run.stopped.reason == "complete"
    assert len(run.history.transactions) == 30
    # It waits for one round trip to the leader, with jitter, besides its own hops: not for a heartbeat.
    assert max(one.end_us - one.start_us for one in run.history.transactions) < 5_000


def test_safe_time_of_an_idle_replica_never_lags_more_than_a_heartbeat():
    knobs = ClusterKnobs(groups=1, span=1, clients=1, promise_s=2, lease_s=5, limit_s=30, think_ms=60_000)
    cluster = Cluster(knobs, plans=[Plan("read-only", {"g0": ("g0/1",)}, {})] * 2)
    ages = []

    def look():
        ages.extend(cluster.kernel.now - replica.safe.t_paxos for replica in cluster.groups["g0"].replicas)
        cluster.kernel.after(100_000, look)

    cluster.kernel.after(4_000_000, look)
    cluster.run()
    # Heartbeats ride on ticks of lease / 10, so one may come that much late.
    assert max(ages) < 2_000_000 + 500_000 + 50_000
    assert max(ages) > 1_500_000, "nobody else advanced it"


def test_a_soft_kill_hands_over_faster_than_a_lease_and_a_hard_kill_does_not():
    def gap(kind):
        knobs = ClusterKnobs(groups=1, span=1, lease_s=10, clients=1, settle_s=29)
        cluster = Cluster(knobs, plans=[], keep_log=True)
        run = cluster.run([Fault(5_000_000, kind, "Z1")])
        ready = [event[0] for event in run.events if event[1] == "ready"]
        return ready[1] - 5_000_000

    assert gap("soft kill") < 300_000
    # The lease was taken at the start and renewed near its end, so what is left of it has to pass.
    assert 4_900_000 < gap("kill") < 6_500_000


def test_killing_everything_shows_a_stall_and_ends():
    knobs = ClusterKnobs(groups=2, transactions=200, limit_s=20, **BUSY | {"clients": 3})
    run = simulate(knobs, faults=[Fault(500_000, "kill", f"Z{i}") for i in (1, 2, 3)])
    assert run.stopped.reason == "time limit"
    assert run.stalls == [
        f"Group {name} has no leader: 2 of its 3 voters are needed and 0 are up." for name in ("g0", "g1")
    ]


def test_a_simulation_is_bounded_in_events():
    run = simulate(ClusterKnobs(max_events=1_000))
    assert (run.stopped.reason, run.stopped.events) == ("event limit", 1_000)


def test_a_published_configuration_runs_and_its_witness_never_leads():
    placement = configuration("eur3")
    zones = [Zone(site.name, site.kind) for site in placement.sites]
    knobs = ClusterKnobs(groups=3, transactions=150, clients=5)
    cluster = Cluster(knobs, zones=zones, rtt_us=placement.rtt_us())
    run = cluster.run([Fault(200_000, "kill", zones[0].name), Fault(400_000, "kill", zones[1].name)])
    assert run.stopped.reason == "complete"
    assert_right(run)
    witnesses = {zone.name for zone in zones if zone.kind == "witness"}
    led = {term.server.zone for group in cluster.groups.values() for term in group.history}
    assert led
    assert not led & witnesses
    data = [r.versions._times for s in cluster.servers if s.zone in witnesses for r in s.replicas.values()]
    assert not any(data), "a witness keeps the log, not the data"


def test_read_only_transactions_take_no_locks():
    """Beside one writer, readers of the very same key wound nobody and are never wounded."""
    write = Plan("read-write", {"g0": ("g0/1",)}, {"g0": ("g0/1",)})
    read = Plan("read-only", {"g0": ("g0/1",)}, {})
    knobs = ClusterKnobs(groups=1, span=1, clients=2)
    run = simulate(knobs, plans=[write, *[read] * 60], keep_log=True)
    assert run.history.aborts == {}
    assert_right(run)
    contended = simulate(knobs, plans=[write] * 61)
    assert contended.history.aborts, "two writers of one key do get in each other's way"


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"replicas": 4}, "replicas is 4; it must be odd"),
        ({"rtt_ms": -1}, "round trip between zones is -1 ms; it must be between 0 and 400 ms"),
        ({"epsilon_ms": 0}, "ε at a poll is 0 ms; it must be between 0.001 and 100 ms"),
        ({"span": 9}, "spans 9 groups, but there are only 4"),
        ({"read_write": 0.8, "stale": 0.4}, "add up to more than 1"),
    ],
)
def test_bad_knobs_are_refused_in_one_sentence(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        ClusterKnobs(**knobs)


@pytest.mark.parametrize(
    ("layout", "sentence"),
    [
        ({"zones": [Zone("A", "witness"), Zone("B", "read-only")]}, "No zone holds a read-write replica"),
        (
            {"zones": [Zone("A"), Zone("B")], "rtt_us": {("A", "A"): 0, ("B", "B"): 0}},
            "between A and B is missing",
        ),
        ({"zones": [Zone("A")], "rtt_us": {("A", "A"): -5}}, "between A and A is -5 µs"),
    ],
)
def test_bad_layouts_are_refused_in_one_sentence(layout, sentence):
    with pytest.raises(ValueError, match=sentence):
        Cluster(ClusterKnobs(), **layout)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(0, "explode", "Z1"), "A fault is 'explode'; it must be one of: kill"),
        (Fault(-1, "kill", "Z1"), "comes at -1 µs"),
        (Fault(0, "kill", "Z9"), "strikes zone 'Z9'; the zones are: Z1, Z2, Z3"),
        (Fault(0, "cut", "Z1", "Z9"), "strikes zone 'Z9'"),
        (Fault(0, "slow", "Z1", "Z2", 0.5), "factor 0.5; it must be 1 or more"),
    ],
)
def test_bad_faults_are_refused_in_one_sentence(fault, sentence):
    with pytest.raises(ValueError, match=sentence):
        simulate(ClusterKnobs(), faults=[fault])

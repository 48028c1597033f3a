"""What the Spanner model and its checkers cost, beside a bare SimPy loop of as many events.

python benchmarks/bench_spanner_model.py [LARGEST_RUN]

Times are CPU seconds of this process, so that a busy machine changes them little. LARGEST_RUN is the
number of transactions of the longest run, 100,000 by default; all runs are under faults, and all
three checkers must accept them.
"""

from __future__ import annotations

import sys
from time import process_time

import simpy

from engineroom.publish.bench_rows import report as tell
from engineroom.spanner.checkers import check_leases, check_order, check_registers, check_snapshots
from engineroom.spanner.cluster import ClusterKnobs, Run, simulate
from engineroom.spanner.events import Kernel, stream
from engineroom.spanner.faults import random_faults

SETTINGS = {
    "clients": 12,
    "keys": 50,
    "think_ms": 20,
    "lease_s": 1,
    "promise_s": 0.8,
    "poll_s": 3,
    "timeout_s": 0.5,
    "log_write_ms": 0.5,
    "log_spread_ms": 0.3,
    "limit_s": 86_400,
    "max_events": 100_000_000,
}


def cpu_seconds(work) -> tuple[float, object]:
    start = process_time()
    answer = work()
    return process_time() - start, answer


def run_with_faults(transactions: int) -> tuple[Run, int]:
    """Run under crashes, partitions and slow links; return the run and how many of them struck."""
    knobs = ClusterKnobs(transactions=transactions, **SETTINGS)
    every_us = 1_500_000
    until_us = transactions * 5_000  # longer than the run: faults to its end
    faults = random_faults(stream(1, "faults"), ("Z1", "Z2", "Z3"), until_us, every_us, 600_000)
    run = simulate(knobs, faults=faults)
    return run, sum(fault.at_us <= run.stopped.at_us for fault in faults) // 2  # each has its repair


def bare_kernel(events: int) -> None:
    kernel = Kernel(max_events=events)

    def again():
        kernel.after(7, again)

    for _ in range(12):
        again()
    kernel.run(10**12)


def bare_simpy(events: int) -> None:
    """SimPy's leanest form: timeouts with callbacks, no processes."""
    env, left = simpy.Environment(), [events]

    def again(_event):
        left[0] -= 1
        if left[0] > 0:
            env.timeout(7).callbacks.append(again)

    for _ in range(12):
        env.timeout(7).callbacks.append(again)
    env.run()


def bare_simpy_processes(events: int) -> None:
    env = simpy.Environment()

    def client():
        for _ in range(events // 12):
            yield env.timeout(7)

    for _ in range(12):
        env.process(client())
    env.run()


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    events = 200_000
    print(f"{events:,} bare events, million per CPU second")
    bare = {"our kernel": bare_kernel, "SimPy callbacks": bare_simpy, "SimPy processes": bare_simpy_processes}
    rates = {}
    for name, work in bare.items():
        fastest = min(cpu_seconds(lambda work=work: work(events))[0] for _ in range(5))
        print(f"  {name:<18}{events / fastest / 1e6:8.2f}")
        rates[name] = events / fastest
    for peer in ("SimPy callbacks", "SimPy processes"):
        head = peer == "SimPy processes"
        tell("bare events", rates["our kernel"], "events/s", peer=peer, theirs=rates[peer], headline=head)
    print(f"\n{'transactions':>13}{'events':>11}{'CPU s':>9}{'events/s':>11}{'txn/s':>8}", end="")
    print(f"{'bare SimPy':>12}{'order s':>9}{'snapshots s':>13}{'registers s':>13}", end="")
    print(f"{'faults':>8}{'elections':>11}")
    for transactions in (n for n in (1_000, 10_000, 100_000) if n <= largest):
        report(transactions)


def report(transactions: int) -> None:
    took, (run, faults) = cpu_seconds(lambda: run_with_faults(transactions))
    events = run.stopped.events
    simpy_s, _ = cpu_seconds(lambda: bare_simpy(events))
    order_s, order = cpu_seconds(lambda: check_order(run.history))
    snapshots_s, snapshots = cpu_seconds(lambda: check_snapshots(run.history))
    registers_s, (registers, undecided) = cpu_seconds(lambda: check_registers(run.history))
    assert run.stopped.reason == "complete", run.stopped
    assert (order, snapshots, registers, undecided) == (None, None, None, [])
    assert check_leases(run.leases) is None
    elections = sum(map(len, run.leases.values()))
    title = f"{transactions:,} transactions under faults ({events:,} events)"
    tell(title, events / took, "events/s", peer="bare SimPy callbacks", theirs=events / simpy_s)
    checking = order_s + snapshots_s + registers_s
    tell(f"all three checkers, {transactions:,} transactions", transactions / checking, "transactions/s")
    print(
        f"{transactions:>13,}{events:>11,}{took:>9.2f}{events / took:>11,.0f}{transactions / took:>8,.0f}",
        end="",
    )
    print(
        f"{simpy_s:>11.2f}s{order_s:>9.2f}{snapshots_s:>13.2f}{registers_s:>13.2f}{faults:>8,}{elections:>11,}"
    )


if __name__ == "__main__":
    main()

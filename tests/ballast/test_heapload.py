import numpy as np
import pytest

from engineroom.ballast.heapload import HeaploadError, gc_run

MIB = 1 << 20
START = {
    "kind": "start",
    "go": "go1.27.3",
    "number": 1,
    "marked_bytes": 20 * MIB,
    "next_goal_bytes": 40 * MIB,
    "stacks_bytes": 3000,
    "globals_bytes": 165_000,
}
END = {
    "kind": "end",
    "seconds": 2.0,
    "allocated_bytes": 60 * MIB,
    "automatic_cycles": 2,
    "gc_cpu_s": 0.5,
    "busy_cpu_s": 2.0,
    "cpu_s": 1.9,
    "rss_bytes": None,
    "mapped_bytes": 50 * MIB,
    "limiter_on": False,
}


def cycle_row(number, seen_s, marked_mb, goal_mb, allocated_mb):
    return {
        "kind": "cycle",
        "number": number,
        "seen_s": seen_s,
        "marked_bytes": marked_mb * MIB,
        "next_goal_bytes": goal_mb * MIB,
        "stacks_bytes": 4000,
        "globals_bytes": 165_000,
        "allocated_bytes": allocated_mb * MIB,
    }


ROWS = [START, cycle_row(2, 0.5, 21, 42, 19), cycle_row(3, 1.5, 22, 44, 38), END]


def traced(number, at_s, forced=False):
    return (
        f"gc {number} @{at_s:.3f}s 5%: 1+9+0 ms clock, 1+4/3/2+0 ms cpu, 39->40->21 MB, 40 MB goal, "
        f"0 MB stacks, 0 MB globals, 1 P{' (forced)' if forced else ''}\n"
    )


def account(trigger, end, over):
    return (
        f"pacer: 25% CPU (25 exp.) for 1+1+1 B work (3 B exp.) "
        f"in {trigger} B -> {end} B (∆goal {over}, cons/mark 0.5)\n"
    )


FORCED = traced(1, 0.100, forced=True)
TRACE = FORCED + traced(2, 0.600) + traced(3, 1.601) + traced(4, 2.2)


def test_cycles_between_start_and_end_only():
    run = gc_run(ROWS, TRACE, label="x")
    assert (run.cycles, run.origin, run.duration_s) == (2, "go1.27.3", 2.0)
    assert run.gc_cpu_share == 0.25
    assert np.isnan(run.rss_bytes)


def test_goal_and_marked_heap_are_the_programs_own_bytes():
    run = gc_run(ROWS, TRACE, label="x")
    assert run.goal_bytes.tolist() == [40 * MIB, 42 * MIB]
    assert run.marked_bytes.tolist() == [21 * MIB, 22 * MIB]
    assert run.stacks_bytes.tolist() == [3000, 4000]
    assert run.initial_marked_bytes == 20 * MIB


def test_without_the_pacers_account_heap_sizes_are_whole_megabytes():
    run = gc_run(ROWS, TRACE, label="x")
    assert run.trigger_bytes.tolist() == [39 * MIB] * 2
    assert run.peak_bytes.tolist() == [40 * MIB] * 2


def test_the_pacers_account_is_exact():
    trace = FORCED + account(111, 333, 22) + traced(2, 0.6) + traced(3, 1.6)
    run = gc_run(ROWS, trace, label="x")
    assert (run.trigger_bytes[0], run.peak_bytes[0], run.goal_bytes[0]) == (111, 333, 311)
    assert run.trigger_bytes[1] == 39 * MIB


def test_a_stopped_world_triggers_where_the_allocations_say():
    run = gc_run(ROWS, TRACE, label="x", stopped=True)
    assert run.trigger_bytes.tolist() == [39 * MIB, 40 * MIB]
    assert run.peak_bytes.tolist() == run.trigger_bytes.tolist()
    assert run.pause_s.tolist() == pytest.approx([0.010, 0.010])


def test_time_zero_makes_no_cycle_end_after_it_was_seen():
    run = gc_run(ROWS, TRACE, label="x")
    assert run.end_s == pytest.approx([0.499, 1.5])
    assert run.start_s == pytest.approx([0.489, 1.49])
    assert run.mark_cpu_s.tolist() == [0.003] * 2
    assert run.assist_cpu_s.tolist() == [0.004] * 2
    assert run.idle_cpu_s.tolist() == [0.002] * 2


def test_a_cycle_the_program_did_not_notice_comes_from_gctrace():
    rows = [START, cycle_row(3, 1.5, 22, 44, 38), END]
    run = gc_run(rows, TRACE, label="x")
    assert run.marked_bytes.tolist() == [21 * MIB, 22 * MIB]
    assert run.goal_bytes.tolist() == [40 * MIB, 40 * MIB]
    assert np.isnan(run.stacks_bytes[1])


def test_a_run_without_cycles_spent_nothing_on_them():
    end = {**END, "automatic_cycles": 0, "gc_cpu_s": 0.3}
    run = gc_run([START, end], FORCED, label="x")
    assert (run.cycles, run.gc_cpu_s, run.busy_cpu_s) == (0, 0.0, 1.9)


@pytest.mark.parametrize(
    ("rows", "trace", "message"),
    [
        (ROWS[:-1], TRACE, "0 'end' lines"),
        (ROWS[1:], TRACE, "0 'start' lines"),
        ([START, *ROWS], TRACE, "2 'start' lines"),
        (ROWS, "", "2 cycles ran, but gctrace shows 0 of them. Is gctrace=1 in GODEBUG"),
        (ROWS, FORCED + traced(3, 1.6), "shows 1 of them"),
        (ROWS, FORCED + traced(2, 0.6) + traced(3, 1.6)[:50], "shows 1 of them. Line 3, 'gc 3 @1.600s"),
    ],
)
def test_an_incomplete_report_is_refused(rows, trace, message):
    with pytest.raises(HeaploadError, match=message):
        gc_run(rows, trace, label="x")

"""The model against recorded runs, and wrong models that the recordings must catch.

What these recordings can't tell, because no recorded program depends on it: the hard goal, the runway of at
least 64 KiB, the tenth that a cycle past its goal may overshoot by, and how idle workers share with assists.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from engineroom.ballast import (
    comparisons,
    fidelity,
    gctrace,
    heapgoal,
    limiter,
    one_step,
    pacer,
    real,
    trajectory,
)
from engineroom.ballast.heap_knobs import CONCURRENT, STOP_THE_WORLD
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.one_step import marked_from_goal, one_step_ahead

rows = cache(lambda: {row.comparison: row for row in fidelity.fidelity_table()})


def row(comparison):
    return rows()[comparison]


def test_every_promise_holds():
    assert [name for name, found in rows().items() if not found.holds] == []
    assert len(rows()) == 19


@pytest.mark.parametrize(
    ("comparison", "grid", "bound"),
    [
        ("stop the world: heap goal", 40, 0.0015),
        ("stop the world: bytes per cycle", 40, 0.005),
        ("one step ahead: trigger", 120, 8192),
    ],
)
def test_the_exact_comparisons_have_the_size_and_the_bound_that_were_asked_for(comparison, grid, bound):
    found = row(comparison)
    assert found.grid >= grid
    assert found.bound == bound
    assert found.max_error <= bound
    assert found.inside == found.promised == 1


def test_one_step_ahead_is_never_late():
    accounts = real.table("pacer")
    for _, run in accounts[accounts.gogc != "off"].groupby("run"):
        predicted = one_step_ahead(list(run.itertuples()), int(run.gogc.iloc[0]))
        assert (run.trigger_bytes.to_numpy()[1:] - predicted >= 0).all()


def test_one_step_ahead_reads_the_runtimes_own_lines():
    lines = """\
pacer: 52% CPU (25 exp.) for 21049752+3984+165322 B work (21218354 B exp.) in 39061200 B -> 40920784 B \
(∆goal -4970090, cons/mark 0.2110655050091352)
pacer: 51% CPU (25 exp.) for 21049752+3984+165322 B work (21219058 B exp.) in 39187192 B -> 41104120 B \
(∆goal -4935426, cons/mark 0.2110655050091352)"""
    [predicted] = one_step_ahead(gctrace.parse(lines), 100)
    assert 0 <= 39187192 - predicted <= 8192


def test_one_step_ahead_covers_five_configurations():
    accounts = real.table("pacer")
    assert accounts[accounts.gogc != "off"].run.nunique() >= 5


def test_the_goal_tells_what_was_marked():
    accounts = real.table("pacer")
    for before in accounts[accounts.gogc != "off"].itertuples():
        roots = before.before_stacks_bytes + before.before_globals_bytes
        marked = marked_from_goal(before.goal_bytes, int(before.gogc), roots)
        assert marked == pytest.approx(before.before_marked_bytes, abs=1)


def test_the_minimum_heap_gives_no_prediction():
    accounts = real.table("pacer").query("run == 'baseline'").head(3)
    at_minimum = accounts.assign(goal_bytes=4 * MIB)
    assert np.isnan(one_step_ahead(list(accounts.itertuples()), 100)).tolist() == [False, False]
    assert np.isnan(one_step_ahead(list(at_minimum.itertuples()), 100)).tolist() == [True, True]


@pytest.mark.parametrize(
    "comparison",
    [
        "stop the world: heap goal",
        "stop the world: bytes per cycle",
        "stop the world: resident memory",
        "one step ahead: trigger",
        "throttled: heap goal",
        "flat out: heap goal",
        "memory limit: heap goal",
        "virtual memory: resident",
    ],
)
def test_the_textbook_is_further_off(comparison):
    found = row(comparison)
    assert found.textbook_mean_error > 1.5 * found.mean_error
    assert found.textbook_max_error > found.max_error


def test_a_row_tells_when_a_promise_is_broken():
    found = comparisons.one_step(real.table("pacer").query("run == 'baseline'").assign(cons_mark=0.0))
    assert found.inside < 0.5
    assert not found.holds


def falls_after_five(cons_marks):
    """Return, for every peak in a series that nothing exceeds, for how many lines it is shown."""
    series = np.asarray(cons_marks, dtype=float)
    shown = []
    for j in range(1, len(series) - 6):
        if series[j] > series[j - 1] and (series[j + 1 : j + 7] <= series[j]).all():
            shown.append(int(np.argmax(series[j:] < series[j])))
    return shown


def from_pacer(remember):
    """Return what a pacer prints for recorded-like noise when it remembers so many earlier cycles."""
    controller = pacer.Pacer(100, 20 * MIB, 20 * MIB)
    controller.recent = type(controller.recent)([0.0] * remember, remember)
    noise = np.random.default_rng(7).integers(1, 100, 300) * MIB
    printed = []
    for allocated in noise.tolist():
        printed.append(controller.cons_mark)
        controller.end_cycle(allocated, 20 * MIB, 20 * MIB)
    return printed


def test_the_real_pacer_shows_a_peak_for_five_cycles_and_so_does_the_model():
    accounts = real.table("pacer")
    recorded = [n for _, run in accounts.groupby("run") for n in falls_after_five(run.cons_mark)]
    assert len(recorded) >= 10
    assert set(recorded) == {5} == set(falls_after_five(from_pacer(remember=4)))


@pytest.mark.parametrize("remember", [1, 3, 5])
def test_mutant_another_memory_is_not_what_was_recorded(remember):
    assert set(falls_after_five(from_pacer(remember))) != {5}


def stopped_cells(tiny):
    cells = fidelity.recorded_cells(STOP_THE_WORLD)
    return [cell for cell in cells if (cell[0].live_mb < fidelity.TINY_MB) == tiny]


def compare_stopped():
    return comparisons.stopped("", stopped_cells(tiny=False))


def compare_tiny():
    return comparisons.stopped("", stopped_cells(tiny=True), *fidelity.TINY_BOUNDS)


def compare_one_step():
    accounts = real.table("pacer")
    return [comparisons.one_step(accounts[accounts.gogc != "off"])]


def compare_limited():
    return [comparisons.limited(fidelity._limited_runs(real.table("pacer")))]


def compare_spiral():
    steps = real.table("spiral")
    return [comparisons.spiral(steps[steps.groupby("run").step.transform("size") > 1])]


def compare_pages():
    return comparisons.pages(real.table("pagetouch"))


honest = {
    name: getattr(heapgoal, name) for name in ("gogc_goal", "heap_goal", "limit_goal", "runway", "trigger")
}


def without_roots(marked, gogc, stacks=0, globals_=0):
    return honest["gogc_goal"](marked, gogc)


def minimum_heap_unscaled(marked, gogc, stacks=0, globals_=0):
    return max(marked + (marked + stacks + globals_) * gogc // 100, 4 * MIB)


def no_minimum_heap(marked, gogc, stacks=0, globals_=0):
    return marked + (marked + stacks + globals_) * gogc // 100


def no_sweep_distance(*args, **kwargs):
    return honest["heap_goal"](*args, **kwargs | {"sweep_distance": 0})


def without_headroom(limit, marked, non_heap, mapped=0):
    return max(limit - non_heap, marked)


def at_the_goal(marked, goal, runway, sweep_distance=0):
    return goal


def at_the_lowest(marked, goal, runway, sweep_distance=heapgoal.SWEEP_DISTANCE):
    return heapgoal.trigger_bounds(marked, goal, sweep_distance)[0]


def runway_at_equal_shares(cons_mark, scan_work):
    return int(cons_mark * scan_work)


MUTANTS = {
    "the goal ignores the roots": (compare_stopped, "gogc_goal", without_roots),
    "the ballast counts as garbage": (compare_stopped, "_held", lambda knobs: trajectory.RUNTIME_LIVE),
    "the cycle starts at the goal": (compare_stopped, "trigger", at_the_goal),
    "the cycle starts at the lowest trigger": (compare_stopped, "trigger", at_the_lowest),
    "the highest trigger is 90 %": (compare_stopped, "HIGHEST_TRIGGER", 58),
    "never within 4 MiB of the goal": (compare_stopped, "DEFAULT_MINIMUM_HEAP", 0),
    "the minimum heap is not scaled by GOGC": (compare_tiny, "gogc_goal", minimum_heap_unscaled),
    "there is no minimum heap": (compare_tiny, "gogc_goal", no_minimum_heap),
    "the sweeper gets no distance": (compare_tiny, "heap_goal", no_sweep_distance),
    "one step: the cycle starts at the goal": (compare_one_step, "trigger", at_the_goal),
    "one step: the lowest trigger is 75 %": (compare_one_step, "LOWEST_TRIGGER", 48),
    "one step: the runway has no factor of three": (compare_one_step, "runway", runway_at_equal_shares),
    "the limit has no headroom": (compare_limited, "limit_goal", without_headroom),
    "live objects need no metadata": (compare_limited, "_non_heap", lambda live, garbage: 0),
    "the limiter's bucket holds ten seconds": (compare_spiral, "CAPACITY_PER_PROCESSOR_S", 10.0),
    "the limiter's bucket holds a tenth": (compare_spiral, "CAPACITY_PER_PROCESSOR_S", 0.1),
    "pages have 16 KB": (compare_pages, "page_bytes", 16 << 10),
    "reading makes pages resident": (compare_pages, "simulate_pages", None),
}


@cache
def holds_unchanged(compare):
    return all(found.holds for found in compare())


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name, monkeypatch):
    compare, what, wrong = MUTANTS[name]
    assert holds_unchanged(compare)
    replace_everywhere(monkeypatch, what, wrong)
    assert not all(found.holds for found in compare())


def replace_everywhere(monkeypatch, what, wrong):
    """Replace a formula or a constant in every module that uses it."""
    if what == "page_bytes":
        monkeypatch.setattr(comparisons.PageKnobs, what, wrong)
        return
    if what == "simulate_pages":
        simulate = comparisons.simulate_pages
        wrong = lambda knobs: simulate(comparisons.replace(knobs, access="write"))  # noqa: E731
    users = [m for m in (heapgoal, pacer, one_step, trajectory, limiter, comparisons) if hasattr(m, what)]
    assert users
    for module in users:
        monkeypatch.setattr(module, what, wrong)


def test_mutant_floating_garbage_is_freed_at_once(monkeypatch):
    """Concurrent goals have no bound; without floating garbage they are off by more than twice as much."""

    class Forgetful(pacer.Pacer):
        def end_cycle(self, allocated, heap_scan, marked, assist_share=0.0, idle_share=0.0):
            super().end_cycle(allocated, heap_scan, marked - allocated, assist_share, idle_share)

    cells = [c for c in fidelity.recorded_cells(CONCURRENT) if c[0].allocation_mb_s >= c[0].mutator_mb_s]
    before = comparisons.concurrent("", cells, 0, 0)[0]
    monkeypatch.setattr(trajectory, "Pacer", Forgetful)
    assert comparisons.concurrent("", cells, 0, 0)[0].mean_error > 2 * before.mean_error


def test_the_table_can_be_shown():
    frame = pd.DataFrame(rows().values())
    assert {"comparison", "grid", "mean_error", "max_error", "bound", "inside", "promised"} <= {*frame}

import re
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest

from engineroom.ballast import real
from engineroom.ballast.death_spiral import SpiralKnobs
from engineroom.ballast.go import programs
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB, heap_goal, trigger
from engineroom.ballast.virtual_memory import PageKnobs
from engineroom.golang import GoRunError, build

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm")


def stopped(**settings):
    """Return knobs of a run whose sizes and counts do not depend on the machine: 1,000 MB of garbage."""
    settings = {"live_mb": 20, "allocation_mb_s": 1000, "duration_s": 1, "processors": 1} | settings
    return HeapKnobs(collector=STOP_THE_WORLD, **settings)


@pytest.fixture(scope="module")
def plain():
    return real.run(stopped(), hurry=True)


@pytest.fixture(scope="module")
def ballasted():
    return real.run(stopped(ballast_mb=60), hurry=True)


@pytest.mark.parametrize(("run", "held_mb"), [("plain", 20), ("ballasted", 80)])
def test_sizes_and_counts_are_what_the_formulas_say(run, held_mb, request):
    """Stop-the-world mode: the goal within 0.15 %, bytes per cycle within 0.5 % (measured: 0.03, 0.08)."""
    run = request.getfixturevalue(run)
    assert run.initial_marked_bytes == pytest.approx(held_mb * MIB, rel=0.01)
    marked = int(np.median(run.live_before_bytes))
    roots = int(run.stacks_bytes[0]), int(run.globals_bytes[0])
    goal = heap_goal(marked, 100, *roots)
    assert np.median(run.goal_bytes) == pytest.approx(goal, rel=0.0015)
    per_cycle = trigger(marked, goal, 0) - marked
    assert np.median(run.peak_bytes - run.live_before_bytes) == pytest.approx(per_cycle, rel=0.005)
    assert abs(run.cycles - run.allocated_bytes / per_cycle) <= 1


def test_a_ballast_divides_the_cycles(plain, ballasted):
    """Four times as much is marked, three quarters of it for nothing: a quarter of the cycles."""
    assert plain.cycles / ballasted.cycles == pytest.approx(4, rel=0.15)
    # All marking, at what a cycle usually takes: single ones are ten times as dear in a busy moment.
    marking = [np.median(run.mark_cpu_s) * run.cycles for run in (ballasted, plain)]
    assert marking[0] < marking[1] / 2


@linux
def test_an_untouched_ballast_is_not_resident(ballasted):
    """60 MB of ballast, 20 MB live and 80 MB of garbage allowance: the ballast's 60 are not there."""
    assert ballasted.rss_bytes < 120 * MIB
    assert ballasted.mapped_bytes > 150 * MIB


def test_a_repeated_run_has_the_same_cycles(plain):
    again = real.run(stopped(), hurry=True)
    assert again.cycles == plain.cycles
    np.testing.assert_allclose(again.goal_bytes, plain.goal_bytes, rtol=0.001)


def test_columns_of_a_concurrent_run_fit_together():
    run = real.run(HeapKnobs(live_mb=10, allocation_mb_s=200, duration_s=1))
    assert run.origin.startswith("go1.")
    assert run.cycles >= 3
    assert run.duration_s <= 2
    assert (run.live_before_bytes <= run.trigger_bytes).all()
    assert (run.trigger_bytes <= run.peak_bytes).all()
    assert (np.diff(run.end_s) > 0).all()
    assert (run.start_s < run.end_s).all()
    assert (run.start_s[1:] >= run.end_s[:-1] - 0.002).all()  # gctrace has milliseconds
    assert not run.limiter_on


def test_a_memory_limit_sets_the_goal():
    knobs = HeapKnobs(
        live_mb=20, gogc_off=True, limited=True, limit_mb=100, allocation_mb_s=500, duration_s=1
    )
    run = real.run(knobs)
    assert run.cycles >= 2
    assert 60 * MIB < np.median(run.goal_bytes) < 97 * MIB


def test_progress_rises_to_the_end():
    told = []
    real.run(HeapKnobs(live_mb=5, allocation_mb_s=50, duration_s=1), on_progress=told.append)
    assert len(told) >= 2
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_cancel_ends_the_program():
    cancel = threading.Event()

    def stop_at_once(_):
        cancel.set()

    began = time.monotonic()
    with pytest.raises(GoRunError, match="stopped on request"):
        real.run(HeapKnobs(duration_s=60), at_most_s=60, on_progress=stop_at_once, cancel=cancel)
    assert time.monotonic() - began < 30  # half of what it would have taken


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ballast_mb": 5000}, "The ballast would be 5,000 MB; a live run may have at most 1,024 MB"),
        ({"live_mb": 500, "gogc": 1000, "allocation_mb_s": 5000}, "The resident heap would be 5,500 MB"),
    ],
)
def test_a_heap_too_large_for_this_machine_is_refused_before_it_runs(settings, message):
    with pytest.raises(real.TooLargeToRun, match=message):
        real.run(HeapKnobs(**settings))


def test_calibration_takes_the_speeds_from_the_run(plain):
    knobs = real.calibrate(stopped(), plain)
    marked = plain.cycles * 20 * MIB * knobs.mark_ns_per_byte * 1e-9
    assert marked == pytest.approx(plain.mark_cpu_s.sum(), rel=1e-6)
    assert 0.1 < knobs.mark_ns_per_byte < 20
    assert knobs.mutator_mb_s > 100
    with pytest.raises(ValueError, match="no GC cycle"):
        real.calibrate(stopped(), real.run(HeapKnobs(live_mb=50, allocation_mb_s=10, duration_s=0.2)))


@linux
@pytest.mark.parametrize(
    ("touched", "element"), [(0, "bytes"), (50, "bytes"), (100, "bytes"), (50, "pointers")]
)
def test_resident_memory_grows_by_what_was_written(touched, element):
    charge = real.touch_pages(PageKnobs(size_mb=64, touched_percent=touched, element=element))
    assert charge.rss_bytes == pytest.approx(64 * MIB * touched / 100, abs=64 * MIB * 0.05)
    assert charge.vsz_bytes >= 64 * MIB
    assert charge.minor_faults == pytest.approx(64 * 256 * touched / 100, abs=64 * 256 * 0.05)


@linux
def test_reading_faults_but_does_not_fill():
    charge = real.touch_pages(PageKnobs(size_mb=64, touched_percent=100, access="read"))
    assert charge.rss_bytes < 64 * MIB * 0.05
    assert charge.minor_faults == pytest.approx(64 * 256, rel=0.05)


@linux
def test_nil_pointers_are_read_by_every_collection():
    charge = real.touch_pages(PageKnobs(size_mb=64, element="pointers"))
    assert charge.scan_bytes >= 64 * MIB
    assert charge.gc_faults >= 64 * 256
    assert real.touch_pages(PageKnobs(size_mb=64)).scan_bytes < MIB


def test_a_slice_too_large_is_refused():
    with pytest.raises(real.TooLargeToRun, match="The slice would be 10,240 MB"):
        real.touch_pages(PageKnobs(size_mb=10240))


def test_a_ballast_saves_cycles_and_cpu_of_an_api():
    """The article's headline in small: recorded -97 % cycles and about -40 % CPU per request.

    Asserted: -80 % cycles; -10 % CPU in the best of three pairs, as a busy machine blurs CPU times.
    """
    savings = []
    while len(savings) < 3 and not (savings and max(savings) > 0.10):
        pair = real.compare_api(["GOGC=100", "256 MB ballast"], seconds=2)
        before, after = pair.itertuples()
        assert (pair.failed == 0).all()
        assert before.requests == after.requests > 300
        assert before.cycles >= 10
        assert after.cycles <= before.cycles * 0.2
        savings.append(1 - after.cpu_s / before.cpu_s)
    assert max(savings) > 0.10


def test_a_live_heap_near_the_limit_costs_most_of_the_work():
    told = []
    knobs = SpiralKnobs(limit_mb=100, from_mb=10, to_mb=85, steps=2, step_s=0.7)
    run = real.spiral(knobs, on_progress=told.append)
    assert run.origin.startswith("go1.")
    assert run.live_mb.tolist() == [10, 85]
    assert run.throughput[0] == 1.0
    assert run.throughput[1] < 0.5
    assert run.gc_share[1] > run.gc_share[0]
    assert told == [0.5, 1.0, 1.0]


def test_marking_costs_by_shape_not_by_byte():
    rows = real.measure("heapshape", {"size-mb": 16, "shape": "all"}, env={"GOMAXPROCS": "1"})
    cost = {row["shape"]: row["least_s"] for row in rows}
    assert cost["noscan"] < cost["pointers"] / 3
    assert cost["pointers"] < cost["shuffled"]


def test_a_cancelled_api_run_leaves_neither_server_nor_client():
    program, seen, cancel = build(programs.GO / "apiserver"), [], threading.Event()

    def stop_when_both_run(_):
        started = psutil.Process().children(recursive=True)
        seen.extend(process for process in started if process.exe() == str(program.path))
        cancel.set()

    with pytest.raises(GoRunError, match="stopped on request"):
        real.compare_api(["GOGC=100"], seconds=30, on_progress=stop_when_both_run, cancel=cancel)
    assert len(seen) >= 2
    _, alive = psutil.wait_procs(seen, timeout=5)
    assert alive == []


def test_the_client_does_not_outlive_a_killed_server():
    program = build(programs.GO / "apiserver")
    with subprocess.Popen([program.path, "-seconds=30"], stdout=subprocess.PIPE) as server:
        server.stdout.readline()  # the first progress comes from the client
        clients = psutil.Process(server.pid).children()
        server.kill()
        server.wait()
    assert len(clients) == 1
    _, alive = psutil.wait_procs(clients, timeout=10)
    assert alive == []


@pytest.mark.parametrize(
    ("program", "flags", "sentence"),
    [
        ("heapload", {"live-mb": -1}, "-live-mb is -1; it must be between 0 and 2048."),
        ("heapload", {"live-mb": "NaN"}, "-live-mb is NaN; it must be between 0 and 2048."),
        ("heapload", {"live-mb": "lots"}, '-live-mb is "lots"; it must be a number between 0 and 2048.'),
        (
            "heapload",
            {"object-bytes": 1.5},
            '-object-bytes is "1.5"; it must be a whole number between 16 and',
        ),
        (
            "heapload",
            {"gogc": "fast"},
            '-gogc is "fast"; it must be off, or a whole percentage from 1 to 100000.',
        ),
        ("pagetouch", {"kind": "strings"}, '-kind is "strings"; it must be one of: bytes, pointers.'),
        ("pagetouch", {"access": "sniff"}, '-access is "sniff"; it must be one of: write, read.'),
        ("heapshape", {"shape": "round"}, '-shape is "round"; it must be one of: noscan,'),
        ("apiserver", {"rps": 1e6}, "-rps is 1e+06; it must be between 1 and 1000."),
        ("spiral", {"to-mb": 5}, "-to-mb is 5; it must be between 20 and 2048."),
    ],
)
def test_a_bad_flag_gets_a_sentence(program, flags, sentence):
    with pytest.raises(GoRunError, match=re.escape(sentence)):
        real.measure(program, flags)


def test_a_limit_too_large_for_this_machine_is_refused():
    with pytest.raises(real.TooLargeToRun, match="The resident heap would be 2,000 MB"):
        real.spiral(SpiralKnobs(limit_mb=2000))


def test_an_unknown_program_is_named():
    with pytest.raises(ValueError, match="There is no program 'heap'; there are: heapload,"):
        real.measure("heap")


def test_a_time_limit_ends_a_program(monkeypatch):
    monkeypatch.setattr(programs, "SPARE_S", 0.0)
    with pytest.raises(GoRunError, match=r"did not end within 0\.3 s"):
        real.measure("heapload", {"total-mb": 100_000, "seconds": 60}, at_most_s=0.3)

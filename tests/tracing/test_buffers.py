"""The buffering model against a plain event-by-event reckoning and against what must hold."""

import heapq
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.kit.knobs import KnobError
from engineroom.tracing.buffers import GENERATIONS, PER_P, BufferKnobs, simulate

knob_sets = st.builds(
    BufferKnobs,
    design=st.sampled_from([PER_P, GENERATIONS]),
    writers=st.integers(1, 5),
    event_rate=st.floats(1, 200),
    event_bytes=st.sampled_from([2, 5.5, 12]),
    buffer_kib=st.sampled_from([16, 64]),
    reader_speed=st.floats(0.5, 100),
    generation_s=st.sampled_from([0.1, 0.5, 1]),
    duration_s=st.sampled_from([0.5, 2]),
)


def reckon(knobs):
    """The same run as a loop over single buffers; returns (arrival, size, done) of each."""
    rate, size = knobs.event_rate * 1e3 * knobs.event_bytes, knobs.buffer_kib * 1024
    begin, free, rows = 0.0, 0.0, []
    while begin < knobs.duration_s:
        end = knobs.duration_s
        if knobs.design == GENERATIONS:
            end = min(end, max(begin, free) + knobs.generation_s)
        handed = []
        for writer in range(knobs.writers):
            filled = 0
            while begin + (filled + 1) * size / rate <= end:
                filled += 1
                heapq.heappush(handed, (begin + filled * size / rate, filled, writer, size))
            if (rest := (end - begin) * rate - filled * size) > 1e-6:
                heapq.heappush(handed, (end, filled + 1, writer, rest))
        while handed:
            at, _, _, amount = heapq.heappop(handed)
            free = max(free, at) + amount / (knobs.reader_speed * 1e6)
            rows.append((at, amount, free))
        begin = end
    return np.array(rows)


@settings(deadline=None, max_examples=60)
@given(knob_sets)
def test_equals_the_reckoning(knobs):
    run, rows = simulate(knobs), reckon(knobs)
    assert abs(run.flushes - len(rows)) <= knobs.writers  # a buffer full exactly at the end
    assert run.finished_s == pytest.approx(rows[-1, 2], rel=1e-9)
    middle = slice(1, -1)
    for i in range(20, len(run.time_s), 97)[middle]:
        written = rows[rows[:, 2] <= run.time_s[i], 1].sum()
        assert run.written[i] == pytest.approx(written, abs=knobs.buffer_kib * 1024 * 1.01)


@settings(deadline=None, max_examples=60)
@given(knob_sets)
def test_what_must_hold(knobs):
    run = simulate(knobs)
    tolerance = 1e-6 * run.produced[-1] + 1
    assert (run.written <= run.produced + tolerance).all()
    assert (run.readable <= run.written + tolerance).all()
    assert (np.diff(run.readable) >= 0).all()
    assert (run.memory >= knobs.writers * knobs.buffer_kib * 1024).all()
    assert (run.produced - run.written <= run.memory + tolerance).all(), "what is not written is in memory"


def test_old_design_loses_everything_in_a_crash():
    run = simulate(BufferKnobs(design=PER_P))
    assert (run.readable == 0).all()
    assert len(run.boundaries_s) == 0


def test_new_design_loses_at_most_a_generation_when_the_reader_keeps_up():
    knobs = BufferKnobs(generation_s=1, duration_s=4)
    run = simulate(knobs)
    rate = run.produced[-1] / knobs.duration_s
    assert run.lost.max() / rate < 1.2
    assert len(run.boundaries_s) == 3


def test_flushes_by_hand():
    # 100 kB/s into 64 KiB buffers: full at 0.655, 1.311, … s; one part left at 4 s: 6 full + 1
    run = simulate(BufferKnobs(design=PER_P, writers=1, event_rate=20, event_bytes=5, duration_s=4))
    assert run.flushes == 7
    # with generations of 1 s (the reader needs 1.3 ms more): each has one full buffer and a rest
    run = simulate(BufferKnobs(design=GENERATIONS, writers=1, event_rate=20, event_bytes=5, duration_s=4))
    assert run.flushes == 8


def test_slow_reader_holds_memory_and_stretches_generations():
    slow = simulate(BufferKnobs(reader_speed=2))
    fast = simulate(BufferKnobs(reader_speed=500))
    assert slow.peak_memory > 10 * fast.peak_memory
    assert slow.boundaries_s[0] == fast.boundaries_s[0] == 1
    assert len(slow.boundaries_s) < len(fast.boundaries_s)


def test_bad_knob_names_itself():
    with pytest.raises(KnobError, match=r"buffer is 8 KiB; it must be between 16 and 256 KiB\."):
        BufferKnobs(buffer_kib=8)


def test_model_stays_bare():
    code = (
        "import sys, engineroom.tracing.buffers, engineroom.tracing.recorder;"
        "print(sorted({'pandas', 'matplotlib', 'IPython', 'engineroom.golang'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"

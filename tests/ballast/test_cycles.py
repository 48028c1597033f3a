import json

import numpy as np
import pytest

from engineroom.ballast.cycles import COLUMNS, GCRun


def made(cycles=3, **changed):
    columns = {name: np.arange(cycles) + i / 8 for i, name in enumerate(COLUMNS)}
    totals = {"initial_marked_bytes": 7.0, "duration_s": 2.0, "allocated_bytes": 60.0}
    return GCRun("model", "a label", **columns | totals | changed)


def test_a_run_survives_json():
    run = made(trigger_bytes=[1, np.nan, 3], rss_bytes=5.0, limiter_on=True)
    again = GCRun.from_record(json.loads(json.dumps(run.to_record(), allow_nan=False)))
    assert again.totals() == pytest.approx(run.totals(), nan_ok=True)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))


def test_each_tooth_stands_on_what_the_cycle_before_left():
    run = made(marked_bytes=[10, 20, 30])
    assert run.live_before_bytes.tolist() == [7, 10, 20]
    assert made(0).live_before_bytes.tolist() == []


def test_totals_per_cycle_and_second():
    run = made(gc_cpu_s=0.5, busy_cpu_s=2.0)
    assert (run.cycles, run.cycles_per_s, run.bytes_per_cycle, run.gc_cpu_share) == (3, 1.5, 20, 0.25)
    assert np.isnan(made(0).bytes_per_cycle)
    assert np.isnan(made(0).gc_cpu_share)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"goal_bytes has shape \(2,\); start_s has 3 cycles"):
        made(goal_bytes=[1, 2])


def test_columns_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        made().goal_bytes[0] = 1


def test_a_data_frame_has_one_row_per_cycle():
    frame = made().to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 3

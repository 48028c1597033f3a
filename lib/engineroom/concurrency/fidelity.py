"""The model beside the recorded real runs: what must be equal, and how far the times are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engineroom.concurrency import bounded, fail_fast, real, shared_calls, weighted
from engineroom.concurrency.bounded import MS, LimitKnobs
from engineroom.concurrency.fail_fast import FailKnobs
from engineroom.concurrency.runs import Run
from engineroom.concurrency.shared_calls import FlightKnobs
from engineroom.concurrency.weighted import WeightKnobs
from engineroom.kit.knobs import Knobs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["comparison", "predict"]

MODELS = {
    LimitKnobs: bounded.simulate,
    WeightKnobs: weighted.simulate,
    FlightKnobs: shared_calls.simulate,
    FailKnobs: fail_fast.simulate,
}


def predict(knobs: Knobs) -> Run:
    """Return the model's run for the knobs of any of the four experiments."""
    return MODELS[type(knobs)](knobs)


def comparison() -> pd.DataFrame:
    """Return one row per recorded run: counts and times, model and real; times in milliseconds."""
    import pandas as pd

    rows = []
    for name in real.recordings():
        model, measured = predict(real.recorded_knobs(name)), real.replay(name)
        row = {"run": name}
        for source, run in (("model", model), ("real", measured)):
            row |= {f"calls, {source}": len(run.work), f"at once, {source}": run.peak_calls}
            row |= {f"goroutines, {source}": run.peak_goroutines}
            row[f"makespan, {source}"] = round(run.makespan / MS, 1)
        row["later by"] = round((measured.makespan - model.makespan) / MS, 1)
        rows.append(row)
    return pd.DataFrame(rows).set_index("run")

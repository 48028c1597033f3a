"""The four experiments by their knobs."""

from __future__ import annotations

from engineroom.concurrency import bounded, fail_fast, shared_calls, weighted
from engineroom.concurrency.bounded import LimitKnobs
from engineroom.concurrency.fail_fast import FailKnobs
from engineroom.concurrency.runs import Run
from engineroom.concurrency.shared_calls import FlightKnobs
from engineroom.concurrency.weighted import WeightKnobs
from engineroom.kit.knobs import Knobs

__all__ = ["predict"]

MODELS = {
    LimitKnobs: bounded.simulate,
    WeightKnobs: weighted.simulate,
    FlightKnobs: shared_calls.simulate,
    FailKnobs: fail_fast.simulate,
}


def predict(knobs: Knobs) -> Run:
    """Return the model's run for the knobs of any of the four experiments."""
    return MODELS[type(knobs)](knobs)

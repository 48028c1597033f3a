"""Check of exercise 7: what a flight recorder's snapshot holds."""

from __future__ import annotations

import random
from collections.abc import Callable

from engineroom.kit.expect import answer_of, expect_close, passed
from engineroom.tracing import recorder

__all__ = ["check_window"]


def check_window(predict: Callable[[list[float], float], float], *, seed: int = 0) -> None:
    """Check a function from (edges of the generations, MinAge) to how far back a snapshot reaches, in s.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    chance = random.Random(7 + seed)
    cases = [(2.3, 0.5), (2.8, 0.5), (4.0, 10.0), (6.5, 2.0)]
    cases += [(round(chance.uniform(0.5, 12), 2), round(chance.uniform(0.1, 6), 2)) for _ in range(40)]
    for snapshot, min_age in cases:
        knobs = recorder.RecorderKnobs(min_age_s=min_age, max_mb=100, trace_rate=0.1, snapshot_s=snapshot)
        window = recorder.simulate(knobs)
        edges = [g.begin_s for g in (*window.dropped, *window.kept)] + [snapshot]
        expect_close(
            f"snapshot at {snapshot} s, MinAge {min_age} s: the window reaches back",
            answer_of(predict, edges, min_age),
            window.reach_s,
            within=1e-6,
            unit="s",
            hint="an older generation is added as long as what is kept reaches back no further than MinAge",
        )
    passed("The flight recorder's window", f"{len(cases)} snapshots")

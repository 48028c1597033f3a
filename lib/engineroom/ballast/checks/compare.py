"""Checks a reading of paired A/B runs: ratios within each repeat, and silence where repeats disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import mean, median
from typing import Any

import numpy as np

from engineroom.ballast import real
from engineroom.ballast.checks.mistakes import Mistakes, hint_for
from engineroom.kit.expect import answer_of, expect_close, expect_equal, expect_that, passed

__all__ = ["check_compare"]

Row = Mapping[str, Any]
WITHIN = 0.002
BASELINE = "GOGC=100"
PAIRED = "in each repeat divide the setting's rate by the baseline's; then the median of these, less 1"

RATES: dict[str, Callable[[Row], float]] = {
    "cycles": lambda row: row["cycles"] / row["seconds"],
    "cpu": lambda row: row["cpu_s"] / row["requests"],
    "p99": lambda row: row["p99_s"],
}
RAW = {"cycles": ("cycles", "second"), "cpu": ("cpu_s", "request")}


def check_compare(compare: Callable[[list[dict], str, str], Mapping[str, Any]], *, seed: int = 0) -> None:
    """Check `compare(rows, baseline, setting)` on a drifting machine, then on the recorded HTTP API.

    Tolerance is 0.2 percentage points: the answer is arithmetic on given numbers.
    """
    rng = np.random.default_rng(seed)
    for p99_factors in ((1.4, 0.7), (0.6, 0.8)):
        drifting = _drifting(rng, p99_factors)
        _expect_changes(compare, drifting, "ballast", "On a machine that slows down")
    rows = real.table("api").to_dict("records")
    evidence = {}
    for setting in dict.fromkeys(row["setting"] for row in rows if row["setting"] != BASELINE):
        changes = _expect_changes(compare, rows, setting, "Recorded API")
        evidence[setting] = ", ".join(f"{name} {_percent(changes[name])}" for name in RATES)
    passed("compare", evidence)


def _percent(change: float | None) -> str:
    return "no result" if change is None else f"{change:+.0%}"


def _drifting(rng: np.random.Generator, p99_factors: tuple[float, float]) -> list[dict[str, Any]]:
    """Make up runs on a machine that slows down to a seventh meanwhile, and one that went astray.

    The ballast changes p99 by the two factors in turn.
    """
    rows = []
    for repeat in range(1, 8):
        slow, saving = repeat / 2.5, float(rng.uniform(0.55, 0.8)) if repeat < 7 else 6.0
        tails = p99_factors[repeat % 2]
        for setting, cycles, cpu, tail in ((BASELINE, 50, 1.2, 1.0), ("ballast", 3, 1.2 * saving, tails)):
            seconds, requests = float(rng.uniform(4, 6)), int(rng.integers(800, 1200))
            rows.append(
                {
                    "repeat": repeat,
                    "setting": setting,
                    "seconds": seconds,
                    "requests": requests,
                    "cycles": round(cycles * seconds / 5) + int(rng.integers(0, 2)),
                    "cpu_s": cpu * slow * requests / 1000,
                    "p99_s": 0.012 * slow * tail,
                }
            )
    return [rows[i] for i in rng.permutation(len(rows))]


def _ratios(rows: list[dict], setting: str, rate: Callable[[Row], float]) -> list[float]:
    before = {row["repeat"]: rate(row) for row in rows if row["setting"] == BASELINE}
    return [rate(row) / before[row["repeat"]] for row in rows if row["setting"] == setting]


def _expect_changes(
    compare: Callable[..., Any], rows: list[dict], setting: str, where: str
) -> dict[str, Any]:
    changes = answer_of(compare, [dict(row) for row in rows], BASELINE, setting)
    named = type(changes) is dict and set(RATES) <= set(changes)
    wanted = "a dict with the keys 'cycles', 'cpu', 'p99'"
    expect_that("What compare returns", named, seen=changes, expected=wanted)
    for name in ("cycles", "cpu"):
        told = f"{where}: change in {name}, {setting} against {BASELINE}"
        expected = median(_ratios(rows, setting, RATES[name])) - 1
        hint = hint_for(changes[name], _mistakes(rows, setting, name), within=1e-9, otherwise=PAIRED)
        expect_close(told, changes[name], expected, within=WITHIN, hint=hint)
    _expect_p99(changes["p99"], _ratios(rows, setting, RATES["p99"]), f"{where}: change in p99, {setting}")
    return changes


def _expect_p99(seen: Any, ratios: list[float], told: str) -> None:
    if min(ratios) < 1 < max(ratios):
        hint = "in some repeats it rose, in others it fell: that is no result"
        expect_equal(told, seen, None, hint=hint)
    else:
        hint = f"all repeats agree in direction, so there is a result: {PAIRED}"
        expect_that(told, seen is not None, seen=seen, expected=_percent(median(ratios) - 1), hint=hint)
        expect_close(told, seen, median(ratios) - 1, within=WITHIN, hint=hint)


def _mistakes(rows: list[dict], setting: str, name: str) -> Mistakes:
    ratios = _ratios(rows, setting, RATES[name])
    column, unit = RAW[name]
    not_per_unit = median(_ratios(rows, setting, lambda row: row[column])) - 1
    before, after = ([RATES[name](r) for r in rows if r["setting"] == kind] for kind in (BASELINE, setting))
    inverse = median(1 / ratio for ratio in ratios) - 1 if min(ratios) > 0 else np.inf
    change = median(ratios) - 1
    return (
        (change + 1, "that is the ratio; the change is the ratio less 1"),
        (100 * change, "give the change as a fraction, not as a percentage"),
        (-change, "a saving is a negative change"),
        (inverse, "divide the setting's rate by the baseline's, not the other way round"),
        (not_per_unit, f"take {name} per {unit} first: no two runs are equally long"),
        (mean(ratios) - 1, "one run that went astray moves a mean, but not a median"),
        (median(after) / median(before) - 1, "the machine slowed down meanwhile: compare within each repeat"),
        (
            mean(after) / mean(before) - 1,
            "means over all repeats mix fast hours with slow ones: compare in pairs",
        ),
    )

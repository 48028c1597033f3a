"""Checks of the exercises that return a design: rows, order, budgets, heat and growth."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engineroom.dynamodb import real
from engineroom.dynamodb.engine import plain_engine_errors
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.layout import Design
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.sample_data import load_frames
from engineroom.dynamodb.workbench import Workbench
from engineroom.kit.expect import CheckFailed, answer_of, expect_that, passed
from engineroom.kit.plainly import ToldPlainly

__all__ = ["check_design", "check_shards"]

SMALL, LARGE = 0.3, 3.0  # ten times the data, for requests that must not grow
HOTTEST_SHARE = 0.06
MOST_REQUESTS = 12


@lru_cache(maxsize=4)  # a learner checks again and again
def _bench(dataset: str, seed: int, scale: float) -> Workbench:
    return Workbench(dataset, load_frames(dataset, seed=seed, scale=scale), read_prices(), seed)


def _reviewed(bench: Workbench, design: Design, where: str) -> dict[str, Any]:
    """Lay a design out and review it; whatever does not fit becomes a `CheckFailed`."""
    try:
        view = bench.review(bench.lay_out(design))
    except ToldPlainly as error:
        raise CheckFailed(f"On {where}: {error}") from None
    for report in view["reports"]:
        expect_that(
            f"{report['pattern']} on {where} ({bench.patterns[report['pattern']].asks})",
            report["passed"],
            seen=report["problem"],
            expected="the right rows within the budget",
            hint="edit your design on the bench with explore_design(), where each edit shows its effect",
        )
    return view


def check_design(build: Callable[[], Design], dataset: str = "films", *, seed: int = 101) -> None:
    """Check a whole design: rows, order, budgets, heat and growth, then the real API.

    Args:
        build: returns the design.
        dataset: whose access patterns it must answer.
        seed: of the small data set; the one of ten times the data has the next.

    Raises:
        CheckFailed: naming the first access pattern that is not answered within its budget.
    """
    design = answer_of(build)
    expect_that(
        "what your function returns",
        isinstance(design, Design),
        seen=design,
        expected="a Design(table, keys, plans)",
    )
    small = _bench(dataset, seed, SMALL)
    views = {
        "a small data set": _reviewed(small, design, "a small data set"),
        "ten times the data": _reviewed(_bench(dataset, seed + 1, LARGE), design, "ten times the data"),
    }
    _expect_cool(views["ten times the data"])
    with plain_engine_errors():
        verdicts = real.compare(small.lay_out(design), small.asked)
    for pattern, verdict in verdicts.items():
        expect_that(f"{pattern} through boto3", verdict.startswith("✔"), seen=verdict, expected="✔")
    passed("design", {pattern: verdict[2:] for pattern, verdict in verdicts.items()})


def _expect_cool(view: dict[str, Any]) -> float:
    hottest = max((heat for heat in view["heat"] if heat["store"] == "table"), key=lambda heat: heat["share"])
    expect_that(
        "the hottest partition key of the table",
        hottest["share"] <= HOTTEST_SHARE,
        seen=f"{hottest['key']} takes {hottest['share']:.1%} of the writes",
        expected=f"at most {HOTTEST_SHARE:.0%}",
        hint="a key that few items share spreads the load",
    )
    return hottest["share"]


def check_shards(shard: Callable[[], tuple[str, str]], *, seed: int = 103) -> None:
    """Check the sharding of the celebrity's stars: cool keys, and few enough requests to read them all.

    Args:
        shard: returns the template of a Star's PK and the plan for ``stargazers``.
        seed: of the data.

    Raises:
        CheckFailed: when a key is too hot, a read too wide, or stars are missing.
    """
    answer = answer_of(shard)
    pair = type(answer) is tuple and len(answer) == 2 and all(type(text) is str for text in answer)
    expect_that("what your function returns", pair, seen=answer, expected="two texts: template, plan")
    given = SINGLE_TABLE["hosting"]
    keys = {**given.keys, "Star": {**given.keys["Star"], "PK": answer[0]}}
    design = Design(given.table, keys, {**given.plans, "stargazers": answer[1]})
    bench = _bench("hosting", seed, 1.0)
    bench.patterns = {
        name: pattern.with_budget(MOST_REQUESTS) if name == "stargazers" else pattern
        for name, pattern in bench.patterns.items()
    }
    view = _reviewed(bench, design, "a data set with a celebrity")
    share = _expect_cool(view)
    requests = next(r["requests"] for r in view["reports"] if r["pattern"] == "stargazers")
    passed(
        "shards", {"hottest key": f"{share:.1%} of the writes", "a read of all stars": f"{requests} requests"}
    )

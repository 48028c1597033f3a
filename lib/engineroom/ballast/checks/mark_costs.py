"""Checks a prediction: which heap is dear to mark, which is cheap, and by how much."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from engineroom.ballast import real
from engineroom.kit.expect import answer_of, expect_equal, expect_that, passed, plain

__all__ = ["check_mark_costs"]

SHAPES = ("noscan", "structs", "pointers", "map", "shuffled")
FACTOR_OF = 2


def check_mark_costs(mark_costs: Callable[[], Any], *, collector: str = "Green Tea") -> None:
    """Check a predicted order of mark costs, and the factor between the dearest shape and the cheapest.

    The order holds in every recorded repeat, with both mark algorithms; the factor varies with the
    machine, so a factor of two either way is right.

    Args:
        mark_costs: returns the shapes, cheapest first, and the factor.
        collector: the mark algorithm of the recording: "Green Tea" or "before Green Tea".
    """
    answer = plain(answer_of(mark_costs))
    pair = type(answer) is list and len(answer) == 2 and type(answer[0]) is list
    wanted = "two things: the list of shapes, and a factor"
    expect_that("What mark_costs returns", pair, seen=answer, expected=wanted)
    order, factor = answer
    hint = "each of the five shapes once, spelt as in the task"
    expect_equal("The shapes in your order", sorted(map(str, order)), sorted(SHAPES), hint=hint)
    table = real.table("heapshape")
    cost_ms = table[table["collector"] == collector].groupby("shape")["mark_cpu_s"].median() * 1e3
    for cheap, dear in pairwise(order):
        seen = f"{cheap} {cost_ms[cheap]:.3g} ms, {dear} {cost_ms[dear]:.3g} ms of CPU"
        told, rises = f"{cheap} before {dear}", cost_ms[cheap] < cost_ms[dear]
        expect_that(told, rises, seen=seen, expected="cheapest first", hint=_why(cheap, dear))
    _expect_factor(factor, cost_ms[SHAPES[-1]] / cost_ms[SHAPES[0]])
    passed("mark_costs", {shape: f"{cost_ms[shape]:.3g} ms for 50 MB, {collector}" for shape in SHAPES})


def _expect_factor(factor: Any, measured: float) -> None:
    low, high = measured / FACTOR_OF, measured * FACTOR_OF
    expect_that(
        "How many times dearer the dearest is",
        type(factor) is float and low <= factor <= high,
        seen=factor,
        expected=f"a number between {low:.0f} and {high:.0f}",
        hint="the cheapest is not read at all; in the dearest every node is a trip to memory of its own",
    )


def _why(cheap: str, dear: str) -> str:
    """Say why the shape that was put first is dearer after all."""
    if dear == "noscan":
        return "memory without pointers is marked object by object and never read"
    if cheap == "shuffled":
        return "in a list at random places each node has to arrive before the next one's address is known"
    if dear == "structs":
        return "nil pointers are read, one after the other, but lead nowhere"
    return "a map's entries lie scattered; a slice's nodes lie in the order in which they were made"

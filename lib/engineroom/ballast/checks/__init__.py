"""Checks of the ballast theme's exercises: for learners at once, and for grading with another seed.

Each `check_…` takes the learner's functions and prints on what evidence they hold. Otherwise it raises
`CheckFailed`: what was seen, what was expected, and a hint that names the likely mistake.
"""

from engineroom.ballast.checks.choose_ballast import check_choose_ballast
from engineroom.ballast.checks.compare import check_compare
from engineroom.ballast.checks.floating_garbage import check_floating_garbage
from engineroom.ballast.checks.heap_goal import check_heap_goal
from engineroom.ballast.checks.mark_costs import check_mark_costs
from engineroom.ballast.checks.page_bill import check_page_bill
from engineroom.ballast.checks.read_gctrace import check_read_gctrace
from engineroom.ballast.checks.replace_ballast import check_replace_ballast
from engineroom.ballast.checks.tipping_point import check_tipping_point
from engineroom.ballast.checks.trigger import check_trigger

__all__ = [
    "check_choose_ballast",
    "check_compare",
    "check_floating_garbage",
    "check_heap_goal",
    "check_mark_costs",
    "check_page_bill",
    "check_read_gctrace",
    "check_replace_ballast",
    "check_tipping_point",
    "check_trigger",
]

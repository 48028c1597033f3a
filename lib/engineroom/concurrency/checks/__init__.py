"""Checks of the concurrency exercises: on virtual time and on structure, never on the clock.

Each ``check_…`` takes the text of a learner's Go cell. It tries the well-known cases of the lesson first,
then one that its seed draws, for which the model says what Go must do: grading uses another seed than the
notebook.

Raises, all of them: `CheckFailed` with what was seen, what was expected, and a hint that names the likely
mistake; `GoBuildError` when the cell does not compile; `GoMissing` when there is no toolchain.
"""

from engineroom.concurrency.checks.bounded import check_bounded
from engineroom.concurrency.checks.costs import check_costs
from engineroom.concurrency.checks.dedup import check_dedup
from engineroom.concurrency.checks.fail_fast import check_fail_fast
from engineroom.concurrency.checks.first import check_first
from engineroom.concurrency.checks.order import check_order
from engineroom.concurrency.checks.race import check_race

__all__ = [
    "check_bounded",
    "check_costs",
    "check_dedup",
    "check_fail_fast",
    "check_first",
    "check_order",
    "check_race",
]

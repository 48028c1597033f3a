"""Checks of the tracing exercises: on recorded traces, and on invariants of fresh ones.

Nothing here depends on how fast the machine is: what counts is order, overlap and number. Every check
takes a `seed`; another one brings other traces, programs run otherwise, or other drawn cases.
"""

from engineroom.tracing.checks.batch_header import check_batch_header
from engineroom.tracing.checks.programs import (
    check_annotations,
    check_nesting,
    check_repair,
    exercise_source,
)
from engineroom.tracing.checks.tables import check_bottleneck, check_gc_counts, check_scheduling
from engineroom.tracing.checks.window import check_window

__all__ = [
    "check_annotations",
    "check_batch_header",
    "check_bottleneck",
    "check_gc_counts",
    "check_nesting",
    "check_repair",
    "check_scheduling",
    "check_window",
    "exercise_source",
]

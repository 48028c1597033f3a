"""Checks of the DynamoDB exercises: on a real API, with data that learners have not seen.

Each takes the learner's function and prints on what evidence it holds; otherwise it raises
`CheckFailed` with what was seen, what was expected, and a hint. Grading repeats it with another seed.
"""

from engineroom.dynamodb.checks.designs import check_design, check_shards
from engineroom.dynamodb.checks.reads import check_filter_bill, check_first_orders, check_revenue
from engineroom.dynamodb.checks.writes import check_backfill, check_set_status, check_take, check_transfer

__all__ = [
    "check_backfill",
    "check_design",
    "check_filter_bill",
    "check_first_orders",
    "check_revenue",
    "check_set_status",
    "check_shards",
    "check_take",
    "check_transfer",
]

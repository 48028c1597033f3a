"""Grades a class: each submission in a sandbox, marked from outside, into nbgrader's gradebook."""

import sys

SLOW = "rfc3987_syntax"

if "nbformat" not in sys.modules and SLOW not in sys.modules:
    # Under nbformat, jsonschema builds a grammar of international addresses where it can: over a second in
    # each process of a grader, for a format that no notebook has. It does without where the import fails.
    sys.modules[SLOW] = None
    try:
        import nbformat  # noqa: F401
    finally:
        del sys.modules[SLOW]

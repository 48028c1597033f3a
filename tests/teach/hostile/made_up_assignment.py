"""A small assignment for the suite: `double` is answered honestly everywhere, `secret` is attacked."""

import json

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

THEME = "ballast"
DOUBLE = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
SECRET = """def secret(n):
    ### BEGIN SOLUTION
    return sum(p for p in range(2, n) if all(p % q for q in range(2, p)))
    ### END SOLUTION"""
CHECK_DOUBLE = """expect_close("double(21)", answer_of(double, 21), 42, within=0)
### BEGIN HIDDEN TESTS
expect_close("double(-3)", answer_of(double, -3), -6, within=0)
### END HIDDEN TESTS
passed("double", "two numbers")"""
CHECK_SECRET = """expect_equal("secret(10)", answer_of(secret, 10), 17, hint="primes below n")
expect_equal("secret(20)", answer_of(secret, 20), 77, hint="primes below n")
### BEGIN HIDDEN TESTS
expect_equal("secret(100)", answer_of(secret, 100), 1060, hint="primes below n")
### END HIDDEN TESTS
passed("secret", "three numbers")"""
SETUP = "from engineroom.kit.expect import answer_of, expect_close, expect_equal, passed"


def _marks(grade_id, points=None):
    kind = {"grade": points is not None, "solution": points is None, "locked": points is not None}
    worth = {} if points is None else {"points": points}
    return {"nbgrader": {"grade_id": grade_id, "schema_version": 3, "task": False, **kind, **worth}}


def notebook(double=DOUBLE, secret=SECRET, *more, checks=(CHECK_DOUBLE, CHECK_SECRET)):
    """Return a notebook in the assignment's form."""
    cells = [new_markdown_cell("# Numbers"), new_code_cell(SETUP), *map(new_code_cell, more)]
    for name, answer, check, points in (
        ("double", double, checks[0], 1),
        ("secret", secret, checks[1], 2),
    ):
        cells += [
            new_markdown_cell(f"## {name}"),
            new_code_cell(answer, metadata=_marks(name)),
            new_code_cell(check, metadata=_marks(f"check_{name}", points)),
        ]
    return new_notebook(cells=cells)


def write(book, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = book if isinstance(book, str | bytes) else nbformat.writes(book)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def as_json(book):
    return json.loads(nbformat.writes(book))

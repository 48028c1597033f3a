"""The gate that no untrustworthy notebook passes, tried on notebooks that are each broken in one way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engineroom.teach.stored_outputs import complaints

HERE = Path(__file__).parent
COURSE = HERE.parents[1]
BROKEN = sorted((HERE / "broken").glob("*.ipynb"))
LESSONS = sorted(p for p in (COURSE / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


@pytest.fixture(scope="module")
def rejected_by_nbval() -> set[str]:
    """Run nbval on all broken notebooks at once, as `make test` runs it on the lessons."""
    answer = subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-q", "-p", "engineroom.teach.nbval_figures", "--nbval"],
            *[
                "--nbval-cell-timeout=5",
                "-p",
                "no:cacheprovider",
                "--color=no",
                "-n",
                "2",
                "--dist",
                "loadscope",
            ],
            *map(str, BROKEN),
        ],
        capture_output=True,
        text=True,
        cwd=COURSE,
        env={name: value for name, value in os.environ.items() if name != "ENGINEROOM_REQUIRE"},
        timeout=300,
    )
    verdicts = [line for line in answer.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return {path.stem for path in BROKEN if any(f"{path.name}" in line for line in verdicts)}


def test_broken_notebooks_are_there():
    assert len(BROKEN) >= 18


def test_every_broken_notebook_is_rejected_and_the_healthy_one_is_not(rejected_by_nbval):
    rejected = rejected_by_nbval | {path.stem for path in BROKEN if complaints(path)}
    assert {path.stem for path in BROKEN} - rejected == {"healthy"}


def test_nbval_alone_would_let_some_pass(rejected_by_nbval):
    """Why `complaints` exists: strict nbval is content with these."""
    let_pass = {"outputs_stripped", "run_out_of_order", "cell_skipped", "output_ignored_without_need"}
    assert not let_pass & rejected_by_nbval


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_stored_outputs_can_be_trusted(path):
    assert complaints(path) == []

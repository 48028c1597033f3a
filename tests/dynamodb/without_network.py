"""What the theme does, done where there is no network: run by test_no_network.py in a namespace of its own."""

import contextlib
import io
import socket
import sys
from pathlib import Path

import nbformat

from engineroom.dynamodb import checks, real
from engineroom.dynamodb.engine import Engine, EngineUnavailable, plain_engine_errors, shared_engine
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.sample_data import load_frames
from engineroom.dynamodb.workbench import Workbench

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "dynamodb" / "exercises.ipynb"


def no_route():
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.settimeout(1)
        probe.connect(("192.0.2.1", 443))  # an address for documentation, which nobody has
        sys.exit("there is a network here, so nothing is proved")


def every_design_for_real():
    for dataset, design in SINGLE_TABLE.items():
        bench = Workbench(dataset, load_frames(dataset, scale=0.05), read_prices())
        layout = bench.lay_out(design)
        assert all(report["passed"] for report in bench.review(layout)["reports"])
        verdicts = real.compare(layout, bench.asked)
        assert all(verdict.startswith("✔") for verdict in verdicts.values()), verdicts


def every_exercise():
    names = {"checks": checks}
    with contextlib.redirect_stdout(io.StringIO()) as told:
        for cell in nbformat.read(ASSIGNMENT, as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    assert told.getvalue().count("✔") >= 7


def a_foreign_endpoint(allowed):
    try:
        with plain_engine_errors():
            Engine.from_environment().client().list_tables()
    except EngineUnavailable as error:
        wanted = "Nothing answers at https://dynamodb" if allowed else "which is not this machine"
        assert wanted in str(error), error
        return
    sys.exit("a foreign endpoint was reached without a network")


if __name__ == "__main__":
    if sys.argv[1:]:
        a_foreign_endpoint(sys.argv[1] == "allowed")
    else:
        no_route()
        every_design_for_real()
        every_exercise()
        shared_engine().stop()

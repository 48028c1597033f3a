import csv
import json
from pathlib import Path

import pytest

from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.plan_model import run_plan
from engineroom.dynamodb.record import stored_files
from engineroom.dynamodb.sample_data import load_layout

FOLDER = Path(__file__).parents[2] / "data" / "dynamodb"


def test_every_stored_table_is_what_the_generator_makes():
    for name, columns, rows in stored_files():
        with (FOLDER / name).open(newline="", encoding="utf-8") as file:
            head, *stored = csv.reader(file)
        assert head == columns and stored == [[str(value) for value in row] for row in rows], name


@pytest.mark.parametrize("name", SINGLE_TABLE)
def test_the_example_designs_give_the_stored_answers(name):
    layout = load_layout(name)
    with (FOLDER / f"{name}_answers.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            outcome = run_plan(layout, layout.design.plans[row["pattern"]], json.loads(row["question"]))
            found = [[entity, *key] for entity, key in map(layout.row_id, outcome.items)]
            wanted = json.loads(row["answer"])
            ordered = row["pattern"] != "stargazers"
            assert (found if ordered else sorted(found)) == (wanted if ordered else sorted(wanted))

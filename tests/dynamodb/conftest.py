import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the oracle and the generators beside the tests


@pytest.fixture(scope="session")
def engine():
    from engineroom.dynamodb.engine import Engine

    with Engine() as running:
        yield running


@pytest.fixture(scope="session")
def frames():
    """Return a function that makes a data set's frames once per name, seed and scale."""
    import pandas as pd

    from engineroom.dynamodb.datasets import make

    made = {}

    def get(name, seed=3, scale=0.12):
        key = (name, seed, scale)
        if key not in made:
            made[key] = {
                entity: pd.DataFrame(rows) for entity, rows in make(*key[:1], seed=seed, scale=scale).items()
            }
        return made[key]

    return get


@pytest.fixture(scope="session")
def layouts(frames):
    """Return a function that lays out a design over a data set."""
    from engineroom.dynamodb.datasets import IDS
    from engineroom.dynamodb.entities import entities_from_frames
    from engineroom.dynamodb.example_designs import SINGLE_TABLE
    from engineroom.dynamodb.layout import Layout

    def get(name, design=None, **which):
        return Layout(design or SINGLE_TABLE[name], entities_from_frames(frames(name, **which), IDS[name]))

    return get

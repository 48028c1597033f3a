"""Writes the sample data anew: ``python -m engineroom.dynamodb.record`` fills data/dynamodb/."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engineroom.dynamodb.answers import PATTERNS
from engineroom.dynamodb.datasets import IDS, make
from engineroom.dynamodb.sample_data import load_frames
from engineroom.kit.places import course_folder

__all__ = ["record", "stored_files"]

SEED = 1
ANSWERS = 20  # questions stored for each access pattern


def stored_files() -> Iterator[tuple[str, list[str], list[list[Any]]]]:
    """Yield name, columns and rows of every stored table of the default seed."""
    for dataset in IDS:
        for entity, rows in make(dataset, seed=SEED).items():
            yield f"{dataset}_{entity.lower()}.csv", list(rows[0]), [list(row.values()) for row in rows]
        yield f"{dataset}_answers.csv", ["pattern", "question", "answer"], list(_answers(dataset))


def _answers(dataset: str) -> Iterator[list[str]]:
    frames = load_frames(dataset, seed=SEED)
    for pattern in PATTERNS[dataset].values():
        for question in pattern.questions(frames, ANSWERS, SEED):
            answer = [[name, *key] for name, key in pattern.answer(frames, question)]
            yield [pattern.name, json.dumps(question, ensure_ascii=False), json.dumps(answer)]


def record(folder: Path) -> list[Path]:
    """Write every table into a folder; return the paths."""
    return [_write(folder / name, columns, rows) for name, columns, rows in stored_files()]


def _write(path: Path, columns: list[str], rows: Iterable[list[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


if __name__ == "__main__":
    for written in record(course_folder() / "data" / "dynamodb"):
        print(f"wrote {written.name}")

"""The lessons are one book: same opening, same rhythm, same ending; docs/ points into them and is held to it."""

import re
from pathlib import Path

import nbformat
import pytest

from engineroom.kit.data import load_json
from engineroom.kit.quiz import quiz_questions

COURSE = Path(__file__).parents[2]
LESSONS = sorted((COURSE / "notebooks").glob("*/[0-9][0-9]_*.ipynb"))
THEMES = ("ballast", "concurrency", "tracing", "dynamodb", "spanner")
AT_LEAST = {"misconceptions": 8, "glossary": 10}  # rows a theme


def prose(path):
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]


def code(path):
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def headings(path):
    return {
        line.removeprefix("## ")
        for text in prose(path)
        for line in text.splitlines()
        if line.startswith("## ")
    }


def rows(page, theme):
    """Return the cells of a theme's table in docs/<page>.md, without its two head rows."""
    section = re.split(r"^## ", (COURSE / "docs" / f"{page}.md").read_text(), flags=re.MULTILINE)
    [body] = [part for part in section if part.startswith(f"{theme}\n")]
    lines = [line.strip("| ") for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestLesson:
    def test_says_first_how_long_it_takes_and_what_it_needs(self, path):
        assert re.search(r"^\*\*Time:\*\* \d+ minutes\. \*\*You need:\*\* \S", prose(path)[0], re.MULTILINE)
        assert "**You will learn**" in prose(path)[0]

    def test_asks_before_it_tells_in_the_same_words(self, path):
        text = "\n".join(prose(path))
        assert text.count("**Predict.**") >= 4
        assert text.count("**What you should have seen.**") >= 4
        assert not re.search(r"\*\*(Predict|What you should have seen)[:?]\*\*", text), (
            "say it with a full stop"
        )

    def test_closes_with_a_quiz_and_a_summary(self, path):
        assert re.search(r"^## Check yourself$", "\n".join(prose(path)), re.MULTILINE)
        assert f'quiz("{path.parent.name}", "{path.stem}")' in code(path)[-1]
        assert len(quiz_questions(path.parent.name, path.stem)) >= 3
        assert "**Sources.**" in prose(path)[-1]


@pytest.mark.parametrize("theme", THEMES)
class TestDocs:
    def test_every_quiz_belongs_to_a_lesson(self, theme):
        lessons = {path.stem for path in LESSONS if path.parent.name == theme}
        assert set(load_json(theme, "quizzes.json")) == lessons

    def test_misconceptions_are_met_where_the_table_says(self, theme):
        source = (COURSE / "assignments" / theme / "exercises.ipynb").read_text()
        exercises = set(re.findall(r"check_(\w+)\(", source))
        found = rows("misconceptions", theme)
        assert len(found) >= AT_LEAST["misconceptions"]
        for belief, lesson, section, settled in found:
            path = COURSE / "notebooks" / theme / f"{lesson}.ipynb"
            assert section in headings(path), f"{belief}: no such section in {lesson}"
            names = re.findall(r"`(\w+)`", settled)
            assert set(names) <= exercises, f"{belief}: no such exercise"
            assert names or settled == "quiz", f"{belief}: settled by nothing"

    def test_glossary_words_are_used_where_the_table_says(self, theme):
        found = rows("glossary", theme)
        assert len(found) >= AT_LEAST["glossary"]
        for word, meaning, lesson in found:
            text = "\n".join(prose(COURSE / "notebooks" / theme / f"{lesson}.ipynb")).lower()
            assert word.strip("`").lower() in text, f"{lesson} does not use {word!r}"
            assert meaning.endswith(".")


def test_the_course_plan_gives_each_theme_the_minutes_of_its_lessons():
    plan = (COURSE / "docs" / "instructors.md").read_text()
    lessons = {}
    for path in LESSONS:
        lessons.setdefault(path.parent.name, []).append(
            int(re.search(r"\*\*Time:\*\* (\d+)", prose(path)[0])[1])
        )
    names = {"Go heap": "ballast", "DynamoDB": "dynamodb", "Spanner": "spanner"}
    planned = {}
    for _, theme, _, minutes, _ in re.findall(
        r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([\d +]+) \| ([^|]+) \|$", plan, re.M
    ):
        planned.setdefault(names.get(theme, theme), []).extend(int(m) for m in minutes.split(" + "))
    assert planned.pop("ballast")[1:] == lessons.pop("ballast"), "the first session also has start_here"
    assert planned == lessons

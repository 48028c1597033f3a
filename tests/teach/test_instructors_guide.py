"""The instructors' guide keeps up with the course: its plan names every lesson's exercises, and only those."""

import re
from pathlib import Path

import nbformat
import yaml

from engineroom.teach.exercises import exercises_in
from engineroom.teach.release import assignments

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "instructors.md").read_text(encoding="utf-8")


def section(title):
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_plan_names_every_exercise_of_the_course_or_says_where_the_rest_are():
    known = {
        exercise.name: path.parent.name
        for path in assignments()
        for exercise in exercises_in(nbformat.read(path, as_version=4))
    }
    planned = [
        name
        for row in re.findall(r"^\|.*\|$", section("A course plan"), re.M)
        for name in re.findall(r"`(\w+)`", row)
    ]
    planned = [name for name in planned if name != "start_here"]
    assert [name for name in planned if name not in known] == []
    assert len(planned) == len(set(planned))


def test_what_a_learner_is_asked_about_exists():
    names = {e.name for path in assignments() for e in exercises_in(nbformat.read(path, as_version=4))}
    asked = re.findall(r"\(`(\w+)`\)", section("Where people get stuck"))
    assert asked
    assert set(asked) <= names


def test_the_kubernetes_values_are_those_of_the_measured_table():
    values = yaml.safe_load((DOCS / "hosting" / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
    hosting = (DOCS / "hosting.md").read_text(encoding="utf-8")
    learner = values["singleuser"]
    said = dict(re.findall(r"^\| ([\w, ]+) \| ([\d.]+) ?\w* \|", hosting, re.M))
    assert learner["memory"]["guarantee"] == f"{said['memory, guaranteed']}M"
    assert learner["memory"]["limit"] == f"{said['memory, at most']}G"
    assert learner["cpu"] == {
        "guarantee": float(said["processor, guaranteed"]),
        "limit": int(said["processor, at most"]),
    }
    assert learner["storage"]["capacity"] == f"{said['disk']}Gi"
    script = (DOCS / "hosting" / "tljh.sh").read_text(encoding="utf-8")
    assert f"limits.memory {said['memory, at most']}G" in script

"""Pages in HTML: what each student is told, and what an instructor sees of a class."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

from engineroom.teach.grading.classroom import Graded
from engineroom.teach.grading.marking import Mark, Marked

__all__ = ["common_mistakes", "write_feedback", "write_summary"]

HINT = re.compile(r"^\s*hint:\s+(.+)$", re.MULTILINE)
SHOWN_MISTAKES = 5
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #bbb }
td.number { text-align: right } pre { background: #f4f4f4; padding: .8rem; white-space: pre-wrap }
"""


def _page(title: str, body: str) -> str:
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    return f"{head}<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>\n"


def write_feedback(folder: Path, marked: Sequence[Marked]) -> None:
    """Write ``<student>/<theme>.html`` for each submission."""
    for one in marked:
        place = folder / one.student / f"{one.theme}.html"
        place.parent.mkdir(parents=True, exist_ok=True)
        notes = "".join(f"<li>{escape(note)}</li>" for note in one.notes)
        body = f"<p>{one.score:g} of {one.out_of:g} points.</p>"
        body += f"<h2>About your notebook</h2><ul>{notes}</ul>" if notes else ""
        place.write_text(_page(f"{one.theme}: {one.student}", body + "".join(map(_told, one.marks))), "utf-8")


def _told(mark: Mark) -> str:
    sign = "✔" if mark.verdict == "passed" else "✘"
    heading = f"{sign} {mark.title}: {mark.points:g} of {mark.out_of:g} points, {mark.verdict}"
    return f"<h2>{escape(heading)}</h2><pre>{escape(_without_hidden(mark))}</pre>"


def _without_hidden(mark: Mark) -> str:
    """Leave out the evidence of hidden tests: each check's evidence is shown once."""
    if mark.verdict != "passed":
        return mark.said
    return "✔" + mark.said.split("✔")[1] if "✔" in mark.said else mark.said


def common_mistakes(marked: Sequence[Marked]) -> dict[tuple[str, str], Counter]:
    """Return, by theme and exercise, how many submissions were given which hint."""
    found: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for one in marked:
        for mark in one.marks:
            if mark.verdict != "passed":
                hint = HINT.search(mark.said)
                told = hint[1] if hint else mark.said.splitlines()[0] if mark.said else "no answer"
                found[one.theme, mark.grade_id][re.sub(r"\(.*\)", "(…)", told)[:200]] += 1
    return found


def write_summary(path: Path, graded: Graded) -> None:
    """Write the instructor's page: every exercise with its common mistakes, and what needs a look."""
    body = f"<p>{len(graded.marked)} submissions; {graded.graded_now} graded in this run.</p>"
    body += (
        "<h2>Exercises</h2>" + _exercises(graded.marked) + "<h2>What to look at</h2>" + _to_look_at(graded)
    )
    body += "<h2>Students</h2>" + _students(graded.marked)
    path.write_text(_page("The class at a glance", body), "utf-8")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    def cell(value: object) -> str:
        kind = ' class="number"' if isinstance(value, int | float) else ""
        return f"<td{kind}>{escape(f'{value:g}' if kind else str(value))}</td>"

    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _exercises(marked: Sequence[Marked]) -> str:
    mistakes, passed, tried = common_mistakes(marked), Counter(), Counter()
    for one in marked:
        for mark in one.marks:
            tried[one.theme, mark.grade_id] += 1
            passed[one.theme, mark.grade_id] += mark.verdict == "passed"
    rows = []
    for (theme, grade_id), count in tried.items():
        common = mistakes[theme, grade_id].most_common(SHOWN_MISTAKES)
        told = "; ".join(f"{times} × {what}" for what, times in common) or "none"
        rows.append((theme, grade_id, passed[theme, grade_id], count, told))
    return _table(("theme", "exercise", "passed", "of", "common mistakes"), rows)


def _to_look_at(graded: Graded) -> str:
    notes = [
        *graded.remarks,
        *(f"{one.student}, {one.theme}: {note}" for one in graded.marked for note in one.notes),
    ]
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>" if notes else "<p>Nothing.</p>"


def _students(marked: Sequence[Marked]) -> str:
    return _table(
        ("student", "theme", "points", "of"), [(m.student, m.theme, m.score, m.out_of) for m in marked]
    )

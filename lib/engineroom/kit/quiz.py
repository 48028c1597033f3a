"""A lesson's closing quiz: a few questions whose wrong answers explain themselves.

The questions stand in ``data/<theme>/quizzes.json``; jupyterquiz draws them, and ``quiz.js`` tells
screen readers which answers belong to which question.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from engineroom.kit.data import DataError, load_json
from engineroom.kit.style import COLOURS, LETTERS

__all__ = ["quiz", "quiz_questions"]

HERE = Path(__file__).parent
PALETTE = {
    "--jq-multiple-choice-bg": COLOURS["model"],
    "--jq-mc-button-bg": COLOURS["paper"],
    "--jq-correct-color": LETTERS["good"],
    "--jq-incorrect-color": LETTERS["real"],
    "--jq-text-color": COLOURS["paper"],
}

BLOCK = "if (typeof Question === 'undefined') {\n"  # how jupyterquiz begins its script


def quiz_questions(theme: str, lesson: str) -> list[dict[str, Any]]:
    """Return the questions of a lesson, each with exactly one right answer and a reason for every answer.

    Args:
        theme: the theme's folder in ``data/``.
        lesson: the notebook's name without ``.ipynb``.

    Raises:
        DataError: when the lesson has no quiz, or a question breaks that promise.
    """
    quizzes = load_json(theme, "quizzes.json")
    if lesson not in quizzes:
        raise DataError(f"data/{theme}/quizzes.json has no quiz for {lesson!r}; it has: {', '.join(quizzes)}")
    for question in quizzes[lesson]:
        _check(f"data/{theme}/quizzes.json, {lesson}, {question.get('question', '?')!r}", question)
    return quizzes[lesson]


def _check(where: str, question: dict[str, Any]) -> None:
    answers = question.get("answers", [])
    if not question.get("question") or len(answers) < 3:
        raise DataError(f"{where} needs a question and at least three answers")
    if sum(answer.get("correct") is True for answer in answers) != 1:
        raise DataError(f"{where} needs exactly one right answer")
    silent = [answer["answer"] for answer in answers if not answer.get("feedback")]
    if silent:
        raise DataError(f"{where} gives no reason for the answer {silent[0]!r}")


def quiz(theme: str, lesson: str) -> None:
    """Show the quiz of a lesson; whoever clicks an answer is told why it is right or wrong.

    Raises:
        DataError: as `quiz_questions` does.
    """
    from IPython.display import HTML, Javascript, display

    questions = quiz_questions(theme, lesson)
    count = "One question." if len(questions) == 1 else f"{len(questions)} questions."
    invitation = f"{count} Click an answer and read why; no one keeps score."
    display(HTML(f"<p>{html.escape(invitation)} <em>(If you see none, run this cell.)</em></p>"))
    for bundle in _drawn([_for_jupyterquiz(question) for question in questions]):
        display(bundle, raw=True)
    display(HTML(f"<style>{(HERE / 'quiz.css').read_text()}</style>"))
    display(Javascript((HERE / "quiz.js").read_text().replace("QUESTIONS", str(len(questions)))))


def _drawn(questions: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return jupyterquiz's outputs, kept from fetching MathJax from a server: our texts have no formulas."""
    from IPython.utils.capture import capture_output
    from jupyterquiz import display_quiz

    with capture_output() as shown:
        display_quiz(questions, colors=PALETTE, max_width=760)
    bundles = [dict(output.data) for output in shown.outputs]
    for bundle in bundles:
        if script := bundle.get("application/javascript"):
            # All that runs stands in this block, so a name declared first in it hides the page's.
            bundle["application/javascript"] = script.replace(
                BLOCK, f"{BLOCK}const MathJax = undefined;\n", 1
            )
    return bundles


def _for_jupyterquiz(question: dict[str, Any]) -> dict[str, Any]:
    """Say right or wrong in words as well, since colour alone would not reach everyone."""
    answers = [
        {
            "answer": _markup(answer["answer"]),
            "correct": answer["correct"],
            "feedback": _markup(f"{'Right.' if answer['correct'] else 'No.'} {answer['feedback']}"),
        }
        for answer in question["answers"]
    ]
    return {"question": _markup(question["question"]), "type": "multiple_choice", "answers": answers}


def _markup(text: str) -> str:
    """Turn plain text with `code` in backticks into the HTML that jupyterquiz expects.

    jupyterquiz and JupyterLab would read prices in $ as formulas, and jupyterquiz ``xs[i](y)`` as a link.
    """
    escaped = (
        html.escape(text).replace("$", '<span class="mathjax_ignore">&#36;</span>').replace("[", "&#91;")
    )
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)

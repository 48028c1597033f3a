import json

import pytest

from engineroom.kit import quiz as quiz_module
from engineroom.kit.data import DataError
from engineroom.kit.quiz import quiz, quiz_questions

GOOD = {
    "question": "How many?",
    "answers": [
        {"answer": "one", "correct": True, "feedback": "Because."},
        {"answer": "two", "correct": False, "feedback": "That counts one twice."},
        {"answer": "three", "correct": False, "feedback": "That counts it thrice."},
    ],
}


@pytest.fixture
def questions(monkeypatch):
    """Let a test say which questions the data file holds."""

    def hold(*held):
        monkeypatch.setattr(quiz_module, "load_json", lambda theme, name: {"01_lesson": list(held)})

    return hold


def test_good_questions_pass_as_they_are(questions):
    questions(GOOD)
    assert quiz_questions("ballast", "01_lesson") == [GOOD]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"answers": GOOD["answers"][:2]}, "at least three answers"),
        ({"question": ""}, "needs a question"),
        ({"answers": [a | {"correct": False} for a in GOOD["answers"]]}, "exactly one right answer"),
        ({"answers": [a | {"correct": True} for a in GOOD["answers"]]}, "exactly one right answer"),
        (
            {"answers": [a | {"feedback": ""} for a in GOOD["answers"]]},
            "gives no reason for the answer 'one'",
        ),
    ],
)
def test_a_question_that_breaks_the_promise_is_refused(questions, change, complaint):
    questions(GOOD | change)
    with pytest.raises(DataError, match=complaint):
        quiz_questions("ballast", "01_lesson")


def test_an_unknown_lesson_is_named(questions):
    questions(GOOD)
    with pytest.raises(DataError, match="has no quiz for '02_other'; it has: 01_lesson"):
        quiz_questions("ballast", "02_other")


def shown_in_a_notebook(*held, questions):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    questions(*held)
    InteractiveShell.instance()
    with capture_output() as shown:
        quiz("ballast", "01_lesson")
    return [output.data for output in shown.outputs]


def test_right_and_wrong_are_said_in_words(questions):
    pages = [json.dumps(data) for data in shown_in_a_notebook(GOOD, questions=questions)]
    assert any("One question." in page for page in pages)
    assert any("Right. Because." in page and "No. That counts one twice." in page for page in pages)


def test_code_in_backticks_less_than_and_dollars_reach_the_reader(questions):
    asked = GOOD | {"question": "Does `a < b` cost $1, or $2?"}
    pages = [json.dumps(data) for data in shown_in_a_notebook(asked, questions=questions)]
    drawn = 'a &lt; b</code> cost <span class="mathjax_ignore">&#36;</span>1'
    assert any(drawn in page.replace("\\", "") for page in pages)


def test_the_quiz_is_kept_from_fetching_mathjax(questions):
    data = shown_in_a_notebook(GOOD, questions=questions)
    scripts = [page["application/javascript"] for page in data if "application/javascript" in page]
    [script] = [script for script in scripts if "MathJax" in script]
    before, block = script.split("const MathJax = undefined;\n")
    assert before.endswith("{\n") and block.strip().endswith("}"), (
        "declared first in the block that is the script"
    )
    assert "MathJax" not in before and "function" not in before

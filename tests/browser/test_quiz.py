"""A quiz by keyboard alone, for eyes and for screen readers: in JupyterLab, and on a page without a kernel."""

import json
import re

import nbformat
import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not here; bring it with: make test-browser"
)

from tests.browser.accessibility import cut_off, findings  # noqa: E402

expect = playwright.expect
QUESTIONS = [
    {
        "question": "A price of $0.25 and one of $1.25: is `a < b`?",
        "answers": [
            {"answer": "`a < b` & so on", "correct": True, "feedback": "0.25 < 1.25."},
            {"answer": "equal", "correct": False, "feedback": "They differ by $1."},
            {"answer": "xs[0](1)", "correct": False, "feedback": "That is a call."},
        ],
    },
    {
        "question": "And which of these is longest?",
        "answers": [
            {"answer": "short", "correct": False, "feedback": "No, it is short."},
            {
                "answer": "a rather long answer that has to go onto several lines",
                "correct": True,
                "feedback": "Yes.",
            },
            {"answer": "middling", "correct": False, "feedback": "Only middling."},
        ],
    },
]
CELL = f"""import json
from engineroom.kit import quiz as module
module.load_json = lambda theme, name: {{"01_lesson": json.loads({json.dumps(json.dumps(QUESTIONS))})}}
module.quiz("ballast", "01_lesson")"""


@pytest.fixture(scope="module")
def notebook():
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# A quiz"), nbformat.v4.new_code_cell(CELL)],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        },
    )


@pytest.fixture(scope="module", params=["JupyterLab", "page"])
def page(request, lab, notebook, tmp_path_factory):
    """The quiz in JupyterLab, then on the page that nbconvert makes of it."""
    lab.console_errors.clear()
    if request.param == "JupyterLab":
        nbformat.write(notebook, lab.folder / "quiz.ipynb")
        lab.open("quiz.ipynb")
        lab.run_all()
    else:
        from nbclient import NotebookClient
        from tests.browser.reading_page import open_page

        executed = NotebookClient(notebook, kernel_name="python3").execute()
        open_page(lab.page, executed, tmp_path_factory.mktemp("page") / "quiz.html")
    lab.page.get_by_role("radiogroup").nth(1).wait_for()
    yield lab.page
    lab.close()


def test_questions_are_shown_as_they_were_written(page):
    assert "A price of $0.25 and one of $1.25: is a < b?" in page.locator(".Quiz").first.inner_text()
    answers = page.get_by_role("radiogroup").first.locator("label").all_inner_texts()
    assert sorted(text.strip() for text in answers) == ["a < b & so on", "equal", "xs[0](1)"]


def test_every_group_is_named_by_its_question(page):
    expect(page.get_by_role("radiogroup", name=re.compile("A price"))).to_have_count(1)
    expect(page.get_by_role("radiogroup", name=re.compile("which of these is longest"))).to_have_count(1)


def test_the_keyboard_reaches_each_answer_and_the_reason_is_announced(page):
    for number, question in enumerate(QUESTIONS):
        quiz = page.locator(".Quiz").nth(number)
        radios = quiz.get_by_role("radio")
        radios.first.focus()
        page.keyboard.press("Space")
        said = set()
        for k in range(3):
            expect(radios.nth(k)).to_be_checked()
            expect(quiz.get_by_role("status")).to_have_attribute("aria-live", "polite")
            said.add(quiz.get_by_role("status").inner_text())
            page.keyboard.press("ArrowDown")
        wanted = {f"{'Right.' if a['correct'] else 'No.'} {a['feedback']}" for a in question["answers"]}
        assert said == wanted


def test_tab_goes_from_question_to_question(page):
    page.locator(".Quiz").first.get_by_role("radio").first.focus()
    page.keyboard.press("Tab")
    group = page.evaluate("document.activeElement.closest('.Quiz')?.dataset.qnum")
    assert group == "1"


def test_focus_is_seen(page):
    radio = page.locator(".Quiz").first.get_by_role("radio").first
    radio.focus()
    page.keyboard.press("Space")
    style = radio.evaluate("r => getComputedStyle(r.closest('label')).outlineStyle")
    assert style == "solid"


def test_axe_finds_nothing_serious_before_and_after_an_answer(page, axe):
    page.emulate_media(reduced_motion="reduce")
    for answer in page.locator(".Quiz").first.locator("label").all():
        answer.click()
        assert findings(page, axe, ".Quiz") == []


def test_nothing_moves_for_those_who_want_less_motion(page):
    page.emulate_media(reduced_motion="reduce")
    page.locator(".Quiz").last.locator("label").first.click()
    durations = page.locator(".Quiz label").evaluate_all(
        "all => all.map(l => getComputedStyle(l).animationDuration)"
    )
    assert set(durations) == {"0s"}
    page.emulate_media(reduced_motion="no-preference")


def test_prices_are_no_formulas(page):
    expect(page.locator(".Quiz mjx-container")).to_have_count(0)
    assert "$0.25 and one of $1.25" in page.locator(".Quiz").first.inner_text()


def test_it_fits_at_any_zoom(page):
    for width in (1280, 640, 400):
        page.set_viewport_size({"width": width, "height": 800})
        assert cut_off(page) == []
    page.set_viewport_size({"width": 1400, "height": 1000})

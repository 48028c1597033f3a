"""The committed fidelity report says what a fresh comparison finds."""

from functools import cache
from pathlib import Path

import pytest

from engineroom.publish import fidelity, fidelity_page
from engineroom.publish.fidelity_row import Row, amount

COURSE = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def compared_once():
    """Make the comparisons once for all tests of this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fidelity_page, "all_rows", cache(fidelity.all_rows))
        yield


def test_the_committed_report_and_readme_agree_with_a_fresh_comparison():
    assert fidelity_page.stale(COURSE) == [], "make it anew with: make fidelity"


def test_every_theme_is_compared_and_nothing_differs_that_must_not():
    rows = fidelity_page.all_rows()
    assert {row.theme for row in rows} == set(fidelity_page.THEMES)
    exact = [row for row in rows if row.promise.startswith("no d")]
    assert len(exact) == 4
    assert all(row.largest.startswith("0 ") for row in exact)


@pytest.mark.parametrize("page", ["README.md", "docs/fidelity.md"])
def test_a_figure_that_was_changed_is_noticed(page, tmp_path):
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/fidelity.md"):
        text = (COURSE / name).read_text()
        assert "0.015 %" in text
        (tmp_path / name).write_text(text.replace("0.015 %", "0.014 %") if name == page else text)
    assert any("0.015 %" in line for line in fidelity_page.stale(tmp_path))


def test_readme_links_to_the_report():
    assert "(docs/fidelity.md)" in (COURSE / "README.md").read_text()


@pytest.mark.parametrize(
    ("error", "unit", "told"),
    [
        (0.000153, "relative", "0.015 %"),
        (0.0, "relative", "0"),
        (0.0751, "points", "7.5 points"),
        (8185, "bytes", "8.2 kB"),
        (212_992, "bytes", "213 kB"),
        (94, "faults", "94 faults"),
        (2e-7, "relative", "< 0.001 %"),
    ],
)
def test_amounts_are_told_in_two_or_three_digits(error, unit, told):
    assert amount(error, unit) == told


def test_a_row_without_a_share_is_not_drawn():
    row = Row("ballast", "m", "r", 1, "1", "1", "none")
    assert fidelity_page._shown([row]) == []

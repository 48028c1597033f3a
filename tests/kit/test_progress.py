"""Progress survives kernels, torn lines and busy neighbours, and never stands in a check's way."""

import json
import subprocess
import sys

import pytest

from engineroom.kit import progress
from engineroom.kit.expect import CheckFailed, answer_of, expect_equal, passed
from engineroom.kit.progress import Standing

CHECK = """
def check_sum(add):
    expect_equal("1 + 2", answer_of(add, 1, 2), 3)
    passed("the sum", "holds")
"""
MANY = f"""
from engineroom.kit.expect import *
namespace = dict(globals(), __name__="engineroom.ballast.checks.sum")
exec('''{CHECK}''', namespace)
for _ in range(50):
    namespace["check_sum"](lambda a, b: a + b)
"""


@pytest.fixture
def remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("ENGINEROOM_PROGRESS")
    monkeypatch.delenv("CI", raising=False)
    return tmp_path / "engineroom" / "progress.jsonl"


@pytest.fixture
def check_sum():
    namespace = {
        "answer_of": answer_of,
        "expect_equal": expect_equal,
        "passed": passed,
        "__name__": "engineroom.ballast.checks.sum",
    }
    exec(CHECK, namespace)
    return namespace["check_sum"]


def unwritten(a, b):
    raise NotImplementedError


def failure_of(check, answer):
    with pytest.raises(CheckFailed) as caught:
        check(answer)
    return "\n".join(caught.value._render_traceback_())


def test_tries_and_a_pass_are_remembered_by_theme_and_exercise(remembered, check_sum):
    failure_of(check_sum, lambda a, b: a)
    failure_of(check_sum, lambda a, b: a / 0)
    assert progress.history() == {"ballast/sum": Standing(tries=2, passed=False)}
    check_sum(lambda a, b: a + b)
    failure_of(check_sum, lambda a, b: b)
    assert progress.history() == {"ballast/sum": Standing(tries=3, passed=True)}


def test_a_stub_is_no_try(remembered, check_sum):
    failure_of(check_sum, unwritten)
    assert progress.history() == {}
    assert not remembered.exists()


def test_only_checks_of_a_theme_count(remembered):
    passed("something else", "anywhere")
    failure_of(lambda answer: expect_equal("x", answer, 1), 2)
    assert progress.history() == {}


@pytest.mark.parametrize(("name", "value"), [("ENGINEROOM_PROGRESS", "off"), ("CI", "true")])
def test_it_can_be_turned_off(remembered, check_sum, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    check_sum(lambda a, b: a + b)
    assert not remembered.exists()


@pytest.mark.parametrize(
    "damage",
    [
        b'{"exercise": "ballast/su',
        b"\x00\xff\xfe",
        b"[1, 2]",
        b'"text"',
        b'{"exercise": 1, "event": "passed"}',
        b'{"exercise": "x", "event": "won"}',
        b'{"exercise": "x", "event": []}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_line_costs_that_line_alone(remembered, check_sum, damage):
    check_sum(lambda a, b: a + b)
    with remembered.open("ab") as file:
        file.write(damage)  # and no newline, as when the power went
    failure_of(check_sum, lambda a, b: a)
    assert progress.history() == {"ballast/sum": Standing(tries=1, passed=True)}


def test_where_it_cannot_be_kept_checks_work_all_the_same(remembered, check_sum, capsys):
    remembered.parent.write_text("a file where the folder should be")
    check_sum(lambda a, b: a + b)
    assert capsys.readouterr().out.startswith("✔ the sum")
    assert progress.history() == {}


def test_kernels_at_the_same_time_lose_nothing(remembered):
    kernels = [subprocess.Popen([sys.executable, "-c", MANY], stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [kernel.wait(60) for kernel in kernels] == [0] * 4
    lines = [json.loads(line) for line in remembered.read_text().splitlines() if line]
    assert len(lines) == 200
    assert progress.history() == {"ballast/sum": Standing(tries=0, passed=True)}


def test_whoever_is_stuck_is_told_the_way_out_after_the_third_try(remembered, check_sum):
    told = [failure_of(check_sum, lambda a, b: a) for _ in range(3)]
    assert ["show_solution" in text for text in told] == [False, False, True]
    assert 'show_solution("ballast", "sum")' in told[-1]

import numpy as np
import pytest

from engineroom.kit.expect import CheckFailed, answer_of, expect_close, expect_equal, expect_that, passed


class AlwaysEqual:
    def __eq__(self, other):
        return True

    __hash__ = None


class AlwaysClose(float):
    def __sub__(self, other):
        return 0.0

    def __float__(self):
        return 42.0


class SaysNumpy(float):
    __module__ = "numpy"


def message_of(function, *args, **kwargs):
    with pytest.raises(CheckFailed) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_a_failure_says_what_was_seen_what_was_expected_and_a_hint():
    told = message_of(
        expect_close, "heap goal of run 3", 40, 42.5, within=0.2, unit="MB", hint="what of roots?"
    )
    assert told.splitlines() == [
        "heap goal of run 3",
        "  seen:     40 MB",
        "  expected: 42.5 MB ± 0.2",
        "  hint:     what of roots?",
    ]


@pytest.mark.parametrize("seen", [1.1, np.float64(1.1), np.int64(1), 1])
def test_numbers_within_the_margin_pass(seen):
    expect_close("x", seen, 1.05, within=0.0501)


@pytest.mark.parametrize(
    "seen", [float("nan"), "1", None, True, [1], AlwaysEqual(), AlwaysClose(1), SaysNumpy(1)]
)
def test_what_is_no_honest_number_fails(seen):
    assert "seen:" in message_of(expect_close, "x", seen, 1, within=0.5)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([1, (2.0, "a")], [1, [2, "a"]]),
        ({"a": {1, 2}}, {"a": {2, 1}}),
        (np.arange(3), [0, 1, 2]),
        (None, None),
    ],
)
def test_equal_values_pass_whatever_holds_them(seen, expected):
    expect_equal("x", seen, expected)


@pytest.mark.parametrize(
    "seen", [[1, 3], AlwaysEqual(), [AlwaysEqual(), AlwaysEqual()], {"a": AlwaysClose(1)}]
)
def test_other_values_fail_also_those_that_call_themselves_equal(seen):
    message_of(expect_equal, "x", seen, [1, 2])


def test_a_condition_must_be_a_truth_value():
    expect_that("x", np.bool_(True), seen=1, expected="one")
    message_of(expect_that, "x", AlwaysEqual(), seen=1, expected="one")
    message_of(expect_that, "x", np.bool_(False), seen=1, expected="one")


def test_what_goes_wrong_in_an_answer_is_told_with_its_call():
    def share(part, whole):
        return part / whole

    def unwritten(x):
        raise NotImplementedError

    assert answer_of(share, 1, whole=2) == 0.5
    assert (
        message_of(answer_of, share, 1, whole=0)
        == "share(1, whole=0) raised ZeroDivisionError: division by zero"
    )
    assert (
        message_of(answer_of, unwritten, 1)
        == "unwritten(1) is not written yet: replace the line that raises."
    )
    assert "needs a function" in message_of(answer_of, 5)


def test_passing_shows_the_evidence(capsys):
    passed("heap_goal", {"runs compared": 40, "largest error": "0.1 %"})
    assert capsys.readouterr().out == "✔ heap_goal\n  runs compared: 40\n  largest error: 0.1 %\n"

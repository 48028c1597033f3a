import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.ballast.gcpacertrace import PacerEnd, PacerStart, PacerSweep
from engineroom.ballast.gctrace import GCTrace, TraceLineError, parse, parse_line, separate, with_pacing

GO_1_17 = (
    "gc 12 @2.104s 3%: 0.018+1.9+0.004 ms clock, 0.14+0.55/3.5/6.7+0.035 ms cpu, 9->10->5 MB, 11 MB goal, 8 P"
)
GO_1_18 = (
    "gc 3 @0.064s 11%: 0.55+11+0.055 ms clock, 1.1+6.3/0.86/11+0.11 ms cpu, "
    "35->42->26 MB, 42 MB goal, 1 MB stacks, 2 MB globals, 2 P"
)
LEAK_CHECK = GO_1_18.replace("11%:", "11% (checking for goroutine leaks):")
NO_GOAL = (
    "gc 1 @0.030s 34%: 0.055+16+0.023 ms clock, 0.055+0/16/0+0.023 ms cpu, "
    "20->20->20 MB, 8532210231537 MB goal, 0 MB stacks, 0 MB globals, 1 P (forced)"
)
ZEROS = (
    "gc 1 @0s 0%: 0+0+0 ms clock, 0+0/0/0+0 ms cpu, 3->4->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 16 P"
)
START = "pacer: assist ratio=21.312670717319254 (scan 20 MB in 39->40 MB) workers=0+0.25"
START_1_18 = "pacer: assist ratio=+2.849426e+000 (scan 0 MB in 3->4 MB) workers=2++0.000000e+000"
END = (
    "pacer: 71% CPU (25 exp.) for 21049712+3824+165322 B work (21207514 B exp.) "
    "in 41309904 B -> 42301136 B (∆goal -3834, cons/mark 0.19349831681651405)"
)
END_1_18 = END.replace("0.19349831681651405", "+1.934983e-001") + "[controller reset]"
SWEEP = (
    "pacer: sweep done at heap size 23MB; allocated 2MB during sweep; "
    "swept 5265 pages at 0.0003607566886962356 pages/byte"
)
ALL = [GO_1_17, GO_1_18, LEAK_CHECK, NO_GOAL, ZEROS, START, START_1_18, END, END_1_18, SWEEP]


def cycle(**changed):
    go_1_18 = {
        "number": 3,
        "at_s": 0.064,
        "cpu_percent": 11,
        "stop_ms": 0.55,
        "mark_ms": 11.0,
        "end_stop_ms": 0.055,
        "stop_cpu_ms": 1.1,
        "assist_cpu_ms": 6.3,
        "background_cpu_ms": 0.86,
        "idle_cpu_ms": 11.0,
        "end_stop_cpu_ms": 0.11,
        "start_mb": 35,
        "end_mb": 42,
        "marked_mb": 26,
        "goal_mb": 42,
        "stacks_mb": 1,
        "globals_mb": 2,
        "processors": 2,
        "leak_check": False,
        "forced": False,
    }
    return GCTrace(**go_1_18 | changed)


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (GO_1_18, cycle()),
        (GO_1_18 + "\r\n", cycle()),
        (GO_1_18 + " (forced)", cycle(forced=True)),
        (LEAK_CHECK, cycle(leak_check=True)),
        (LEAK_CHECK + " (forced)", cycle(leak_check=True, forced=True)),
        (
            GO_1_18.replace(" 1 MB stacks, 2 MB globals,", ""),
            cycle(stacks_mb=None, globals_mb=None),
        ),
        (START, PacerStart(21.312670717319254, 20, 39, 40, 0, 0.25)),
        (START_1_18, PacerStart(2.849426, 0, 3, 4, 2, 0.0)),
        (
            END,
            PacerEnd(
                71,
                25,
                21049712,
                3824,
                165322,
                21207514,
                41309904,
                42301136,
                -3834,
                0.19349831681651405,
                False,
            ),
        ),
        (
            END_1_18,
            PacerEnd(71, 25, 21049712, 3824, 165322, 21207514, 41309904, 42301136, -3834, 0.1934983, True),
        ),
        (SWEEP, PacerSweep(23, 2, 5265, 0.0003607566886962356)),
    ],
)
def test_every_field_of_every_shape(line, record):
    assert parse_line(line) == record


def test_derived_values():
    assert parse_line(GO_1_17).number == 12
    assert parse_line(GO_1_18).ended_at_s == pytest.approx(0.064 + 0.011605)
    assert parse_line(GO_1_18).gc_cpu_ms == pytest.approx(1.1 + 6.3 + 0.86 + 11 + 0.11)
    assert parse_line(END).goal_bytes == 42301136 + 3834
    assert parse_line(NO_GOAL).goal_mb == 8532210231537


@pytest.mark.parametrize("number", ["+Inf", "NaN", "-1.5e-007", "3e+20"])
def test_numbers_as_go_prints_them(number):
    line = END.replace("0.19349831681651405", number)
    assert parse_line(line).cons_mark == pytest.approx(float(number), nan_ok=True)


@pytest.mark.parametrize("line", ALL)
def test_a_line_cut_at_any_column_is_an_error(line):
    undetectable = re.compile(
        re.escape(line.removesuffix(" (forced)").removesuffix("[controller reset]"))
        if not line.startswith("pacer: assist")
        else r".*workers=\d+\+\+?\d+(\.\d*)?(e\+\d+)?"
    )
    for length in range(len(line)):
        part = line[:length]
        if undetectable.fullmatch(part):
            continue  # as the documentation of parse_line says
        with pytest.raises(TraceLineError) as error:
            parse_line(part, 41)
        assert error.value.number == 41
        assert error.value.line == part
        assert 1 <= error.value.column <= length + 1


@pytest.mark.parametrize("line", ALL)
@pytest.mark.parametrize("foreign", ["#", " ", "\t", "x"])
def test_a_foreign_character_at_any_column_is_an_error(line, foreign):
    for column in range(len(line) + 1):
        with pytest.raises(TraceLineError):
            parse_line(line[:column] + foreign + line[column:])


@pytest.mark.parametrize("line", ALL)
def test_a_missing_character_that_is_no_digit_is_an_error(line):
    """A digit or a decimal point less is still a number; anything else less is another shape."""
    for match in re.finditer(r"[^\d.]", line):
        if match.start() == line.find("∆goal -") + 6 or line[match.start()] in "+-e":
            continue  # a sign or an exponent: again another number
        with pytest.raises(TraceLineError):
            parse_line(line[: match.start()] + line[match.end() :])


@pytest.mark.parametrize(
    "line", ["", "hello", "panic: boom", "GC 1 @0s 0%:", "gc", "scav 12 KiB work", "gc ٣ @0.1s 1%: "]
)
def test_a_foreign_line_is_an_error(line):
    with pytest.raises(TraceLineError):
        parse_line(line)


def test_the_message_says_where_and_what():
    with pytest.raises(TraceLineError) as error:
        parse(f"{GO_1_18}\n\n{GO_1_18[:14]}\n")
    assert str(error.value) == (
        "Line 3, 'gc 3 @0.064s 1', is no trace line: at column 14, the share of CPU, like '3%' was expected."
    )
    with pytest.raises(TraceLineError, match=r"^Line 1, 'gc 3 ', is no trace line: at its end, the time"):
        parse_line("gc 3 ")


def test_parse_keeps_the_order_and_passes_over_empty_lines():
    kinds = [type(record) for record in parse(f"\n{START}\n{END}\n\n{GO_1_18}\n{SWEEP}")]
    assert kinds == [PacerStart, PacerEnd, GCTrace, PacerSweep]


def test_separate_tells_trace_lines_from_the_rest():
    log = "2026/01/01 server starts\ngc rate is fine\n"
    found = separate(f"{log}{GO_1_17}\n{GO_1_18[:60]}\n{START}\npacer: who knows\nbye")
    assert [type(record) for record in found.records] == [GCTrace, PacerStart]
    assert found.other == ["2026/01/01 server starts", "gc rate is fine", "bye"]
    assert [(error.number, error.line) for error in found.damaged] == [
        (4, GO_1_18[:60]),
        (6, "pacer: who knows"),
    ]


@given(st.text(alphabet=st.sampled_from("gc @s%:+/->MB,P()pacer: \n0123456789.∆")))
def test_separate_never_raises_and_loses_no_line(text):
    found = separate(text)
    assert len(found.records) + len(found.other) + len(found.damaged) == len(text.splitlines())


def test_pacing_belongs_to_the_cycle_that_follows_it():
    other = GO_1_18.replace("gc 3", "gc 4")
    pairs = with_pacing(parse("\n".join([START, END, SWEEP, GO_1_18, START, other])))
    assert [(c.number, account is not None) for c, account in pairs] == [(3, True), (4, False)]

from dataclasses import FrozenInstanceError, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.kit.knobs import KnobError, Knobs, choice, integer, number, switch


@dataclass(frozen=True)
class Heap(Knobs):
    live_mb: float = number(20, 1, 500, unit="MB", label="live heap")
    gogc: int = integer(100, 10, 1000, unit="%", label="GOGC")
    mode: str = choice("concurrent", ("concurrent", "stop the world"), label="collector")
    limited: bool = switch(False, label="memory limit")

    def conflicts(self):
        return (
            {"limited": "A limit needs a live heap under 400 MB."}
            if self.limited and self.live_mb > 400
            else {}
        )


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"live_mb": 0}, "live heap is 0 MB; it must be between 1 and 500 MB."),
        ({"live_mb": "abc"}, "live heap is 'abc'; it must be a number between 1 and 500 MB."),
        ({"live_mb": ""}, "live heap is empty; it must be a number between 1 and 500 MB."),
        ({"live_mb": " 1,5"}, "live heap is ' 1,5'; it must be a number between 1 and 500 MB."),
        ({"live_mb": "1e99"}, "live heap is 1e+99 MB; it must be between 1 and 500 MB."),
        ({"live_mb": -2e9}, "live heap is -2,000,000,000 MB; it must be between 1 and 500 MB."),
        ({"live_mb": None}, "live heap is None; it must be a number between 1 and 500 MB."),
        ({"live_mb": float("nan")}, "live heap is nan; it must be a number between 1 and 500 MB."),
        ({"live_mb": "inf"}, "live heap is inf MB; it must be between 1 and 500 MB."),
        ({"live_mb": True}, "live heap is True; it must be a number between 1 and 500 MB."),
        ({"live_mb": [1]}, "live heap is [1]; it must be a number between 1 and 500 MB."),
        ({"gogc": 33.3}, "GOGC is 33.3 %; it must be a whole number between 10 and 1,000 %."),
        ({"mode": "fast"}, "collector is 'fast'; it must be one of: concurrent, stop the world."),
        ({"mode": ["fast"]}, "collector is ['fast']; it must be one of: concurrent, stop the world."),
        ({"limited": "yes"}, "memory limit is 'yes'; it must be on (True) or off (False)."),
        ({"livemb": 3}, "There is no knob named 'livemb'; the knobs are: live_mb, gogc, mode, limited."),
        ({"limited": True, "live_mb": 450}, "A limit needs a live heap under 400 MB."),
    ],
)
def test_bad_input_is_one_sentence_that_names_knob_value_and_range(raw, sentence):
    with pytest.raises(KnobError) as caught:
        Heap.from_raw(raw)
    assert str(caught.value) == sentence


def test_every_bad_knob_is_named_at_once():
    with pytest.raises(KnobError) as caught:
        Heap(live_mb=0, gogc=5)
    assert caught.value.problems.keys() == {"live_mb", "gogc"}


def test_typed_text_becomes_a_number():
    assert Heap.from_raw({"live_mb": " 1.5", "gogc": "1,000"}) == Heap(live_mb=1.5, gogc=1000)
    assert type(Heap.from_raw({"gogc": "200"}).gogc) is int


@given(st.floats(1, 500), st.integers(10, 1000))
def test_everything_within_range_is_accepted(live_mb, gogc):
    knobs = Heap(live_mb=live_mb, gogc=gogc)
    assert (knobs.live_mb, knobs.gogc) == (live_mb, gogc)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans(), st.lists(st.integers())))
def test_anything_else_is_a_knob_error_and_never_a_crash(raw):
    try:
        assert 1 <= Heap.from_raw({"live_mb": raw}).live_mb <= 500
    except KnobError as error:
        assert str(error).startswith("live heap is ")


def test_knobs_are_immutable_and_describe_themselves():
    with pytest.raises(FrozenInstanceError):
        Heap().gogc = 50
    assert Heap().describe() == "live heap 20 MB, GOGC 100 %, collector concurrent, memory limit off"

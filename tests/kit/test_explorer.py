"""The explorer's callbacks, which no notebook test fires."""

import gc
import threading
from dataclasses import dataclass

import pytest

from engineroom.kit.explorer import Explorer
from engineroom.kit.figures import LiveFigure, new_figure
from engineroom.kit.knobs import KnobError, Knobs, number


@dataclass(frozen=True)
class SquareKnobs(Knobs):
    side: float = number(2, 0, 100, unit="m", label="side")
    trouble: float = number(0, 0, 1, label="trouble")


class SquareFigure(LiveFigure):
    def __init__(self):
        figure = new_figure(3, 2)
        self.axes = figure.add_subplot()
        (self.dot,) = self.axes.plot([], [], "o")
        super().__init__(figure, [self.dot])

    def update(self, prediction, measured):
        self.dot.set_data([1, 2], [prediction, measured or 0])
        self.fit(self.axes, x=3, y=prediction)
        return f"area {prediction:g}" + (f", measured {measured:g}" if measured is not None else "")


def area(knobs):
    if knobs.trouble:
        raise ZeroDivisionError("a defect in the model")
    return knobs.side**2


def make(**options):
    return Explorer("Square", SquareKnobs, area, SquareFigure(), **options)


def ask(explorer, seq, **values):
    """Do what the front end does when a learner moves a knob."""
    explorer.ask = {"seq": seq, "values": values}


def test_it_opens_with_a_picture_and_a_summary():
    explorer = make()
    assert explorer.image[:2] == b"\xff\xd8"
    assert explorer.answer["summary"] == "area 4"
    assert explorer.answer["errors"] == {}


def test_a_moved_knob_changes_picture_and_summary_and_is_acknowledged():
    explorer = make()
    before = explorer.image
    ask(explorer, 7, side="3")
    assert explorer.answer["seq"] == 7
    assert explorer.answer["summary"] == "area 9"
    assert explorer.image != before


def test_no_collection_falls_between_a_move_and_its_picture():
    seen = []
    explorer = Explorer("Square", SquareKnobs, lambda knobs: seen.append(gc.isenabled()) or 1, SquareFigure())
    ask(explorer, 1, trouble="2")
    assert seen == [False]
    assert gc.isenabled()


def test_bad_input_is_said_in_place_and_nothing_is_lost():
    explorer = make()
    before = explorer.image
    ask(explorer, 8, side="three")
    assert explorer.answer["errors"] == {"side": "side is 'three'; it must be a number between 0 and 100 m."}
    assert (explorer.image, explorer.answer["summary"], explorer.prediction) == (before, "area 4", 4)
    ask(explorer, 9, side="5")
    assert (explorer.answer["errors"], explorer.prediction) == ({}, 25)


def test_a_defect_of_the_model_is_shown_and_kept():
    explorer = make()
    ask(explorer, 1, trouble=1)
    told = explorer.answer["errors"][""]
    assert told.startswith("The explorer failed: ZeroDivisionError: a defect in the model (test_explorer.py:")
    assert isinstance(explorer.failure, ZeroDivisionError)
    ask(explorer, 2, trouble=0)
    assert explorer.answer["errors"] == {}


def test_only_chosen_knobs_get_a_control_and_the_others_stay():
    explorer = make(show=["side"], start={"side": 4})
    assert list(explorer.spec["knobs"]) == ["side"]
    ask(explorer, 1, side=5)
    assert explorer.knobs == SquareKnobs(side=5)
    assert explorer.spec["presets"]["Reset"]["side"] == 4


def test_a_preset_out_of_range_is_refused_when_written():
    with pytest.raises(KnobError, match="side is 101 m"):
        make(presets={"Huge": {"side": 101}})


class TestRunForReal:
    def test_the_measurement_lands_in_the_same_picture(self):
        shares = []

        def run(knobs, progress):
            progress(0.5, "half way")
            shares.append(explorer.progress)
            return 4.2

        explorer = make(run=run)
        before = explorer.image
        explorer.command = {"do": "run", "n": 1}
        explorer.wait()
        assert shares == [{"running": True, "share": 0.5, "message": "half way"}]
        assert explorer.answer["summary"] == "area 4, measured 4.2"
        assert explorer.image != before
        assert explorer.progress == {"running": False, "share": 1.0, "message": "measured"}

    def test_moving_a_knob_takes_an_old_measurement_away(self):
        explorer = make(run=lambda *_: 4.2)
        explorer.run_for_real()
        explorer.wait()
        ask(explorer, 3, side=3)
        assert explorer.measured is None
        assert explorer.answer["summary"] == "area 9"
        assert explorer.progress["message"] == "", "it no longer says that something was measured"

    def test_while_a_knob_is_wrong_nothing_is_run_in_its_stead(self):
        runs = []
        explorer = make(run=lambda *_: runs.append(1) or 4.2)
        ask(explorer, 5, side="lots")
        explorer.command = {"do": "run", "n": 5}
        explorer.wait()
        assert runs == []
        assert explorer.progress["message"] == "Nothing was run: first mend what is marked with ⚠."
        ask(explorer, 6, side=4)
        assert explorer.progress["message"] == ""
        explorer.run_for_real()
        explorer.wait()
        assert runs == [1]

    def test_a_measurement_for_other_settings_is_not_drawn(self):
        started, moved = threading.Event(), threading.Event()

        def run(knobs, progress):
            started.set()
            moved.wait(10)
            return 4.2

        explorer = make(run=run)
        explorer.run_for_real()
        started.wait(10)
        ask(explorer, 4, side=9)
        moved.set()
        explorer.wait()
        assert explorer.measured is None
        assert "the knobs have moved" in explorer.progress["message"]

    def test_stop_cancels_and_a_second_press_starts_no_second_run(self):
        runs = []

        def run(knobs, progress):
            runs.append(1)
            if progress.cancel.wait(10):
                raise RuntimeError("killed")
            return 1

        explorer = make(run=run)
        explorer.run_for_real()
        explorer.run_for_real()
        explorer.command = {"do": "stop", "n": 2}
        explorer.wait()
        assert (runs, explorer.progress["message"], explorer.measured) == ([1], "stopped", None)

    def test_a_failed_run_says_why(self):
        def run(knobs, progress):
            raise RuntimeError("The Go toolchain was not found; bring it with: make lab")

        explorer = make(run=run)
        explorer.run_for_real()
        explorer.wait()
        assert explorer.progress["message"].endswith("bring it with: make lab")


def test_readers_without_a_kernel_get_a_figure_with_alt_text():
    bundle = make()._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert bundle["text/plain"] == "Square: area 4"
    assert 'alt="Square: area 4"' in bundle["text/html"]
    assert "data:image/png;base64," in bundle["text/html"]

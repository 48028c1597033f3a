import pytest

from engineroom.concurrency import real, widgets
from engineroom.concurrency.bounded import LimitKnobs, simulate
from engineroom.concurrency.interleavings import census
from engineroom.concurrency.plots import in_words as run_in_words
from engineroom.concurrency.plots import timeline
from engineroom.concurrency.puzzles import PUZZLES
from engineroom.concurrency.widgets import Adversary

EXPLORERS = [widgets.explore_limit, widgets.explore_costs, widgets.explore_sharing, widgets.explore_failure]
RECORDED = ["limit", "costs", "six callers", "with context"]


@pytest.mark.parametrize("make", EXPLORERS)
def test_every_knob_and_preset_redraws_without_an_error(make):
    explorer = make()
    defaults = type(explorer.knobs).defaults()
    for settings in explorer.spec["presets"].values():
        explorer.turn(**{**defaults, **settings})
        assert explorer.failure is None
        assert explorer.answer["errors"] == {}
        assert explorer.answer["summary"].startswith("Model: ")


@pytest.mark.parametrize("make", EXPLORERS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_all_sliders_can_be_drawn(make, end):
    explorer = make()
    numbers = {n: k for n, k in type(explorer.knobs).declared().items() if k.kind == "number"}
    explorer.turn(**{name: getattr(knob, end) for name, knob in numbers.items()})
    assert explorer.failure is None
    assert explorer.answer["errors"] == {}


@pytest.mark.parametrize("make", EXPLORERS)
def test_a_value_out_of_range_is_told_in_place(make):
    explorer = make()
    name, knob = next((n, k) for n, k in type(explorer.knobs).declared().items() if k.kind == "number")
    explorer.turn(**{name: knob.high + 1})
    assert "must be between" in explorer.answer["errors"][name]


@pytest.mark.parametrize(("make", "name"), list(zip(EXPLORERS, RECORDED, strict=True)))
def test_a_real_run_lands_in_the_same_picture(make, name, monkeypatch):
    monkeypatch.setattr(real, "run", lambda knobs, cancel: real.replay(name))
    explorer = make()
    before = explorer.image
    explorer.run_for_real()
    explorer.wait()
    assert explorer.progress["message"] == "measured"
    assert "Real Go, recorded: " in explorer.answer["summary"]
    assert explorer.image != before


def test_a_live_run_from_the_button():
    explorer = widgets.explore_limit()
    explorer.run_for_real()
    explorer.wait()
    assert explorer.measured.calls == explorer.prediction.calls
    assert "Real Go: " in explorer.answer["summary"]


def test_the_summary_says_what_the_picture_shows():
    words = run_in_words(simulate(LimitKnobs()))
    assert words == (
        "70 ms until main returns, 5 calls of 120 ms together, at most 2 at once, "
        "3 goroutines at the peak, 0 ms waited"
    )


def test_a_timeline_has_alt_text_and_a_lane_per_goroutine():
    picture = timeline(simulate(LimitKnobs()), "Five cities")
    assert picture.alt.startswith(
        "Five cities. Timeline of 6 lanes over 70 ms. In total: working 120 ms, waiting"
    )
    assert len(picture.figure.axes[0].get_yticklabels()) == 6
    assert picture.png().startswith(b"\x89PNG")


def test_the_adversary_can_be_won_undone_and_started_again():
    game = Adversary()
    for name in census(PUZZLES["lost update"]).example:
        game.step(name)
    assert "You win: an update is lost" in game.summary
    assert "Now choose “lost update, with a mutex”" in game.summary
    game._steps.children[0].click()  # the game is over
    assert game.game.schedule == list(census(PUZZLES["lost update"]).example)
    game._undo.click()
    assert "Whose step is next?" in game.summary
    game._again.click()
    assert game.game.schedule == []
    game._undo.click()
    assert game.game.schedule == []


def test_clicking_a_goroutine_takes_its_step():
    game = Adversary()
    game._steps.children[1].click()
    assert game.game.schedule == ["B"]
    assert "✓ seen := total" in game._text.value


def test_who_has_to_wait_says_so_and_keeps_the_keyboards_focus():
    game = Adversary()
    game.play("lost update, with a mutex")
    buttons = game._steps.children
    buttons[0].click()
    assert [button.description for button in buttons] == ["A: next step", "B waits"]
    buttons[1].click()
    assert game.game.schedule == ["A"]
    assert "B waits. Whose step is next?" in game._verdict.value
    for _ in range(3):
        buttons[0].click()
    assert (
        game._steps.children == buttons
    )  # the same ones, never disabled: a new one would not have the focus
    assert not any(button.disabled for button in buttons)
    assert [button.description for button in buttons] == ["A has ended", "B: next step"]


@pytest.mark.parametrize("make", EXPLORERS)
def test_lanes_have_names_while_there_is_room(make):
    explorer = make()
    axes = explorer.figure.model
    assert axes.get_yticklabels()[0].get_text() == "main"


def test_the_mended_program_cannot_be_won():
    game = Adversary()
    game._pick.value = "lost update, with a mutex"
    while game.game.choices():
        game.step(game.game.choices()[0])
    assert "ended as it should" in game.summary
    game._count.click()
    assert "All 2 schedules end well: nobody can break this program." in game._counted.value


def test_the_count_is_shown_in_words():
    assert str(census(PUZZLES["permits one by one"])) == (
        "6 of 1,356 schedules break it (6 × deadlock: nobody can go on). One of the shortest: A B C."
    )


def test_readers_without_a_kernel_see_the_program():
    bundle = Adversary()._repr_mimebundle_()
    assert "seen := total" in bundle["text/html"]
    assert "You win if the total is not 2" in bundle["text/plain"]

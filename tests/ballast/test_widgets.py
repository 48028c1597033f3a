"""The explorers: every preset and every end of every slider turns, wrong input is told, the real thing runs."""

from pathlib import Path

import pytest

from engineroom.ballast import widgets

EXPLORERS = {
    "heap": widgets.explore_heap,
    "limit": widgets.explore_limit,
    "memory": widgets.explore_memory,
    "spiral": widgets.explore_spiral,
}
WRONG = {
    "heap": ({"live_mb": 0}, "live heap is 0 MB; it must be between 1 and 1,000 MB."),
    "limit": ({"limit_mb": "lots"}, "memory limit is 'lots'; it must be a number between 10 and 20,480 MB."),
    "memory": ({"touched_percent": 101}, "touched is 101 %; it must be between 0 and 100 %."),
    "spiral": ({"to_mb": 10}, "The last live heap is 10 MB, below the first of 20 MB."),
}
SHORT = {
    "heap": {"duration_s": 0.4},
    "limit": {"duration_s": 0.4, "gogc_off": True, "limit_mb": 30},
    "memory": {"size_mb": 10, "touched_percent": 50},
    "spiral": {"limit_mb": 60, "to_mb": 40, "steps": 2, "step_s": 0.2},
}
LONG = {"heap": {"duration_s": 60}, "spiral": {"steps": 50, "step_s": 10}}

on_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")


@pytest.fixture(params=EXPLORERS)
def name(request):
    return request.param


def numbers_drawn(name, prediction):
    """Return what a reader of the text summary must find there, computed from the prediction itself."""
    if name == "memory":
        return [f"{prediction.vsz_bytes / 2**20:,.0f} MB of address", f"{prediction.minor_faults:,.0f} page"]
    if name == "spiral":
        shares = (prediction.throughput[-1], prediction.gc_share[-1])
        return [f"{share:.0%}" for share in shares] + [f"limit of {prediction.limit_mb:,.0f} MB"]
    rate = prediction.cycles_per_s
    return (
        [f"{rate:{',.0f' if rate >= 10 else '.2g'}} collections/s"]
        if prediction.cycles
        else ["no collection"]
    )


def ends(knob):
    if knob["kind"] == "number":
        return [knob["low"], knob["high"]]
    return [True, False] if knob["kind"] == "switch" else knob["options"]


def test_every_preset_is_drawn_and_told(name):
    explorer = EXPLORERS[name]()
    for settings in explorer.spec["presets"].values():
        explorer.turn(**settings)
        assert explorer.failure is None
        assert explorer.answer["errors"] == {}
        for text in numbers_drawn(name, explorer.prediction):
            assert text in explorer.answer["summary"]


def test_every_control_turns_to_its_ends(name):
    explorer = EXPLORERS[name]()
    assert 2 <= len(explorer.spec["knobs"]) <= 5
    for control, knob in explorer.spec["knobs"].items():
        for end in ends(knob):
            explorer.turn(**explorer.spec["presets"]["Reset"])
            explorer.turn(**{control: end})
            assert explorer.failure is None
            assert explorer.answer["errors"] or getattr(explorer.knobs, control) == end


def test_wrong_input_is_told_in_a_sentence_and_leaves_the_picture(name):
    explorer = EXPLORERS[name]()
    picture, knobs = explorer.image, explorer.knobs
    wrong, sentence = WRONG[name]
    explorer.turn(**wrong)
    assert explorer.answer["errors"] == {next(iter(wrong)): sentence}
    assert (explorer.image, explorer.knobs, explorer.failure) == (picture, knobs, None)


@on_linux
def test_the_real_thing_runs_and_lands_in_the_same_picture(name):
    explorer = EXPLORERS[name]()
    explorer.turn(**SHORT[name])
    predicted = explorer.image
    explorer.run_for_real()
    explorer.wait()
    assert explorer.failure is None
    assert explorer.measured is not None, explorer.progress["message"]
    assert type(explorer.measured) is type(explorer.prediction)
    assert explorer.image != predicted
    assert " Real" in explorer.answer["summary"]
    explorer.turn(**explorer.spec["presets"]["Reset"])
    assert explorer.measured is None, "a measurement belongs to the knobs it was made with"
    assert explorer.progress["message"] == "", "and so does the word that it was made"


@pytest.mark.parametrize("name", LONG)
def test_a_real_run_can_be_stopped(name):
    explorer = EXPLORERS[name]()
    explorer.turn(**LONG[name])
    explorer.run_for_real()
    explorer.stop()
    explorer.wait()
    assert explorer.measured is None
    assert explorer.progress == {"running": False, "share": 1.0, "message": "stopped"}
    assert explorer.failure is None


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        (
            "heap",
            {"ballast_mb": 10240},
            "The ballast would be 10,240 MB; a live run may have at most 1,024 MB.",
        ),
        ("memory", {"size_mb": 10240}, "The slice would be 10,240 MB; a live run may have at most 1,024 MB."),
        (
            "spiral",
            {"limit_mb": 2048},
            "resident heap would be 2,048 MB; a live run may have at most 1,536 MB.",
        ),
    ],
)
def test_what_is_too_large_for_this_machine_is_predicted_but_not_run(name, settings, sentence):
    explorer = EXPLORERS[name]()
    explorer.turn(**settings)
    assert explorer.answer["errors"] == {}
    explorer.run_for_real()
    explorer.wait()
    assert sentence in explorer.progress["message"]
    assert explorer.measured is None


def test_a_ballast_makes_collections_rarer_and_an_untouched_one_breaks_a_limit():
    """What the presets are there to show."""
    heap, limit = widgets.explore_heap(), widgets.explore_limit()
    often = heap.prediction.cycles_per_s
    heap.turn(**heap.spec["presets"]["Ballast of 200 MB"])
    assert heap.prediction.cycles_per_s < often / 10
    limit.turn(**limit.spec["presets"]["GOGC=off, limit 210 MB"])
    assert limit.prediction.cycles_per_s < often / 10
    limit.turn(**limit.spec["presets"]["Ballast over the limit"])
    assert limit.prediction.cycles_per_s > often

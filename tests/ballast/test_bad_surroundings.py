"""An explorer on a machine that lacks something, or loses its program: one sentence, and nothing left behind."""

import threading
import time

import psutil
import pytest

from engineroom.ballast import real, widgets
from engineroom.ballast.go import programs
from engineroom.golang import build, toolchain

EXPLORERS = [
    widgets.explore_heap,
    widgets.explore_limit,
    widgets.explore_memory,
    widgets.explore_spiral,
]
each = pytest.mark.parametrize("explore", EXPLORERS, ids=lambda explore: explore.__name__)


def told_after_a_run(explorer):
    explorer.run_for_real()
    explorer.wait()
    assert explorer.measured is None
    assert explorer.failure is None, "it is the machine's fault, not a defect of the explorer"
    assert not explorer.progress["running"]
    return explorer.progress["message"]


@each
def test_without_go_the_button_says_what_brings_it_and_the_model_still_answers(
    explore, monkeypatch, tmp_path
):
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    explorer = explore()
    told = told_after_a_run(explorer)
    assert told.startswith("The Go toolchain was not found; bring it with: make lab")
    assert "\n" not in told
    explorer.turn(**explorer.spec["presets"]["Reset"])
    assert explorer.answer["errors"] == {}


@each
def test_with_a_home_that_cannot_be_written_the_button_says_which_setting_helps(
    explore, monkeypatch, tmp_path
):
    """A file in the way stands for a read-only home: tests may run as root, whom no mode stops."""
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("ENGINEROOM_CACHE", str(tmp_path / "home" / "cache"))
    told = told_after_a_run(explore())
    assert "can't be written" in told
    assert "point ENGINEROOM_CACHE at a folder that can" in told
    assert "\n" not in told


def running(path):
    mine = psutil.Process().children(recursive=True)
    return [child for child in mine if child.is_running() and child.exe() == str(path)]


def test_a_program_killed_from_outside_is_told_and_leaves_nothing(own_cache):
    program = build(programs.GO / "heapload")
    explorer = widgets.explore_heap()
    explorer.turn(duration_s=60)
    explorer.run_for_real()
    deadline = time.monotonic() + 30
    while not (found := running(program.path)) and time.monotonic() < deadline:
        time.sleep(0.02)
    [victim] = found
    victim.kill()
    explorer.wait()
    assert explorer.progress["message"].splitlines()[0] == "The Go program heapload was killed by signal 9."
    assert explorer.measured is None
    assert running(program.path) == []
    assert list((own_cache / "work").iterdir()) == []


def test_two_api_servers_at_once_find_a_port_each():
    """No server of this theme asks for a certain port, so none can find it taken."""
    answers = [None, None]

    def serve(place):
        answers[place] = real.compare_api(["GOGC=100"], seconds=0.5)

    threads = [threading.Thread(target=serve, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for table in answers:
        assert table.failed.sum() == 0
        assert table.requests.sum() > 50

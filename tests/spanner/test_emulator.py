"""Google's emulator: found where its installers put it, kept on this machine, skipped in one sentence."""

import os
import stat

import pytest

from engineroom.kit.children import Server
from engineroom.spanner import emulator, emulator_lab, record


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def empty_machine(monkeypatch, tmp_path):
    monkeypatch.delenv("SPANNER_EMULATOR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_it_is_found_where_it_is_named_on_the_path_or_beside_gcloud(empty_machine, monkeypatch):
    assert emulator.find_emulator() is None
    sdk = empty_machine / "sdk"
    beside = program(sdk / "bin" / "cloud_spanner_emulator" / "emulator_main")
    program(sdk / "bin" / "gcloud")
    (empty_machine / "bin").mkdir()
    (empty_machine / "bin" / "gcloud").symlink_to(sdk / "bin" / "gcloud")
    assert emulator.find_emulator() == beside
    on_path = program(empty_machine / "bin" / "emulator_main")
    assert emulator.find_emulator() == on_path
    named = program(empty_machine / "elsewhere" / "emulator")
    monkeypatch.setenv("SPANNER_EMULATOR", str(named))
    assert emulator.find_emulator() == named
    monkeypatch.setenv("SPANNER_EMULATOR", str(named) + "-gone")
    assert emulator.find_emulator() is None, "a wrong name is not silently replaced"


def test_without_it_one_sentence_says_so(empty_machine):
    assert emulator.why_not().startswith("Skipped: Google's Spanner emulator is not installed.")
    with pytest.raises(emulator.EmulatorFailed, match="gcloud components install"):
        emulator_lab.run()


def test_without_the_client_one_sentence_says_so(empty_machine, monkeypatch):
    monkeypatch.setenv("SPANNER_EMULATOR", str(program(empty_machine / "emulator_main")))
    monkeypatch.setattr(emulator, "_client_installed", lambda: False)
    assert "pip install -c constraints.txt -e '.[emulator]'" in emulator.why_not()


@pytest.mark.parametrize(
    "endpoint", ["spanner.googleapis.com:443", "10.0.0.1:9010", "127.0.0.1.evil.example:9010", "127.0.0.1"]
)
def test_only_this_machine_is_spoken_to(endpoint):
    with pytest.raises(
        emulator.EmulatorFailed, match=r"is not on this machine; the lab speaks to 127\.0\.0\.1"
    ):
        emulator.connect(endpoint)


def test_a_bit_reversed_key_gives_its_counter_back():
    assert [emulator_lab.counter_behind(key) for key in (1 << 62, 1 << 61, 3 << 61, 1)] == [1, 2, 3, 1 << 62]


def keeps_its_promises(run):
    assert all(a < b for a, b in zip(run.commits_us, run.commits_us[1:], strict=False))
    assert run.as_of == {
        "strong": "v6",
        "at the second commit": "v2",
        "just before the second commit": "v1",
        "as stale as the third commit": "v3",
    }
    assert run.parents == {"Lines": "Orders", "Orders": None}
    assert "not found in parent table" in run.orphan
    assert run.lines == (3, 0), "the children go with their parent"
    assert [emulator_lab.counter_behind(key) for key in run.sequence] == list(range(1, 9))


def lacks_what_it_does_not_emulate(run):
    assert "only supports one transaction at a time" in run.transaction_lost
    assert "Table not found" in run.split_statistics


def test_the_recorded_run():
    recorded = emulator_lab.replay()
    assert recorded.origin.startswith("emulator of Google Cloud CLI")
    keeps_its_promises(recorded)
    lacks_what_it_does_not_emulate(recorded)


@pytest.mark.skipif(emulator.why_not() is not None, reason=emulator.why_not() or "")
def test_a_live_run_keeps_its_promises_and_leaves_nothing(monkeypatch):
    started = []

    def spy(argv, **limits):
        started.append(Server(argv, **limits))
        return started[-1]

    monkeypatch.setattr(emulator, "Server", spy)
    monkeypatch.setenv("SPANNER_EMULATOR_HOST", "somewhere.example:9010")
    live = emulator_lab.run()
    keeps_its_promises(live)
    lacks_what_it_does_not_emulate(live)
    assert [server.alive for server in started] == [False]
    assert os.environ["SPANNER_EMULATOR_HOST"] == "somewhere.example:9010"


def test_recording_says_what_is_missing(empty_machine, capsys):
    record.main()
    assert capsys.readouterr().out.count("Skipped:") == 2

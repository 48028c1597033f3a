"""The soak sees what a notebook leaves behind, and calls a flake a flake."""

import os
from pathlib import Path

import nbformat
import pytest
from tests import soak
from tests.soak import Round

LEAKY = """import subprocess, sys, tempfile
_ = tempfile.mkdtemp(prefix="leaked-")
serve = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print('up', flush=True); time.sleep(60)"
left = subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, start_new_session=True)
_ = left.stdout.readline()"""


def notebook(path: Path, source: str) -> str:
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return str(path)


def test_a_process_a_port_and_a_file_left_behind_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "SETTLE_S", 0.5)
    before = os.sched_getaffinity(0)
    found = soak.run_round([notebook(tmp_path / "leaky.ipynb", LEAKY)], set([*before][:1]), False, tmp_path)
    assert found.passed == 1 and not found.failed
    assert len(found.processes) == 1 and len(found.ports) == 1
    assert [name.startswith("leaked-") for name in found.files] == [True]
    assert not found.sound
    assert os.sched_getaffinity(0) == before


def test_what_burns_processors_ends_with_its_round():
    with soak.strained({min(os.sched_getaffinity(0))}, loaded=True):
        [burner] = [p for p in soak.psutil.Process().children() if soak.BURN in p.cmdline()]
    assert not burner.is_running()


def rounds(*failed, cache=(5.0, 5.0, 5.0)):
    return [
        Round(2, True, 1.0, passed=10, failed=list(f), cache_mb=mb)
        for f, mb in zip(failed, cache, strict=True)
    ]


def test_sound_rounds_are_steady():
    told, sound = soak.summary(rounds([], [], []))
    assert sound and told.endswith("Steady.")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (rounds([], ["a.ipynb::Cell 3"], []), "flake 1/3: a.ipynb::Cell 3"),
        (rounds(["a"], ["a"], ["a"]), "fails 3/3: a"),
        (rounds([], [], [], cache=(5.0, 8.0, 20.0)), "grew by 15.0 MB after the first round: too much"),
        ([Round(1, False, ended="(time limit)")], "NOT steady."),
        ([], "NOT steady."),
    ],
)
def test_what_is_unsteady_is_told(given, says):
    told, sound = soak.summary(given)
    assert not sound and says in told

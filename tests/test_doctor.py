import os
import subprocess
import sys

from engineroom import doctor
from engineroom.doctor import Finding, Readiness, examine
from engineroom.golang import toolchain


def finding(readiness, what):
    return next(f for f in readiness.findings if f.what == what)


def test_this_machine_is_ready():
    readiness = examine()
    assert readiness.ready, str(readiness)
    assert {f.what for f in readiness.findings} >= {
        "Python",
        "Go",
        "Sample data",
        "Write access",
        "Loopback port",
    }


def test_everything_missing_comes_with_the_command_that_brings_it(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ENGINEROOM_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "course_folder", lambda: tmp_path)
    readiness = examine()
    assert not readiness.ready
    lacking = {f.what: f for f in readiness.findings if f.state != "ok"}
    assert lacking.keys() >= {"Go", "Sample data", "Write access", "C compiler"}
    assert all(f.remedy for f in lacking.values())
    assert lacking["Go"].remedy.startswith("make lab")
    assert "ENGINEROOM_CACHE" in lacking["Write access"].remedy
    assert "✘ missing" in readiness._repr_html_()


def test_where_no_port_can_be_had_the_doctor_says_so(monkeypatch):
    def refused(*_, **__):
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(doctor.socket, "create_server", refused)
    port = finding(examine(), "Loopback port")
    assert (port.state, port.remedy) == ("missing", "allow this user to listen on 127.0.0.1")
    assert "Address already in use" in port.detail


def test_optional_tools_do_not_make_a_machine_unready():
    readiness = Readiness((Finding("Chromium", "optional", "for browser tests", "apt-get install chromium"),))
    assert readiness.ready
    assert "→ apt-get install chromium" in str(readiness)


def test_the_command_exits_by_what_it_found(tmp_path):
    command = [sys.executable, "-m", "engineroom.cli", "doctor"]
    assert subprocess.run(command, capture_output=True).returncode == 0
    (tmp_path / "file").write_text("")
    blocked = {**os.environ, "ENGINEROOM_CACHE": str(tmp_path / "file" / "cache")}
    answer = subprocess.run(command, capture_output=True, text=True, env=blocked)
    assert answer.returncode == 1
    assert "Not ready yet" in answer.stdout

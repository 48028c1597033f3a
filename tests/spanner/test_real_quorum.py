"""Three real etcd servers on this machine: what they do, and that nothing of them stays, however a run ends."""

import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import psutil
import pytest
from tests.spanner.etcd_servers import etcds_of, needs_etcd, until

from engineroom.kit.children import Server
from engineroom.spanner import raft_quorum, real, widgets

pytestmark = needs_etcd

# Tells each step on standard output, so that the test knows when to strike.
RUN = textwrap.dedent("""
    from engineroom.spanner import raft_quorum, real
    def tell(share, message):
        print(message, flush=True)
    real.run(raft_quorum.QuorumKnobs(requests=400, kills=5), on_progress=tell)
""")
STEPS = ("starting three servers…", "reading at a follower…", "killing leaders…")


@pytest.fixture
def own_tmp(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


@pytest.fixture
def started(monkeypatch):
    """The servers that a run in this process starts, and the addresses at which each listened."""
    seen = []

    def spy(argv, **limits):
        seen.append(Server(argv, **limits))
        return seen[-1]

    monkeypatch.setattr(real, "Server", spy)
    return seen


def test_a_run_measures_all_and_leaves_nothing(own_tmp, started):
    run = real.run(raft_quorum.QuorumKnobs(requests=5, kills=1))
    assert run.origin.startswith("etcd 3.")
    assert len(run.put_ms) == len(run.linearizable_ms) == len(run.serializable_ms) == 5
    assert np.all(np.concatenate([run.put_ms, run.linearizable_ms, run.serializable_ms]) > 0)
    assert run.gap_s.shape == (1,)
    assert 0 < run.gap_s[0] < 30, (
        "how long it takes is the machine's affair; that somebody leads again is ours"
    )
    assert not any(server.alive for server in started)
    assert len(started) == 4, "three, and the killed one again"
    assert list(own_tmp.iterdir()) == []


def test_servers_listen_on_loopback_only(own_tmp):
    cancel, listening = threading.Event(), set()

    def look(share, message):
        if message == "reading at a follower…":  # all three are up by now
            for one in etcds_of():
                listening.update(
                    c.laddr for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN
                )
            cancel.set()

    with pytest.raises(real.QuorumFailed, match="The run was stopped"):
        real.run(raft_quorum.QuorumKnobs(), on_progress=look, cancel=cancel)
    assert len(listening) == 6, "a client port and a peer port each"
    assert {address.ip for address in listening} == {"127.0.0.1"}


@pytest.mark.parametrize("step", STEPS)
def test_a_cancelled_run_leaves_nothing(step, own_tmp, started):
    cancel = threading.Event()

    def stop_at(share, message):
        if message == step:
            cancel.set()

    with pytest.raises(real.QuorumFailed, match="The run was stopped"):
        real.run(raft_quorum.QuorumKnobs(requests=50), on_progress=stop_at, cancel=cancel)
    assert started
    assert not any(server.alive for server in started)
    assert list(own_tmp.iterdir()) == []


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_cell_leaves_nothing(step, own_tmp):
    """What Jupyter's stop button does: an interrupt in the middle of the call."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        while child.stdout.readline().strip() != step:
            assert child.poll() is None
        until(lambda: etcds_of(child.pid))
        servers = etcds_of(child.pid)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
    assert errors.strip().endswith("KeyboardInterrupt")
    until(lambda: not any(map(psutil.pid_exists, (one.pid for one in servers))))
    assert list(own_tmp.iterdir()) == []


def test_a_killed_kernel_takes_its_servers_along(own_tmp):
    with subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True) as child:
        while child.stdout.readline().strip() != "reading at a follower…":
            assert child.poll() is None
        servers = etcds_of(child.pid)
        assert len(servers) == 3
        child.kill()
    until(lambda: not any(one.is_running() and one.status() != "zombie" for one in servers))


def test_the_button_draws_the_real_quorum_beside_the_model():
    explorer = widgets.explore_quorum()
    explorer.turn(kills=1)
    explorer.run_for_real()
    explorer.wait()
    assert explorer.failure is None
    assert explorer.progress["message"] == "measured"
    model, measured = explorer.answer["summary"].split(" etcd 3.")
    assert "put" in model
    assert "without a leader" in measured

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from engineroom.dynamodb import engine as engines
from engineroom.dynamodb.engine import Engine, EngineGone, EngineUnavailable, plain_engine_errors


def port_of(engine):
    return int(engine.endpoint.rsplit(":", 1)[1])


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_binds_loopback_only_and_stops_clean():
    with Engine() as engine:
        port = port_of(engine)
        listening = {
            c.laddr.ip
            for c in psutil.net_connections("tcp4")
            if c.status == "LISTEN" and c.laddr.port == port
        }
        assert listening == {"127.0.0.1"}
        assert engine.client().list_tables()["TableNames"] == []
    assert not engine.alive and not answers(port)
    engine.stop()


def test_a_taken_port_is_said_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EngineUnavailable, match=r"Port \d+ is taken"):
            Engine(port=taken.getsockname()[1])


def test_an_engine_that_ends_in_use_is_said_in_a_sentence():
    with Engine() as engine:
        client = engine.client()
        engine.stop()
        with pytest.raises(EngineGone, match="run the cell again"), plain_engine_errors():
            client.list_tables()


def test_a_foreign_endpoint_needs_permission(monkeypatch):
    monkeypatch.delenv(engines.REMOTE_VARIABLE, raising=False)
    monkeypatch.setenv(engines.ENDPOINT_VARIABLE, "https://dynamodb.eu-west-1.amazonaws.com")
    with pytest.raises(EngineUnavailable, match=r"not this machine.*ENGINEROOM_ALLOW_REMOTE_DYNAMODB=1"):
        Engine.from_environment()
    monkeypatch.setenv(engines.REMOTE_VARIABLE, "1")
    assert Engine.from_environment().endpoint.endswith("amazonaws.com")
    monkeypatch.setenv(engines.ENDPOINT_VARIABLE, "localhost:8000")
    with pytest.raises(EngineUnavailable, match=r"write it like http://127\.0\.0\.1:8000"):
        Engine.from_environment()


def test_a_local_endpoint_is_used_with_dummy_credentials(monkeypatch, engine):
    monkeypatch.setenv(engines.ENDPOINT_VARIABLE, engine.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-real-one")
    other = Engine.from_environment()
    client = other.client()
    assert other.endpoint == engine.endpoint and client.list_tables()
    assert client._request_signer._credentials.access_key == "course"
    other.stop()
    assert engine.alive


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == "ministack" else object())
    with pytest.raises(EngineUnavailable, match="ministack is not installed; bring it with: pip install"):
        Engine()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_no_orphan_when_the_kernel_is_killed():
    code = (
        "from engineroom.dynamodb.engine import shared_engine;"
        "print(shared_engine().endpoint, flush=True); import time; time.sleep(60)"
    )
    kernel = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with kernel:
        port = int(kernel.stdout.readline().rsplit(":", 1)[1])
        assert answers(port)
        os.kill(kernel.pid, signal.SIGKILL)
        kernel.wait()
    deadline = time.monotonic() + 10
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(port)

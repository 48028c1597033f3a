"""The theme works without any network, and never even tries to reach one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORK = Path(__file__).with_name("without_network.py")
# Runs in every Python that is started, the engine's too, and writes down whom it wants to reach.
WATCH = """
import os, sys
def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        to = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        to = to[0] if isinstance(to, tuple) else to
        with open({log!r}, "a") as log:
            log.write(f"{{event}} {{to}}\\n")
sys.addaudithook(watch)
"""
PROFILE = """
[profile work]
region = eu-west-1
endpoint_url = https://dynamodb.eu-west-1.amazonaws.com
credential_source = Ec2InstanceMetadata
"""
TEMPTATIONS = {  # what a learner's own set-up may say, and the course must not follow
    "AWS_PROFILE": "work",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_ENDPOINT_URL": "https://dynamodb.eu-west-1.amazonaws.com",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/role",
    "HTTP_PROXY": "http://proxy.invalid:3128",
    "HTTPS_PROXY": "http://proxy.invalid:3128",
}


def works(command):
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def cut_off():
    """Return the beginning of a command line that runs the rest with a loopback device and nothing else."""
    sandbox = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    if not shutil.which("bwrap") or not works(sandbox):
        pytest.skip(
            "no network namespace can be made here; bring bubblewrap with: apt-get install bubblewrap"
        )
    return sandbox


@pytest.fixture
def surroundings(tmp_path):
    """Return an environment that watches every connection, with the file that it writes them to."""
    log = tmp_path / "reached"
    log.touch()
    (tmp_path / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    (tmp_path / "config").write_text(PROFILE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    watched = {"PYTHONPATH": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config")}
    return {**kept, **watched, "ENGINEROOM_PROGRESS": "off"}, log


def run(command, environment):
    done = subprocess.run(
        [*command, sys.executable, str(WORK)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def foreign(log):
    """Return the lines that name anything but this machine itself."""
    mine = ("127.0.0.1", "localhost", "::1", "None", "192.0.2.1", "/")
    return [line for line in log.read_text().splitlines() if not line.split(" ", 1)[1].startswith(mine)]


def test_everything_works_without_a_network_and_nothing_else_is_tried(cut_off, surroundings):
    environment, log = surroundings
    run(cut_off, {**environment, **TEMPTATIONS})
    assert log.read_text().count("socket.connect 127.0.0.1") > 5, "the watch saw the engine being asked"
    assert foreign(log) == []


@pytest.mark.parametrize("allowed", [False, True])
def test_a_foreign_endpoint_is_one_sentence_with_and_without_permission(cut_off, surroundings, allowed):
    environment, log = surroundings
    environment["AWS_ENDPOINT_URL_DYNAMODB"] = "https://dynamodb.eu-west-1.amazonaws.com"
    environment |= {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_REGION": "eu-west-1"}
    environment |= {"ENGINEROOM_ALLOW_REMOTE_DYNAMODB": "1"} if allowed else {}
    done = subprocess.run(
        [*cut_off, sys.executable, str(WORK), "allowed" if allowed else "refused"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert bool(foreign(log)) is allowed

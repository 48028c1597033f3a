"""The study decoder against ``go tool trace -d=wire``, and against damage."""

import re
import subprocess
from collections import Counter
from itertools import pairwise

import pytest

from engineroom.golang import find_go, go_environment
from engineroom.tracing import wire
from engineroom.tracing.real import RECORDINGS, batch_counts, recording
from engineroom.tracing.wire import WireError

WHOLE = [name for name in RECORDINGS if name != "exit"]


def output_of(*command):
    done = subprocess.run(command, env=go_environment(), capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def trace_tool():
    return output_of(find_go().go, "tool", "-n", "trace").strip()


def printed(trace_tool, path):
    """Return (name, numbers) of every timed event that the toolchain prints."""
    text = output_of(trace_tool, "-d=wire", path)
    names = {name for name, _ in wire.EVENTS.values()}
    for line in text.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name in names:
            yield name, [int(number) for number in re.findall(r"=(\d+)", rest)]


@pytest.mark.parametrize("name", WHOLE)
def test_every_event_as_the_toolchain_prints_it(trace_tool, name):
    path = recording(name)
    ours = []
    for batch in wire.batches(path.read_bytes()):
        if batch.kind == "events":
            found = list(wire.events(batch))
            times = [batch.time, *(e.time for e in found)]
            steps = [b - a for a, b in pairwise(times)]
            ours += [(e.name, [dt, *e.args]) for e, dt in zip(found, steps, strict=True)]
    assert ours == list(printed(trace_tool, path))


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_is_whole_generations(name):
    kinds = [batch.kind for batch in wire.batches(recording(name).read_bytes())]
    assert kinds[-1] == "end"
    assert Counter(kinds)["end"] == Counter(kinds)["sync"] == batch_counts(recording(name))["generations"]


def test_varints_by_hand():
    assert wire.varint(bytes([0x05]), 0) == (5, 1)
    assert wire.varint(bytes([0xAC, 0x02]), 0) == (300, 2)
    assert wire.varint(bytes([0xFF] * 9 + [0x01]), 0) == (2**64 - 1, 10)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 11])
def test_bad_varints(data):
    with pytest.raises(WireError):
        wire.varint(data, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello world, again", "a trace begins with 'go 1.N trace'"),
        (b"go 1.11 trace\0\0\0", "this trace is of go 1.11"),
        (b"go 1.26 trace\0\0\0\x09", "byte 16 is 9, which begins no batch"),
        (b"go 1.26 trace\0\0\0\x01\x01\x02\x03\x7f\x00", "claims 127 bytes, 1 are left"),
    ],
)
def test_damage_is_told(data, message):
    with pytest.raises(WireError, match=re.escape(message)):
        list(wire.batches(data))


def test_truncation_keeps_whole_batches():
    data = recording("steady").read_bytes()
    whole = list(wire.batches(data))
    kept = []
    with pytest.raises(WireError, match=r"the bytes end|claims"):
        for batch in wire.batches(data[: whole[-3].offset + 20]):
            kept.append(batch)
    assert kept == whole[:-3]
    assert wire.header(data) == "go 1.26"

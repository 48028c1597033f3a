"""A damaged trace never crashes or hangs the reader: a sentence, and the events so far."""

import random

import numpy as np
import pytest

from engineroom.golang import Limits, find_go
from engineroom.golang.trace import read, summarise

SMALL = Limits(time_s=60, memory_mb=500)
TABLES = ("states", "processors", "goroutines", "wakeups", "ranges", "tasks", "regions", "logs", "metrics")


def damaged(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def assert_nothing_inside(trace):
    assert trace.summary.total_events == 0
    assert all(len(getattr(trace, table)) == 0 for table in TABLES)


def test_missing_file_is_an_error():
    with pytest.raises(FileNotFoundError):
        read("no/such.trace")


def test_empty_file(tmp_path):
    trace = read(damaged(tmp_path, "empty.trace", b""))
    assert_nothing_inside(trace)
    assert trace.summary.note == (
        "The file is empty: the program ended before trace.Stop ran, as after os.Exit or a crash."
    )


@pytest.mark.parametrize("content", [b"hello, world\n", b"\x00" * 5000, b"go", bytes(range(256)) * 10])
def test_other_files(tmp_path, content):
    trace = read(damaged(tmp_path, "text.trace", content))
    assert_nothing_inside(trace)
    assert trace.summary.note.startswith("This is not a Go execution trace: it begins with b'")


def test_header_without_events(tmp_path):
    trace = read(damaged(tmp_path, "head.trace", b"go 1.26 trace\x00\x00\x00"))
    assert trace.summary.total_events <= 1
    assert trace.summary.format in ("", "go 1.26")


def test_newer_format(tmp_path, make_trace):
    content = make_trace("pool").read_bytes()
    trace = read(damaged(tmp_path, "newer.trace", b"go 1.99" + content[7:]))
    assert_nothing_inside(trace)
    assert trace.summary.note == (
        "The trace has the format of go 1.99, which the installed Go toolchain does not know."
    )


@pytest.mark.parametrize("name", ["user_task_region_1_11_good", "http_1_21_good"])
def test_first_format(name):
    """Traces of Go 1.11 to 1.21, among them those of the article, are converted by the toolchain."""
    file = find_go().goroot / "src/internal/trace/internal/tracev1/testdata" / name
    if not file.exists():
        pytest.skip("this toolchain comes without its recorded old traces")
    trace = read(file)
    assert trace.summary.note == ""
    assert trace.summary.total_events > 30
    assert {"Running", "Runnable"} <= set(trace.states.state)
    if name.startswith("user"):
        assert set(trace.tasks.name) == {"task0"}


def test_misnested_regions_keep_what_came_before(make_trace):
    trace = read(make_trace("misnested"))
    assert trace.summary.note.startswith(
        "Goroutine 1 ended region 'outer' while 'inner', begun inside it, was still open; "
        "Go's reader stops at regions that are not properly nested. Kept: "
    )
    assert len(trace.wakeups) > 50
    assert set(trace.regions.cut) == {"end"}


def test_truncated_at_every_kilobyte(tmp_path, make_trace):
    content = make_trace("generations").read_bytes()
    cuts = range(16, len(content), 1024)
    files = [damaged(tmp_path, f"{cut}.trace", content[:cut]) for cut in cuts]
    summaries = summarise(*files, limits=SMALL)
    events = [s.total_events for s in summaries]
    assert all("in the middle of a generation" in s.note for s in summaries if s.total_events == 0)
    assert events == sorted(events), "a longer prefix never yields less"
    assert len(set(events)) >= 3, "whole generations before the cut are kept"
    assert events[-1] > 1000


def test_thousand_random_corruptions(tmp_path, make_trace):
    chance = random.Random(2026)
    originals = [make_trace(kind).read_bytes() for kind in ("pool", "tasks", "gc", "network")]
    files = []
    for number in range(1000):
        content = bytearray(originals[number % len(originals)])
        for _ in range(chance.choice((1, 1, 3, 20))):
            content[chance.randrange(16, len(content))] = chance.randrange(256)
        files.append(damaged(tmp_path, f"{number}.trace", bytes(content)))
    summaries = summarise(*files, limits=SMALL)
    assert len(summaries) == 1000
    stopped = [s for s in summaries if s.note]
    assert len(stopped) > 300, "most damage is noticed"
    assert all("\n" not in s.note and s.note.endswith(".") and len(s.note) < 400 for s in stopped)
    for file in chance.sample(files, 20):
        trace = read(file, limits=SMALL)
        for table in TABLES:
            frame = getattr(trace, table)
            if "duration_ns" in frame:
                assert np.isfinite(frame.duration_ns).all()


def test_time_limit_is_told(make_trace):
    from engineroom.golang import GoRunError

    with pytest.raises(GoRunError, match="did not end within"):
        read(make_trace("pool"), limits=Limits(time_s=0.0001))


def test_no_temporary_files_stay(make_trace, own_cache):
    trace = read(make_trace("generations"))
    assert list((own_cache / "work").iterdir()) == []
    assert trace.states.duration_ns.sum() > 0

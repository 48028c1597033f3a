"""What the viewer's kernel side answers, on recorded traces."""

import json

import numpy as np
import pytest

from engineroom.golang.trace_frames import state_totals
from engineroom.tracing.lanes import LAYOUTS, arrange
from engineroom.tracing.real import replay
from engineroom.tracing.viewer import TraceViewer, frames


@pytest.fixture(scope="module")
def bottleneck():
    return replay("bottleneck")


@pytest.fixture
def viewer(bottleneck):
    """A viewer whose answers are kept in a list instead of being sent."""
    made = TraceViewer(bottleneck)
    made.answers = []
    made.send = lambda answer, buffers=None: made.answers.append((answer, buffers or []))
    return made


def ask(viewer, **question):
    viewer._on_message(None, question, [])
    assert viewer.failure is None
    return viewer.answers[-1] if viewer.answers else None


def test_categories_add_up_to_the_states(bottleneck):
    lanes = arrange(bottleneck, system=True)
    everything = np.arange(len(lanes.names))
    spent = lanes.index.totals(everything, 0, bottleneck.summary.duration_ns)
    totals = state_totals(bottleneck).sum()
    assert spent[0] == totals["Running"]
    assert spent[1] == totals["Runnable"]
    assert spent[2] == totals["Syscall"]
    assert spent[3:].sum() == totals["Waiting"]


def test_a_processor_never_runs_two_things_at_once():
    trace = replay("collect")
    lanes = arrange(trace, "processors")
    spent = lanes.index.totals(np.arange(len(lanes.names)), 0, trace.summary.duration_ns)
    assert spent.sum() <= len(lanes.names) * trace.summary.duration_ns
    assert spent[lanes.categories.index("GC worker")] > 0


def test_families_are_indented(bottleneck):
    names = arrange(bottleneck).names
    assert names[0].endswith("main.main")
    workers = [name for name in names if name.endswith("main.worker")]
    assert len(workers) == 8
    assert all(name.startswith("  G") for name in workers)


def test_task_tree():
    names = arrange(replay("tasks"), "tasks").names
    assert [name.strip().split(" ", 2)[2] for name in names] == ["copy files", "copy file", "copy file"]
    assert [len(name) - len(name.lstrip()) for name in names] == [0, 2, 2]


@pytest.mark.parametrize(
    ("layout", "search", "matches"),
    [
        ("goroutines", "sync", 40),
        ("tasks", "audit", 40),
        ("goroutines", "main.audit", 119),
        ("tasks", "zzz", 0),
    ],
)
def test_search(bottleneck, layout, search, matches):
    found = arrange(bottleneck, layout, search=search)
    states = bottleneck.states
    expected = {
        "sync": states.reason.eq("sync") & (states.state == "Waiting"),
        "main.audit": states["where"].astype(str).str.contains("main.audit"),
    }.get(search)
    assert found.matches == (matches if expected is None else expected.sum())
    assert not found.matches or all(lane < len(found.names) for lane in found.lane_of.values())


def test_hidden_categories_are_gone(bottleneck):
    lanes = arrange(bottleneck, hidden=["Running"])
    assert lanes.index.totals(np.arange(len(lanes.names)), 0, bottleneck.summary.duration_ns)[0] == 0


def test_frame(viewer, bottleneck):
    duration = bottleneck.summary.duration_ns
    answer, buffers = ask(viewer, ask="frame", begin=0, end=duration, pixels=500, first=2, count=5, seq=7)
    assert (answer["answer"], answer["seq"], answer["count"]) == ("frame", 7, 5)
    assert [len(b) for b in buffers] == [2500, 2500]
    assert all(0 <= left < right <= 500 for _, left, right in answer["bands"])
    wakeups = bottleneck.wakeups
    lane_of = viewer.lanes.lane_of
    shown = wakeups[wakeups.waker.isin(lane_of) & wakeups.goroutine.isin(lane_of)]
    edges = {
        (time, lane_of[a], lane_of[b]) for time, a, b in shown[["time_ns", "waker", "goroutine"]].to_numpy()
    }
    assert {tuple(arrow) for arrow in answer["arrows"]} <= edges
    assert len(answer["arrows"]) > 30


def test_details_are_those_of_the_table(viewer, bottleneck):
    longest = bottleneck.states[bottleneck.states.reason == "sync"].sort_values("duration_ns").iloc[-1]
    lane = viewer.lanes.lane_of[longest.goroutine]
    answer, _ = ask(viewer, ask="details", lane=lane, instant=int(longest.start_ns) + 1)
    assert answer["found"]["title"] == f"G{longest.goroutine} Waiting (sync)"
    assert (answer["found"]["begin"], answer["found"]["end"]) == (longest.start_ns, longest.end_ns)
    assert any("main." in line for line in answer["found"]["lines"])


def test_chrome_export_holds_every_span(viewer, bottleneck):
    _, (text,) = ask(viewer, ask="export", begin=0, end=bottleneck.summary.duration_ns)
    events = json.loads(text)["traceEvents"]
    spans = [e for e in events if e["ph"] == "X"]
    lanes = len(viewer.lanes.names)
    assert len(events) - len(spans) == lanes
    assert len(spans) == viewer.lanes.matches
    total = sum(e["dur"] for e in spans if e["name"] == "Running") * 1e3
    running = viewer.lanes.index.totals(np.arange(lanes), 0, bottleneck.summary.duration_ns)[0]
    assert total == pytest.approx(running)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rearranging(viewer, layout):
    ask(viewer, ask="arrange", layout=layout, search="", hidden=[], system=True)
    assert viewer.scene["layout"] == layout
    assert len(viewer.scene["names"]) == len(viewer.lanes.names) > 0


def test_nonsense_is_told_not_raised(viewer):
    viewer._on_message(None, {"ask": "arrange", "layout": "moons", "seq": 3}, [])
    answer, _ = viewer.answers[-1]
    assert answer["answer"] == "failure"
    assert "moons" in answer["text"]
    viewer._on_message(None, {"ask": "no such question"}, [])
    huge = {"ask": "frame", "begin": -5, "end": 10**18, "pixels": 10**9, "first": -3, "count": 10**9}
    viewer._on_message(None, huge, [])
    assert viewer.answers[-1][0]["answer"] == "frame"


@pytest.mark.parametrize("name", ["exit", "misnested", "recorder"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_incomplete_traces_are_shown(name, layout):
    made = TraceViewer(replay(name), layout)
    bundle = made._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert 'alt="Timeline of ' in html


@pytest.mark.parametrize(
    ("ns", "text"), [(0, "0 ns"), (999, "999 ns"), (1250, "1.25 µs"), (5e7, "50 ms"), (2.5e9, "2.5 s")]
)
def test_durations(ns, text):
    assert frames.duration_text(ns) == text

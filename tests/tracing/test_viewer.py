"""What the viewer's kernel side answers, on recorded traces."""

import json

import numpy as np
import pytest

from engineroom.golang.trace_frames import state_totals
from engineroom.tracing import overlays
from engineroom.tracing.lanes import LAYOUTS, arrange
from engineroom.tracing.looks import looks_of
from engineroom.tracing.plots import draw_lanes
from engineroom.tracing.real import replay
from engineroom.tracing.viewer import TraceViewer, export, frames


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


def test_search_by_state(bottleneck):
    found = arrange(bottleneck, search="runnable")
    mine = bottleneck.states.goroutine.isin(arrange(bottleneck).lane_of)
    assert found.matches == (mine & (bottleneck.states.state == "Runnable")).sum() > 100


@pytest.mark.parametrize("layout", ["goroutines", "processors"])
def test_search_by_task_finds_what_its_goroutines_did_meanwhile(layout):
    trace = replay("bottleneck")
    everything, found = arrange(trace, layout), arrange(trace, layout, search="request")
    states, regions = trace.states, trace.regions
    outermost = regions[(regions.depth == 0) & regions.task.isin(trace.tasks.task)]
    whole = trace.columns("states")
    expected = {
        int(row)
        for row in everything.rows
        for r in outermost[outermost.goroutine == whole["goroutine"][row]].itertuples()
        if max(r.start_ns, whole["start_ns"][row]) < min(r.end_ns, whole["end_ns"][row])
    }
    assert set(found.rows.tolist()) == expected
    assert 100 < len(expected) < len(states)


def test_the_tracers_own_goroutine_counts_as_the_runtimes():
    names = arrange(replay("waits")).names
    assert not [name for name in names if "runtime/trace" in name]
    assert [name for name in arrange(replay("waits"), system=True).names if "runtime/trace" in name]


def test_the_same_reason_looks_the_same_in_every_trace():
    looks = {}
    for name in ("waits", "bottleneck", "pingpong", "recorder", "collect_gogc50"):
        categories = arrange(replay(name)).categories
        found = looks_of(categories)
        assert len({(look.colour, look.texture, look.top) for look in found}) == len(found)
        assert len({look.letter for look in found}) == len(found)
        assert all(set(vars(look)) == {"colour", "texture", "top", "letter"} for look in found)
        for category, look in zip(categories, found, strict=True):
            assert looks.setdefault(category, look) == look


def test_names_that_are_not_known_share_no_look():
    found = looks_of(
        ["Running", *(f"step {letter}" for letter in "abcdefg"), "waits: synctest", "waits: forever"]
    )
    assert len({(look.colour, look.texture) for look in found}) == len(found)


def test_hidden_categories_are_gone(bottleneck):
    lanes = arrange(bottleneck, hidden=["Running"])
    assert lanes.index.totals(np.arange(len(lanes.names)), 0, bottleneck.summary.duration_ns)[0] == 0


def test_frame(viewer, bottleneck):
    duration = bottleneck.summary.duration_ns
    answer, buffers = ask(viewer, ask="frame", begin=0, end=duration, pixels=500, first=2, count=5, seq=7)
    assert (answer["answer"], answer["seq"], answer["count"]) == ("frame", 7, 5)
    assert [len(b) for b in buffers] == [2500, 2500, 0]  # no assist and no sweep in this trace
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


# Trace Event Format: what each phase of event must carry, and what else it may
FIELDS = {
    "M": ({"name", "pid", "tid", "args"}, {"ts"}),
    "X": ({"name", "pid", "tid", "ts", "dur"}, {"cat", "args"}),
    "s": ({"name", "cat", "id", "pid", "tid", "ts"}, set()),
    "f": ({"name", "cat", "id", "pid", "tid", "ts", "bp"}, set()),
}


def exported(trace, layout="goroutines"):
    lanes = arrange(trace, layout)
    text = export.chrome_events(trace, lanes, 0, trace.summary.duration_ns)
    return lanes, json.loads(text)["traceEvents"]


def test_chrome_export_holds_every_span(viewer, bottleneck):
    _, (text,) = ask(viewer, ask="export", begin=0, end=bottleneck.summary.duration_ns)
    events = json.loads(text)["traceEvents"]
    lanes = len(viewer.lanes.names)
    spans = [e for e in events if e["ph"] == "X" and e["tid"] < lanes]
    assert len(spans) == viewer.lanes.matches
    total = sum(e["dur"] for e in spans if e["name"] == "Running") * 1e3
    running = viewer.lanes.index.totals(np.arange(lanes), 0, bottleneck.summary.duration_ns)[0]
    assert total == pytest.approx(running)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["collect_gogc50", "tasks", "misnested"])
def test_chrome_export_follows_the_format(name, layout):
    lanes, events = exported(replay(name), layout)
    for event in events:
        needed, allowed = FIELDS[event["ph"]]
        assert needed <= set(event) - {"ph"} <= needed | allowed
        assert all(type(event[key]) is int for key in ("pid", "tid"))
        assert all(event.get(key, 0) >= 0 for key in ("ts", "dur"))
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == dict(enumerate([*(n.strip() for n in lanes.names), "GC and pauses"]))
    assert {e["tid"] for e in events if e["ph"] != "M"} <= set(names)


def test_chrome_export_holds_phases_and_wake_ups():
    trace = replay("collect_gogc50")
    lanes, events = exported(trace)
    phases = [e["name"] for e in events if e["ph"] == "X" and e["tid"] == len(lanes.names)]
    assert phases.count("stop-the-world") == trace.summary.stops
    assert phases.count("GC mark phase") == trace.summary.gc_cycles
    shown = trace.wakeups[
        trace.wakeups.waker.isin(lanes.lane_of) & trace.wakeups.goroutine.isin(lanes.lane_of)
    ]
    starts, ends = ([e for e in events if e["ph"] == phase] for phase in "sf")
    assert [e["ts"] for e in starts] == [e["ts"] for e in ends] == (shown.time_ns / 1e3).tolist()
    assert [e["id"] for e in starts] == [e["id"] for e in ends]
    assert len({e["id"] for e in starts}) == len(starts) == len(shown)


def test_assists_and_sweeps_lie_over_their_lanes():
    trace = replay("collect_gogc50")
    ranges, duration = trace.ranges, trace.summary.duration_ns
    for layout, name, kind, key in (
        ("goroutines", "GC mark assist", 0, "goroutine"),
        ("processors", "GC incremental sweep", 1, "scope_id"),
    ):
        lanes = arrange(trace, layout, system=True)
        marks = overlays.Marks(trace, lanes)
        drawn = np.frombuffer(marks.bins(np.arange(len(lanes.names)), 0, duration, 4000), np.uint8)
        drawn = drawn.reshape(len(lanes.names), -1)
        marked = {lane for lane in range(len(lanes.names)) if (drawn[lane] == kind).any()}
        rows = ranges[ranges.name == name]
        assert marked == {lanes.lane_of[number] for number in rows[key]}
        longest = rows.sort_values("duration_ns").iloc[-1]
        assert marks.at(lanes.lane_of[longest[key]], int(longest.start_ns)) == (
            overlays.MARKS[kind],
            longest.duration_ns,
        )
    assert overlays.Marks(trace, arrange(trace, "processors")).present == ["sweep"]


def test_too_many_wake_ups_are_told_from_none(bottleneck, monkeypatch):
    lanes = arrange(bottleneck)
    everything = (0, len(lanes.names), 0, bottleneck.summary.duration_ns)
    assert len(overlays.arrows(bottleneck, lanes, *everything)) > 30
    monkeypatch.setattr(overlays, "MOST_ARROWS", 30)
    assert overlays.arrows(bottleneck, lanes, *everything) is None
    assert overlays.arrows(bottleneck, arrange(bottleneck, "processors"), *everything) == []


def test_a_lane_tells_its_family(viewer, bottleneck):
    creator = bottleneck.goroutines[bottleneck.goroutines.function == "main.main"].goroutine.iloc[0]
    answer, _ = ask(viewer, ask="lane", lane=viewer.lanes.lane_of[creator])
    assert answer["found"]["title"] == f"G{creator} main.main"
    count = (bottleneck.goroutines.creator == creator).sum()
    assert f"created {count} goroutines." in answer["found"]["lines"][0]
    worker = bottleneck.goroutines[bottleneck.goroutines.function == "main.worker"].iloc[0]
    answer, _ = ask(viewer, ask="lane", lane=viewer.lanes.lane_of[worker.goroutine])
    assert answer["found"]["lines"][0].startswith(f"Created by G{creator} at ")
    assert worker.created_at in answer["found"]["lines"][0]


def test_a_task_tells_its_family():
    trace = replay("tasks")
    lanes = arrange(trace, "tasks")
    outer = frames.lane_details(trace, lanes, 0)
    assert "Part of no other task; has 2 parts of its own" in outer["lines"][0]
    assert f"Part of task {trace.tasks.task.iloc[0]};" in frames.lane_details(trace, lanes, 1)["lines"][0]
    assert frames.lane_details(trace, lanes, 99) is None


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


def test_still_figure_shows_the_phases():
    trace = replay("collect_gogc50")
    picture = draw_lanes(trace, arrange(trace, "processors"))
    legend = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert legend[-2:] == ["GC mark phase", "stop-the-world"]
    assert f"{trace.summary.gc_cycles} times GC mark phase" in picture.alt
    assert f"{trace.summary.stops} times stop-the-world" in picture.alt


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


def test_search_by_lane_keeps_all_of_it_and_no_empty_lanes(bottleneck):
    found = arrange(bottleneck, search="main.worker")
    assert found.matches == (bottleneck.states.function == "main.worker").sum()
    assert len(found.names) == 8
    assert len(arrange(bottleneck, search="main.audit").names) < len(arrange(bottleneck).names)


def test_waits_without_a_reason_are_no_category_of_their_own():
    assert "waits: " not in arrange(replay("collect"), system=True).categories


def test_a_window_holds_what_touches_it_and_nothing_else(bottleneck, monkeypatch):
    trace = replay("collect_gogc50")
    phases = trace.ranges[trace.ranges.name.astype(str).str.startswith(("GC concurrent", "stop-the"))]
    begin, end = trace.summary.duration_ns // 3, trace.summary.duration_ns // 2
    inside = phases[(phases.end_ns > begin) & (phases.start_ns < end)]
    drawn = overlays.Phases(trace)
    assert 0 < len(inside) < len(phases)
    assert sorted(row[1] for row in drawn.within(begin, end)) == sorted(inside.start_ns)
    assert len(drawn.in_window(begin, end, 10**6)) == len(inside)

    lanes = arrange(bottleneck)
    begin, end = bottleneck.summary.duration_ns // 3, bottleneck.summary.duration_ns // 2
    events = json.loads(export.chrome_events(bottleneck, lanes, begin, end))["traceEvents"]
    spans = [e for e in events if e["ph"] == "X"]
    assert 0 < len(spans) < lanes.matches
    assert all(e["ts"] * 1e3 < end and (e["ts"] + e["dur"]) * 1e3 > begin for e in spans)
    monkeypatch.setattr(export, "MOST_EXPORTED", 10)
    with pytest.raises(ValueError, match="are too many for one file; zoom in below 10"):
        export.chrome_events(bottleneck, lanes, begin, end)


def test_arrows_are_those_that_touch_the_lanes_in_sight(bottleneck):
    lanes, duration = arrange(bottleneck), bottleneck.summary.duration_ns
    everything = overlays.arrows(bottleneck, lanes, 0, len(lanes.names), 0, duration)
    some = overlays.arrows(bottleneck, lanes, 3, 4, 0, duration)
    assert some == [a for a in everything if max(a[1:]) >= 3 and min(a[1:]) <= 4]
    assert 0 < len(some) < len(everything)


def test_details_name_what_lies_over_them():
    trace = replay("collect_gogc50")
    shown = TraceViewer(trace)
    answers = []
    shown.send = lambda answer, buffers=None: answers.append(answer)
    longest = trace.ranges[trace.ranges.name == "GC mark assist"].sort_values("duration_ns").iloc[-1]
    lane = shown.lanes.lane_of[longest.goroutine]
    shown._on_message(None, {"ask": "details", "lane": lane, "instant": int(longest.start_ns) + 1}, [])
    assert (
        f"during: mark assist, {frames.duration_text(longest.duration_ns)}" in answers[-1]["found"]["lines"]
    )
    assert any(line.startswith("during: GC mark phase") for line in answers[-1]["found"]["lines"])

"""The trace viewer in a real browser: mouse, wheel, keyboard, touch, downloads. Run by `make test-browser`."""

import json
import re
import struct
import zlib
from contextlib import contextmanager

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api")

from engineroom.tracing.real import replay  # noqa: E402

expect = playwright.expect
CELLS = [
    "from engineroom.tracing.real import replay\nfrom engineroom.tracing.widgets import explore_trace\n"
    "explore_trace(replay('bottleneck'))",
    "explore_trace(replay('collect_gogc50'))",
]
UNITS = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}
DURATION = r"(-?[\d.]+) (ns|µs|ms|s)"
GUTTER, AXIS, LANE = 210, 22, 18


@pytest.fixture(scope="module")
def lab(start_lab):
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    lab = start_lab()
    lab.save("viewer.ipynb", nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))
    lab.open("viewer.ipynb")
    lab.run_all()
    return lab


class Viewer:
    """One viewer on the page, told by what it says of itself."""

    def __init__(self, page, number):
        self.page = page
        self.root = page.locator(".trace-viewer").nth(number)
        self.canvas = self.root.locator("canvas.time")
        self.told = self.root.locator(".told")

    def button(self, name):
        return self.root.get_by_role("button", name=re.compile(f"^{name}"))

    def reset(self):
        """Bring the viewer back to how it was shown first."""
        self.canvas.scroll_into_view_if_needed()
        layout, search = self.root.get_by_role("combobox"), self.root.get_by_role("searchbox")
        hidden = self.root.locator("button.toggle[aria-pressed=false]").all()
        if hidden or search.input_value() or layout.input_value() != "goroutines":
            self.told.evaluate("told => { told.textContent = 'not yet arranged anew' }")
            for toggle in hidden:
                toggle.click()
            layout.select_option("goroutines")
            search.fill("")
            expect(self.told).not_to_contain_text("not yet")
        if self.button("measure between").get_attribute("aria-pressed") == "true":
            self.button("measure between").click()
        self.canvas.press("Escape")
        self.canvas.press("Home")
        expect(self.canvas).to_have_attribute("aria-label", re.compile("In sight: 0 ns to"))

    def label(self):
        """Return what the timeline says of itself, once the next frame is painted."""
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return self.canvas.get_attribute("aria-label")

    def in_sight(self):
        """Return the window that is shown [ns]."""
        said = re.search(rf"In sight: {DURATION} to {DURATION}\.", self.label())
        return float(said[1]) * UNITS[said[2]], float(said[3]) * UNITS[said[4]]

    def span(self):
        begin, end = self.in_sight()
        return end - begin

    def cursor(self):
        """Return the lane that the cursor is in, and its time [ns]."""
        said = re.search(rf"Cursor: (.*) at {DURATION}\.$", self.label())
        return said[1], float(said[2]) * UNITS[said[3]]

    def place(self, share, lane=0):
        """Return page coordinates: a share of the timeline's width, and a lane."""
        box = self.canvas.bounding_box()
        x = box["x"] + GUTTER + share * (box["width"] - GUTTER)
        return x, box["y"] + AXIS + (lane + 0.5) * LANE

    def pixels(self):
        """Return what is painted, once it rests."""
        was, now = None, self.canvas.evaluate("canvas => canvas.toDataURL()")
        while now != was:
            self.page.wait_for_timeout(400)
            was, now = now, self.canvas.evaluate("canvas => canvas.toDataURL()")
        return now

    def until(self, condition):
        for _ in range(100):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"still: {self.canvas.get_attribute('aria-label')}")


@pytest.fixture
def services(lab):
    """The service with a bottleneck: tasks, regions, waits for a lock."""
    viewer = Viewer(lab.page, 0)
    viewer.reset()
    return viewer


@pytest.fixture
def collector(lab):
    """A program that allocates: GC phases, assists, sweeps."""
    viewer = Viewer(lab.page, 1)
    viewer.reset()
    return viewer


@pytest.fixture
def fingers(lab):
    """Return a function that puts fingers on the screen; no places lift them."""
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def put(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    yield put
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    session.detach()


def test_wheel_zooms_around_the_pointer(services):
    before = services.span()
    x, y = services.place(0.25)
    services.page.mouse.move(x, y)
    under = services.cursor()[1]
    services.page.keyboard.down("Control")
    services.page.mouse.wheel(0, -400)
    services.page.keyboard.up("Control")
    services.until(lambda: services.span() < before / 3)
    begin, end = services.in_sight()
    assert begin + 0.25 * (end - begin) == pytest.approx(under, rel=0.02)


def test_drag_and_sideways_wheel_pan(services):
    services.canvas.press("+")
    services.canvas.press("+")
    begin, end = services.in_sight()
    services.page.mouse.move(*services.place(0.6))
    services.page.mouse.down()
    services.page.mouse.move(*services.place(0.4), steps=5)
    services.page.mouse.up()
    services.until(lambda: services.in_sight()[0] > begin)
    assert services.in_sight()[0] == pytest.approx(begin + 0.2 * (end - begin), rel=0.03)
    assert services.span() == pytest.approx(end - begin, rel=0.01)
    moved = services.in_sight()[0]
    services.page.mouse.wheel(-200, 0)
    services.until(lambda: services.in_sight()[0] < moved)


def test_keyboard_alone_reaches_everything(services):
    whole = services.span()
    services.canvas.focus()
    services.canvas.press("+")
    assert services.span() == pytest.approx(whole / 2, rel=0.01)
    begin = services.in_sight()[0]
    services.canvas.press("ArrowRight")
    assert services.in_sight()[0] > begin
    lane, time = services.cursor()
    services.canvas.press("ArrowDown")
    services.canvas.press("Shift+ArrowRight")
    assert services.cursor()[0] != lane
    assert services.cursor()[1] > time
    expect(services.told).to_contain_text("Waiting (")
    services.canvas.press("f")
    expect(services.told).to_contain_text("Created by G1 at")
    services.canvas.press("Home")
    assert services.span() == whole
    services.canvas.press("/")
    expect(services.root.get_by_role("searchbox")).to_be_focused()


def test_hover_tells_state_reason_and_stack(services):
    longest = replay("bottleneck").states.query("reason == 'sync' and function == 'main.worker'")
    longest = longest.sort_values("duration_ns").iloc[-1]
    services.root.get_by_role("searchbox").fill(f"G{longest.goroutine} ")
    expect(services.told).to_contain_text("intervals match")
    middle = (longest.start_ns + longest.end_ns) / 2
    services.page.mouse.move(*services.place(middle / replay("bottleneck").summary.duration_ns))
    expect(services.told).to_contain_text(f"G{longest.goroutine} Waiting (sync)")
    expect(services.told).to_contain_text("sync.(*Mutex).Lock")
    expect(services.told).to_contain_text("main.audit main.go:")


def test_hover_over_a_name_tells_the_family(services):
    box = services.canvas.bounding_box()
    services.page.mouse.move(box["x"] + 60, box["y"] + AXIS + LANE / 2)
    expect(services.told).to_contain_text(re.compile(r"G1 main\.main.*created \d+ goroutines", re.DOTALL))


@pytest.mark.parametrize(
    ("layout", "first"), [("goroutines", "G1 main.main"), ("processors", "P0"), ("tasks", "task 1 request")]
)
def test_lanes(services, layout, first):
    services.root.get_by_role("combobox").select_option(layout)
    services.until(lambda: services.cursor()[0] == first)
    expect(services.root.locator(".summary")).to_contain_text(" lane")


@pytest.mark.parametrize("text", ["main.audit", "sync", "runnable", "request"])
def test_search_by_function_reason_state_and_task(services, text):
    services.root.get_by_role("searchbox").fill(text)
    expect(services.told).to_have_text(re.compile(r"^[1-9][\d,]* intervals match\.$"))


def test_search_in_vain_says_so(services):
    services.root.get_by_role("searchbox").fill("zzz")
    expect(services.told).to_have_text("0 intervals match.")
    services.root.get_by_role("searchbox").fill("")
    expect(services.told).to_have_text("")


def test_a_category_hidden_leaves_picture_and_summary(services):
    before = services.pixels()
    services.button("waits: sync").click()
    expect(services.button("waits: sync")).to_have_attribute("aria-pressed", "false")
    expect(services.root.locator(".summary")).not_to_contain_text("waits: sync")
    assert services.pixels() != before
    services.button("waits: sync").click()
    expect(services.root.locator(".summary")).to_contain_text("waits: sync")


def test_measure_by_mouse(services):
    services.button("measure between").click()
    begin, end = services.in_sight()
    services.page.mouse.move(*services.place(0.3))
    services.page.mouse.down()
    services.page.mouse.move(*services.place(0.5), steps=5)
    services.page.mouse.up()
    expect(services.told).to_contain_text("Measured")
    said = re.search(rf"Measured {DURATION}", services.told.inner_text())
    assert float(said[1]) * UNITS[said[2]] == pytest.approx(0.2 * (end - begin), rel=0.02)
    assert services.in_sight() == (begin, end), "measuring does not pan"
    expect(services.root.locator(".summary")).to_contain_text(f"{said[1]} {said[2]} from")


def test_measure_by_keyboard(services):
    services.canvas.focus()
    services.canvas.press("m")
    expect(services.told).to_contain_text("Measuring from")
    start = services.cursor()[1]
    for _ in range(5):
        services.canvas.press("Shift+ArrowRight")
    services.canvas.press("m")
    expect(services.told).to_contain_text("Measured")
    said = re.search(rf"Measured {DURATION}", services.told.inner_text())
    assert float(said[1]) * UNITS[said[2]] == pytest.approx(services.cursor()[1] - start, rel=0.02)


def test_a_tap_tells_and_one_finger_pans(services, fingers):
    fingers("touchStart", services.place(0.5, lane=0))
    fingers("touchEnd")
    expect(services.told).to_contain_text("G1 ")
    services.canvas.press("+")
    begin, end = services.in_sight()
    fingers("touchStart", services.place(0.7))
    for share in (0.6, 0.5, 0.4, 0.3):
        fingers("touchMove", services.place(share))
    fingers("touchEnd")
    services.until(lambda: services.in_sight()[0] > begin + 0.3 * (end - begin))
    assert services.span() == pytest.approx(end - begin, rel=0.01)


def test_two_fingers_pinch(services, fingers):
    whole = services.span()
    fingers("touchStart", services.place(0.45), services.place(0.55))
    for apart in (0.1, 0.15, 0.2):
        fingers("touchMove", services.place(0.5 - apart), services.place(0.5 + apart))
    fingers("touchEnd")
    services.until(lambda: services.span() < whole / 3)
    begin, end = services.in_sight()
    assert (begin + end) / 2 == pytest.approx(whole / 2, rel=0.1)


def test_measure_by_touch(services, fingers):
    services.button("measure between").click()
    fingers("touchStart", services.place(0.3))
    for share in (0.35, 0.4, 0.5):
        fingers("touchMove", services.place(share))
    fingers("touchEnd")
    expect(services.told).to_contain_text("Measured")


@pytest.mark.parametrize("name", ["stop-the-world", "GC mark phase", "mark assist", "wake-ups"])
def test_overlays_come_and_go(collector, name):
    if name == "wake-ups":  # too many at first, which the button says
        for _ in range(3):
            collector.canvas.press("+")
    before = collector.pixels()
    collector.button(name).click()
    expect(collector.button(name)).to_have_attribute("aria-pressed", "false")
    assert collector.pixels() != before
    collector.button(name).click()
    assert collector.pixels() == before


@contextmanager
def saved(viewer, button):
    """Click a button that saves a file and give its content."""
    with viewer.page.expect_download() as download:
        viewer.button(button).click()
    yield download.value.suggested_filename, download.value.path().read_bytes()


def test_saved_json_is_a_trace_for_chrome_and_perfetto(services):
    trace = replay("bottleneck")
    with saved(services, "save the window") as (name, content):
        assert name == "trace.json"
        events = json.loads(content)["traceEvents"]
    assert {e["ph"] for e in events} == {"M", "X", "s", "f"}
    for event in events:
        assert {"name", "ph", "pid", "tid"} <= set(event)
        assert event["ph"] == "M" or event["ts"] >= 0
        assert event["ph"] != "X" or event["dur"] >= 0
        assert event["ph"] not in "sf" or {"id", "cat"} <= set(event)
    mine = trace.states[~trace.states.goroutine.isin(trace.goroutines[trace.goroutines.system].goroutine)]
    waited = sum(e["dur"] for e in events if e["ph"] == "X" and e["args"].get("reason") == "sync")
    assert waited * 1e3 == pytest.approx(mine[mine.reason == "sync"].duration_ns.sum())


def test_saved_json_holds_the_window_only(services):
    services.canvas.press("+")
    services.canvas.press("+")
    begin, end = services.in_sight()
    with saved(services, "save the window") as (_, content):
        spans = [e for e in json.loads(content)["traceEvents"] if e["ph"] == "X"]
    assert spans
    assert all(e["ts"] * 1e3 <= end * 1.001 and (e["ts"] + e["dur"]) * 1e3 >= begin * 0.999 for e in spans)


def test_saved_picture_is_the_timeline_with_its_legend(services):
    with saved(services, "save the picture") as (name, content):
        assert name == "trace.png"
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    drawn = services.canvas.evaluate("canvas => [canvas.width, canvas.height]")
    assert width == drawn[0]
    assert height > drawn[1] + 40, "room for a title and a legend"
    chunks = re.findall(rb"IDAT", content)
    assert chunks
    start = content.index(b"IDAT") - 4
    size = struct.unpack(">I", content[start : start + 4])[0]
    assert len(set(zlib.decompressobj().decompress(content[start + 8 : start + 8 + size]))) > 20


def test_at_200_percent_nothing_is_cut(services):
    """Zooming the page to 200 % halves its width in CSS pixels and doubles their density."""
    session = services.page.context.new_cdp_session(services.page)
    half = {"width": 700, "height": 500, "deviceScaleFactor": 2, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", half)
    try:
        services.page.wait_for_timeout(500)
        services.canvas.scroll_into_view_if_needed()
        assert services.root.evaluate("root => root.scrollWidth <= root.clientWidth")
        assert services.canvas.evaluate("c => c.width === 2 * c.clientWidth"), "sharp at this density"
        for button in services.root.get_by_role("button").all():
            box, root = button.bounding_box(), services.root.bounding_box()
            assert root["x"] <= box["x"] and box["x"] + box["width"] <= root["x"] + root["width"]
    finally:
        session.send("Emulation.clearDeviceMetricsOverride")
        session.detach()


def test_every_control_has_a_name(services):
    unnamed = services.root.evaluate(
        "root => [...root.querySelectorAll('button, select, input')].filter(e =>"
        " !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim())).length"
    )
    assert unnamed == 0


def test_nothing_went_wrong_on_the_page(lab):
    assert lab.errors_shown() == []
    assert lab.console_errors == []

"""Frame times of the trace viewer while zooming and panning, in JupyterLab in a real browser.

Run: ``python benchmarks/bench_tracing_viewer.py [EVENTS …]`` (default: 10000 1000000 10000000).
Needs Chromium, and Playwright in the environment (``python -m pip install playwright``).
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from engineroom.golang import Limits, build
from engineroom.kit.children import Server
from engineroom.publish.bench_rows import report, skipped
from engineroom.teach.lab_in_browser import LabInBrowser

HERE = Path(__file__).parent / "tracing"
TOKEN = "bench"
EVENTS_AN_ITEM = 8.2
GOAL_MS = 33
# zoom in, pan to and fro, zoom out: each frame one turn of the wheel, and the time until the next frame
MOVES = """async () => {
  const canvas = document.querySelector('.trace-viewer canvas.time');
  const turn = (options) =>
    canvas.dispatchEvent(new WheelEvent('wheel', {bubbles: true, cancelable: true, ...options}));
  const frame = () => new Promise(requestAnimationFrame);
  const box = canvas.getBoundingClientRect();
  const at = {clientX: box.left + 0.6 * box.width, clientY: box.top + 60};
  const times = {zoom: [], pan: []};
  const tiles = Number(canvas.dataset.frames);
  let last = await frame();
  for (let i = 0; i < 300; i++) {
    const panning = i >= 90 && i < 210;
    if (panning) turn({...at, deltaX: i < 150 ? 8 : -8});
    else turn({...at, ctrlKey: true, deltaY: i < 90 ? -20 : 20});
    const now = await frame();
    times[panning ? 'pan' : 'zoom'].push(now - last);
    last = now;
  }
  return [times, Number(canvas.dataset.frames) - tiles];
}"""


def notebook(folder: Path, events: int) -> None:
    path = folder / f"{events}.trace"
    items = ["-items", int(events / EVENTS_AN_ITEM), "-o", path]
    build(HERE / "bulk").run(items, limits=Limits(time_s=300, memory_mb=8000))
    source = (
        "from engineroom.golang.trace import read\nfrom engineroom.tracing.widgets import explore_trace\n"
        f"trace = read({str(path)!r})\nexplore_trace(trace)"
    )
    cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("trace.summary.total_events")]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "x.ipynb")


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder; the kernel may grow, as a trace of 10 M events is read into it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    jupyter = Path(sys.executable).with_name("jupyter")
    options = [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    command = [jupyter, "lab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
    with Server([*command, f"--port={address.rpartition(':')[2]}", *options], memory_mb=16_000) as server:
        server.wait_until(lambda: answers(address), within_s=60)
        yield address


def answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2).status == 200
    except OSError:
        return False


def measure(page, folder: Path, address: str) -> tuple[dict[str, list[float]], int]:
    LabInBrowser(page, folder, address, TOKEN).open("x.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    drawn = "Number(document.querySelector('.trace-viewer canvas.time')?.dataset.frames) > 0"
    page.wait_for_function(drawn, timeout=600_000)
    page.wait_for_function(
        "document.querySelector('#jp-main-statusbar')?.innerText.includes('| Idle')", timeout=600_000
    )
    return page.evaluate(MOVES)


def main() -> None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: Playwright is missing; bring it with: python -m pip install playwright")
        skipped("frames of the trace viewer", "Playwright is missing")
        return
    if not (chromium := shutil.which("chromium") or shutil.which("google-chrome")):
        print("skipped: there is no Chromium on the PATH")
        skipped("frames of the trace viewer", "there is no Chromium on the PATH")
        return
    for events in [int(n) for n in sys.argv[1:]] or [10_000, 1_000_000, 10_000_000]:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            notebook(Path(folder), events)
            with serve(Path(folder)) as address:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                times, tiles = measure(page, Path(folder), address)
                browser.close()
        told = "; ".join(f"{what} {told_of(events, what, spent)}" for what, spent in times.items())
        print(f"{events:>11,} events: {told}; {tiles} tiles from the kernel", flush=True)


def told_of(events: int, what: str, times: list[float]) -> str:
    times = sorted(times)
    p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
    report(f"trace viewer, {events:,} events, {what}: a frame, p50", p50, "ms")
    report(f"trace viewer, {events:,} events, {what}: a frame, p95", p95, "ms")
    held = "goal held" if p95 <= GOAL_MS else "GOAL MISSED"
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms ({held})"


if __name__ == "__main__":
    main()

"""Frame times of the trace viewer while zooming and panning, in JupyterLab in a real browser.

Run: ``python benchmarks/bench_tracing_viewer.py [EVENTS …]`` (default: 10000 1000000 10000000).
Needs Chromium, and Playwright in the environment (``python -m pip install playwright``).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import urllib.request
from pathlib import Path

import nbformat

from engineroom.golang import Limits, build
from engineroom.kit.children import Server
from engineroom.publish.bench_rows import report, skipped

HERE = Path(__file__).parent / "tracing"
PORT, TOKEN = 8937, "bench"
EVENTS_AN_ITEM = 8.2
MOVES = """async () => {
  const canvas = document.querySelector('.trace-viewer canvas.time');
  const turn = (options) =>
    canvas.dispatchEvent(new WheelEvent('wheel', {bubbles: true, cancelable: true, ...options}));
  const frame = () => new Promise(requestAnimationFrame);
  const box = canvas.getBoundingClientRect();
  const at = {clientX: box.left + 0.6 * box.width, clientY: box.top + 60};
  const times = [];
  let last = await frame();
  for (let i = 0; i < 300; i++) {
    if (i < 90) turn({...at, ctrlKey: true, deltaY: -20});
    else if (i < 210) turn({...at, deltaX: i < 150 ? 8 : -8});
    else turn({...at, ctrlKey: true, deltaY: 20});
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return [times, Number(canvas.dataset.frames)];
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


def serve(folder: Path) -> Server:
    jupyter = Path(sys.executable).with_name("jupyter")
    options = [f"--port={PORT}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    command = [jupyter, "lab", "--no-browser", "--ip=127.0.0.1", "--allow-root", *options]
    server = Server(command, memory_mb=16_000)
    server.wait_until(answers, within_s=60)
    return server


def answers() -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api?token={TOKEN}", timeout=2).status == 200
    except OSError:
        return False


def measure(page) -> tuple[list[float], int]:
    page.goto(f"http://127.0.0.1:{PORT}/lab/tree/x.ipynb?token={TOKEN}&reset")
    idle = "document.querySelector('#jp-main-statusbar')?.innerText.includes('| Idle')"
    page.wait_for_function(idle, timeout=120_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    drawn = "Number(document.querySelector('.trace-viewer canvas.time')?.dataset.frames) > 0"
    page.wait_for_function(drawn, timeout=300_000)
    page.wait_for_function(idle, timeout=300_000)
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
            with serve(Path(folder)):
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                times, tiles = measure(browser.new_page(viewport={"width": 1400, "height": 900}))
                browser.close()
        times.sort()
        p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
        report(f"trace viewer, {events:,} events: a frame, p50", p50, "ms")
        report(f"trace viewer, {events:,} events: a frame, p95", p95, "ms")
        print(
            f"{events:>11,} events: frame p50 {p50:.1f} ms, p95 {p95:.1f} ms, {tiles} tiles from the kernel"
        )


if __name__ == "__main__":
    main()

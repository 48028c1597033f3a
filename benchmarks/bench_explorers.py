"""Slider to new picture: in the process, and in a real browser; beside `interact` with a fresh figure.

python benchmarks/bench_explorers.py
"""

import io
import pkgutil
import statistics
import time
from importlib import import_module
from inspect import signature

import engineroom
from engineroom.kit.explorer import Explorer
from engineroom.kit.knobs import Number
from engineroom.teach.lab_in_browser import BrowserMissing, lab_in_browser

MOVES = 40

# Moves a slider to and fro and waits for each new picture to be decoded and painted.
DRAG = """async ([root, moves]) => {
  const slider = root.querySelector("input[type=range]");
  const image = root.querySelector(".er-figure");
  const times = [];
  for (let i = 0; i < moves; i++) {
    const painted = new Promise((done) => {
      image.onload = () => requestAnimationFrame(() => setTimeout(done, 0));
    });
    const start = performance.now();
    const step = (Number(slider.max) - Number(slider.min)) / 100;
    slider.value = Number(slider.value) + (i % 2 ? -step : step);
    slider.dispatchEvent(new Event("input"));
    await painted;
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 30));
  }
  return times;
}"""


def explorers():
    """Yield every explorer of the course that needs no data to open."""
    for theme in pkgutil.iter_modules(engineroom.__path__):
        try:
            widgets = import_module(f"engineroom.{theme.name}.widgets")
        except ModuleNotFoundError:
            continue
        for name in sorted(name for name in widgets.__all__ if name.startswith("explore_")):
            make = getattr(widgets, name)
            if not signature(make).parameters and isinstance(made := make(), Explorer):
                yield f"{theme.name}.{name}", made


def quantiles(times_ms):
    ordered = sorted(times_ms)
    return statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]


def drags(explorer):
    """Yield, for each slider shown, the settings that a drag over its middle third passes through."""
    declared = explorer._knobs.declared()
    for name in explorer.spec["knobs"]:
        knob = declared[name]
        if isinstance(knob, Number):
            low = max(knob.low, knob.step) if knob.log else knob.low
            parts = [(1 + i / MOVES) / 3 for i in range(MOVES)]
            values = [
                low * (knob.high / low) ** p if knob.log else low + (knob.high - low) * p for p in parts
            ]
            yield [{name: round(value) if knob.whole else value} for value in values]


def in_process(explorer):
    """Time the first drag that is allowed as a whole: some knobs exclude each other."""
    for drag in drags(explorer):
        times = []
        for move in drag:
            started = time.perf_counter()
            explorer.turn(**move)
            times.append(1000 * (time.perf_counter() - started))
            if explorer.answer["errors"]:
                break
        else:
            return quantiles(times)
        explorer.turn(**explorer.spec["presets"]["Reset"])
    raise RuntimeError(f"no slider of {explorer.spec['title']!r} can be dragged")


def fresh_figure(explorer):
    """What `interact` does on every move: a new matplotlib figure, to PNG."""
    times = []
    for _ in range(10):
        started = time.perf_counter()
        figure = type(explorer._figure)()
        figure.update(explorer.prediction, None)
        figure.figure.savefig(io.BytesIO(), format="png")
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def main():
    print(f"{'explorer':32} {'in process, ms':>18} {'fresh figure':>14} {'ratio':>7}")
    print(f"{'':32} {'p50':>9}{'p95':>9} {'p50':>14}")
    for name, explorer in explorers():
        p50, p95 = in_process(explorer)
        fresh = fresh_figure(explorer)
        print(f"{name:32} {p50:9.1f}{p95:9.1f} {fresh:14.1f} {fresh / p50:6.1f}x")
    try:
        with lab_in_browser() as lab:
            lab.open("start_here.ipynb")
            lab.run_all()
            root = lab.explorer("A Go heap and its collector").element_handle()
            lab.page.evaluate(DRAG, [root, 5])
            p50, p95 = quantiles(lab.page.evaluate(DRAG, [root, MOVES]))
            print(f"in Chromium, key to painted picture: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    except BrowserMissing as missing:
        print(missing)


if __name__ == "__main__":
    main()

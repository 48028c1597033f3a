"""Slider to new picture: in the process, and in a real browser; beside `interact` with a fresh figure.

python benchmarks/bench_explorers.py
"""

import io
import os
import pkgutil
import statistics
import time
from importlib import import_module
from inspect import signature

import nbformat

import engineroom
from engineroom.kit.explorer import Explorer
from engineroom.kit.knobs import Number
from engineroom.publish.bench_rows import QUICK, report, skipped
from engineroom.teach.lab_in_browser import BrowserMissing, lab_in_browser

MOVES = 10 if os.environ.get(QUICK) else 40

# Drags the first slider that may be dragged, and waits for each new picture to be decoded and painted. A
# slider whose moves are refused, or don't show, brings no new picture: after 3 s the next one is tried.
DRAG = """async ([root, moves]) => {
  const image = root.querySelector(".er-figure");
  const move = async (slider, up, steps) => {
    const painted = new Promise((done) => {
      image.onload = () => requestAnimationFrame(() => setTimeout(() => done(true), 0));
      setTimeout(() => done(false), 3000);
    });
    const start = performance.now();
    up ? slider.stepUp(steps) : slider.stepDown(steps);
    slider.dispatchEvent(new Event("input"));
    return (await painted) ? performance.now() - start : null;
  };
  for (const slider of root.querySelectorAll("input[type=range]")) {
    const whole = (slider.max - slider.min) / (Number(slider.step) || 1);
    const steps = Math.max(1, Math.round(whole / 50));
    const up = slider.valueAsNumber < (Number(slider.min) + Number(slider.max)) / 2;
    const times = [];
    for (let i = 0; i < moves + 3; i++) {
      const time = await move(slider, i % 2 ? !up : up, steps);
      if (time === null) break;
      if (i >= 3) times.push(time);
      await new Promise((done) => setTimeout(done, 30));
    }
    if (times.length === moves) return times;
  }
  return [];
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
    declared = explorer.knobs.declared()
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
        figure = type(explorer.figure)()
        figure.update(explorer.prediction, None)
        figure.figure.savefig(io.BytesIO(), format="png")
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def in_browser(lab, name, title):
    """Open a notebook that shows this explorer only, and time a drag from key to painted picture."""
    theme, make = name.split(".")
    source = f"from engineroom.{theme}.widgets import {make}\n\n{make}()"
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source)]
    lab.save("bench.ipynb", nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))
    lab.open("bench.ipynb")
    lab.run_all()
    return lab.page.evaluate(DRAG, [lab.explorer(title).element_handle(), MOVES])


def main():
    print(f"{'explorer':36} {'in process, ms':>18} {'fresh figure':>14} {'ratio':>7}")
    print(f"{'':36} {'p50':>9}{'p95':>9} {'p50':>14}")
    titles = {}
    for name, explorer in explorers():
        titles[name] = explorer.spec["title"]
        p50, p95 = in_process(explorer)
        fresh = fresh_figure(explorer)
        print(f"{name:36} {p50:9.1f}{p95:9.1f} {fresh:14.1f} {fresh / p50:6.1f}x")
        report(f"{name}, in process, p50", p50, "ms", peer="a fresh figure each time", theirs=fresh)
    print(f"{'key to painted picture in Chromium':36} {'p50':>9}{'p95':>9}")
    try:
        with lab_in_browser() as lab:
            for name, title in titles.items():
                if not (times := in_browser(lab, name, title)):
                    raise RuntimeError(f"no slider of {title!r} brings new pictures in the browser")
                p50, p95 = quantiles(times)
                print(f"{name:36} {p50:9.0f}{p95:9.0f}", flush=True)
                report(f"{name}, painted, p50", p50, "ms")
                report(f"{name}, painted, p95", p95, "ms")
    except BrowserMissing as missing:
        print(missing)
        skipped("from slider to painted picture", str(missing))


if __name__ == "__main__":
    main()

"""What the design bench and its parts cost: run it with ``python benchmarks/bench_dynamodb_design.py``."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from functools import partial
from time import perf_counter

import nbformat

from engineroom.dynamodb import capacity, checks
from engineroom.dynamodb.bench_html import page
from engineroom.dynamodb.engine import Engine, shared_engine
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.latency import LatencyKnobs
from engineroom.dynamodb.latency import simulate as simulate_latency
from engineroom.dynamodb.partitions import HeatKnobs
from engineroom.dynamodb.partitions import simulate as simulate_heat
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.sample_data import load_frames
from engineroom.dynamodb.workbench import Workbench, write_indexes
from engineroom.kit.places import course_folder
from engineroom.publish.bench_rows import report

EDITS = 40
SCALES = {"about 2,000 items": 0.35, "about 50,000 items": 9.0}
ENOUGH = 20  # for a 95th percentile that is not just the slowest, or the median


def times_ms(work: Callable[[int], object], repeats: int) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    times = []
    for number in range(repeats):
        start = perf_counter()
        work(number)
        times.append(1e3 * (perf_counter() - start))
    times.sort()
    return times[len(times) // 2], times[int(0.95 * (len(times) - 1))]


def measure(what: str, work: Callable[[int], object], repeats: int) -> None:
    """Print and report how long it takes."""
    p50, p95 = times_ms(work, repeats)
    print(f"{what:<54}{p50:>9.1f}{p95:>9.1f}")
    report(f"{what}, p50", p50, "ms")
    if repeats >= ENOUGH:
        report(f"{what}, p95", p95, "ms")


SORT_KEY = ("SK", "ORDER{n}#{{ordered_at}}#{{order_id}}")
PARTITION_KEY = ("PK", "CUSTOMER{n}#{{customer_id}}")


def edit(bench: Workbench, attribute: str, text: str, number: int) -> str:
    """Edit one of the order's keys to what it never was before, and redraw the whole screen."""
    design = SINGLE_TABLE["shop"]
    order = {**design.keys["Order"], attribute: text.format(n=number)}
    edited = bench.design({**design.keys, "Order": order}, write_indexes(design.table.indexes), design.plans)
    return page(bench.review(bench.lay_out(edited)))


def solve_all() -> None:
    """Run every exercise's solution and check, silently."""
    names: dict[str, object] = {"checks": checks}
    with contextlib.redirect_stdout(io.StringIO()):
        path = course_folder() / "assignments" / "dynamodb" / "exercises.ipynb"
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)


def main() -> None:
    print(f"{'':<54}{'p50 ms':>9}{'p95 ms':>9}")
    for name, scale in SCALES.items():
        bench = Workbench("shop", load_frames("shop", scale=scale), read_prices())
        items = bench.lay_out(SINGLE_TABLE["shop"]).count
        for what, (attribute, text) in {"sort": SORT_KEY, "partition": PARTITION_KEY}.items():
            work = partial(edit, bench, attribute, text)
            measure(f"edit of a {what} key, {name} ({items:,})", work, EDITS)
    measure("partitions.simulate, 300 seconds", lambda _: simulate_heat(HeatKnobs()), 20)
    measure("latency.simulate, 5 requests", lambda _: simulate_latency(LatencyKnobs()), 20)
    measure("engine, start until it answers, and stop", lambda _: Engine().stop(), 7)
    shared_engine()
    measure("all exercises solved and checked", lambda _: solve_all(), 3)
    item = {"PK": "CUSTOMER#7", "SK": "ORDER#1", "n": 12345, "tags": ["a", "b"], "note": "x" * 300}
    table = SINGLE_TABLE["shop"].table
    rates = {
        "item_size": ("items/s", lambda _: [item_size(item) for _ in range(1000)]),
        "write_units": (
            "writes/s",
            lambda _: [capacity.write_units(table, item, {**item, "n": 1}) for _ in range(1000)],
        ),
    }
    for name, (unit, work) in rates.items():
        rate = 1e6 / times_ms(work, 9)[0]
        print(f"{name:<54}{rate:>9,.0f} {unit}")
        report(name, rate, unit)


if __name__ == "__main__":
    main()

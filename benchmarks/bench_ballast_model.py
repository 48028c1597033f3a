"""What the ballast theme's models cost: run it with ``python benchmarks/bench_ballast_model.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter

from engineroom.ballast import death_spiral, virtual_memory
from engineroom.ballast.heap_knobs import STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.trajectory import heap_trajectory, simulate
from engineroom.publish.bench_rows import report

REPEATS = 30
DEFAULT = HeapKnobs()
RUNS = {
    "default": DEFAULT,
    "default, stop the world": replace(DEFAULT, collector=STOP_THE_WORLD),
    "1 GB ballast": replace(DEFAULT, ballast_mb=1024),
    "flat out": replace(DEFAULT, allocation_mb_s=5000),
    "spiral": replace(DEFAULT, live_mb=190, limited=True, limit_mb=200, gogc_off=True, allocation_mb_s=5000),
    "most cycles": replace(DEFAULT, live_mb=1, gogc=5, allocation_mb_s=5000, duration_s=600),
}


def median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return 1e3 * median(times)


def main() -> None:
    print(f"{'simulate(HeapKnobs)':<26}{'cycles':>8}{'ms':>10}{'µs per cycle':>15}")
    for name, knobs in RUNS.items():
        cycles, ms = simulate(knobs).cycles, median_ms(lambda knobs=knobs: simulate(knobs))
        each = f"{1e3 * ms / cycles:15.1f}" if cycles else f"{'-':>15}"
        print(f"{name:<26}{cycles:>8}{ms:>10.2f}{each}")
        report(f"model of the heap, {name}, {cycles} cycles", ms, "ms")
    run = simulate(DEFAULT)
    print(f"{'heap_trajectory':<34}{median_ms(lambda: heap_trajectory(run)):>10.2f}")
    spiral = death_spiral.SpiralKnobs()
    print(f"{'death_spiral.simulate':<34}{median_ms(lambda: death_spiral.simulate(spiral)):>10.2f}")
    pages = virtual_memory.PageKnobs()
    print(f"{'virtual_memory.simulate':<34}{median_ms(lambda: virtual_memory.simulate(pages)):>10.2f}")


if __name__ == "__main__":
    main()

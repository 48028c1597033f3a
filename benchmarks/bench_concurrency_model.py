"""How fast the concurrency theme's model is, and how long learners wait for a check.

Prints simulated events per second beside those of a bare SimPy loop, the random-program comparison, and for
each exercise the seconds from pressing *check* to feedback: warm (the cell has changed, everything else is
compiled), the cell unchanged, and with ``--cold`` as after installing, when nothing at all is compiled.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time
from unittest.mock import patch

import nbformat
import simpy

from engineroom.concurrency import bounded, checks, fail_fast, shared_calls, weighted
from engineroom.concurrency.bounded import INSIDE, LimitKnobs
from engineroom.concurrency.go import agreement
from engineroom.golang.magic import SOLUTION_MARK
from engineroom.kit.places import course_folder
from engineroom.publish.bench_rows import report
from engineroom.teach.release import solution_cells


def seconds(call, repeats=9):
    """Return the median duration of a call."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def steps_of(call):
    """Return how many events the simulation kernel processes during a call."""
    with patch.object(simpy.Environment, "step", autospec=True, side_effect=simpy.Environment.step) as step:
        call()
    return step.call_count


def bench_models():
    experiments = {
        "limit": (bounded.simulate, LimitKnobs()),
        "costs": (weighted.simulate, weighted.WeightKnobs()),
        "sharing": (shared_calls.simulate, shared_calls.FlightKnobs()),
        "failure": (fail_fast.simulate, fail_fast.FailKnobs()),
    }
    for name, (simulate, knobs) in experiments.items():
        taken = 1000 * seconds(lambda s=simulate, k=knobs: s(k))
        print(f"{name + ', default size':42} {taken:8.2f} ms")
        report(f"model of {name}, default size", taken, "ms")
    crowd = LimitKnobs(tasks=200, limit=10, durations="all 10 ms", permit=INSIDE)
    taken = seconds(lambda: bounded.simulate(crowd))
    print(f"{'limit, 200 goroutines':42} {1000 * taken:8.2f} ms")
    rate = steps_of(lambda: bounded.simulate(crowd)) / taken
    bare = 200_000 / seconds(bare_loop, 3)
    print(f"{'simulated events':42} {rate:8,.0f} /s")
    print(f"{'events of a bare SimPy loop':42} {bare:8,.0f} /s, {bare / rate:.1f} times as many")
    report("simulated events, 200 goroutines", rate, "events/s", peer="a bare SimPy loop", theirs=bare)


def bare_loop(events=200_000):
    """Let one process of the simulation kernel wait again and again, and do nothing else."""
    environment = simpy.Environment()

    def process():
        for _ in range(events):
            yield environment.timeout(1)

    environment.process(process())
    environment.run()


def bench_agreement():
    agreement.compare(1)  # builds the interpreter
    result = agreement.compare(1000)
    print(result)
    print(f"{'comparing them, model':42} {result.model_s:8.2f} s")
    print(f"{'comparing them, Go':42} {result.go_s:8.2f} s")
    programs = f"{result.programs.total():,} random programs in the model"
    report(programs, result.model_s, "s", peer="real Go on virtual time", theirs=result.go_s)


def solutions():
    notebook = nbformat.read(course_folder() / "assignments" / "concurrency" / "exercises.ipynb", 4)
    for cell in solution_cells(notebook):
        yield cell.metadata.nbgrader.grade_id, SOLUTION_MARK.sub("", cell.source.partition("\n")[2])


def check(name, source, fresh=True):
    """Press *check* once and return how long it takes; a text that never was makes the cell a new one.

    A comment would not do: it leaves the compiled package as it was, and Go would link nothing.
    """
    fresh = f"{source}\nvar Fresh = `{time.time_ns()}`\n" if fresh else source
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        getattr(checks, f"check_{name}")(fresh)
    return time.perf_counter() - started


def bench_checks(cold):
    for name, source in solutions():
        check(name, source, fresh=False)
        warm = statistics.median(check(name, source) for _ in range(3))
        print(f"{'check ' + name + ', warm':42} {warm:8.2f} s")
        report(f"check {name}, from pressing to feedback", warm, "s")
        print(f"{'check ' + name + ', cell unchanged':42} {check(name, source, fresh=False):8.2f} s")
    for name, source in solutions() if cold else ():
        with tempfile.TemporaryDirectory() as empty, patch.dict(os.environ, ENGINEROOM_CACHE=empty):
            print(f"{'check ' + name + ', nothing compiled yet':42} {check(name, source):8.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also measure with an empty compiler cache")
    options = parser.parse_args()
    bench_models()
    bench_agreement()
    bench_checks(options.cold)


if __name__ == "__main__":
    main()

"""Compiles and checks the course's own Go programs, with visible progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from engineroom.golang.build import build, build_source
from engineroom.golang.modules import with_x_sync
from engineroom.golang.toolchain import find_go, go_environment
from engineroom.golang.trace_helper import SOURCE as TRACE_READER
from engineroom.golang.trace_helper import build_inside_goroot
from engineroom.kit.children import Limits, run_child

__all__ = ["course_modules", "course_programs", "vet_modules", "warm_up"]

LIBRARY = Path(__file__).resolve().parents[1]
TEST_LIMITS = Limits(time_s=600, memory_mb=8192)

# What learners' own cells import most: compiled here, so that their first cell is quick.
FIRST_CELL = """import ("context"; "fmt"; "sync"; "time")
func main() { fmt.Println(context.Background(), new(sync.Mutex), time.Second) }"""


def course_modules() -> list[Path]:
    """Return the folders under the library that hold a ``go.mod``."""
    return sorted(path.parent for path in LIBRARY.rglob("go.mod"))


def course_programs() -> Iterator[Path]:
    """Yield the folders of the course's programs: those with a ``main.go``."""
    for module in course_modules():
        yield from sorted(path.parent for path in module.rglob("main.go"))


def warm_up() -> int:
    """Build every program, printing one line each; return 0.

    Raises:
        GoMissing: when there is no toolchain.
        GoBuildError: when one of the programs does not compile.
    """
    jobs: dict[str, Callable[[], object]] = {"a first cell": partial(build_source, FIRST_CELL)}
    jobs["golang/go/tracecolumns"] = partial(build_inside_goroot, TRACE_READER)
    jobs |= {f.relative_to(LIBRARY).as_posix(): partial(build, f) for f in course_programs()}
    print(f"Go {find_go().version}: compiling {len(jobs)} programs (once)", flush=True)
    for number, (name, job) in enumerate(jobs.items(), 1):
        started = time.monotonic()
        print(f"  [{number}/{len(jobs)}] {name} …", end="", flush=True)
        job()
        print(f" {time.monotonic() - started:.1f} s", flush=True)
    return 0


def vet_modules() -> int:
    """Run gofmt, go vet and go test on every module; print what fails; return 1 if anything did."""
    toolchain = find_go()
    failed = 0
    for module in course_modules():
        name = module.relative_to(LIBRARY).as_posix()
        for command in (
            [toolchain.go.with_name("gofmt"), "-l", "."],
            [toolchain.go, "vet", "./..."],
            [toolchain.go, "test", "./..."],
        ):
            with with_x_sync(module) as folder:
                done = run_child(command, env=go_environment(), cwd=folder, limits=TEST_LIMITS)
            bad = not done.ok or (command[1] == "-l" and done.stdout)
            failed |= bool(bad)
            print(f"{'FAILED' if bad else 'ok':6} {name}: {Path(command[0]).name} {command[1]}", flush=True)
            if bad:
                print(done.stdout + done.stderr)
    return failed

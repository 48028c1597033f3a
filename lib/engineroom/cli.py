"""The ``engineroom`` command: doctor, warm, and what keeps the notebooks honest."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

__all__ = ["main"]


def doctor(_: argparse.Namespace) -> int:
    """Say whether this machine is ready, and what mends it if not."""
    from engineroom.doctor import examine

    readiness = examine()
    print(readiness)
    return 0 if readiness.ready else 1


def warm(_: argparse.Namespace) -> int:
    """Compile the course's Go programs once, so that no lesson waits for the compiler."""
    from engineroom.golang.warming import warm_up

    return warm_up()


def vet(_: argparse.Namespace) -> int:
    """Check the course's Go code: gofmt, go vet, go test."""
    from engineroom.golang.warming import vet_modules

    return vet_modules()


def store(options: argparse.Namespace) -> int:
    """Run notebooks from top to bottom and store their outputs in them."""
    from engineroom.teach.stored_outputs import store_outputs

    for path in options.notebooks:
        print(f"running {path} …", flush=True)
        store_outputs(path)
    return 0


def release(options: argparse.Namespace) -> int:
    """Generate the exercise notebooks from assignments/: the committed ones, or a class's own."""
    from engineroom.teach.class_release import class_release, find_assignments
    from engineroom.teach.release import publish

    if options.to is None and (options.exercises or options.seed is not None):
        raise ValueError("A choice of exercises or another seed is a class's own release: add --to FOLDER.")
    for assignment in find_assignments(options.themes):
        if options.to is None:
            print(f"released {publish(assignment)}", flush=True)
        else:
            print(class_release(assignment, options.to, exercises=options.exercises, seed=options.seed))
    return 0


def grade(options: argparse.Namespace) -> int:
    """Grade a folder of submissions, each in a sandbox, into nbgrader's gradebook."""
    from engineroom.teach.grading.command import grade_folder

    chosen = {name: getattr(options, name) for name in ("source", "theme", "workers", "scheduler")}
    grade_folder(options.submissions, options.to, insist=options.without_sandbox, **chosen)
    return 0


def _grade_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("submissions", type=Path, help="the folder as your learning platform gives it")
    command.add_argument("--to", type=Path, help="folder for results (default: SUBMISSIONS-graded)")
    command.add_argument("--source", type=Path, metavar="DIR", help="a class's own, made by release --to DIR")
    command.add_argument("--theme", default="", help="the theme of all of them (default: recognised)")
    command.add_argument("--workers", type=int, default=0, help="processes (default: one per processor)")
    command.add_argument("--scheduler", default="", metavar="ADDRESS", help="a Dask cluster that does it")
    command.add_argument(
        "--without-sandbox", action="store_true", help="run untrusted code unprotected, at your own risk"
    )


def fidelity(_: argparse.Namespace) -> int:
    """Compare every model with its real thing and write docs/fidelity.md and README's summary."""
    from engineroom.publish.fidelity_page import write_report

    print(f"wrote {write_report()}")
    return 0


def site(options: argparse.Namespace) -> int:
    """Build the reading copy, a static site of the stored notebooks and the docs, and check its links."""
    from engineroom.publish.site import LOCAL_LAB, build_site

    found = build_site(options.to.resolve(), options.launch or LOCAL_LAB)
    print(*found, sep="\n")
    if not found:
        print(f"Every link leads somewhere. Open {options.to / 'html' / 'index.html'}")
    return 1 if found else 0


def _site_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--to", type=Path, default=Path("build/site"), help="folder (default: build/site)")
    command.add_argument(
        "--launch", help="beginning of a link that opens a notebook for running (default: JupyterLab here)"
    )


def bench(options: argparse.Namespace) -> int:
    """Run all benchmarks one after the other and write docs/benchmarks.md."""
    from engineroom.publish.bench_run import run_benchmarks

    page, ended = run_benchmarks(options.names, quick=options.quick)
    for one in ended:
        print(f"{one.name:24} {one.seconds:6.0f} s  {one.problem or 'done'}")
    print(f"wrote {page}")
    return 1 if any(one.problem for one in ended) else 0


def go(options: argparse.Namespace) -> int:
    """Run a go command with the course's toolchain and settings."""
    from engineroom.golang import find_go, go_environment

    sys.stdout.flush()
    os.execve(find_go().go, ["go", *options.arguments], go_environment())


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="engineroom", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for function in (doctor, warm, vet, store, release, grade, fidelity, site, bench, go):
        command = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        command.set_defaults(function=function)
        if function is store:
            command.add_argument("notebooks", nargs="+", type=Path)
        if function is grade:
            _grade_arguments(command)
        if function is site:
            _site_arguments(command)
        if function is bench:
            command.add_argument("names", nargs="*", metavar="NAME", help="all benchmarks, if none is named")
            command.add_argument("--quick", action="store_true", help="small counts: does everything work?")
        if function is release:
            command.add_argument("themes", nargs="*", metavar="THEME", help="all themes, if none is named")
            command.add_argument("--exercises", nargs="+", metavar="NAME", help="only these exercises")
            command.add_argument("--seed", type=int, help="check with other data than the public exercises")
            command.add_argument("--to", type=Path, metavar="FOLDER", help="a class's own folder")
        if function is go:
            command.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        return options.function(options)
    except (RuntimeError, OSError, ValueError) as error:
        print(f"engineroom: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""Go programs built from text, run under limits, and every way in which they can go wrong."""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from engineroom.golang import (
    GoBuildError,
    GoMissing,
    GoRunError,
    Limits,
    build,
    build_source,
    find_go,
    go_environment,
    json_lines,
    toolchain,
)
from engineroom.kit.places import cache_folder

build_module = importlib.import_module("engineroom.golang.build")  # the name `build` is the function

HELLO = 'import "fmt"\n\nfunc main() { fmt.Println("hello") }'
LOOP = "func main() {\n\tfor {\n\t}\n}"


def leftovers():
    return list(cache_folder("work").iterdir())


def test_a_cell_without_a_package_clause_runs():
    assert build_source(HELLO).run().stdout == "hello\n"


def test_the_second_build_comes_from_the_cache_and_a_changed_one_does_not():
    first, again = build_source(HELLO), build_source(HELLO)
    assert first.path == again.path
    assert build_source(HELLO.replace("hello", "hi")).path != first.path


def test_compiler_errors_show_the_learners_own_lines():
    cell = 'import "fmt"\n\nfunc main() {\n\tunused := 1\n\tfmt.Printn("x")\n}'
    with pytest.raises(GoBuildError) as caught:
        build_source(cell)
    assert [(p.line, p.message) for p in caught.value.problems] == [
        (4, "declared and not used: unused"),
        (5, "undefined: fmt.Printn"),
    ]
    assert str(caught.value).splitlines()[1:4] == [
        "  line 4: declared and not used: unused",
        "          unused := 1",
        "          ^",
    ]


@pytest.mark.parametrize(
    ("cell", "line", "message"),
    [
        ("func main() {\n\tx := \n}", 3, "unexpected }"),
        ("package main\n\nfunc main() { undefinedThing() }", 3, "undefined: undefinedThing"),
        ('import "no/such/package"\nfunc main() {}', 1, "package no/such/package is not in std"),
        (
            'import "golang.org/x/exp/slices"\nfunc main() {}',
            1,
            "package golang.org/x/exp/slices is not available here",
        ),
    ],
)
def test_other_mistakes_name_their_line(cell, line, message):
    with pytest.raises(GoBuildError) as caught:
        build_source(cell)
    assert caught.value.problems[0].line == line
    assert message in caught.value.problems[0].message


def test_the_first_line_is_shown_as_it_was_written():
    with pytest.raises(GoBuildError) as caught:
        build_source("func main() { x() }")
    assert caught.value.problems[0].column == 15
    assert str(caught.value).splitlines()[2:] == ["      func main() { x() }", "                    ^"]


def test_no_main_is_told_too():
    with pytest.raises(GoBuildError, match="function main is undeclared"):
        build_source("func Main() {}")


@pytest.mark.parametrize(
    ("cell", "limits", "sentence"),
    [
        (LOOP, Limits(time_s=0.3), r"The Go program cell did not end within 0\.3 s and was stopped\."),
        (
            "func main() { for keep := [][]byte{}; ; { b := make([]byte, 1<<20); for i := range b { b[i] = 1 }; "
            "keep = append(keep, b) } }",
            Limits(memory_mb=150),
            r"used more than 150 MB of memory and was stopped\.",
        ),
        (
            'import "fmt"\nfunc main() { for { fmt.Println("the same line again and again and again") } }',
            Limits(output_mb=100),
            r"printed more than 100 MB and was stopped\.",
        ),
        ('func main() { panic("boom") }', Limits(), r"(?s)ended with exit code 2\..*panic: boom.*cell\.go:1"),
        (
            "func main() { <-make(chan int) }",
            Limits(),
            r"(?s)exit code 2\..*all goroutines are asleep - deadlock",
        ),
        (
            'import "syscall"\nfunc main() { syscall.Kill(syscall.Getpid(), syscall.SIGKILL) }',
            Limits(),
            r"was killed by signal 9\.",
        ),
    ],
    ids=["loops for ever", "eats memory", "prints 100 MB", "panics", "deadlocks", "is killed"],
)
def test_a_program_that_goes_wrong_is_one_sentence_and_leaves_nothing(own_cache, cell, limits, sentence):
    program = build_source(cell)
    with pytest.raises(GoRunError, match=sentence):
        program.run(limits=limits)
    assert leftovers() == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(program.path) in (p.info["cmdline"] or [])]


def test_cancel():
    cancel = threading.Event()
    timer = threading.Timer(0.2, cancel.set)
    timer.start()
    with pytest.raises(GoRunError, match="was stopped on request"):
        build_source(LOOP).run(cancel=cancel)
    timer.join()


def test_an_interrupted_build_leaves_nothing_that_breaks_the_next(own_cache, monkeypatch):
    """The compiler is killed half way; the same build then works."""
    real = build_module.run_child

    def interrupted(argv, **options):
        if "build" in argv:
            real(argv, **{**options, "limits": Limits(time_s=0.05)})
            raise KeyboardInterrupt
        return real(argv, **options)

    monkeypatch.setattr(build_module, "run_child", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_source("func main() { println(1) }")
    assert leftovers() == []
    assert list(cache_folder("programs").iterdir()) == []


def test_what_another_process_forgets_meanwhile_is_no_trouble(own_cache):
    for name in ("programs", "work"):
        (own_cache / name).mkdir(exist_ok=True)
        (own_cache / name / "gone").symlink_to("nowhere")  # is listed, and is not there when it is looked at
    assert build_source(HELLO).run().stdout == "hello\n"


def test_two_builds_at_once_give_one_program():
    cell = f"func main() {{ println({time.time_ns()}) }}"
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(build_source(cell).path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 3
    assert len(set(paths)) == 1
    assert paths[0].is_file()


def test_the_cache_forgets_its_oldest_programs_and_abandoned_work(own_cache):
    abandoned, busy = cache_folder("work") / "run-abandoned", cache_folder("work") / "run-busy"
    abandoned.mkdir()
    busy.mkdir()
    os.utime(abandoned, (0, 0))
    programs = cache_folder("programs")
    for age in range(build_module.KEPT_PROGRAMS + 5):
        home = programs / f"{age:03}"
        home.mkdir()
        os.utime(home, (age, age))
    build_module._forget_oldest(programs)
    kept = sorted(home.name for home in programs.iterdir())
    assert kept[0] == "005"
    assert len(kept) == build_module.KEPT_PROGRAMS
    assert leftovers() == [busy]


def test_an_interrupted_kernel_ends_its_go_program():
    """What a learner's ■ does: SIGINT to a Python process that waits for Go."""
    program = build_source(LOOP)
    code = f"from engineroom.golang.build import Program; from pathlib import Path; print('up', flush=True); Program(Path({str(program.path)!r})).run()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as python:
        python.stdout.readline()

        def running():
            return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == [str(program.path)]]

        deadline = time.monotonic() + 20
        while not running() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert running()
        python.send_signal(signal.SIGINT)
        assert python.wait(10) != 0
        while running() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not running()


def test_json_lines():
    assert list(json_lines('{"a": 1}\n{"b": 2}\n')) == [{"a": 1}, {"b": 2}]
    with pytest.raises(ValueError, match=r"line 2 of the program's output is not a JSON object: 'oops'"):
        list(json_lines('{"a": 1}\noops\n'))


class TestToolchain:
    def test_nothing_of_the_learners_own_go_settings_leaks_in(self, monkeypatch):
        monkeypatch.setenv("GOFLAGS", "-mod=vendor")
        monkeypatch.setenv("GOPROXY", "https://example.org")
        env = go_environment(GODEBUG="gctrace=1")
        assert (env["GOPROXY"], env["GOTOOLCHAIN"], env["GODEBUG"]) == ("off", "local", "gctrace=1")
        assert env["GOFLAGS"] == "-mod=mod"

    def test_the_pinned_version_is_found(self):
        assert find_go().version.startswith("1.27")

    def test_no_go_is_one_sentence_with_the_remedy(self, monkeypatch, tmp_path):
        monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(GoMissing, match=r"^The Go toolchain was not found; bring it with: make lab"):
            build_source(HELLO)

    @pytest.mark.parametrize(
        ("says", "sentence"),
        [("go1.21.13", "is Go 1.21.13, but the course needs Go 1.27 or newer"), ("", "is not a working Go")],
    )
    def test_an_old_or_broken_go_is_refused(self, monkeypatch, tmp_path, says, sentence):
        fake = tmp_path / "go"
        fake.write_text(f"#!/bin/sh\necho '{says}'\n" + ("echo /goroot\n" if says else ""))
        fake.chmod(0o755)
        monkeypatch.setenv("ENGINEROOM_GO", str(fake))
        with pytest.raises(GoMissing, match=sentence):
            find_go()


def test_a_folder_outside_a_module_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is not in a Go module: no go\.mod"):
        build(tmp_path)

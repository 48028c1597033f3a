from concurrent.futures import ThreadPoolExecutor

import pytest

from engineroom.golang import build_source, find_go
from engineroom.golang.modules import assemble_x_sync, provide_x_sync, with_x_sync

PROGRAM = """package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

func main() {
	g, ctx := errgroup.WithContext(context.Background())
	sem := semaphore.NewWeighted(2)
	fmt.Println(sem.Acquire(ctx, 2), sem.TryAcquire(1))
	g.Go(func() error { return errors.New("boom") })
	fmt.Println(g.Wait(), context.Cause(ctx))

	var flights singleflight.Group
	calls := make(chan int, 2)
	call := func() (any, error) { calls <- 1; time.Sleep(50 * time.Millisecond); return "sun", nil }
	first := flights.DoChan("Oslo", call)
	flights.Forget("Oslo")
	second := flights.DoChan("Oslo", call)
	fmt.Println((<-first).Val, (<-second).Shared, len(calls))
}
"""


def test_the_real_import_paths_work():
    answer = build_source(PROGRAM).run().stdout.splitlines()
    assert answer == ["<nil> false", "boom boom", "sun false 2"]


def test_errgroup_and_semaphore_are_the_toolchains_own(tmp_path):
    module = assemble_x_sync(find_go().goroot, tmp_path)
    vendored = find_go().goroot / "src/cmd/vendor/golang.org/x/sync"
    for file in ("errgroup/errgroup.go", "semaphore/semaphore.go"):
        assert (module / file).read_bytes() == (vendored / file).read_bytes()


def test_made_once_and_left_complete_by_many_at_once(tmp_path):
    goroot = find_go().goroot
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: assemble_x_sync(goroot, tmp_path), range(16)))
    assert len(made) == 1
    assert list(tmp_path.iterdir()) == list(made)
    module = made.pop()
    before = module.stat().st_mtime_ns
    assert assemble_x_sync(goroot, tmp_path).stat().st_mtime_ns == before


def test_another_toolchain_gets_a_module_of_its_own(tmp_path):
    goroot = tmp_path / "go"
    for folder in ("errgroup", "semaphore"):
        (goroot / "src/cmd/vendor/golang.org/x/sync" / folder).mkdir(parents=True)
        (goroot / "src/cmd/vendor/golang.org/x/sync" / folder / "a.go").write_text(f"package {folder}\n")
    (goroot / "src/internal/singleflight").mkdir(parents=True)
    (goroot / "src/internal/singleflight/a.go").write_text("package singleflight\n")
    one = assemble_x_sync(goroot, tmp_path / "cache")
    (goroot / "src/internal/singleflight/a.go").write_text("package singleflight // newer\n")
    assert assemble_x_sync(goroot, tmp_path / "cache") != one


def test_a_toolchain_without_the_sources_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no src/cmd/vendor.*errgroup.*make lab"):
        assemble_x_sync(tmp_path, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_program_that_does_not_need_it_is_left_alone(tmp_path):
    (tmp_path / "go.mod").write_text("module lesson\n")
    (tmp_path / "main.go").write_text("package main // golang.org/x/sync is only mentioned\n")
    provide_x_sync(tmp_path)
    assert (tmp_path / "go.mod").read_text() == "module lesson\n"


def test_a_requirement_already_written_is_kept(tmp_path):
    (tmp_path / "go.mod").write_text("module lesson\n\nrequire golang.org/x/sync v0.20.0\n")
    (tmp_path / "main.go").write_text('package main\n\nimport "golang.org/x/sync/errgroup"\n')
    provide_x_sync(tmp_path)
    text = (tmp_path / "go.mod").read_text()
    assert text.count("require") == 1
    assert "\nreplace golang.org/x/sync => " in text


def test_the_go_command_gets_a_copy_that_leaves_the_module_as_it_was(tmp_path):
    (tmp_path / "go.mod").write_text("module lesson\n")
    (tmp_path / "main.go").write_text('package main\n\nimport "golang.org/x/sync/errgroup"\n')
    with with_x_sync(tmp_path) as folder:
        assert folder != tmp_path
        assert "replace golang.org/x/sync" in (folder / "go.mod").read_text()
    assert not folder.exists()
    assert (tmp_path / "go.mod").read_text() == "module lesson\n"


def test_a_module_without_need_is_worked_on_in_place(tmp_path):
    (tmp_path / "main.go").write_text("package main\n")
    with with_x_sync(tmp_path) as folder:
        assert folder == tmp_path

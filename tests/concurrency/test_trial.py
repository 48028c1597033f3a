"""What a learner's cell may do wrong without doing harm: each ends in a sentence, and in time."""

import sys
import time

import psutil
import pytest

from engineroom.concurrency.checks import check_first, check_race
from engineroom.concurrency.harness import trial
from engineroom.concurrency.harness.trial import ALLOWED, structure_of
from engineroom.golang import GoBuildError
from engineroom.kit.expect import CheckFailed
from engineroom.kit.places import cache_folder

HEAD = """import ("context"; "fmt"; "sync"; "time")

var _, _, _ = fmt.Sprint, time.Second, new(sync.Mutex)

func First(ctx context.Context, mirrors []string,
	fetch func(ctx context.Context, mirror string) (string, error)) (string, error) {
"""


def first(body):
    """Return a cell whose ``First`` has this body; it begins in line 7."""
    return f"{HEAD}{body}\n}}\n"


@pytest.fixture
def work_folder(tmp_path, monkeypatch):
    """Where builds and runs have their temporary folders, for this test alone."""

    def folder(name):
        return tmp_path if name == "work" else cache_folder(name)

    for module in (sys.modules["engineroom.golang.build"], trial):
        monkeypatch.setattr(module, "cache_folder", folder)
    return tmp_path


@pytest.fixture
def new_children():
    """Return a function that lists the processes this test started; other tests may keep some of their own."""
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    return lambda: [p.pid for p in psutil.Process().children(recursive=True) if p.pid not in before]


def test_code_that_does_not_compile_is_shown_with_the_cells_line():
    with pytest.raises(GoBuildError) as caught:
        check_first(first("	answer := 1 + nothing\n	return answer, nil"))
    (problem,) = [p for p in caught.value.problems if "nothing" in p.message]
    assert (problem.line, problem.column) == (7, 16)
    assert "answer := 1 + nothing" in str(caught.value)


def test_a_mistake_in_the_first_line_keeps_its_column():
    with pytest.raises(GoBuildError) as caught:
        check_first("var x int = nothing; func First() {}")
    assert (caught.value.problems[0].line, caught.value.problems[0].column) == (1, 13)


def test_another_signature_is_told_apart():
    with pytest.raises(CheckFailed, match=r"(?s)cannot call your function.*keep the names and types"):
        check_first("func First(mirrors []string) string { return mirrors[0] }")


def test_a_missing_function_is_named():
    with pytest.raises(CheckFailed, match="no function First; it has: Best"):
        check_first("func Best() {}")


@pytest.mark.parametrize("package", ["os", "net", "net/http", "os/exec", "syscall", "unsafe", "C", "embed"])
def test_nothing_outside_the_exercise_can_be_imported(package):
    assert package not in ALLOWED
    with pytest.raises(CheckFailed, match=f"imports {package}, which exercises do without"):
        check_first(f'import "{package}"\n')


def test_an_import_in_disguise_is_seen():
    source = 'package answer\nimport (\n// "fmt"\nstill /* fmt */ `os`\n)\nvar _ = still.Exit\n'
    with pytest.raises(CheckFailed, match="imports os"):
        check_first(source)


def test_the_compiler_refuses_what_directives_would_smuggle_in():
    with pytest.raises((GoBuildError, CheckFailed)):
        check_first(first('	return "", nil') + "\n//go:linkname exit os.Exit\nfunc exit(code int)\n")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("	for {\n	}", "did not come to an end in trial 1"),
        ("	for {\n		fmt.Println(mirrors)\n	}", "printed more than 1 MB"),
        ('	panic("boom")', r"panicked in trial 1 at line 7 of your cell: boom"),
        ("	go func() {\n		var m map[string]int\n		m[mirrors[0]] = 1\n	}()\n	return fetch(ctx, mirrors[0])",
         r"(?s)panicked in trial 1 at line 9 of your cell: .*nil map.*a map must be made"),
        ("	<-make(chan int)\n	return \"\", nil", "all goroutines are asleep"),
        ("	go func() { <-make(chan int) }()\n	return fetch(ctx, mirrors[2])", "left goroutines behind"),
        ("	var mu sync.Mutex\n	mu.Lock()\n	mu.Lock()\n	return \"\", nil",
             r"(?s)never returned in trial 1 at line 9 .*locked twice"),
    ],
    ids=["endless", "prints forever", "panics", "panics in a goroutine", "deadlock", "leak", "mutex twice"],
)  # fmt: skip
def test_what_goes_wrong_while_running_is_explained_and_leaves_nothing(
    body, message, work_folder, new_children
):
    started = time.monotonic()
    with pytest.raises(CheckFailed, match=message):
        check_first(first(body))
    assert time.monotonic() - started < 60
    assert new_children() == []
    assert list(work_folder.iterdir()) == []


def test_goroutines_without_end_are_stopped(new_children):
    with pytest.raises(CheckFailed, match=r"did not come to an end|more than 1 GB"):
        check_first(first("	for {\n		go func() { <-ctx.Done() }()\n	}"))
    assert new_children() == []


def test_printing_a_report_does_not_make_it_one():
    fake = '{\\"name\\": \\"the third is quickest\\", \\"ended\\": \\"ok\\"}'
    with pytest.raises(CheckFailed, match="calls at once"):
        check_first(first(f'	fmt.Println("{fake}")\n	return fetch(ctx, mirrors[2])'))


def test_a_package_that_is_nowhere_is_told_to_be_unavailable():
    with pytest.raises(CheckFailed, match=r"imports github.com/nobody/nothing, which exercises do without"):
        check_first('import "github.com/nobody/nothing"\n')


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("	for {\n		println(len(mirrors))\n	}", "printed more than 1 MB"),  # to standard error
        ("	var grown [][]byte\n	for {\n		grown = append(grown, make([]byte, 1<<24))\n"
         "		clear(grown[len(grown)-1])\n	}", "more than 1 GB"),
        ("	var deeper func(n int) int\n	deeper = func(n int) int { return deeper(n+1) + 1 }\n"
         "	return fmt.Sprint(deeper(0)), nil", r"(?s)crashed in trial 1 at line 8 of your cell: stack overflow.*calls itself without end"),
    ],
    ids=["println forever", "memory without end", "recursion without end"],
)  # fmt: skip
def test_what_eats_the_machine_is_stopped_and_leaves_nothing(body, message, work_folder, new_children):
    with pytest.raises(CheckFailed, match=message):
        check_first(first(body))
    assert new_children() == []
    assert list(work_folder.iterdir()) == []


TOTAL = """import "sync"

func Total(names []string, fetch func(name string) int) (total int, byName map[string]int) {
	var mu sync.Mutex
	mu.Lock()
"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("	mu.Lock()\n	return\n}", r"(?s)(did not come to an end|all goroutines are asleep).*locked twice"),
        ("	for {\n	}\n}", r"did not come to an end"),
        ('	panic("boom")\n}', "panicked in trial 1 at line 6 of your cell: boom"),
        ("	byName[names[0]] = 1\n	return\n}", r"(?s)line 6 of your cell: .*nil map.*must be made"),
    ],
    ids=["deadlock", "endless", "panic", "nil map"],
)  # fmt: skip
def test_on_real_time_too_what_goes_wrong_is_explained(body, message, work_folder, new_children):
    with pytest.raises(CheckFailed, match=message):
        check_race(TOTAL + body)
    assert new_children() == []
    assert list(work_folder.iterdir()) == []


@pytest.mark.parametrize("answer", [None, 7, b"func First() {}"])
def test_something_else_than_a_cell_is_refused(answer):
    with pytest.raises(CheckFailed, match="needs the text of a Go cell"):
        check_first(answer)


def test_structure_tells_shared_from_own_variables():
    source = """func f(names []string) {
	total, found, byName := 0, make([]int, 9), map[string]int{}
	for i, name := range names {
		go func(own int) {
			local := i
			local++
			own = local
			found[i] = own
			byName[name] = own
			total += own
		}(i)
	}
}
"""
    assert structure_of(source)["unguarded"] == [{"line": 9, "name": "byName"}, {"line": 10, "name": "total"}]
    assert structure_of("this is no Go") is None

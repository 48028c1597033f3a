"""Each exercise's solution passes its check, and every plausible mistake fails it."""

import re
from pathlib import Path

import nbformat
import pytest

from engineroom.kit.expect import CheckFailed
from engineroom.tracing import checks

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "tracing" / "exercises.ipynb"
CHECKED = {
    "count_gc": checks.check_gc_counts,
    "scheduling": checks.check_scheduling,
    "lock_region": checks.check_bottleneck,
    "reserve_go": checks.check_repair,
    "handle_go": checks.check_annotations,
    "deliver_go": checks.check_nesting,
    "reach": checks.check_window,
    "decode": checks.check_batch_header,
}


@pytest.fixture(scope="module")
def solutions():
    cells = nbformat.read(ASSIGNMENT, as_version=4).cells
    sources = [c.source for c in cells if c.metadata.get("nbgrader", {}).get("solution")]
    return {re.match(r"def (\w+)", source)[1]: source for source in sources}


def function(source, name):
    names = {}
    exec(source, names)
    return names[name]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", CHECKED)
def test_the_solution_passes(solutions, name, seed, capsys):
    CHECKED[name](function(solutions[name], name), seed=seed)
    assert capsys.readouterr().out.startswith("✔")


def test_the_grader_checks_on_another_seed():
    cells = nbformat.read(ASSIGNMENT, as_version=4).cells
    graded = [c.source for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert len(graded) == len(CHECKED)
    assert all(
        re.search(r"### BEGIN HIDDEN TESTS\nchecks\.check_\w+\(\w+, seed=1\)", source) for source in graded
    )


def by_its_look(*args):
    """What a learner could recognise a case of the public check by."""
    return tuple(
        a.summary.path.name if hasattr(a, "summary") else len(a) if hasattr(a, "columns") else str(a)
        for a in args
    )


@pytest.mark.parametrize("name", ["count_gc", "scheduling", "lock_region", "reach", "decode"])
def test_answers_learnt_by_heart_fail_on_another_seed(solutions, name):
    solve, known = function(solutions[name], name), {}
    CHECKED[name](lambda *args: known.setdefault(by_its_look(*args), solve(*args)))
    by_heart = lambda *args: known.get(by_its_look(*args), next(iter(known.values())))  # noqa: E731
    CHECKED[name](by_heart)
    with pytest.raises(CheckFailed):
        CHECKED[name](by_heart, seed=1)


# exercise, what the solution says, what a plausible mistake says instead, what the learner is told
MISTAKES = [
    ("count_gc", "(GC", "(", "cycles, pauses"),
    ("count_gc", "GC concurrent mark phase", "GC mark assist", "cycles, pauses"),
    ("scheduling", 'states.cut == "no"', 'states.cut == "end"', "mean latency"),
    ("scheduling", ' & (states.cut == "no")', "", "crowd_cut: mean latency"),
    ("scheduling", '[states.state == "Running"]', '[states.state != "Waiting"]', "utilisation"),
    ("scheduling", '(states.state == "Runnable") & ', "", "mean latency"),
    ("scheduling", ".mean()", ".median()", "mean latency"),
    ("scheduling", "/ 1e3", "/ 1e6", "mean latency"),
    ("scheduling", "trace.summary.processors * ", "", "utilisation"),
    ("scheduling", '"Runnable"', '"Waiting"', "mean latency"),
    ("lock_region", '(states.reason == "sync")', '(states.reason == "sleep")', "the region"),
    ("lock_region", "last()", "first()", "the region"),
    (
        "lock_region",
        "[(both.start_ns_region <= both.start_ns) & (both.end_ns <= both.end_ns_region)]",
        "",
        "the region",
    ),
    ("lock_region", "(both.start_ns_region <= both.start_ns) & ", "", "the region"),
    ("lock_region", "idxmax", "idxmin", "the region"),
    ("lock_region", "innermost.groupby", "trace.regions.groupby", "the region"),
    ("reserve_go", "\tstock.Lock()\n\tdefer stock.Unlock()\n", "", "without its lock"),
    (
        "reserve_go",
        "\tstock.Lock()\n\tdefer stock.Unlock()\n\tstock.add()",
        "\tgo stock.add()",
        "reserved|without its lock",
    ),
    (
        "reserve_go",
        "\tstock.Lock()",
        "\tstatistic.Lock()\n\tdefer statistic.Unlock()\n\tstock.Lock()\n\taskWarehouse(ctx)",
        ".",
    ),
    ("reserve_go", "\taskWarehouse(ctx)\n", "", "calls to the warehouse"),
    (
        "reserve_go",
        "\taskWarehouse(ctx)\n\tstock.Lock()\n",
        "\tstock.Lock()\n\taskWarehouse(ctx)\n",
        "at the same time",
    ),
    ("reserve_go", "\tstock.add()\n", "", "items reserved"),
    ("reserve_go", "stock.add()", "stock.add(", "Go could not compile this"),
    ("handle_go", "ctx, task := trace", "_, task := trace", "tasks with a log entry id"),
    ("handle_go", "\tdefer task.End()\n", "\t_ = task\n", "pictures whose task ended"),
    ("handle_go", '"id", id', '"picture", id', "tasks with a log entry id"),
    ("handle_go", "func() { shrink(id) })", "func() {})\n\tshrink(id)", "the picture slow to shrink"),
    ("handle_go", 'NewTask(ctx, "picture")', 'NewTask(ctx, "image")', "tasks named picture"),
    (
        "handle_go",
        '\ttrace.WithRegion(ctx, "fetch", func() { fetch(id) })',
        "\tfetch(id)",
        "regions named fetch",
    ),
    (
        "handle_go",
        'trace.WithRegion(ctx, "store"',
        'trace.WithRegion(context.Background(), "store"',
        "regions named store",
    ),
    ("handle_go", '"store"', '"save"', "regions named store"),
    ("deliver_go", '"labelling"', '"labeling"', "regions named labelling"),
    (
        "deliver_go",
        "func() { pack(ctx, parcel) })",
        "func() { pack(ctx, parcel); label(ctx, parcel) })",
        "parcels labelled",
    ),
    (
        "deliver_go",
        'trace.WithRegion(ctx, "packing", func() { pack(ctx, parcel) })',
        'p := trace.StartRegion(ctx, "packing")\n\tdefer p.End()\n\tpack(ctx, parcel)',
        "inside a region packing",
    ),
    ("deliver_go", "pack(ctx, parcel)", "", "parcels packed"),
    (
        "reach",
        "end, begin = edges[-1], edges[-2]",
        "end, begin = edges[-1], edges[0]",
        "the window reaches back",
    ),
    ("reach", "> min_age", ">= 2 * min_age", "the window reaches back"),
    ("reach", "edges[:-2]", "edges[:-3]", "the window reaches back"),
    ("reach", "> min_age", ">= 1", "the window reaches back"),
    ("reach", "return end - begin", "return min_age", "the window reaches back"),
    ("decode", "or len(numbers) == 5", "or len(numbers) == 4", "decode.* raised ValueError"),
    ("decode", "data[at] << shift)", "data[at])", "the batch at byte"),
    ("decode", "shift + 7", "shift + 8", "the batch at byte"),
    ("decode", "0x7F", "0xFF", "the batch at byte"),
    ("decode", "numbers, at = [], 1", "numbers, at = [], 0", "the batch at byte"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "told"), MISTAKES)
def test_mistakes_are_caught(solutions, name, right, wrong, told):
    assert right in solutions[name]
    with pytest.raises(CheckFailed, match=told):
        CHECKED[name](function(solutions[name].replace(right, wrong), name))


@pytest.mark.parametrize("name", CHECKED)
def test_untouched_exercises_say_so(name):
    def untouched(*_):
        raise NotImplementedError

    with pytest.raises(CheckFailed, match="is not written yet"):
        CHECKED[name](untouched)


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("nonsense", [None, 7, "seven", [], object()])
def test_nonsense_fails_kindly(name, nonsense):
    with pytest.raises(CheckFailed):
        CHECKED[name](lambda *_: nonsense)


@pytest.mark.parametrize(
    ("program", "file", "check", "told"),
    [
        ("checkout", "reserve.go", checks.check_repair, "at the same time"),
        ("thumbnails", "handle.go", checks.check_annotations, "tasks named picture"),
        ("parcels", "deliver.go", checks.check_nesting, "while 'labelling'"),
    ],
)
def test_the_broken_programs_fail(program, file, check, told):
    with pytest.raises(CheckFailed, match=told):
        check(lambda: checks.exercise_source(program, file))

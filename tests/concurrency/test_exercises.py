"""Every exercise: its solution passes, its release does not, and each plausible mistake is named."""

import nbformat
import pytest

from engineroom.concurrency import checks
from engineroom.golang.magic import SOLUTION_MARK
from engineroom.kit.expect import CheckFailed
from engineroom.kit.places import course_folder
from engineroom.teach.release import release, solution_cells

ASSIGNMENT = course_folder() / "assignments" / "concurrency" / "exercises.ipynb"


def kept(cell):
    """Return what ``%%go --keep`` would keep of a cell."""
    magic, _, text = cell.source.partition("\n")
    assert magic == f"%%go --keep {cell.metadata.nbgrader.grade_id}"
    return SOLUTION_MARK.sub("", text)


SOLUTIONS = {
    cell.metadata.nbgrader.grade_id: kept(cell) for cell in solution_cells(nbformat.read(ASSIGNMENT, 4))
}
CHECKS = {name: getattr(checks, f"check_{name}") for name in SOLUTIONS}


def mutant(exercise, *changes):
    """Return the solution with texts replaced; every one of them must occur."""
    source = SOLUTIONS[exercise]
    for old, new in changes:
        assert old in source, f"the solution of {exercise} has no {old!r}"
        source = source.replace(old, new)
    return source


def test_there_is_a_check_for_every_exercise():
    assert set(CHECKS) == {name.removeprefix("check_") for name in checks.__all__}


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_solution_passes(exercise, capsys):
    CHECKS[exercise](SOLUTIONS[exercise])
    assert capsys.readouterr().out.startswith("✔ ")


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_release_holds_no_solution_and_is_told_apart(exercise):
    cells = {c.metadata.nbgrader.grade_id: c for c in solution_cells(release(ASSIGNMENT))}
    assert "return answers" not in cells[exercise].source
    assert "DoChan" not in cells[exercise].source
    with pytest.raises(CheckFailed, match="not written yet"):
        CHECKS[exercise](kept(cells[exercise]))


def test_nbgraders_own_stub_is_understood_too():
    with pytest.raises(CheckFailed, match="not written yet"):
        checks.check_first("func First() {\n\t# YOUR CODE HERE\n\traise NotImplementedError()\n}")


LIMIT = "	g.SetLimit(limit)\n"
WAIT = "	if err := g.Wait(); err != nil {\n		return nil, err\n	}\n"
START = "		g.Go(func() error {\n"
CHANNEL = "	permits := make(chan struct{}, limit)\n"
LOCKS = "			mu.Lock()\n			defer mu.Unlock()\n"

MISTAKES = [
    # exercise, what is wrong, the changes to the solution, what the feedback must say
    ("bounded", "no limit", [(LIMIT, "")], "calls at once, at most.*the permit must be taken before"),
    ("bounded", "off by one", [("SetLimit(limit)", "SetLimit(limit + 1)")], "calls at once, at most"),
    ("bounded", "sequential", [("SetLimit(limit)", "SetLimit(1)")], "one after the other"),
    (
        "bounded",
        "permit taken inside the goroutine",
        [(LIMIT, CHANNEL), (START, START + "permits <- struct{}{}\ndefer func() { <-permits }()\n")],
        "goroutines at once.*take the permit before go",
    ),
    (
        "bounded",
        "permit lost on failure",
        [
            ("errgroup.WithContext(ctx)", "new(errgroup.Group), ctx"),
            (LIMIT, CHANNEL),
            (START, "		permits <- struct{}{}\n" + START),
            (
                "			return err\n",
                "			if err != nil {\n return err\n}\n<-permits\nreturn nil\n",
            ),
        ],
        "deadlock.*is every permit given back, also after an error",
    ),
    (
        "bounded",
        "answers appended",
        [
            ("make([]string, len(names))", "[]string(nil)\nvar mu sync.Mutex"),
            (
                "			answers[i] = answer\n",
                "mu.Lock()\ndefer mu.Unlock()\n_ = i\nanswers = append(answers, answer)\n",
            ),
            ('import (\n	"context"\n', 'import (\n	"context"\n	"sync"\n'),
        ],
        "the answers.*an index of its own",
    ),
    (
        "bounded",
        "not waiting",
        [(WAIT, "")],
        "seconds until the function returned.*return when all calls have ended",
    ),
    ("bounded", "error swallowed", [("return err\n", "_ = err\nreturn nil\n")], "the error.*no such city"),
    (
        "fail_fast",
        "no context",
        [("errgroup.WithContext(ctx)", "new(errgroup.Group), ctx")],
        "errgroup.WithContext",
    ),
    (
        "fail_fast",
        "calls get the caller's context",
        [("g, ctx := errgroup", "g, _ := errgroup")],
        r"give the calls \*its\* context",
    ),
    (
        "fail_fast",
        "caller's context ignored",
        [("WithContext(ctx)", "WithContext(context.Background())")],
        "derive the group's context from the caller's",
    ),
    (
        "fail_fast",
        "partial answers",
        [("		return nil, err\n", "		return answers, err\n")],
        "nil next to an error",
    ),
    (
        "fail_fast",
        "another error",
        [("		return nil, err\n", "		return nil, ctx.Err()\n")],
        "the error that caused it is the first one",
    ),
    (
        "fail_fast",
        "sequential",
        [(START, "		g.SetLimit(1)\n" + START)],
        "one after the other|modify limit",
    ),
    (
        "fail_fast",
        "not waiting for those who do not listen",
        [
            (
                WAIT,
                "	done := make(chan error, 1)\n	go func() { done <- g.Wait() }()\n	<-ctx.Done()\n"
                "	if err := context.Cause(ctx); err != context.Canceled {\n		return nil, err\n	}\n"
                "	<-done\n",
            )
        ],
        "calls still running at the end",
    ),
    (
        "costs",
        "no clamp",
        [("min(city.Cost, capacity)", "city.Cost")],
        r"deadlock.*take min\(cost, capacity\)",
    ),
    (
        "costs",
        "every city costs one",
        [("min(city.Cost, capacity)", "min(1, capacity)")],
        "acquire the city's cost, not 1",
    ),
    (
        "costs",
        "no release",
        [("			defer pool.Release(cost)\n", "")],
        "deadlock.*is every permit given back",
    ),
    (
        "costs",
        "another weight released",
        [("pool.Release(cost)", "pool.Release(city.Cost)")],
        "panicked.*released more than held.*same weight",
    ),
    (
        "costs",
        "break loses the error",
        [("	if err := ctx.Err(); err != nil {\n		return nil, err\n	}\n", "")],
        "must not lose it",
    ),
    (
        "costs",
        "deaf acquire",
        [("pool.Acquire(groupCtx, cost)", "pool.Acquire(context.Background(), cost)")],
        "must stop waiting when the context ends",
    ),
    (
        "costs",
        "one at a time",
        [(START, "		g.SetLimit(1)\n" + START)],
        "began|modify limit|let what fits run at once",
    ),
    (
        "first",
        "unbuffered",
        [("make(chan reply, len(mirrors))", "make(chan reply)")],
        "left goroutines.*room for every answer",
    ),
    (
        "first",
        "nothing cancelled",
        [("	defer cancel()\n", "	_ = cancel\n")],
        "calls that were stopped.*cancel it when you return",
    ),
    (
        "first",
        "an error taken for an answer",
        [
            (
                "			if r.err == nil {\n				return r.answer, nil\n			}\n			last = r.err\n",
                "			return r.answer, r.err\n",
            ),
            ("	var last error\n", ""),
            ('	return "", last\n', '	return "", nil\n'),
        ],
        "an error is no answer",
    ),
    (
        "first",
        "endless loop over failures",
        [
            ("	for range mirrors {\n", "	for {\n"),
            ('	return "", last\n', ""),
            ("	var last error\n", "	var last error\n	_ = last\n"),
            ('		case <-ctx.Done():\n			return "", ctx.Err()\n', ""),
        ],
        "deadlock.*after the last one nothing more will come",
    ),
    (
        "first",
        "one mirror after the other",
        [("		go func() {\n", "		func() {\n")],
        "ask all mirrors at the same time",
    ),
    (
        "first",
        "waiting for all",
        [
            (
                "	var last error\n	for range mirrors {\n",
                "	all := make(chan reply, len(mirrors))\n	for range mirrors {\n"
                "		all <- <-replies\n	}\n	replies = all\n	var last error\n	for range mirrors {\n",
            )
        ],
        "do not wait for the others",
    ),
    (
        "first",
        "the caller's context ignored",
        [("context.WithCancel(ctx)", "context.WithCancel(context.Background())")],
        "when the caller's context ends",
    ),
    ("dedup", "the leader's context", [("context.WithoutCancel(ctx)", "ctx")], "WithoutCancel"),
    (
        "dedup",
        "no patience",
        [('	case <-ctx.Done():\n		return "", ctx.Err()\n', "")],
        r"caller 1 was answered at.*select on ctx.Done\(\)",
    ),
    (
        "dedup",
        "a group per call",
        [("	landed := s.flights", "	var flights singleflight.Group\n	landed := flights")],
        "calls made",
    ),
    (
        "dedup",
        "one key for all",
        [("DoChan(name,", 'DoChan("weather",')],
        "different cities do not wait|the key is the city",
    ),
    (
        "dedup",
        "a cache",
        [
            (
                "	flights singleflight.Group\n",
                "	flights singleflight.Group\n	known   map[string]any\n",
            ),
            ("{fetch: fetch}", "{fetch: fetch, known: map[string]any{}}"),
            (
                "		return s.fetch(context.WithoutCancel(ctx), name)\n",
                "		if s.known[name] == nil {\n			answer, err := s.fetch(context.WithoutCancel(ctx), name)\n"
                "			if err != nil {\n				return nil, err\n			}\n			s.known[name] = answer\n		}\n"
                "		return s.known[name], nil\n",
            ),
        ],
        "it is no cache",
    ),
    (
        "race",
        "nothing locked",
        [(LOCKS, ""), ("	var mu sync.Mutex\n", "")],
        "Two goroutines were seen|concurrent map",
    ),
    (
        "race",
        "only the table locked",
        [(LOCKS + "			total += n\n", "			total += n\n" + LOCKS)],
        "Two goroutines were seen",
    ),
    (
        "race",
        "locked during the call",
        [("			n := fetch(name)\n" + LOCKS, LOCKS + "			n := fetch(name)\n")],
        "fetch first, then lock",
    ),
    (
        "race",
        "sequential",
        [
            ("		wg.Go(func() {\n", "		func() {\n"),
            ("			byName[name] = n\n		})", "			byName[name] = n\n		}()"),
        ],
        "Calls at once",
    ),
    ("race", "not waiting", [("	wg.Wait()\n", "")], "Calls at once|Calls still running|Two goroutines"),
    (
        "order",
        "as given",
        [("cmp.Compare(cities[b].Estimate, cities[a].Estimate)", "cmp.Compare(a, b)")],
        "7 s is the order as given",
    ),
    (
        "order",
        "shortest first",
        [
            (
                "cmp.Compare(cities[b].Estimate, cities[a].Estimate)",
                "cmp.Compare(cities[a].Estimate, cities[b].Estimate)",
            )
        ],
        "start the longest call first",
    ),
    ("order", "no limit", [(LIMIT, "")], "keep to the limit"),
    (
        "order",
        "the caller's slice sorted",
        [
            (
                "slices.SortStableFunc(order, func(a, b int) int {\n		return cmp.Compare(cities[b].Estimate, cities[a].Estimate)",
                "slices.SortStableFunc(cities, func(a, b City) int {\n		return cmp.Compare(b.Estimate, a.Estimate)",
            ),
        ],
        "the answers|slices.Clone",
    ),
]


@pytest.mark.parametrize(
    ("exercise", "changes", "feedback"),
    [pytest.param(m[0], m[2], m[3], id=f"{m[0]}: {m[1]}") for m in MISTAKES],
)
def test_a_mistake_loses_and_its_hint_names_it(exercise, changes, feedback):
    with pytest.raises(CheckFailed, match=f"(?s){feedback}"):
        CHECKS[exercise](mutant(exercise, *changes))


@pytest.mark.parametrize("wrong", ["nothing locked", "only the table locked"])
def test_without_a_c_compiler_the_structure_decides(wrong, monkeypatch):
    monkeypatch.setattr(checks, "has_c_compiler", lambda: False)
    (changes,) = [m[2] for m in MISTAKES if m[:2] == ("race", wrong)]
    with pytest.raises(CheckFailed, match=r"without a lock|Two goroutines were seen"):
        checks.check_race(mutant("race", *changes))
    checks.check_race(SOLUTIONS["race"])

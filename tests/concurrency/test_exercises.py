"""Every exercise: its solution passes, its release does not, and each plausible mistake is named."""

import sys

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
def test_the_solution_passes_on_every_seed(exercise, capsys):
    for seed in range(8):
        CHECKS[exercise](SOLUTIONS[exercise], seed=seed)
        assert capsys.readouterr().out.startswith("✔ ")


def drawn_by(exercise, seed):
    return sys.modules[CHECKS[exercise].__module__].draw(seed)


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_another_seed_draws_another_case(exercise):
    assert len({str(drawn_by(exercise, seed)) for seed in range(20)}) == 20


def test_grading_looks_at_another_seed_than_the_learner():
    for cell in nbformat.read(ASSIGNMENT, 4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            seen, hidden = cell.source.split("### BEGIN HIDDEN TESTS")
            assert "seed" not in seen
            assert "seed=1)" in hidden


# What does right only by the data that the visible check shows: where, and the name of a city.
BY_HEART = {
    "bounded": ("	answers := make", "names", "names[0]"),
    "fail_fast": ("	answers := make", "names", "names[0]"),
    "costs": ("	answers := make", "cities", "cities[0].Name"),
    "first": ("	type reply", "mirrors", "mirrors[0]"),
    "dedup": ("	landed := s.flights", "name", "name"),
    "race": ("	var mu sync.Mutex", "names", "names[0]"),
    "order": ("	order := make", "cities", "cities[0].Name"),
}


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_knowing_the_visible_cases_by_heart_is_not_enough(exercise, capsys):
    place, several, first = BY_HEART[exercise]
    known = drawn_by(exercise, 0)
    known = [c["city"] for c in known["callers"]] + ["Oslo", "Lima"] if "callers" in known else known["names"]
    cases = ", ".join(f'"{name}"' for name in sorted({*known, *(f"city {i:03d}" for i in range(9))}))
    by_heart = f'	if len({several}) > 0 {{\n		switch {first} {{\n		case {cases}:\n		default:\n			panic("unheard of")\n		}}\n	}}\n'
    source = mutant(exercise, (place, by_heart + place))
    CHECKS[exercise](source)
    with pytest.raises(CheckFailed, match="unheard of"):
        for seed in range(1, 4):  # one of them begins with another city for sure
            CHECKS[exercise](source, seed=seed)


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
    (
        "bounded",
        "TryGo, and nobody waits",
        [
            (START, "		started := g.TryGo(func() error {\n"),
            (
                "			return err\n		})\n",
                "			return err\n		})\n		_ = started\n",
            ),
        ],
        "calls made.*TryGo starts nothing",
    ),
    (
        "bounded",
        "batches that wait for their slowest",
        [
            (LIMIT, ""),
            (
                START,
                "		if i > 0 && i%limit == 0 {\n			if err := g.Wait(); err != nil {\n				return nil, err\n			}\n"
                "		}\n" + START,
            ),
            ("errgroup.WithContext(ctx)", "new(errgroup.Group), ctx"),
        ],
        "start the next call as soon as any call ends",
    ),
    (
        "bounded",
        "a plain loop",
        [
            (START, "		if err := func() error {\n"),
            (
                "			return err\n		})\n",
                "			return err\n		}(); err != nil {\n			return nil, err\n		}\n",
            ),
        ],
        "one after the other",
    ),
    (
        "fail_fast",
        "a plain loop",
        [
            (START, "		if err := func() error {\n"),
            (
                "			return err\n		})\n",
                "			return err\n		}(); err != nil {\n			return nil, err\n		}\n",
            ),
        ],
        "one after the other",
    ),
    (
        "fail_fast",
        "the group's context taken to be alive after Wait",
        [("	return answers, nil\n", "	return answers, ctx.Err()\n")],
        "the error.*nothing failed here.*ends with Wait",
    ),
    (
        "costs",
        "a plain loop",
        [
            (START, "		if err := func() error {\n"),
            (
                "			return err\n		})\n",
                "			return err\n		}(); err != nil {\n			return nil, err\n		}\n",
            ),
        ],
        "let what fits run at once",
    ),
    (
        "costs",
        "the group's context asked after Wait",
        [
            (
                "ctx.Err(); err != nil {\n		return nil, err\n	}\n	return",
                "groupCtx.Err(); err != nil {\n		return nil, err\n	}\n	return",
            )
        ],
        "the error.*nothing failed here.*ends with Wait",
    ),
    (
        "costs",
        "small ones overtake",
        [
            (
                "		if err := pool.Acquire(groupCtx, cost); err != nil {\n			break\n		}\n",
                "",
            ),
            (
                START,
                START
                + "			for !pool.TryAcquire(cost) {\n				if err := groupCtx.Err(); err != nil {\n"
                "					return err\n				}\n				time.Sleep(time.Millisecond)\n			}\n",
            ),
            ('import (\n	"context"\n', 'import (\n	"context"\n	"time"\n'),
        ],
        "let nobody overtake|when the calls began",
    ),
    (
        "costs",
        "too dear taken for an error",
        [
            (
                "		cost := min(city.Cost, capacity)\n",
                '		cost := city.Cost\n		if cost > capacity {\n			return nil, fmt.Errorf("%s is too dear", city.Name)\n		}\n',
            ),
            ('import (\n	"context"\n', 'import (\n	"context"\n	"fmt"\n'),
        ],
        "is no error",
    ),
    (
        "costs",
        "permits taken one by one",
        [
            ("pool.Acquire(groupCtx, cost)", "oneByOne(groupCtx, pool, cost)"),
            (
                "func Cities",
                "func oneByOne(ctx context.Context, pool *semaphore.Weighted, n int64) error {\n	for range n {\n"
                "		if err := pool.Acquire(ctx, 1); err != nil {\n			return err\n		}\n	}\n	return nil\n}\n\nfunc Cities",
            ),
            (
                "		g.Go(func() error {\n			defer pool.Release(cost)\n",
                "		g.Go(func() error {\n			defer pool.Release(1)\n",
            ),
        ],
        "deadlock.*every permit given back",
    ),
    (
        "dedup",
        "one at a time behind a lock",
        [
            ("	flights singleflight.Group\n", "	flights singleflight.Group\n	mu      sync.Mutex\n"),
            ("	landed := s.flights", "	s.mu.Lock()\n	defer s.mu.Unlock()\n	landed := s.flights"),
            ('import (\n	"context"\n', 'import (\n	"context"\n	"sync"\n'),
        ],
        "virtual time|sync.Mutex|calls",
    ),
    (
        "dedup",
        "Do instead of DoChan",
        [
            (
                "	landed := s.flights.DoChan(name, func() (any, error) {",
                "	answer, err, _ := s.flights.Do(name, func() (any, error) {",
            ),
            (
                '	select {\n	case r := <-landed:\n		if r.Err != nil {\n			return "", r.Err\n		}\n		return r.Val.(string), nil\n'
                '	case <-ctx.Done():\n		return "", ctx.Err()\n	}\n',
                '	if err != nil {\n		return "", err\n	}\n	return answer.(string), nil\n',
            ),
        ],
        "use DoChan and select",
    ),
    (
        "dedup",
        "shared taken for: somebody else was first",
        [
            (
                "		return r.Val.(string), nil\n",
                '		if r.Shared {\n			return "", nil\n		}\n		return r.Val.(string), nil\n',
            )
        ],
        "caller 1 was answered at.*shared answer",
    ),
    (
        "race",
        "Add inside the goroutine",
        [
            (
                "		wg.Go(func() {\n",
                "		go func() {\n			wg.Add(1)\n			defer wg.Done()\n",
            ),
            ("			byName[name] = n\n		})", "			byName[name] = n\n		}()"),
        ],
        "wg.Add inside the goroutine.*line 10.*Add before go",
    ),
    (
        "race",
        "atomic total, bare table",
        [
            (LOCKS, ""),
            ("	var mu sync.Mutex\n", "	var sum atomic.Int64\n"),
            ("			total += n\n", "			sum.Add(int64(n))\n"),
            ("	wg.Wait()\n", "	wg.Wait()\n	total = int(sum.Load())\n"),
            ('import "sync"\n', 'import ("sync"; "sync/atomic")\n'),
        ],
        "Two goroutines were seen|concurrent map",
    ),
    (
        "order",
        "a plain loop",
        [
            (START, "		if err := func() error {\n"),
            (
                "			return err\n		})\n",
                "			return err\n		}(); err != nil {\n			return nil, err\n		}\n",
            ),
        ],
        "keep to the limit",
    ),
    (
        "order",
        "answers in the order of starting",
        [
            ("	for _, i := range order {", "	for at, i := range order {"),
            ("answers[i] = answer", "answers[at] = answer"),
        ],
        "the answers.*in the order of the cities",
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
    monkeypatch.setattr(sys.modules["engineroom.concurrency.checks.race"], "has_c_compiler", lambda: False)
    (changes,) = [m[2] for m in MISTAKES if m[:2] == ("race", wrong)]
    with pytest.raises(CheckFailed, match=r"without a lock|Two goroutines were seen"):
        checks.check_race(mutant("race", *changes))
    checks.check_race(SOLUTIONS["race"])

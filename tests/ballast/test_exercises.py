"""Every solution passes its check, every stub and every plausible mistake fails it, and is told why."""

import re
from functools import cache
from statistics import mean, median

import nbformat
import numpy as np
import pytest
from tests.exercise_cells import exercises, namespace

from engineroom.ballast import checks, real
from engineroom.ballast.checks import choose_ballast as choose_ballast_check
from engineroom.ballast.checks import replace_ballast as replace_ballast_check
from engineroom.ballast.checks.made_up_trace import made_up_logs
from engineroom.ballast.checks.mistakes import hint_for
from engineroom.ballast.gctrace import GCTrace, separate
from engineroom.ballast.recordings import stand_ins
from engineroom.golang import GoMissing
from engineroom.kit.expect import CheckFailed
from engineroom.kit.places import course_folder
from engineroom.teach.release import release

ASSIGNMENT = course_folder() / "assignments" / "ballast" / "exercises.ipynb"
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def each_real_run_once():
    """Stop-the-world runs repeat to the byte per cycle, so mistakes that lead to equal knobs share a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real, "run", cache(real.run))
        yield


SOURCE = nbformat.read(ASSIGNMENT, as_version=4)
SOLVED, RELEASED = exercises(SOURCE), exercises(release(ASSIGNMENT))


def test_there_are_ten():
    assert len(SOLVED) == len(checks.__all__) == 10


@pytest.mark.parametrize("name", SOLVED)
def test_solution_passes_the_public_and_the_hidden_check(name, capsys):
    answer, check = SOLVED[name]
    names = namespace(SOURCE)
    exec(answer, names)
    exec(check, names)
    assert capsys.readouterr().out.count("✔") == 2
    assert "HIDDEN" in check


@pytest.mark.parametrize("name", RELEASED)
def test_stub_is_told_to_be_not_written_yet(name):
    answer, check = RELEASED[name]
    names = namespace(SOURCE)
    exec(answer, names)
    with pytest.raises(CheckFailed, match="is not written yet: replace the line that raises"):
        exec(check, names)


class Always:
    """An object that calls itself right whatever it is compared with."""

    def __eq__(self, other):
        return True

    __ge__ = __le__ = __gt__ = __lt__ = __eq__
    __hash__ = None

    def __float__(self):
        return 1.0

    def __getitem__(self, key):
        return self

    def __sub__(self, other):
        return self

    __rsub__ = __abs__ = __mul__ = __sub__

    def __repr__(self):
        return "Always()"  # without an address: two workers must collect the same names


@pytest.mark.parametrize("check", checks.__all__)
@pytest.mark.parametrize("wrong", [Always(), None, float("nan"), "42", True, [], {}], ids=repr)
def test_no_check_takes_a_trick_or_nonsense_for_an_answer(check, wrong):
    def answer(*_):
        return wrong

    functions = [answer] * (2 if check == "check_floating_garbage" else 1)
    with pytest.raises(CheckFailed):
        getattr(checks, check)(*functions)


# Solutions to make mistakes in: each of these functions is right with its defaults.


def page_bill(*, resident=None, faults=None, scanned=None):
    return lambda size, touched, access, element: {
        "resident": resident(size, touched, access) if resident else size * touched * (access == "write"),
        "faults": faults(size, touched, access) if faults else size * touched / 4096,
        "scanned": scanned(size, touched, element) if scanned else size * (element == "pointers"),
    }


def mark_costs(order="noscan structs pointers map shuffled", factor=200):
    return lambda: (order.split(), factor)


def trigger(*, runway=3, low=45 / 64, high=61 / 64, near=4 * MIB, of_goal=False):
    def function(marked, goal, cons_mark, scan_work):
        foot, way = (0, goal) if of_goal else (marked, goal - marked)
        start = goal - runway * cons_mark * scan_work
        return min(max(start, foot + way * low), max(foot + way * high, goal - near))

    return function


LINE = (
    r"gc (\d+) @([\d.]+)s \d+%(?: \(checking for goroutine leaks\))?: ([\d.+]+) ms clock, "
    r"([\d.]+)\+([\d.]+)/([\d.]+)/([\d.]+)\+([\d.]+) ms cpu, "
    r"(\d+)->(\d+)->(\d+) MB, (\d+) MB goal, (?:\d+ MB stacks, \d+ MB globals, )?\d+ P( \(forced\))?"
)

UNFORCED = LINE.removesuffix(r"( \(forced\))?")


def read_gctrace(line=LINE, *, match=re.fullmatch, **columns):
    def row(found):
        number, at, clock, *cpu, start, end, marked, goal, forced = found.groups()
        spent = list(map(float, cpu))
        right = {
            "number": int(number),
            "at_s": float(at),
            "assist_ms": spent[1],
            "gc_cpu_ms": sum(spent),
            "end_mb": int(end),
            "marked_mb": int(marked),
            "goal_mb": int(goal),
            "forced": forced is not None,
        }
        parts = {"clock": [float(part) for part in clock.split("+")], "cpu": spent, "start": int(start)}
        return right | {name: wrong(right | parts) for name, wrong in columns.items()}

    return lambda text: [row(found) for found in (match(line, text) for text in text.splitlines()) if found]


def compare(*, cycles=None, cpu=None, p99=None, centre=median, change=lambda ratio: ratio - 1):
    def function(rows, baseline, setting):
        def pairs(rate):
            before = {row["repeat"]: rate(row) for row in rows if row["setting"] == baseline}
            return [rate(row) / before[row["repeat"]] for row in rows if row["setting"] == setting]

        tails = pairs(lambda row: row["p99_s"])
        unclear = min(tails) < 1 < max(tails)
        return {
            "cycles": change(centre(pairs(cycles or (lambda row: row["cycles"] / row["seconds"])))),
            "cpu": change(centre(pairs(cpu or (lambda row: row["cpu_s"] / row["requests"])))),
            "p99": p99(tails) if p99 else None if unclear else change(centre(tails)),
        }

    return function


def compare_unpaired(centre):
    def function(rows, baseline, setting):
        def change(rate):
            sides = [[rate(row) for row in rows if row["setting"] == name] for name in (setting, baseline)]
            return centre(sides[0]) / centre(sides[1]) - 1

        return {
            "cycles": change(lambda row: row["cycles"] / row["seconds"]),
            "cpu": change(lambda row: row["cpu_s"] / row["requests"]),
            "p99": None,
        }

    return function


def floating(after=None, diverges=100 * 64 / 19):
    def right(marked, live, ballast, gogc):
        return live + ballast + 19 / 64 * marked * gogc / 100

    return after or right, lambda: diverges


def choose_ballast(
    *, law=True, minimum=4, fewer=20, runtime=0.09, capped=True, resident_ballast=False, grow=1.0
):
    def function(live_mb, gogc, cap_mb):
        def room(ballast_mb):
            marked = live_mb + ballast_mb + runtime
            goal = max(marked + (marked + 0.16) * gogc / 100, minimum * gogc / 100)
            return max((goal - marked) * 61 / 64, goal - marked - 4) if law else goal - marked

        ballast = next(mb for mb in range(10_000) if room(mb) >= fewer * room(0))
        ballast = round(grow * ballast)
        resident = live_mb + room(ballast) + 4 + resident_ballast * ballast
        return None if capped and resident > cap_mb else ballast

    return function


def replace_ballast(limit=None, gogc="off", unit="MiB", reserve=1 / 0.97, spiky=True, headroom=0.3):
    def function(live_mb, ballast_mb, gogc_before, spike_mb):
        def covering(live, garbage):
            return (1.01 * live + garbage) * reserve + 4 + 0.05 * live

        steady = covering(live_mb, (live_mb + ballast_mb) * gogc_before / 100)
        size = max(steady, covering(spike_mb, headroom * spike_mb)) if spiky else steady
        size = limit(live_mb, ballast_mb, gogc_before / 100, spike_mb) if limit else size
        return {"GOGC": gogc, "GOMEMLIMIT": f"{size:.0f}{unit}"}

    return function


# exercise -> mistake -> (the learner's function or functions, what the message has to say)
MISTAKES = {
    "page_bill": {
        "RSS = VSZ": (page_bill(resident=lambda size, *_: size), "that is virtual size"),
        "reads are resident": (page_bill(resident=lambda size, t, _: size * t), "shared page of zeros"),
        "touched is a percentage": (
            page_bill(resident=lambda size, t, a: size * t / 100 * (a == "write")),
            "a fraction from 0 to 1",
        ),
        "MB for bytes": (page_bill(resident=lambda s, t, a: s * t / MIB * (a == "write")), "give bytes"),
        "MB for MiB": (
            page_bill(resident=lambda size, t, a: size / MIB * 1e6 * t * (a == "write")),
            "written pages are resident",
        ),
        "reads do not fault": (
            page_bill(faults=lambda size, t, a: size * t / 4096 * (a == "write")),
            "a read faults too",
        ),
        "every page faults": (page_bill(faults=lambda size, *_: size / 4096), "only touched pages fault"),
        "one fault a byte": (page_bill(faults=lambda size, t, _: size * t), "one page of 4,096 bytes"),
        "a page of 4,000 bytes": (page_bill(faults=lambda size, t, _: size * t / 4000), "not 4,000"),
        "pointers treated as bytes": (page_bill(scanned=lambda *_: 0), "that may hold a pointer"),
        "bytes treated as pointers": (page_bill(scanned=lambda size, *_: size), "bytes hold no pointers"),
        "only touched pointers are scanned": (
            page_bill(scanned=lambda size, t, element: size * t * (element == "pointers")),
            "touched or not",
        ),
    },
    "mark_costs": {
        "every byte costs the same": (mark_costs(factor=1), "a trip to memory"),
        "numbers cost as others do": (mark_costs("structs noscan pointers map shuffled"), "never read"),
        "a list is cheap": (mark_costs("noscan structs shuffled pointers map"), "has to arrive before"),
        "nil pointers are dear": (mark_costs("noscan pointers structs map shuffled"), "lead nowhere"),
        "a map is like a slice": (mark_costs("noscan structs map pointers shuffled"), "lie scattered"),
        "dearest first": (mark_costs("shuffled map pointers structs noscan"), "has to arrive before"),
        "a shape forgotten": (mark_costs("noscan structs pointers shuffled"), "each of the five"),
        "ten times": (mark_costs(factor=10), "a trip to memory"),
    },
    "heap_goal": {
        "goal ignores roots": (
            lambda m, s, g, p: max(m * (1 + p / 100), 4 * MIB * p / 100),
            "left out stacks",
        ),
        "2 x live": (lambda m, s, g, p: max(2 * m, 4 * MIB), "that is twice|left out stacks"),
        "2 x live and roots, GOGC ignored": (
            lambda m, s, g, p: max(2 * m + s + g, 4 * MIB),
            "only its default",
        ),
        "no minimum heap": (lambda m, s, g, p: m + (m + s + g) * p / 100, "gets the minimum heap"),
        "minimum heap unscaled": (
            lambda m, s, g, p: max(m + (m + s + g) * p / 100, 4 * MIB),
            "gets the minimum heap|scales with GOGC",
        ),
        "minimum heap in MB": (
            lambda m, s, g, p: max(m + (m + s + g) * p / 100, 4e6 * p / 100),
            "not a million",
        ),
        "GOGC as a fraction": (lambda m, s, g, p: max(m + (m + s + g) * p, 4 * MIB * p), "is a percentage"),
        "roots are heap": (
            lambda m, s, g, p: max((m + s + g) * (1 + p / 100), 4 * MIB * p / 100),
            "are not heap",
        ),
        "roots unscaled": (
            lambda m, s, g, p: max(m * (1 + p / 100) + s + g, 4 * MIB * p / 100),
            "not all of them",
        ),
        "growth only": (
            lambda m, s, g, p: max((m + s + g) * p / 100, 4 * MIB * p / 100),
            "add what is marked",
        ),
        "stacks only": (lambda m, s, g, p: max(m + (m + s) * p / 100, 4 * MIB * p / 100), "left out globals"),
    },
    "read_gctrace": {
        "only the shape since Go 1.18": (
            read_gctrace(LINE.replace("globals, )?", "globals, )")),
            "before Go 1.18",
        ),
        "no forced cycles": (
            read_gctrace(UNFORCED + "(x)?"),
            "end in '.forced.'",
        ),
        "no leak checks": (
            read_gctrace(LINE.replace(r"(?: \(checking for goroutine leaks\))?", "")),
            "leaks",
        ),
        "every cycle is forced": (read_gctrace(forced=lambda _: True), "True when the line ends"),
        "wall time for CPU": (read_gctrace(gc_cpu_ms=lambda row: sum(row["clock"])), "all five numbers"),
        "pauses left out": (read_gctrace(gc_cpu_ms=lambda row: sum(row["cpu"][1:4])), "all five numbers"),
        "assist is background": (read_gctrace(assist_ms=lambda row: row["cpu"][2]), "assist/background/idle"),
        "assist is the first number": (
            read_gctrace(assist_ms=lambda r: r["cpu"][0]),
            "assist/background/idle",
        ),
        "end is start": (read_gctrace(end_mb=lambda row: row["start"]), "at the start, at the end"),
        "marked is end": (read_gctrace(marked_mb=lambda row: row["end_mb"]), "found reachable"),
        "MB to bytes": (read_gctrace(goal_mb=lambda row: row["goal_mb"] * MIB), "goal_mb in"),
        "a broken line counts": (
            read_gctrace(LINE[: LINE.index(" MB goal")] + "(?:.* P( .forced.))?", match=re.match),
            "broke off",
        ),
    },
    "compare": {
        "ratio for change": (compare(change=lambda ratio: ratio), "the ratio less 1"),
        "percent for fraction": (compare(change=lambda ratio: 100 * (ratio - 1)), "not as a percentage"),
        "a saving is positive": (compare(change=lambda ratio: 1 - ratio), "a negative change"),
        "upside down": (compare(change=lambda ratio: 1 / ratio - 1), "not the other way round"),
        "mean for median": (compare(centre=mean), "moves a mean"),
        "unpaired medians": (compare_unpaired(median), "within each repeat|in each repeat"),
        "unpaired means": (compare_unpaired(mean), "compare in pairs|in each repeat"),
        "cycles not per second": (compare(cycles=lambda row: row["cycles"]), "cycles per second first"),
        "CPU not per request": (compare(cpu=lambda row: row["cpu_s"]), "cpu per request first"),
        "p99 always": (compare(p99=lambda tails: median(tails) - 1), "that is no result"),
        "p99 never": (compare(p99=lambda tails: None), "all repeats agree"),
    },
    "trigger": {
        "trigger = goal": (lambda marked, goal, *_: goal, "ends beyond it"),
        "no bounds": (trigger(low=-100, high=1), "two bounds"),
        "no lower bound": (trigger(low=-100), "two bounds|no lower than"),
        "no upper bound": (trigger(high=1), "two bounds|no higher than|ends beyond it"),
        "4 MiB forgotten": (trigger(near=1 << 60), "later than 61/64"),
        "4 MiB also in small heaps": (
            lambda m, g, c, w: min(max(g - 3 * c * w, m + (g - m) * 45 / 64), g - 4 * MIB),
            "whichever is higher",
        ),
        "bounds of the goal": (trigger(of_goal=True), "not of the goal"),
        "runway without its 3": (trigger(runway=1), "three times"),
        "a runway of 4": (trigger(runway=4), "is 3, not 4"),
        "halfway": (lambda marked, goal, *_: (marked + goal) / 2, "45/64 of the way"),
    },
    "floating_garbage": {
        "all garbage floats": (floating(lambda m, lv, b, p: lv + b + m * p / 100), "not all of the garbage"),
        "ballast counted as garbage": (
            floating(lambda m, lv, b, p: lv + 19 / 64 * m * p / 100),
            "the ballast is reachable",
        ),
        "the 45/64 before the trigger": (
            floating(lambda m, lv, b, p: lv + b + 45 / 64 * m * p / 100),
            "not the 45/64",
        ),
        "GOGC as a fraction": (floating(lambda m, lv, b, p: lv + b + 19 / 64 * m * p), "is a percentage"),
        "no GOGC": (floating(lambda m, lv, b, p: lv + b + 19 / 64 * m), "GOGC is not in there|settles"),
        "goal from live": (
            floating(lambda m, lv, b, p: (lv + b) * (1 + 19 / 64 * p / 100)),
            "floating garbage included",
        ),
        "garbage piles up": (floating(lambda m, lv, b, p: m * (1 + 19 / 64 * p / 100)), "for one cycle only"),
        "where it settles": (floating(lambda m, lv, b, p: (lv + b) / (1 - 19 / 64 * p / 100)), "settles"),
        "diverges: a factor": (floating(diverges=64 / 19), "that is a factor"),
        "diverges: 64/45": (floating(diverges=6400 / 45), "64/45"),
        "diverges at once": (floating(diverges=100), "that settles"),
        "diverges never": (floating(diverges=float("inf")), "all of it"),
    },
    "tipping_point": {
        "share proportional to live": (lambda goal, live, share: live * 0.5 / share, "shrinks as well"),
        "room does not shrink": (lambda goal, live, share: live * (1 - share) / share, "goal - live"),
        "share for ratio": (
            lambda goal, live, share: goal / (1 + share * (goal - live) / live),
            "share / .1",
        ),
        "half of the goal": (lambda goal, live, share: goal / 2, "costs as much"),
        "the goal itself": (lambda goal, live, share: goal, "no room left"),
    },
    "choose_ballast": {
        "19 x live": (lambda live, gogc, cap: 19 * live, "starts before its goal"),
        "20 x live": (lambda live, gogc, cap: 20 * live, "the smallest|twenty times"),
        "95 % of live": (lambda live, gogc, cap: round(0.95 * live), "one cycle in twenty"),
        "ballast exactly at the cap": (lambda live, gogc, cap: cap, "need not fill the cap"),
        "ballast is what the cap leaves": (lambda live, gogc, cap: cap - live, "not for the largest"),
        "counts the ballast as resident": (choose_ballast(resident_ballast=True), "written is not"),
        "ignores the cap": (choose_ballast(capped=False), "return None"),
        "triggers at the goal": (choose_ballast(law=False), "61/64"),
        "no minimum heap": (choose_ballast(minimum=0), "61/64|minimum"),
        "half as many cycles": (choose_ballast(fewer=2), "61/64"),
        "generous by a tenth": (choose_ballast(grow=1.1), "the smallest"),
        "gives up": (lambda live, gogc, cap: None, "written is not"),
        "bytes": (lambda live, gogc, cap: 99 * MIB, "whole MB"),
    },
    "replace_ballast": {
        "GOGC=off without a limit": (lambda *_: {"GOGC": "off"}, "never collects"),
        "GOMEMLIMIT=off": (lambda *_: {"GOGC": "off", "GOMEMLIMIT": "off"}, "never collects"),
        "limit below live": (replace_ballast(lambda lv, b, g, s: s - 5), "is never freed"),
        "limit exactly at the spike": (replace_ballast(lambda lv, b, g, s: s), "is never freed"),
        "MB for MiB": (replace_ballast(unit="MB"), "MB is not among them"),
        "no unit": (replace_ballast(unit=""), "counts bytes"),
        "GiB": (replace_ballast(unit="GiB"), "not for the machine"),
        "a number for a text": (lambda *_: {"GOGC": "off", "GOMEMLIMIT": 80 * MIB}, "a dict of texts"),
        "GOGC stays on": (replace_ballast(gogc="100"), "only the limit decides"),
        "the ballast is still in the limit": (
            replace_ballast(lambda lv, b, g, s: lv + b + (lv + b) * g),
            "the ballast itself is gone",
        ),
        "the ballast's size for its garbage": (
            replace_ballast(lambda lv, b, g, s: 1.1 * (lv + 2 * b)),
            "not the ballast|in reserve",
        ),
        "no reserve, nothing but heap": (replace_ballast(lambda lv, b, g, s: 0.9 * (lv + (lv + b) * g)), "."),
        "forgets the spike": (replace_ballast(spiky=False), "the larger of both needs"),
        "far too generous": (
            replace_ballast(lambda lv, b, g, s: 1.5 * (lv + (lv + b) * g)),
            "not the ballast",
        ),
    },
}
REAL_RUNS = ("choose_ballast", "replace_ballast")  # one seed is enough of these
CASES = [
    (exercise, name, seed)
    for exercise, mistakes in MISTAKES.items()
    for name in mistakes
    for seed in ((0,) if exercise in REAL_RUNS else (0, 1))
]


@pytest.mark.parametrize(("exercise", "name", "seed"), CASES, ids=str)
def test_mistake_loses_the_points_and_is_named(exercise, name, seed):
    functions, says = MISTAKES[exercise][name]
    functions = functions if type(functions) is tuple else (functions,)
    options = {"seed": seed} if exercise != "mark_costs" else {"collector": COLLECTORS[seed]}
    with pytest.raises(CheckFailed) as failed:
        getattr(checks, f"check_{exercise}")(*functions, **options)
    message = str(failed.value)
    assert "raised" not in message, "the mistake itself is broken"
    assert re.search(says, message), message


COLLECTORS = ("Green Tea", "before Green Tea")

# The functions above are right where they make no mistake, or the mistakes would prove nothing.
UNSPOILT = {
    "page_bill": page_bill(),
    "heap_goal": lambda m, s, g, p: max(m + (m + s + g) * p / 100, 4 * MIB * p / 100),
    "tipping_point": lambda goal, live, share: goal / (1 + share / (1 - share) * (goal - live) / live),
    "mark_costs": mark_costs(),
    "read_gctrace": read_gctrace(),
    "compare": compare(),
    "trigger": trigger(),
    "floating_garbage": floating(),
    "choose_ballast": choose_ballast(),
    "replace_ballast": replace_ballast(),
}


@pytest.mark.parametrize("exercise", UNSPOILT)
def test_without_its_mistake_a_function_passes(exercise):
    functions = UNSPOILT[exercise]
    getattr(checks, f"check_{exercise}")(*(functions if type(functions) is tuple else (functions,)))


def test_every_exercise_has_its_mistakes():
    assert set(MISTAKES) == {name.removeprefix("check_") for name in checks.__all__}
    assert all(len(mistakes) >= 3 for mistakes in MISTAKES.values())


@pytest.mark.parametrize("exercise", [name for name in UNSPOILT if name != "mark_costs"])
def test_answers_learnt_by_heart_from_the_public_check_fail_the_hidden_one(exercise):
    right = UNSPOILT[exercise] if type(UNSPOILT[exercise]) is tuple else (UNSPOILT[exercise],)
    learnt = {}

    def learning(*asked):
        learnt[repr(asked)] = right[0](*asked)
        return learnt[repr(asked)]

    def by_heart(*asked):
        return learnt.get(repr(asked), next(iter(learnt.values())))

    check = getattr(checks, f"check_{exercise}")
    check(learning, *right[1:], seed=0)
    check(by_heart, *right[1:], seed=0)
    with pytest.raises(CheckFailed):
        check(by_heart, *right[1:], seed=1)


def test_numbers_may_come_from_numpy():
    checks.check_choose_ballast(
        lambda *budget: np.int64(b) if (b := UNSPOILT["choose_ballast"](*budget)) else b
    )
    checks.check_mark_costs(lambda: (np.array(mark_costs()()[0]), np.float32(200)))
    checks.check_heap_goal(lambda m, s, g, p: np.float64(UNSPOILT["heap_goal"](m, s, g, p)))


@pytest.fixture
def no_go(monkeypatch):
    def missing(*_, **__):
        raise GoMissing("The Go toolchain was not found")

    monkeypatch.setattr(real, "run", missing)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("exercise", "runs"), [("choose_ballast", 1), ("replace_ballast", 1)])
def test_without_go_a_recording_judges_and_says_so(exercise, runs, seed, no_go, capsys):
    getattr(checks, f"check_{exercise}")(UNSPOILT[exercise], seed=seed)
    assert capsys.readouterr().out.count("no Go here; recorded go1.27.3") == runs


@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("choose_ballast", "19 x live"),
        ("choose_ballast", "generous by a tenth"),
        ("choose_ballast", "ballast exactly at the cap"),
        ("replace_ballast", "forgets the spike"),
        ("replace_ballast", "the ballast is still in the limit"),
    ],
)
def test_without_go_mistakes_lose_the_points_as_well(exercise, name, no_go):
    with pytest.raises(CheckFailed, match="no Go here; "):
        getattr(checks, f"check_{exercise}")(MISTAKES[exercise][name][0])


def test_every_run_that_a_right_answer_leads_to_is_recorded():
    recorded = [knobs for knobs, _ in stand_ins()]
    assert recorded == [*choose_ballast_check.stand_ins(), *replace_ballast_check.stand_ins()]


@pytest.mark.parametrize("seed", range(5))
def test_made_up_lines_are_what_the_runtime_prints(seed):
    for log in made_up_logs(seed):
        cycles = [record for record in separate(log.text).records if isinstance(record, GCTrace)]
        assert [(c.number, c.at_s, c.end_mb, c.marked_mb, c.goal_mb, c.forced) for c in cycles] == [
            tuple(row[key] for key in ("number", "at_s", "end_mb", "marked_mb", "goal_mb", "forced"))
            for row in log.rows
        ]
        assert [c.assist_cpu_ms for c in cycles] == [row["assist_ms"] for row in log.rows]
        assert [c.gc_cpu_ms for c in cycles] == pytest.approx([row["gc_cpu_ms"] for row in log.rows])


def test_logs_differ_by_seed_and_repeat_with_it():
    assert made_up_logs(3) == made_up_logs(3) != made_up_logs(4)


def test_a_hint_needs_a_number():
    assert hint_for(5.0, [(4, "four"), (5, "five")], within=0.5, otherwise="none") == "five"
    for seen in ("5", None, True, [5]):
        assert hint_for(seen, [(5, "five"), (1, "one")], within=0.5, otherwise="none") == "none"

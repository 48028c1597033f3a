"""Every solution passes its check, every stub and every plausible mistake fails it, and is told why."""

from itertools import pairwise

import nbformat
import pytest
from tests.exercise_cells import exercises, namespace

from engineroom.kit.expect import CheckFailed
from engineroom.kit.places import course_folder
from engineroom.spanner import checks
from engineroom.teach.release import release

ASSIGNMENT = course_folder() / "assignments" / "spanner" / "exercises.ipynb"


SOURCE = nbformat.read(ASSIGNMENT, as_version=4)
SOLVED, RELEASED = exercises(SOURCE), exercises(release(ASSIGNMENT))


def test_every_check_has_its_exercise():
    assert len(SOLVED) == len(checks.__all__) == 10


@pytest.mark.parametrize("name", SOLVED)
def test_the_solution_passes_the_public_and_the_hidden_check(name, capsys):
    answer, check = SOLVED[name]
    names = namespace(SOURCE)
    exec(answer, names)
    exec(check, names)
    assert capsys.readouterr().out.count("✔") == 1 + ("HIDDEN" in check)


@pytest.mark.parametrize("name", RELEASED)
def test_the_stub_is_told_to_be_not_written_yet(name):
    answer, check = RELEASED[name]
    names = namespace(SOURCE)
    exec(answer, names)
    with pytest.raises(CheckFailed, match="is not written yet: replace the line that raises"):
        exec(check, names)


class Always:
    """An object that calls itself right, larger and smaller, whatever it is compared with."""

    def __eq__(self, other):
        return True

    __ge__ = __gt__ = __le__ = __lt__ = __eq__
    __hash__ = None


MISTAKES = {
    "quorum-latency": {
        "waits for everybody": lambda followers: max([0.0, *followers]),
        "waits for the nearest": lambda followers: min(followers, default=0.0),
        "forgets its own vote": lambda followers: sorted([*followers, 0.0])[(len(followers) + 1) // 2 - 1],
        "takes the mean": lambda followers: sum(followers) / max(1, len(followers)),
        "calls itself right": lambda followers: Always(),
    },
    "placement": {
        "all in one region": lambda: (
            [("europe-west4", zone, "read-write") for zone in "abcde"],
            "europe-west4",
        ),
        "a witness leads": lambda: ([("europe-west4", "a", "witness")], "europe-west4"),
        "three of five in one region": lambda: (
            [("europe-west4", zone, "read-write") for zone in "abc"]
            + [("europe-west1", zone, "read-write") for zone in "ab"],
            "europe-west4",
        ),
        "too far apart": lambda: (
            [("europe-west4", "a", "read-write")]
            + [(region, "a", "read-write") for region in ("us-east1", "us-east4", "us-west1", "asia-east1")],
            "europe-west4",
        ),
        "counts readers as voters": lambda: (
            [
                (region, "a", kind)
                for region, kind in zip(
                    ("europe-west1", "europe-west2", "europe-west3", "europe-west4", "europe-west6"),
                    ("read-write", "read-write", "read-write", "read-only", "read-only"),
                    strict=True,
                )
            ],
            "europe-west1",
        ),
        "an unknown region": lambda: ([("atlantis", "a", "read-write")], "atlantis"),
        "nothing": lambda: None,
    },
    "may-answer": {
        "at once": lambda s, now: True,
        "never": lambda s, now: False,
        "half the wait": lambda s, now: (now.earliest + now.latest) // 2 > s,
        "the wrong end": lambda s, now: now.latest > s,
        "one too early": lambda s, now: now.earliest >= s,
        "twice the wait": lambda s, now: now.earliest > s + (now.latest - now.earliest),
        "calls itself right": lambda s, now: Always(),
    },
    "coordinator": {
        "ignores prepares": lambda latest, last, prepares: max(latest, last + 1),
        "ignores the clock": lambda latest, last, prepares: max(last + 1, *prepares, 0),
        "ignores its own past": lambda latest, last, prepares: max(latest, *prepares),
        "repeats a timestamp": lambda latest, last, prepares: max(latest, last, *prepares),
        "later than needed": lambda latest, last, prepares: max(latest, last, *prepares) + 1,
        "the smallest prepare": lambda latest, last, prepares: max(latest, last + 1, min(prepares)),
        "calls itself right": lambda latest, last, prepares: Always(),
    },
    "safe-time": {
        "ignores prepared": lambda t_paxos, prepared: t_paxos,
        "at the prepare itself": lambda t_paxos, prepared: min([t_paxos, *prepared.values()]),
        "the latest prepare": lambda t_paxos, prepared: min(
            t_paxos, max(prepared.values(), default=9**9) - 1
        ),
        "prepared only": lambda t_paxos, prepared: min(prepared.values(), default=t_paxos + 1) - 1,
    },
    "staleness": {
        "a whole heartbeat": lambda beat, delay, local, budget: beat + delay / 1e3,
        "one way only": lambda beat, delay, local, budget: (
            delay / 1e3 + (1 - (budget - local) / delay) * beat
        ),
        "forgets the delay": lambda beat, delay, local, budget: (1 - (budget - local) / (2 * delay)) * beat,
        "forgets the local read": lambda beat, delay, local, budget: (
            delay / 1e3 + (1 - budget / (2 * delay)) * beat
        ),
        "milliseconds": lambda beat, delay, local, budget: 1e3 * beat,
    },
    "overlap": {
        "sees none": lambda leases: None,
        "ends do not count": lambda leases: next(
            ((s, min(e, f)) for (_, e), (s, f) in pairwise(leases) if s < e), None
        ),
        "until the later end": lambda leases: next(
            ((s, max(e, f)) for (_, e), (s, f) in pairwise(leases) if s <= e), None
        ),
        "the last one": lambda leases: next(
            ((s, min(e, f)) for (_, e), (s, f) in reversed([*pairwise(leases)]) if s <= e), None
        ),
        "the gap instead": lambda leases: next(
            ((e, s) for (_, e), (s, _) in pairwise(leases) if s > e), None
        ),
        "its length": lambda leases: next((e - s for (_, e), (s, _) in pairwise(leases) if s <= e), None),
        "calls itself right": lambda leases: Always(),
    },
    "lease": {
        "as given": lambda before, quorum, length: (sum(quorum) // 2, sum(quorum) // 2 + length),
        "from the quorum": lambda before, quorum, length: (quorum.latest, quorum.earliest + length),
        "the other ends": lambda before, quorum, length: (quorum.earliest, before.latest + length),
        "too careful": lambda before, quorum, length: (quorum.latest, before.earliest + length - 1),
    },
    "figure-5": {
        "forgets the backlog": lambda lease, reads: {
            "early": 0.2 * reads,
            "late": 0.9 * reads,
            "peak": reads,
            "mean gap": lease / 2,
        },
        "all come back at once": lambda lease, reads: {
            "early": 0,
            "late": 0,
            "peak": 2 * reads,
            "mean gap": lease,
        },
        "the gap of the last": lambda lease, reads: {
            "early": 0.4 * reads,
            "late": 1.8 * reads,
            "peak": 2 * reads,
            "mean gap": lease,
        },
        "not a dictionary": lambda lease, reads: 7,
        "half an answer": lambda lease, reads: {"early": 0.4 * reads},
    },
    "keys": {
        "as it was": lambda nodes, writes: ("monotonic", {}),
        "descending": lambda nodes, writes: ("descending", {}),
        "random, so out of order": lambda nodes, writes: ("UUID v4", {"presplits": 100}),
        "one too few": lambda nodes, writes: ("hash prefix", {"prefixes": max(1, -(-writes // 3_500) - 1)}),
        "a shard per node": lambda nodes, writes: ("hash prefix", {"prefixes": nodes}),
        "far too many": lambda nodes, writes: ("hash prefix", {"prefixes": 1_000}),
        "no such knob": lambda nodes, writes: ("hash prefix", {"shards": 4}),
        "no pair": lambda nodes, writes: "hash prefix",
    },
}


@pytest.mark.parametrize(
    ("name", "mistake"), [(name, mistake) for name, some in MISTAKES.items() for mistake in some]
)
def test_a_plausible_mistake_is_caught(name, mistake):
    _, check = RELEASED[name]
    answer, _ = SOLVED[name]
    function = answer.split("def ")[1].split("(")[0]
    names = namespace(SOURCE)
    names[function] = MISTAKES[name][mistake]
    with pytest.raises(CheckFailed) as told:
        exec(check, names)
    assert len(str(told.value)) > 40


def test_every_exercise_has_mistakes():
    assert set(MISTAKES) == set(SOLVED)


def test_a_wrong_rule_of_commit_wait_is_answered_with_a_counterexample():
    with pytest.raises(CheckFailed, match="timestamps must respect real time: T") as told:
        checks.check_may_answer(lambda s, now: (now.earliest + now.latest) // 2 > s)
    assert str(told.value).count("(read-") == 2, "two transactions suffice"


def test_hidden_tests_try_other_cases_than_learners_see():
    for name, (_, check) in SOLVED.items():
        assert "seed=" in check or name == "placement", "a placement has no cases: it works, or it does not"

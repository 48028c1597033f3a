from collections import Counter
from math import comb

import pytest

from engineroom.concurrency.interleavings import DEADLOCK, FINE, Game, Puzzle, Step, census
from engineroom.concurrency.puzzles import PUZZLES

PAIRS = list(zip(list(PUZZLES)[::2], list(PUZZLES)[1::2], strict=True))


def play_all(puzzle):
    """Play every schedule to its end, one by one, with nothing shared between them."""
    outcomes, todo = Counter(), [[]]
    while todo:
        game = Game(puzzle, todo.pop())
        if game.verdict:
            outcomes[game.verdict] += 1
        todo += [[*game.schedule, name] for name in game.choices()]
    return outcomes


@pytest.mark.parametrize("n", [1, 2, 5])
def test_independent_steps_interleave_in_binomially_many_ways(n):
    body = (Step("step"),) * n
    free = Puzzle("free", "", {"A": body, "B": body}, {}, lambda s, over: "")
    assert census(free).outcomes == {FINE: comb(2 * n, n)}


@pytest.mark.parametrize("name", PUZZLES)
def test_the_census_equals_playing_every_schedule(name):
    assert census(PUZZLES[name]).outcomes == play_all(PUZZLES[name])


@pytest.mark.parametrize(("wrong", "mended"), PAIRS)
def test_the_wrong_program_can_be_broken_and_the_mended_one_cannot(wrong, mended):
    found = census(PUZZLES[wrong])
    assert 0 < found.breaking < found.total  # some schedules hide the mistake: that is why tests miss it
    assert census(PUZZLES[mended]).breaking == 0
    assert Game(PUZZLES[wrong], list(found.example)).won


def test_counts_that_can_be_worked_out_by_hand():
    # Two reads and two writes: only AABB and BBAA keep both updates, of C(4, 2) = 6.
    lost = census(PUZZLES["lost update"])
    assert (lost.total, lost.breaking, len(lost.example)) == (6, 4, 4)
    crossed = census(PUZZLES["two locks, two orders"])
    assert crossed.outcomes[DEADLOCK] == 2
    # Three callers with one permit each: 3! orders of taking the first.
    assert census(PUZZLES["permits one by one"]).outcomes[DEADLOCK] == 6


def test_the_example_is_a_shortest_one():
    for name in PUZZLES:
        found = census(PUZZLES[name])
        shortest = min(
            (
                len(game.schedule)
                for game in (Game(PUZZLES[name], list(s)) for s in schedules(PUZZLES[name]))
                if game.won
            ),
            default=0,
        )
        assert len(found.example) == shortest


def schedules(puzzle):
    todo = [[]]
    while todo:
        game = Game(puzzle, todo.pop())
        if game.verdict:
            yield game.schedule
        todo += [[*game.schedule, name] for name in game.choices()]


def test_undo_restores_state_and_choices():
    game = Game(PUZZLES["two locks, two orders"])
    before = (dict(game.state), game.choices(), game.taken)
    game.step("A")
    game.step("B")
    assert game.won
    assert game.choices() == []
    game.undo()
    assert not game.won
    game.undo()
    game.undo()  # at the start it does nothing
    assert (dict(game.state), game.choices(), game.taken) == before


def test_a_blocked_goroutine_cannot_be_chosen():
    game = Game(PUZZLES["lost update, with a mutex"], ["A"])
    assert game.choices() == ["A"]
    with pytest.raises(ValueError, match="B cannot take a step now; who can: A"):
        game.step("B")
    with pytest.raises(ValueError, match="Zoe cannot"):
        game.step("Zoe")


def test_a_game_that_is_over_takes_no_more_steps():
    game = Game(PUZZLES["lost update"], ["A", "A", "B", "B"])
    assert (game.verdict, game.won) == (FINE, False)
    with pytest.raises(ValueError, match="the game is over"):
        game.step("A")


def test_a_program_ends_with_main_whatever_the_others_do():
    game = Game(PUZZLES["Add inside the goroutine"], ["main", "main", "main"])
    assert game.won
    assert game.taken["worker"] == 0

"""The experiments behind the explorers: the map, one transaction, the quorum, and their figures."""

import math

import numpy as np
import pytest

from engineroom.kit.knobs import KnobError
from engineroom.spanner import (
    commit_map,
    plots_clock,
    plots_histories,
    plots_published,
    plots_quorum,
    raft_quorum,
    real,
    scenarios,
    schema,
    spacetime,
    truetime,
    widgets,
)
from engineroom.spanner.closed_forms import quorum_mean_exponential
from engineroom.spanner.events import stream
from engineroom.spanner.published import table
from engineroom.spanner.topology import configuration

# -- the map -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", commit_map.SHOWN)
@pytest.mark.parametrize("lost", commit_map.FAILURES)
def test_a_mishap_on_the_map_is_what_the_placement_says(name, lost):
    result = commit_map.simulate(commit_map.MapKnobs(configuration=name, lost=lost))
    placement = configuration(name)
    assert (result.leader is not None) is placement.survives(result.failed)
    if result.leader:
        assert result.leader.kind == "read-write"
        assert result.leader not in result.failed
        assert not set(result.rtt_ms) & result.failed
        waits = sorted(result.rtt_ms.values())
        assert result.commit_ms >= waits[placement.quorum - 1]
    else:
        assert math.isinf(result.commit_ms)


def test_moving_the_leader_moves_the_commit():
    usual = commit_map.simulate(commit_map.MapKnobs(configuration="nam3"))
    moved = commit_map.simulate(commit_map.MapKnobs(configuration="nam3", lost="leader's region"))
    assert moved.leader.region == "us-east1"
    assert moved.commit_ms > usual.commit_ms, "the third vote now comes from Iowa"


@pytest.mark.parametrize("name", commit_map.SHOWN)
def test_the_map_names_every_region_in_sight_and_none_upon_another(name):
    explorer = widgets.explore_map()
    explorer.turn(configuration=name)
    figure = explorer.figure
    figure.frame()
    shown = [text for text in figure.places if text.get_visible()]
    assert {text.get_text() for text in shown} == set(configuration(name).regions())
    boxes = [text.get_window_extent() for text in shown]
    frame = figure.map.get_window_extent()
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_map_without_a_quorum_says_so_in_the_picture():
    explorer = widgets.explore_map()
    assert not explorer.figure.stopped.get_visible()
    explorer.turn(configuration="dual-region-japan1", lost="another region")
    assert explorer.figure.stopped.get_visible()
    assert "without asia-northeast2-a" in explorer.answer["summary"]
    assert "writes stop" in explorer.answer["summary"]


# -- one transaction -----------------------------------------------------------------------------------


def happens(story, *words):
    return min(m.at_ms for m in story.marks if all(word in m.what for word in words))


@pytest.mark.parametrize("kind", spacetime.KINDS)
def test_a_story_is_causal(kind):
    story = spacetime.simulate(spacetime.StepKnobs(kind=kind))
    assert story.messages[0].source == "client"
    assert any(m.target == "client" and m.due_ms == pytest.approx(story.end_ms) for m in story.messages)
    for m in story.messages:
        assert m.due_ms >= m.sent_ms
        if m.source != "client":
            heard = [e.due_ms for e in story.messages if e.target == m.source]
            did = [mark.at_ms for mark in story.marks if mark.lane == m.source]
            assert min(heard + did) <= m.sent_ms, "nobody speaks unasked"


def test_two_splits_prepare_before_they_commit_and_log_the_outcome_after_the_answer():
    story = spacetime.simulate(spacetime.StepKnobs(kind="write, two splits"))
    prepare, commit = happens(story, "logs prepare"), happens(story, "logs commit")
    outcome, applies = happens(story, "logs outcome"), happens(story, "g0 applies commit")
    assert prepare < commit < applies < outcome
    assert story.end_ms < outcome + 4
    assert applies - commit == pytest.approx(8, abs=0.01), "2ε, both clocks being exact"
    assert applies > story.timestamp_ms


@pytest.mark.parametrize(("rule", "wait_ms"), [("2ε", 8), ("ε", 4)])
def test_the_wait_follows_the_rule(rule, wait_ms):
    story = spacetime.simulate(
        spacetime.StepKnobs(kind="write, one split", commit_wait=rule, log_ms=0, rtt_ms=0.2)
    )
    assert happens(story, "applies commit") - happens(story, "logs commit") == pytest.approx(
        wait_ms, abs=0.01
    )


def test_a_story_can_be_told_in_part():
    whole = spacetime.simulate(spacetime.StepKnobs()).told()
    half = spacetime.simulate(spacetime.StepKnobs(step=50)).told()
    none = spacetime.simulate(spacetime.StepKnobs(step=0)).told()
    assert whole[: len(half)] == half
    assert len(none) < len(half) < len(whole)


@pytest.mark.parametrize("kind", spacetime.KINDS)
def test_what_machines_do_is_told_in_order_and_apart(kind):
    explorer = widgets.explore_transaction()
    explorer.turn(kind=kind)
    figure, story = explorer.figure, explorer.prediction
    figure.frame()
    told = [text for text in figure.deeds if text.get_visible()]
    assert [text.get_text() for text in told] == [f"{mark.lane}: {mark.what}" for mark in story.marks]
    boxes = [text.get_window_extent() for text in told]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    words = {text.get_text() for text in figure.words if text.get_visible()}
    assert words == {m.what for m in story.messages} - set(plots_histories.REPLICATION)


# -- the quorum ----------------------------------------------------------------------------------------


def test_the_models_quorum_matches_its_closed_forms():
    knobs = raft_quorum.QuorumKnobs(disk_ms=2, disk_spread_ms=1, hop_ms=0.01, requests=2_000)
    put = raft_quorum.simulate(knobs).put_ms
    rng_free = 0.01 + 2 + 5 / 6  # the second smallest of three exponentials: 1/3 + 1/2
    assert abs(put.mean() - rng_free) < 4.5 * put.std() / np.sqrt(2_000) + 0.01
    assert quorum_mean_exponential(3) == 0.5
    gaps = np.concatenate(
        [raft_quorum.simulate(raft_quorum.QuorumKnobs(kills=5, seed=seed)).gap_s for seed in range(400)]
    )
    expected = raft_quorum.election_gap_mean(100, 1_000) / 1e3
    assert abs(gaps.mean() - expected) < 4.5 * gaps.std() / np.sqrt(len(gaps))


def test_a_model_is_calibrated_by_its_own_run():
    """From what the model draws, the calibration finds the knobs again: the smallest of many, and their mean."""
    knobs = raft_quorum.QuorumKnobs(disk_ms=2, disk_spread_ms=3, hop_ms=0.6, requests=2_000, kills=2)
    found = raft_quorum.calibrated(raft_quorum.simulate(knobs))
    assert (found.hop_ms, found.requests, found.kills) == (0.6, 2_000, 2)
    assert found.disk_ms == pytest.approx(2, abs=0.02)
    assert found.disk_spread_ms == pytest.approx(3, rel=0.1)


def test_the_recorded_quorum_is_near_its_model():
    """The put's median within a factor of 1.5; fsync times of a shared disk vary by as much within one run."""
    recorded = real.replay()
    assert recorded.origin.startswith("etcd 3.")
    assert len(recorded.put_ms) == 100
    model = raft_quorum.simulate(raft_quorum.calibrated(recorded))
    assert 1 / 1.5 < np.median(recorded.put_ms) / np.median(model.put_ms) < 1.5
    assert (
        np.median(recorded.serializable_ms) < np.median(recorded.linearizable_ms) < np.median(recorded.put_ms)
    )
    # A follower may lose patience from one time-out less a heartbeat on; a split vote costs further time-outs.
    assert recorded.gap_s.min() > 0.9 - 0.05
    assert np.median(recorded.gap_s) < 2


def test_without_etcd_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "etcd is not installed" in real.why_not()
    with pytest.raises(real.NotInstalled, match="sudo apt-get install etcd-server"):
        real.run(raft_quorum.QuorumKnobs())


def test_a_disk_can_be_timed():
    times = real.disk_ms(samples=5)
    assert times.shape == (5,)
    assert np.all(times > 0)


# -- participants by schema -------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", schema.LAYOUTS)
@pytest.mark.parametrize(("lines", "indexes", "splits"), [(3, 0, 20), (3, 2, 20), (10, 5, 4), (1, 1, 1_000)])
def test_participants_match_their_closed_form(layout, lines, indexes, splits):
    n = 4_000
    run = schema.simulate(
        schema.SchemaKnobs(layout=layout, lines=lines, indexes=indexes, splits=splits, orders=n)
    )
    expected = schema.expected_participants(layout, lines, indexes, splits)
    assert abs(run.mean - expected) <= 4.5 * run.participants.std() / np.sqrt(n) + 1e-9
    assert run.rows == 1 + lines + lines * indexes
    assert run.by_indexes[layout][indexes] == expected


def test_interleaving_keeps_an_order_in_one_split_and_each_index_apart_adds_some():
    one = schema.simulate(schema.SchemaKnobs(indexes=2, indexes_interleaved=2))
    assert set(one.participants) == {1}
    unsplit = schema.simulate(schema.SchemaKnobs(indexes=2, splits=1))
    assert set(unsplit.participants) == {3}, "a tree of one split is one participant"
    means = [schema.simulate(schema.SchemaKnobs(layout=layout)).mean for layout in schema.LAYOUTS]
    assert means == sorted(means)
    assert means[0] < means[1] < means[2]


# -- explorers and figures -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", widgets.__all__)
def test_an_explorer_opens_and_every_preset_draws(name):
    explorer = getattr(widgets, name)()
    assert explorer.failure is None
    seen = set()
    for settings in explorer.spec["presets"].values():
        explorer.turn(**settings)
        assert explorer.failure is None
        assert explorer.answer["errors"] == {}
        seen.add(explorer.answer["summary"])
    assert len(seen) > 1, "presets say different things"


@pytest.mark.parametrize("name", widgets.__all__)
def test_an_explorer_survives_every_extreme_of_its_knobs(name):
    explorer = getattr(widgets, name)()
    for knob, spec in explorer.spec["knobs"].items():
        ends = spec["options"] if spec["kind"] == "choice" else (spec["low"], min(spec["high"], 500))
        for value in ends:
            explorer.turn(**{knob: value})
            assert explorer.failure is None, (knob, value)
        explorer.turn(**explorer.spec["presets"]["Reset"])


def test_a_bad_knob_is_told_in_place():
    explorer = widgets.explore_map()
    explorer.turn(detour=0.5)
    assert "detour of cables is 0.5; it must be between 1 and 3" in explorer.answer["errors"]["detour"]
    with pytest.raises(KnobError):
        spacetime.StepKnobs(step=101)


def test_still_pictures_say_in_words_what_they_show():
    _, found = scenarios.break_rule("no commit wait")
    picture = plots_histories.counterexample(found)
    assert all(f"T{t.txn}" in picture.alt for t in found.transactions)
    assert "nothing wrong" in plots_histories.counterexample(None).alt
    watched = truetime.watch(truetime.Sawtooth(), stream(1), 60)
    assert "100% of the time" in plots_clock.sawtooth(watched).alt
    both = plots_quorum.quorums(raft_quorum.simulate(raft_quorum.QuorumKnobs()), real.replay())
    assert "model: put" in both.alt
    assert "etcd 3." in both.alt


def test_pictures_of_published_tables_say_their_numbers():
    assert "1: more than 100000000" in plots_published.fragments(table("osdi_table5")).alt
    assert "multi-site commit: 103.0 ms, sd 52.2 ms" in plots_published.f1_latencies(table("osdi_table6")).alt
    assert "snapshot 13.5 (13.5), 38.5 (12.8), 50.0 (10.0)" in (
        plots_published.throughput_table(table("osdi_table3")).alt
    )


def test_sampling_just_after_polls_misses_the_sawtooth():
    watched = truetime.watch(truetime.Sawtooth(), stream(1), 120)
    alt = plots_clock.sampled_after_polls(watched).alt
    assert "at most 1." in alt
    assert "7.0 ms at most" in alt


def test_the_quorum_button_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    explorer = widgets.explore_quorum()
    explorer.run_for_real()
    explorer.wait()
    assert explorer.measured is None
    assert "Skipped: etcd is not installed." in explorer.progress["message"]


def test_the_quorum_explorer_draws_a_real_run_beside_the_model(monkeypatch):
    monkeypatch.setattr(real, "run", lambda knobs, **_: real.replay())
    explorer = widgets.explore_quorum()
    explorer.run_for_real()
    explorer.wait()
    assert explorer.failure is None
    assert "etcd 3.4.23" in explorer.answer["summary"]

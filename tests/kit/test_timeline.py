import io

import numpy as np
import pytest

from engineroom.kit.figures import new_figure
from engineroom.kit.timeline import (
    RASTER_FROM,
    Mark,
    Span,
    State,
    Table,
    TimelinePlot,
    describe_timeline,
    draw_timeline,
    rasterise,
)

STATES = {"busy": State("busy", "#009E73"), "idle": State("idle", "#E69F00", "///")}
SPANS = [Span("a", 0, 40, "busy", "one"), Span("b", 10, 30, "idle"), Span("a", 40, 50, "idle")]


def random_spans(count, lanes=7, length=1000.0):
    rng = np.random.default_rng(1)
    start = rng.uniform(0, length, count)
    end = np.minimum(start + rng.exponential(length / 50, count), length)
    columns = {"lane": rng.integers(0, lanes, count).astype(str), "start": start, "end": end}
    return columns | {"state": rng.choice(list(STATES), count)}


def test_raster_equals_brute_force():
    columns = random_spans(300)
    table = Table.of(columns, STATES)
    got = rasterise(table, 2, 100, 900, 61)
    edges = np.linspace(100, 900, 62)
    for lane in range(len(table.lanes)):
        for pixel in range(61):
            mine = table.lane == lane
            overlap = np.minimum(table.end, edges[pixel + 1]) - np.maximum(table.start, edges[pixel])
            cover = [overlap[mine & (table.state == s)].clip(0).sum() for s in (0, 1)]
            if abs(cover[0] - cover[1]) > 1e-6:
                assert got[lane, pixel] == np.argmax(cover)
            elif max(cover) < 1e-6:
                assert got[lane, pixel] == -1


def test_an_empty_pixel_shows_nothing():
    assert rasterise(Table.of(SPANS[1:2], STATES), 2, 0, 40, 4).tolist() == [[-1, 1, 1, -1]]


def test_bars_are_where_the_spans_are():
    axes = new_figure().subplots()
    plot = draw_timeline(axes, SPANS, STATES, per_unit=10, unit="s")
    busy = plot._bars[0].get_paths()
    assert [path.get_extents().intervalx.tolist() for path in busy] == [[0, 4]]
    idle = sorted(path.get_extents().intervalx.tolist() for path in plot._bars[1].get_paths())
    assert idle == [[1, 3], [4, 5]]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_xlabel() == "time (s)"
    assert axes.get_xlim() == (0, 5)


def test_every_state_has_a_second_cue_in_the_legend():
    axes = new_figure().subplots()
    draw_timeline(axes, SPANS, STATES)
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["busy", "idle"]
    assert [patch.get_hatch() for patch in legend.get_patches()] == ["", "///"]


def test_the_legend_lists_only_what_occurs():
    axes = new_figure().subplots()
    draw_timeline(axes, SPANS[:1], STATES)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["busy"]


def test_showing_anew_replaces_everything():
    axes = new_figure().subplots()
    plot = TimelinePlot(axes, STATES)
    plot.show(SPANS, marks=[Mark("b", 20, "error")])
    plot.show(SPANS[1:2], lanes=["b"])
    assert plot._bars[0].get_paths() == []
    assert len(plot._bars[1].get_paths()) == 1
    assert len(plot._marks.get_xdata()) == 0
    assert not any(label.get_visible() for label in plot._labels)


def test_labels_are_cut_to_their_bar():
    axes = new_figure().subplots()
    plot = TimelinePlot(axes, STATES)
    plot.show([Span("a", 0, 10, "busy", "Thessaloniki"), Span("a", 10, 100, "busy", "Oslo")])
    assert {label.get_text() for label in plot._labels if label.get_visible()} == {"Thessaloni…", "Oslo"}


def test_many_spans_become_a_raster_and_the_same_colours():
    columns = random_spans(RASTER_FROM)
    axes = new_figure().subplots()
    plot = draw_timeline(axes, columns, STATES)
    assert plot._raster.get_visible()
    assert all(bars.get_paths() == [] for bars in plot._bars)
    colours = {tuple(np.round(c, 3)) for c in plot._raster.get_array().reshape(-1, 3)}
    assert (0.0, round(0x9E / 255, 3), round(0x73 / 255, 3)) in colours
    plot.show(SPANS)
    assert not plot._raster.get_visible()


@pytest.mark.parametrize("spans", [SPANS, random_spans(RASTER_FROM), []])
def test_it_renders(spans):
    figure = new_figure()
    draw_timeline(figure.subplots(), spans, STATES)
    figure.savefig(io.BytesIO())


def test_a_table_of_columns_draws_like_spans():
    columns = {n: [getattr(s, n) for s in SPANS] for n in ("lane", "start", "end", "state", "label")}
    assert describe_timeline(columns, STATES) == describe_timeline(SPANS, STATES)


def test_the_summary_says_what_the_picture_shows():
    text = describe_timeline(SPANS, STATES, per_unit=10, unit="s")
    assert text == "Timeline of 2 lanes over 5 s. In total: busy 4 s, idle 3 s."
    assert describe_timeline([], STATES) == "An empty timeline."


def test_chosen_lanes_in_the_chosen_order():
    table = Table.of(SPANS, STATES, lanes=["b", "a"])
    assert table.lane.tolist() == [1, 0, 1]
    assert Table.of(SPANS, STATES, lanes=["b"]).start.tolist() == [10]


def test_an_unknown_state_is_named():
    with pytest.raises(ValueError, match=r"no style for the state 'odd'; there is one for: busy, idle"):
        describe_timeline([Span("a", 0, 1, "odd")], STATES)

"""The figures: their alt texts carry the numbers, nothing is cut off, and colour is never the only cue."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from engineroom.ballast import plots, plots_pacer, plots_recorded, plots_runs, real, recordings
from engineroom.ballast.death_spiral import SpiralKnobs
from engineroom.ballast.death_spiral import simulate as simulate_spiral
from engineroom.ballast.fidelity import fidelity_table, recorded_cells
from engineroom.ballast.heap_knobs import CONCURRENT, STOP_THE_WORLD, HeapKnobs
from engineroom.ballast.heapgoal import MIB
from engineroom.ballast.pacer import Pacer
from engineroom.ballast.trajectory import simulate
from engineroom.ballast.virtual_memory import PageKnobs
from engineroom.ballast.virtual_memory import simulate as simulate_pages

SETTINGS = [name for name in real.API_SETTINGS if name != "GOGC=100"]
BUSY = "live 20 GOGC 100 ballast {} rate 200 P 2"


def ballast_runs():
    return {f"{mb} MB": recordings.replay(BUSY.format(mb)) for mb in (0, 100, 300)}


@cache
def fidelity_rows():
    return fidelity_table()


def cells(collector, **wanted):
    found = recorded_cells(collector)
    return [c for c in found if all(getattr(c[0], name) == value for name, value in wanted.items())]


def heap():
    return plots.heap_over_time(simulate(HeapKnobs(duration_s=2)), recordings.replay(BUSY.format(0)))


def pages():
    charge = simulate_pages(PageKnobs(touched_percent=50))
    return plots.memory_charged(charge, replace(charge, minor_faults=12_852))


def spiral():
    return plots.work_near_the_limit(
        simulate_spiral(SpiralKnobs(to_mb=195, steps=15)), recordings.replay_spiral(1)
    )


def ruler():
    pacer = Pacer(gogc=100, marked=20 * MIB, heap_scan=20 * MIB, cons_mark=0.05)
    return plots_pacer.where_a_cycle_starts(pacer.pace())


def trade():
    stopped = {f"GOGC={k.gogc}": (k, run) for k, run in cells(STOP_THE_WORLD, live_mb=20, ballast_mb=0)}
    model = {label: simulate(replace(k, duration_s=2)) for label, (k, _) in stopped.items()}
    return plots_runs.trade_off(model, {label: run for label, (_, run) in stopped.items()})


def savings():
    measured = [c for c in cells(STOP_THE_WORLD, gogc=100) if c[0].live_mb >= 5]
    return plots_runs.ballast_savings(plots_runs.cycles_avoided(measured))


def headline():
    return plots_recorded.headline(recordings.table("api"), recordings.table("article"), SETTINGS)


FIGURES = {
    "heap over time": (heap, ["Model: ", "Real go1.27.3: ", "collections/s, goal "]),
    "memory charged": (pages, ["128 MB of address space", "12,825 page faults", "12,852 page faults"]),
    "work near the limit": (spiral, ["at 195 MB live", "under a limit of 200 MB", "Real: "]),
    "who marks": (lambda: plots.gc_share_bars(ballast_runs()), ["0 MB: mark workers ", "300 MB: "]),
    "where a cycle starts": (ruler, ["marked 20 MB, earliest 34 MB, latest 39 MB, goal 40 MB", "at 37 MB"]),
    "goals": (
        lambda: plots_pacer.goals_by_live_heap(cells(STOP_THE_WORLD, gogc=100, ballast_mb=0)),
        ["4.00 at 1 MB", "2.00 at 100 MB"],
    ),
    "floating garbage": (
        lambda: plots_pacer.floating_garbage(cells(CONCURRENT, allocation_mb_s=5000, ballast_mb=0)),
        ["at GOGC=100", "at GOGC=200", "Above GOGC=337"],
    ),
    "lateness": (
        lambda: plots_pacer.trigger_lateness(
            {"a": np.array([10.0, np.nan, 8000.0]), "b": np.array([2000.0])}
        ),
        ["3 cycles", "between 10 and 8,000 bytes", "on average 3,337"],
    ),
    "fidelity": (
        lambda: plots_pacer.fidelity(fidelity_rows()),
        ["stop the world: heap goal (48)", "textbook 4.1%", "throttled: bytes per cycle: 100% of 15 inside"],
    ),
    "article": (
        lambda: plots_recorded.article_changes(recordings.table("article")),
        ["GC cycles −99 %", "CPU of the service −30 %", "p99 latency at peak −45 %"],
    ),
    "headline": (headline, ["256 MB ballast: GC cycles −98.0 %", "The article: −99 %, −30 %, −45 %"]),
    "heap shapes": (
        lambda: plots_recorded.heap_shapes(recordings.table("heapshape")),
        ["noscan 0.0", "shuffled "],
    ),
    "trade-off": (trade, ["GOGC=50: 30 MB, 10.37", "GOGC=400: 97 MB, 1.30"]),
    "savings": (savings, ["8 measured points"]),
    "where time goes": (
        lambda: plots_runs.marking_and_pauses(ballast_runs()),
        ["0 MB: world stopped 5.9 ms", "300 MB: world stopped 0.28 ms"],
    ),
    "time in cycles": (lambda: plots_runs.time_in_cycles(ballast_runs()), ["0 MB 13.1 %", "300 MB 0.6 %"]),
}


@pytest.fixture(scope="module", params=FIGURES)
def drawn(request):
    make, told = FIGURES[request.param]
    picture = make()
    FigureCanvasAgg(picture.figure).draw()
    return picture, told


def texts_of(figure):
    """Return every text that is drawn: a tick beyond its axis' limits is not."""
    beyond = set()
    for axis in [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
        beyond |= {id(label) for tick in ticks for label in (tick.label1, tick.label2)}
    texts = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_text().strip())
    return [text for text in texts if text.get_visible() and id(text) not in beyond]


def test_every_figure_says_its_numbers_in_its_alt_text(drawn):
    picture, told = drawn
    for words in told:
        assert words in picture.alt
    assert len(picture.alt) > 60


def cut_off(figure):
    """Return the texts that stick out of the figure."""
    boxes = {text.get_text(): text.get_window_extent() for text in texts_of(figure)}
    room = figure.bbox.padded(1)
    return [text for text, box in boxes.items() if not (room.contains(*box.min) and room.contains(*box.max))]


def test_no_text_is_cut_off(drawn):
    assert cut_off(drawn[0].figure) == []


def test_a_cut_off_text_would_be_found():
    figure = ruler().figure
    figure.axes[0].set_title("a title that is far too long for any figure of this size " * 3)
    FigureCanvasAgg(figure).draw()
    assert len(cut_off(figure)) == 1


@pytest.mark.parametrize("figure", [plots.HeapFigure(), plots.SpiralFigure()], ids=["heap", "spiral"])
def test_model_and_real_differ_by_more_than_colour(figure):
    for axes in figure.figure.axes:
        styles = {
            line.get_label(): (line.get_linestyle(), line.get_marker())
            for line in axes.get_lines()
            if line.get_label() in ("model", "real Go")
        }
        assert len(set(styles.values())) == len(styles)


def test_columns_differ_by_hatching():
    memory, shares = plots.MemoryFigure(), plots.HeapFigure()
    assert {bar.get_hatch() for bars in memory.bars.values() for bar in bars} == {"", "//"}
    assert len({bars[0].get_hatch() for bars in shares.bars}) == 3


def api_table():
    """Two repeats on machines of different speed: only pairs within a repeat can be compared."""
    row = {"requests": 100, "failed": 0, "rss_bytes": 30 * MIB, "cpu_s": 1.0, "p99_s": 0.01, "cycles": 50}
    return pd.DataFrame(
        [
            {"repeat": 1, "setting": "GOGC=100", **row},
            {"repeat": 1, "setting": "ballast", **row, "cycles": 1, "cpu_s": 0.6, "p99_s": 0.005},
            {"repeat": 2, "setting": "GOGC=100", **row, "cpu_s": 3.0, "p99_s": 0.1, "cycles": 40},
            {"repeat": 2, "setting": "ballast", **row, "cycles": 2, "cpu_s": 2.1, "p99_s": 0.3, "failed": 10},
        ]
    )


def test_changes_are_taken_within_a_repeat():
    changes = plots_recorded.changes_in_pairs(api_table()).query("setting == 'ballast'")
    assert changes.cycles.tolist() == pytest.approx([-98, -95])
    assert changes.cpu_per_request.tolist() == pytest.approx([-40, 100 * (2.1 / 90 / (3 / 100) - 1)])
    assert changes.p99.tolist() == pytest.approx([-50, 200])
    assert changes.rss_mb.tolist() == [30, 30]


def test_the_order_of_rows_does_not_matter():
    changes = plots_recorded.changes_in_pairs(api_table().iloc[[3, 0, 2, 1]])
    assert changes.query("setting == 'ballast'").cycles.tolist() == pytest.approx([-95, -98])


def test_the_articles_lines_come_from_its_table():
    article = recordings.table("article")
    article.loc[article.quantity == "change_in_cpu", ["low", "high"]] = -12.5
    picture = plots_recorded.headline(api_table(), article, ["ballast"])
    assert "The article: −99 %, −12 %, −45 %" in picture.alt
    claims = [line for line in picture.figure.axes[1].get_lines() if line.get_label() == "the article"]
    assert [line.get_xdata() for line in claims] == [[-12.5, -12.5]]


def test_a_p99_far_out_is_drawn_at_the_edge_and_told_as_it_is():
    picture = plots_recorded.headline(api_table(), recordings.table("article"), ["ballast"])
    edge = [line for line in picture.figure.axes[2].get_lines() if line.get_marker() == ">"]
    assert [line.get_xdata().tolist() for line in edge] == [[plots_recorded.FAR_OUT]]
    assert "p99 +75 %" in picture.alt


def test_cycles_avoided_compares_with_the_same_live_heap_without_a_ballast():
    run = recordings.replay("stw live 20 GOGC 100 ballast 0")
    plain = HeapKnobs(live_mb=20)
    teeth = run.peak_bytes - run.live_before_bytes
    fourfold = replace(run, peak_bytes=run.live_before_bytes + 4 * teeth)
    avoided = plots_runs.cycles_avoided([(plain, run), (replace(plain, ballast_mb=60), fourfold)])
    assert list(avoided) == ["live 20 MB: ballast 60 MB"]
    assert avoided["live 20 MB: ballast 60 MB"] == pytest.approx((3.0, 0.75))


def test_a_ballast_without_its_plain_twin_is_refused():
    run = recordings.replay("stw live 20 GOGC 100 ballast 200")
    with pytest.raises(KeyError):
        plots_runs.cycles_avoided([(HeapKnobs(live_mb=20, ballast_mb=200), run)])


def test_time_in_cycles_is_what_lies_between_start_and_end():
    run = simulate(HeapKnobs(duration_s=2))
    share = 100 * sum(e - s for s, e in zip(run.start_s, run.end_s, strict=True)) / 2
    assert f"it {share:.1f} %" in plots_runs.time_in_cycles({"it": run}).alt


def test_promises_are_drawn_only_where_one_was_made():
    rows = fidelity_rows()
    picture = plots_pacer.fidelity(rows)
    promised = next(line for line in picture.figure.axes[0].get_lines() if line.get_label() == "promised")
    drawn = promised.get_xdata()
    shown = [row for row in rows if row.unit in ("relative", "points") and row.bound != 0]
    assert [not np.isnan(x) for x in drawn] == [np.isfinite(row.bound) for row in shown]

"""What benchmarks tell becomes a table, a picture and README's summary; failures are named, the rest goes on."""

import pytest

from engineroom.publish import bench_page, bench_run
from engineroom.publish.bench_page import Ended, figure_text
from engineroom.publish.bench_rows import ROWS, Measured, read_rows, report, skipped

FAST = Measured("a", "read", 2.0, "s", "slow reader", 8.0, headline=True)
SLOW = Measured("a", "events", 10.0, "events/s", "fast kernel", 40.0)
ALONE = Measured("a", "x.explore_y, painted, p50", 88.0, "ms")
GONE = Measured("a", "a hub", None, why="its proxy is missing")

GOOD = "from engineroom.publish.bench_rows import report\nreport('good', 1.0, 'ms', peer='peer', theirs=2.0)"
FAILS = "print('begun')\nraise SystemExit('no such engine')"
SILENT = "print('a table without rows')"


def test_a_ratio_above_one_means_that_ours_is_faster():
    assert FAST.ratio == 4
    assert SLOW.ratio == 0.25
    assert ALONE.ratio is None


def test_rows_come_back_as_they_were_told(tmp_path, monkeypatch):
    monkeypatch.setenv(ROWS, str(tmp_path / "rows.jsonl"))
    monkeypatch.setattr("sys.argv", ["benchmarks/bench_a.py"])
    report("read", 2.0, "s", peer="slow reader", theirs=8.0, headline=True)
    skipped("a hub", "its proxy\nis missing")
    assert read_rows(tmp_path / "rows.jsonl") == [FAST, GONE]


def test_without_a_file_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(ROWS, raising=False)
    monkeypatch.chdir(tmp_path)
    report("read", 2.0, "s")
    assert [*tmp_path.iterdir()] == []


def test_the_page_has_every_row_what_was_skipped_and_what_failed(tmp_path):
    ended = [Ended("a", 3.0, ""), Ended("b", 1.0, "failed (exit code 1: no such engine)")]
    bench_page.write_page(tmp_path / "page.md", [FAST, SLOW, ALONE, GONE], ended, 0.1, summarise=False)
    text = (tmp_path / "page.md").read_text()
    assert "| read | 2 s | slow reader | 8 s | 4 × |" in text
    assert "| events | 10 events/s | fast kernel | 40 events/s | 0.25 × |" in text
    assert "| x.explore_y, painted, p50 | 88 ms |  |  |  |" in text
    assert "Skipped: a hub: its proxy is missing" in text
    assert "**It failed (exit code 1: no such engine).**" in text
    assert "ours is faster in 1, from 0.25 × (events against fast kernel)" in text
    assert "1 of 1 explorers need at most 100 ms" in text
    assert (tmp_path / "page.png").stat().st_size > 1000


def test_readme_gets_the_headlines_only(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_page, "course_folder", lambda: tmp_path)
    (tmp_path / "README.md").write_text(f"before\n{bench_page.BEGIN}\nold\n{bench_page.END}\nafter\n")
    bench_page.write_page(tmp_path / "page.md", [FAST, SLOW], [Ended("a", 3.0, "")], 0.1, summarise=True)
    text = (tmp_path / "README.md").read_text()
    assert "| read | 2 s | slow reader: 8 s | 4 × |" in text
    assert "old" not in text and "fast kernel" not in text
    assert text.startswith("before\n") and text.endswith("after\n")


def test_a_failing_benchmark_is_named_and_the_rest_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_run, "course_folder", lambda: tmp_path)
    (tmp_path / "benchmarks").mkdir()
    for name, code in {"a": GOOD, "b": FAILS, "c": SILENT}.items():
        (tmp_path / "benchmarks" / f"bench_{name}.py").write_text(code)
    page, ended = bench_run.run_benchmarks(quick=True)
    assert [one.problem for one in ended] == ["", "failed (exit code 1: no such engine)", ""]
    text = page.read_text()
    assert page == tmp_path / "build" / "benchmarks.md"  # a quick run overwrites nothing of record
    assert "| good | 1 ms | peer | 2 ms | 2 × |" in text
    assert "a table without rows" in text


def test_a_benchmark_that_does_not_exist_is_told(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="no benchmark named zzz"):
        bench_run.run_benchmarks(["zzz"])


@pytest.mark.parametrize(
    ("value", "told"), [(0.01234, "0.0123 s"), (12.34, "12.3 s"), (123.4, "123 s"), (123456.0, "123,000 s")]
)
def test_figures_have_three_digits(value, told):
    assert figure_text(value, "s") == told

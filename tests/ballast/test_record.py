import json
import os

import pytest

from engineroom.ballast import real, record


def test_a_part_is_recorded_into_the_folder_given(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "PAGE_RUNS", ({"size-mb": 8, "touch": 0.5},))
    monkeypatch.setattr(record, "STW_GRID", ((5, 100, 10),))
    record.main(["pagetouch", "stw", "--into", str(tmp_path)])
    header, row = (tmp_path / "pagetouch.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["size_mb"] == "8"
    [line] = (tmp_path / "stw_grid.jsonl").read_text().splitlines()
    assert json.loads(line)["name"] == "stw live 5 GOGC 100 ballast 10"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["pagetouch.csv", "stw_grid.jsonl"]


def test_api_repeats_can_be_added(tmp_path, monkeypatch):
    def measured(program, flags, **_):
        return [{"kind": "api", "cycles": flags["seconds"], "cpu_s": 1 / 3}]

    monkeypatch.setattr(real, "measure", measured)
    monkeypatch.setattr(real, "prepare", lambda: None)
    record.main(["api", "--repeats", "2", "--into", str(tmp_path)])
    record.main(["api", "--repeats", "1", "--append", "--into", str(tmp_path)])
    lines = (tmp_path / "api.csv").read_text().splitlines()
    assert lines[0] == "repeat,setting,cycles,cpu_s"
    assert lines[1] == "1,GOGC=100,5,0.333333"
    repeats = [int(line.split(",")[0]) for line in lines[1:]]
    assert repeats == sorted([1, 2, 3] * len(real.API_SETTINGS))


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        record.main(["everything"])
    assert "invalid choice: 'everything'" in capsys.readouterr().err


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    record.write_whole(path, "old\n")

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        record.write_whole(path, "new\n")
    assert path.read_text() == "old\n"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]

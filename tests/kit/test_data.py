import pytest

from engineroom.kit import data, places
from engineroom.kit.data import DataError, data_file, load_json, load_table
from engineroom.kit.places import CacheNotWritable, cache_folder

SCHEMA = {"name": "text", "cycles": "integer", "goal_mb": "number?"}


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "course_folder", lambda: tmp_path)
    folder = tmp_path / "data" / "ballast"
    folder.mkdir(parents=True)
    return folder


def test_a_table_that_fits_its_schema(course):
    (course / "runs.csv").write_text("# origin: here\nname,cycles,goal_mb\na,3,1.5\nb,4,\n")
    frame = load_table("ballast", "runs.csv", SCHEMA)
    assert frame["cycles"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("name,cycles\na,3\n", "lacks the column 'goal_mb'"),
        ("name,cycles,goal_mb,more\na,3,1,1\n", "has an unknown column 'more'"),
        ("name,cycles,goal_mb\na,,1\n", "has gaps in the column 'cycles'"),
        ("name,cycles,goal_mb\na,3.5,1\n", "holds float64 in the column 'cycles', where integers belong"),
        ("name,cycles,goal_mb\na,3,x\n", "in the column 'goal_mb', where numbers belong"),
        ("", "is not a readable CSV"),
        ('name,cycles,goal_mb\n"a,3,1\n', "is not a readable CSV"),
    ],
)
def test_anything_else_names_file_column_and_remedy(course, text, trouble):
    (course / "runs.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        load_table("ballast", "runs.csv", SCHEMA)
    assert str(caught.value).startswith("data/ballast/runs.csv ")
    assert trouble in str(caught.value)
    assert "git checkout -- data/ballast/runs.csv (or: make record THEME=ballast)" in str(caught.value)


def test_missing_and_broken_files(course):
    with pytest.raises(DataError, match=r"data/ballast/none\.csv is missing; bring it back with"):
        data_file("ballast", "none.csv")
    (course / "x.json").write_text("{")
    with pytest.raises(DataError, match=r"data/ballast/x\.json is not readable JSON"):
        load_json("ballast", "x.json")


def test_the_cache_is_where_it_is_told_to_be(own_cache):
    assert cache_folder("programs") == own_cache / "programs"
    assert (own_cache / "programs").is_dir()


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    """A file in the way stands for a read-only home: tests may run as root, whom no mode stops."""
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("ENGINEROOM_CACHE", str(tmp_path / "home" / "cache"))
    with pytest.raises(CacheNotWritable, match=r"can't be written .*; point ENGINEROOM_CACHE at a folder"):
        cache_folder()


def test_without_its_checkout_the_library_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "__file__", str(tmp_path / "a" / "b" / "c" / "places.py"))
    with pytest.raises(FileNotFoundError, match="run it from a checkout"):
        places.course_folder()

from engineroom import course_map as module
from engineroom.course_map import course_map
from engineroom.kit.places import course_folder


def test_every_lesson_is_on_the_map_once_with_its_title_and_time():
    lessons = course_folder() / "notebooks"
    on_disk = {path.relative_to(lessons).as_posix() for path in lessons.glob("*/*.ipynb")}
    stops = course_map().stops
    assert [stop.path for stop in stops if stop.path in on_disk] == [stop.path for stop in stops]
    assert {stop.path for stop in stops} == on_disk
    assert all(stop.title and not stop.title.endswith(".ipynb") for stop in stops)
    assert not [stop.path for stop in stops if stop.minutes is None and "exercises" not in stop.path]


def test_lessons_come_in_order_and_exercises_last():
    ballast = [stop.path for stop in course_map().stops if stop.theme == "ballast"]
    assert ballast == [*sorted(ballast[:-1]), "ballast/exercises.ipynb"]


def test_titles_are_escaped_and_linked(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks" / "ballast"
    folder.mkdir(parents=True)
    (folder / "01_x.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A <b> & c\\n\\n**Time:** 40 minutes."}],'
        ' "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    monkeypatch.setattr(module, "course_folder", lambda: tmp_path)
    html = course_map()._repr_html_()
    assert "<a href='ballast/01_x.ipynb'>A &lt;b&gt; &amp; c</a></td><td>40 min</td>" in html

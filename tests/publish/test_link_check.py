"""The link check sees every kind of broken page, and says nothing about a sound one."""

import pytest

from engineroom.publish.link_check import problems

SOUND = """<a href="b.html#there">b</a> <a href="https://example.org/">out</a> <a href="#here">x</a>
<p id="here"></p><img src="a.png" alt="a"><link rel="stylesheet" href="a.css"><script src="a.js"></script>"""
BROKEN = {
    '<a href="gone.html">x</a>': "broken link: gone.html",
    '<a href="b.html#gone">x</a>': "missing anchor: b.html#gone",
    '<a href="#gone">x</a>': "missing anchor: #gone",
    '<a href="notes/">x</a>': "broken link: notes/",
    '<img src="gone.png" alt="a">': "broken link: gone.png",
    '<img src="a.png">': "image without alt text: a.png",
    '<script src="https://cdn.example.org/a.js"></script>': "fetched from elsewhere: https://cdn.example.org/a.js",
    '<link rel="stylesheet" href="//cdn.example.org/a.css">': "fetched from elsewhere: //cdn.example.org/a.css",
}


@pytest.fixture
def site(tmp_path):
    for name in ("a.png", "a.css", "a.js"):
        (tmp_path / name).touch()
    (tmp_path / "b.html").write_text('<h1 id="there">b</h1>')
    return tmp_path


def test_a_sound_site_has_no_problems(site):
    (site / "a.html").write_text(SOUND)
    assert problems(site) == []


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_page_is_seen(site, text):
    (site / "a.html").write_text(SOUND + text)
    assert problems(site) == [f"a.html: {BROKEN[text]}"]


def test_an_empty_folder_is_no_site(tmp_path):
    assert problems(tmp_path) == [f"{tmp_path} holds no page"]

"""Checks a static site: every internal link and anchor leads somewhere, and reading it needs no network."""

from __future__ import annotations

import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["problems"]

FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src"}
FETCHED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch"}
ELSEWHERE = {"http", "https", "mailto"}


class _Page(HTMLParser):
    """What a page links to, what it fetches, and its anchors."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.unnamed: list[str] = []
        self.anchors = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        self.anchors |= {value for name, value in attrs if name in ("id", "name") and value}
        if tag == "a" and have.get("href"):
            self.links.append(have["href"])
        if tag == "img" and not have.get("alt"):
            self.unnamed.append((have.get("src") or "")[:60])
        wanted = have.get(FETCHED.get(tag, ""))
        if tag == "link" and FETCHED_LINKS & set((have.get("rel") or "").split()):
            wanted = have.get("href")
        if wanted:
            self.fetched.append(wanted)


def problems(site: Path) -> list[str]:
    """Return one line per broken link or anchor, image without alt text, and thing fetched from elsewhere."""
    paths = [
        path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts
    ]  # theme's templates
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in paths}
    if not pages:
        return [f"{site} holds no page"]
    found = []
    for path, page in pages.items():
        here = path.relative_to(site)
        found += [f"{here}: image without alt text: {src}" for src in page.unnamed]
        found += [
            f"{here}: fetched from elsewhere: {url}" for url in page.fetched if _scheme(url) in ELSEWHERE
        ]
        local = [url for url in page.links + page.fetched if not _scheme(url)]
        found += [f"{here}: {why}: {url}" for url in local if (why := _broken(url, path, site, pages))]
    return sorted(set(found))


def _scheme(url: str) -> str:
    return "https" if url.startswith("//") else urllib.parse.urlsplit(url).scheme


def _broken(url: str, path: Path, site: Path, pages: dict[Path, _Page]) -> str:
    parts = urllib.parse.urlsplit(url)
    name = urllib.parse.unquote(parts.path)
    target = path if not name else site / name[1:] if name.startswith("/") else (path.parent / name).resolve()
    if not target.is_file():
        return "broken link"
    if target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].anchors:
        return "missing anchor"
    return ""

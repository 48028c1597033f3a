"""The design bench's screen as HTML: the collection map, the table of patterns, the heat.

One renderer serves the live widget and the output stored in a notebook. All text is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from engineroom.kit.figures import scrolled_html
from engineroom.kit.style import COLOURS

__all__ = ["page", "summary"]

View = Mapping[str, Any]
ON_KIND = "#000000"  # on the green, the house's ink would have too little contrast
KIND_COLOURS = tuple(COLOURS[name] for name in ("sky", "warm", "good", "accent", "grid"))
LABEL, CELL, ROW, WIDTH = 230, 10, 19, 780


def summary(view: View) -> str:
    """Return what the screen shows in one or two sentences."""
    passed = sum(report["passed"] for report in view["reports"])
    hottest = max(view["heat"], key=lambda heat: heat["share"], default=None)
    text = (
        f"{passed} of {len(view['reports'])} access patterns pass; "
        f"{view['items']:,} items in {view['map']['partitions']:,} item collections of the {_store(view)}."
    )
    if hottest:
        text += f" The hottest key, {hottest['key']} in the {_named(hottest['store'])}, "
        text += f"takes {hottest['share']:.1%} of the writes there."
    return text


def page(view: View, measured: Mapping[str, str] | None = None, grown: Sequence[View] | None = None) -> str:
    """Return the whole screen below the editor.

    Args:
        view: what `Workbench.review` returned.
        measured: what the engine said, by access pattern.
        grown: the reports at ten times the data.
    """
    return "".join(
        (
            _legend(view["map"]["kinds"]),
            _map(view),
            _patterns(view["reports"], measured or {}, grown),
            _heat(view["heat"]),
        )
    )


def _store(view: View) -> str:
    return _named(view["store"] or "table")


def _named(store: str) -> str:
    return "table" if store == "table" else f"index {store}"


def _letters(kinds: Sequence[str]) -> list[str]:
    """Return a short mark per kind, different for each: colour is never the only cue."""
    marks: list[str] = []
    for kind in kinds:
        capitals = "".join(c for c in kind if c.isupper()) or kind[:1]
        marks.append(capitals if capitals not in marks else kind[:2])
    return marks


def _legend(kinds: Sequence[str]) -> str:
    items = "".join(
        f'<span style="margin-right:14px"><span style="background:{KIND_COLOURS[n % 5]};padding:0 5px;'
        f'color:{ON_KIND};border:1px solid {COLOURS["quiet"]}">{escape(mark)}</span>'
        f" {escape(kind)}</span>"
        for n, (kind, mark) in enumerate(zip(kinds, _letters(kinds), strict=True))
    )
    bar = f'<span style="background:{COLOURS["accent"]}59;padding:0 12px">%</span>'
    heat = f"{bar} its share of the writes"
    return f"<p>{items}{heat}</p>"


def _map(view: View) -> str:
    rows, marks = view["map"]["rows"], _letters(view["map"]["kinds"])
    height = ROW * len(rows) + 4
    told = f"Collection map of the {_store(view)}: {len(rows)} of {view['map']['partitions']:,} collections"
    hottest = max((row["share"] for row in rows), default=1.0)
    body = "".join(_map_row(row, ROW * n, marks, row["share"] / hottest) for n, row in enumerate(rows))
    return scrolled_html(
        f'<svg role="img" aria-label="{escape(told, quote=True)}" viewBox="0 0 {WIDTH} {height}" '
        f'style="width:100%;min-width:600px;max-width:{WIDTH}px;background:{COLOURS["paper"]};'
        f'font:10px monospace">{body}</svg>',
        "collection map",
    )


def _map_row(row: Mapping[str, Any], y: int, marks: Sequence[str], heat: float) -> str:
    """Draw a collection: its heat (1 is the hottest on screen) behind its key, then its items in order."""
    cells = "".join(
        f'<g><rect x="{LABEL + n * CELL}" y="{y + 2}" width="{CELL - 1}" height="{ROW - 5}" '
        f'fill="{KIND_COLOURS[kind % 5]}"/><text x="{LABEL + n * CELL + 1}" y="{y + 13}" font-size="8" '
        f'fill="{ON_KIND}">{escape(marks[kind])}</text><title>{escape(sort)}</title></g>'
        for n, (kind, sort) in enumerate(zip(row["kinds"], row["sorts"], strict=True))
    )
    more = row["count"] - len(row["kinds"])
    tail = f"+{more:,}" if more else ""
    size = f"{row['bytes'] / 1024:,.1f} KB"
    label = row["key"] if len(row["key"]) <= 28 else row["key"][:27] + "…"
    return (
        f'<rect x="0" y="{y + 2}" width="{heat * (LABEL - 8):.0f}" height="{ROW - 5}" '
        f'fill="{COLOURS["accent"]}" fill-opacity="0.35"/>'
        f'<text x="{LABEL - 10}" y="{y + 13}" text-anchor="end" fill="{COLOURS["ink"]}">'
        f"{row['share']:.1%}</text>"
        f'<text x="2" y="{y + 13}" font-size="11" fill="{COLOURS["ink"]}">{escape(label)}'
        f"<title>{escape(row['key'])}: {row['count']:,} items, {size}, {row['share']:.1%} of writes</title>"
        f"</text>"
        f'{cells}<text x="{LABEL + len(row["kinds"]) * CELL + 4}" y="{y + 13}" font-size="10" '
        f'fill="{COLOURS["quiet"]}">{tail}</text>'
    )


HEADINGS = (
    "access pattern",
    "requests",
    "read units",
    "returned / read",
    "p50 / p99 ms",
    "$ per million",
    "verdict",
)


def _patterns(reports: Sequence[View], measured: Mapping[str, str], grown: Sequence[View] | None) -> str:
    later = {report["pattern"]: report for report in grown or ()}
    heads = (*HEADINGS, *(["at ×10"] if grown else []), *(["engine"] if measured else []))
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    rows = "".join(_pattern_row(heads, r, later if grown else None, measured) for r in reports)
    return f'<table class="er-patterns"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _pattern_row(
    heads: Sequence[str], report: View, later: Mapping[str, View] | None, measured: Mapping[str, str]
) -> str:
    cells = [
        report["pattern"],
        f"{report['requests']}",
        f"{report['units']:.1f}",
        f"{report['returned']:,} / {report['read']:,}",
        f"{report['p50_ms']:.0f} / {report['p99_ms']:.0f}",
        f"{report['usd_per_million']:.2f}",
        "✔ pass" if report["passed"] else f"✘ {report['problem']}",
    ]
    if later is not None:
        grown = later[report["pattern"]]
        more = "✘ " if grown["requests"] > report["requests"] else ""  # requests must not grow with the data
        cells.append(
            f"{more}{_count(grown['requests'], 'request')}, {grown['units']:.1f} units"
            if grown["requests"]
            else "–"
        )
    if measured:
        cells.append(measured.get(report["pattern"], "–"))
    # where there is no room for columns, the style sheet writes each head before its cell
    told = "".join(
        f'<td data-head="{escape(head)}">{escape(cell)}</td>' for head, cell in zip(heads, cells, strict=True)
    )
    return f"<tr>{told}</tr>"


def _heat(heats: Sequence[View]) -> str:
    rows = "".join(
        f"<tr><td>{escape(_named(h['store']))}</td><td>{escape(h['key'])}</td><td>{h['share']:.1%}</td>"
        f"<td>{h['ceiling']:,.0f} writes/s</td></tr>"
        for h in heats
    )
    return (
        '<table class="er-heat"><thead><tr><th>hottest key of</th><th>key</th><th>share of writes</th>'
        f"<th>load at which it throttles</th></tr></thead><tbody>{rows}</tbody></table>"
    )

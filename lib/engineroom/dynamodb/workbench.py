"""The design bench without its screen: texts in, everything that the screen shows out.

A learner edits key templates, indexes and plans as text. `Workbench.review` reads them, lays out
the data and returns plain dictionaries; it draws nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engineroom.dynamodb.answers import PATTERNS
from engineroom.dynamodb.assessment import Asked, Report, assess, hottest_partitions, store_heat
from engineroom.dynamodb.datasets import IDS
from engineroom.dynamodb.entities import Entity, entities_from_frames
from engineroom.dynamodb.layout import Design, DesignError, Layout
from engineroom.dynamodb.prices import Prices
from engineroom.dynamodb.schema import Index, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Workbench", "read_indexes", "write_indexes"]

ROWS_SHOWN, CELLS_SHOWN = 24, 48
QUESTIONS = 6
KEPT_STORES = 20


def read_indexes(text: str) -> tuple[Index, ...]:
    """Return the indexes in a text, one a line: ``by_year: genre, year / SK project title, plot``.

    The words after ``project`` are KEYS_ONLY or attribute names; without them everything is projected.

    Raises:
        DesignError: naming the line that can't be read.
    """
    indexes = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, rest = line.partition(":")
        keys, _, projected = rest.partition(" project ")
        partition, _, sort = keys.partition("/")
        if not colon or not partition.strip() or not name.strip():
            raise DesignError(f"The index {line!r} can't be read; write it like GSI1: GSI1PK / GSI1SK.")
        wanted = _names(projected)
        projection = "ALL" if not wanted else wanted[0] if wanted[0] in ("ALL", "KEYS_ONLY") else wanted
        try:
            indexes.append(Index(name.strip(), _names(partition), _names(sort), projection))
        except ValueError as error:
            raise DesignError(str(error)) from None
    return tuple(indexes)


def write_indexes(indexes: Sequence[Index]) -> str:
    """Return the text that `read_indexes` reads back as these indexes."""
    return "\n".join(_index_line(index) for index in indexes)


def _index_line(index: Index) -> str:
    line = f"{index.name}: {', '.join(index.partition)}"
    line += f" / {', '.join(index.sort)}" if index.sort else ""
    if index.projection == "ALL":
        return line
    named = index.projection if isinstance(index.projection, str) else ", ".join(index.projection)
    return f"{line} project {named}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class Workbench:
    """A data set with its questions, ready to try designs on.

    Args:
        dataset: "shop", "films" or "hosting".
        frames: its relational tables, a pandas frame by entity.
        prices: what units cost.
        seed: which questions are asked.
    """

    def __init__(self, dataset: str, frames: Mapping[str, pd.DataFrame], prices: Prices, seed: int = 1):
        self.dataset, self.prices = dataset, prices
        self.patterns = PATTERNS[dataset]
        self._shelf: dict = {}
        self.entities: dict[str, Entity] = entities_from_frames(frames, IDS[dataset])
        self.asked = {
            name: [
                Asked(q, pattern.answer(frames, q), pattern.ordered)
                for q in pattern.questions(frames, QUESTIONS, seed)
            ]
            for name, pattern in self.patterns.items()
        }

    def design(self, keys: Mapping[str, Mapping[str, str]], indexes: str, plans: Mapping[str, str]) -> Design:
        """Return the design that the texts describe; an empty template leaves its attribute out.

        Raises:
            DesignError: when the indexes can't be read.
        """
        try:
            table = Table(indexes=read_indexes(indexes))
        except ValueError as error:
            raise DesignError(str(error)) from None
        written = {
            entity: {attribute: text for attribute, text in made.items() if text.strip()}
            for entity, made in keys.items()
        }
        return Design(table, written, dict(plans))

    def lay_out(self, design: Design) -> Layout:
        """Return the layout of a design, re-sorting only what the last edits moved."""
        while len(self._shelf) > KEPT_STORES:
            del self._shelf[next(iter(self._shelf))]
        return Layout(design, self.entities, self._shelf)

    def reports(self, layout: Layout) -> list[Report]:
        """Return every access pattern's report."""
        return [assess(layout, p, self.asked[p.name], self.prices) for p in self.patterns.values()]

    def review(self, layout: Layout, *, store: str | None = None, skew: float = 0.0) -> dict[str, Any]:
        """Return all that the screen shows of a layout.

        Args:
            layout: a design over this bench's entities.
            store: the index to map; the table when None, or when there is no such index.
            skew: how uneven the load is that heats the partitions (Zipf).
        """
        names = [index.name for index in layout.table.indexes]
        shown = store if store in names else None
        return {
            "items": layout.count,
            "bytes": int(layout.sizes.sum()),
            "stores": names,
            "store": shown,
            "map": self.map(layout, shown, skew),
            "reports": [asdict(report) | {"passed": report.passed} for report in self.reports(layout)],
            "heat": [
                {
                    "store": heat.index or "table",
                    "key": " / ".join(map(str, heat.key)),
                    "share": heat.share,
                    "ceiling": heat.ceiling,
                }
                for heat in hottest_partitions(layout, skew=skew)
            ],
        }

    def map(self, layout: Layout, store: str | None, skew: float) -> dict[str, Any]:
        """Return the largest item collections, cut to what fits on a screen."""
        lain = layout.store(store)
        kinds = {entity.name: number for number, entity in enumerate(layout.entities)}
        rows = []
        for key, share in store_heat(lain, skew, ROWS_SHOWN):
            group = lain.collection(key)
            cells = group[:CELLS_SHOWN]
            rows.append(
                {
                    "key": " / ".join(map(str, key)),
                    "count": len(group),
                    "bytes": int(sum(lain.sizes[item] for _, item in group)),
                    "share": share,
                    "kinds": [kinds[layout.place(item)[0].name] for _, item in cells],
                    "sorts": [" / ".join(map(str, sort)) for sort, _ in cells],
                }
            )
        return {"rows": rows, "partitions": len(lain.members), "kinds": list(kinds)}

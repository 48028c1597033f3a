"""The DynamoDB theme's explorers, and the design bench."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from engineroom.dynamodb import collection_growth, latency, partitions
from engineroom.dynamodb.bench_html import page, summary
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.layout import Design, Layout
from engineroom.dynamodb.plots import CollectionFigure, HeatFigure, LatencyFigure
from engineroom.dynamodb.prices import read_prices
from engineroom.dynamodb.sample_data import load_frames
from engineroom.dynamodb.workbench import Workbench, write_indexes
from engineroom.kit.explorer import Explorer
from engineroom.kit.front_end import front_end
from engineroom.kit.plainly import ToldPlainly

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DesignBench", "explore_collection", "explore_design", "explore_heat", "explore_latency"]

HERE = Path(__file__).parent
BENCH_SCALE = 0.35  # about 2,000 items: enough to see, quick to put into a real table
GROWTH = 10


def explore_latency() -> Explorer:
    """Explore how long an answer takes whose requests go out one after the other, or together."""
    return Explorer(
        "A question that takes several requests",
        latency.LatencyKnobs,
        latency.simulate,
        LatencyFigure(),
        presets={
            "One request": {"calls": 1},
            "A waterfall of 20": {"calls": 20},
            "20 together": {"calls": 20, "arrangement": "all together"},
        },
    )


def explore_heat() -> Explorer:
    """Explore what a skewed load does to partitions, and what shards and splits do about it."""
    return Explorer(
        "A skewed load on a table",
        partitions.HeatKnobs,
        partitions.simulate,
        HeatFigure(),
        presets={
            "Even load": {"skew": 0},
            "One celebrity": {"skew": 1.8},
            "Celebrity in 10 shards": {"skew": 1.8, "shards": 10},
            "Celebrity, cut inside": {"skew": 1.8, "inside": partitions.SPREAD},
            "… but a local index": {"skew": 1.8, "inside": partitions.LOCAL},
            "No adaptive capacity": {"adaptive": False, "provisioned": 4000},
        },
        show=("rate", "skew", "shards", "inside", "provisioned", "adaptive"),
    )


def explore_collection() -> Explorer:
    """Explore how one item collection grows, and what a local index does when it has 10 GB."""
    return Explorer(
        "One collection that grows",
        collection_growth.CollectionKnobs,
        collection_growth.simulate,
        CollectionFigure(),
        presets={
            "No local index": {"local_indexes": 0},
            "A busy log": {"rate": 1500, "local_indexes": 0},
            "The same, spread": {"rate": 1500, "local_indexes": 0, "sort_keys": partitions.SPREAD},
        },
        show=("rate", "item_bytes", "local_indexes", "sort_keys", "days"),
    )


def explore_design(dataset: str = "shop", design: Design | None = None, *, seed: int = 1) -> DesignBench:
    """Open the design bench on a data set, with a design that works or with one of your own.

    Args:
        dataset: "shop", "films" or "hosting".
        design: what it starts with; the course's own single table when None.
        seed: of the data and the questions.
    """
    return DesignBench(dataset, design or SINGLE_TABLE[dataset], seed=seed)


class DesignBench(anywidget.AnyWidget):
    """Design a single table: edit templates, indexes and plans, and see at once what they cost.

    Args:
        dataset: "shop", "films" or "hosting".
        design: what the bench starts with.
        seed: of the data and the questions.

    Attributes:
        placed: the newest layout that the data fits into, or None.
        view: what is on screen, as plain values.
        trouble: why the newest edit could not be laid out; empty if it was.
    """

    _esm = front_end(HERE / "design_bench.js")
    _css = HERE / "design_bench.css"
    spec = traitlets.Dict().tag(sync=True)
    ask = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    command = traitlets.Dict().tag(sync=True)
    progress = traitlets.Dict({"running": False, "share": None, "message": ""}).tag(sync=True)

    def __init__(self, dataset: str, design: Design, *, seed: int = 1):
        self._seed = seed
        self._bench = Workbench(
            dataset, load_frames(dataset, seed=seed, scale=BENCH_SCALE), read_prices(), seed
        )
        self._grown_bench: Workbench | None = None
        self._grown: list[dict[str, Any]] | None = None
        self._thread: threading.Thread | None = None
        self.placed: Layout | None = None
        self.view: dict[str, Any] = {}
        self.measured: dict[str, str] = {}
        self.trouble = ""
        attributes = list(dict.fromkeys(name for made in design.keys.values() for name in made))
        self._texts: dict[str, Any] = {
            "keys": {e: {a: made.get(a, "") for a in attributes} for e, made in design.keys.items()},
            "indexes": write_indexes(design.table.indexes),
            "plans": {name: design.plans.get(name, "") for name in self._bench.patterns},
            "store": "",
            "skew": 0.0,
            "grow": False,
        }
        columns = {name: list(entity.columns) for name, entity in self._bench.entities.items()}
        asks = {name: pattern.asks for name, pattern in self._bench.patterns.items()}
        super().__init__(spec={"title": f"Design bench: {dataset}", "columns": columns, "asks": asks})
        self._respond(0, self._texts)
        self.observe(lambda change: self._respond(change.new["seq"], change.new["texts"]), "ask")
        self.observe(self._on_command, "command")

    def edit(
        self,
        *,
        keys: Mapping[str, Mapping[str, str]] | None = None,
        plans: Mapping[str, str] | None = None,
        **others: Any,
    ) -> None:
        """Edit from code, as on screen: key templates and plans by name, or any other text.

        Args:
            keys: templates by entity and attribute; the others stay.
            plans: plans by access pattern; the others stay.
            others: ``indexes``, ``store``, ``skew`` or ``grow``.
        """
        merged = {e: {**made, **(keys or {}).get(e, {})} for e, made in self._texts["keys"].items()}
        texts = {"keys": merged, "plans": {**self._texts["plans"], **(plans or {})}, **others}
        self._respond(0, {**self._texts, **texts})

    @property
    def design(self) -> Design:
        """Return the design as it stands on screen."""
        return self._bench.design(self._texts["keys"], self._texts["indexes"], self._texts["plans"])

    def report(self) -> pd.DataFrame:
        """Return the table of access patterns that is on screen."""
        import pandas as pd

        frame = pd.DataFrame(self.view["reports"]).set_index("pattern")
        frame = frame[["requests", "units", "read", "returned", "p50_ms", "passed", "problem"]].round(1)
        return frame.assign(engine=pd.Series(self.measured)) if self.measured else frame

    def run_for_real(self) -> None:
        """Put the data into a real table and carry every plan out; returns at once."""
        if self.placed is None or (self._thread and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self._measure, args=(self.placed,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Block until the real run has ended."""
        if self._thread:
            self._thread.join()

    def _on_command(self, _: Any) -> None:
        self.run_for_real()

    def _respond(self, seq: int, texts: Mapping[str, Any]) -> None:
        self._texts, self.measured, self.trouble = dict(texts), {}, ""
        if not self.progress["running"]:
            self._tell(None, "", running=False)  # what an engine agreed to was the design before
        try:
            design = self.design
            layout = self._bench.lay_out(design)
            self.view = self._bench.review(layout, store=texts["store"] or None, skew=float(texts["skew"]))
            self.placed = layout
            self._grown = self._reports_grown(design) if texts["grow"] else None
        except ToldPlainly as error:
            self.trouble = str(error)
        self._show(seq)

    def _reports_grown(self, design: Design) -> list[dict[str, Any]]:
        if self._grown_bench is None:
            frames = load_frames(self._bench.dataset, seed=self._seed, scale=GROWTH * BENCH_SCALE)
            self._grown_bench = Workbench(self._bench.dataset, frames, self._bench.prices, self._seed)
        bench = self._grown_bench
        return [report.__dict__ for report in bench.reports(bench.lay_out(design))]

    def _show(self, seq: int) -> None:
        told = summary(self.view) if self.view else ""
        self.answer = {
            "seq": seq,
            "texts": self._texts,
            "stores": self.view.get("stores", []),
            "trouble": self.trouble,
            "html": page(self.view, self.measured, self._grown) if self.view else "",
            "summary": f"Still on screen is the design before this edit: {told}" if self.trouble else told,
        }

    def _tell(self, share: float | None, message: str, *, running: bool = True) -> None:
        self.progress = {"running": running, "share": share, "message": message}

    def _measure(self, layout: Layout) -> None:
        from engineroom.dynamodb.real import compare

        try:
            measured = compare(layout, self._bench.asked, told=self._tell)
        except Exception as error:  # a thread that dies in silence would leave "running" on screen
            told = str(error) if isinstance(error, ToldPlainly) else f"{type(error).__name__}: {error}"
            self._tell(1.0, f"The run broke off. {told}", running=False)
            return
        if layout is self.placed:
            self.measured = measured
            self._show(0)
        agreed = sum(told.startswith("✔") for told in measured.values())
        self._tell(1.0, f"the engine agrees on {agreed} of {len(measured)} patterns", running=False)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the widget; readers without a kernel see the bench as it was when stored."""
        shown = super()._repr_mimebundle_(**kwargs)
        bundle, *metadata = shown if isinstance(shown, tuple) else (shown,)
        title = self.spec["title"]
        bundle = dict(bundle)
        bundle["text/plain"] = f"{title}: {self.trouble or self.answer['summary']}"
        bundle["text/html"] = (
            f"<p><strong>{title}</strong></p>{self.answer['html']}<p>{self.answer['summary']}</p>"
        )
        return (bundle, *metadata) if metadata else bundle

"""Checks what a slice is charged: resident memory, page faults, and what each collection reads of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engineroom.ballast import real, virtual_memory
from engineroom.ballast.checks.mistakes import Mistakes, hint_for
from engineroom.ballast.heapgoal import KIB, MIB
from engineroom.ballast.virtual_memory import PageKnobs
from engineroom.kit.expect import answer_of, expect_close, expect_that, passed

__all__ = ["check_page_bill"]

PAGE = 4 * KIB
WITHIN = 0.01
TOLD = {"resident": "Resident bytes", "faults": "Page faults", "scanned": "Bytes that a collection reads"}


@dataclass(frozen=True)
class _Slice:
    """A slice, how it is touched, and what it is charged."""

    told: str
    size: int
    touched: float
    access: str
    element: str
    bill: dict[str, float]


def check_page_bill(
    page_bill: Callable[[int, float, str, str], Mapping[str, float]], *, seed: int = 0
) -> None:
    """Check `page_bill(size, touched, access, element)` against recorded slices, then against drawn ones.

    Within 1 % of the slice: the runtime's own tables take 0.1 %, start-up code about 50 pages.
    """
    recorded, drawn = _recorded_slices(), _drawn_slices(np.random.default_rng(seed))
    for case in [*recorded, *drawn]:
        bill = answer_of(page_bill, case.size, case.touched, case.access, case.element)
        _expect_bill(bill, case)
    passed("page_bill", {"recorded slices": len(recorded), "other slices": len(drawn)})


def _recorded_slices() -> list[_Slice]:
    table = real.table("pagetouch")
    without = table[table["size_mb"] == 0].iloc[0]
    table = table[table["size_mb"] > 0]
    table = table.sort_values(["element", "access", "touched"], ascending=[True, False, True])
    return [
        _slice(
            *("recorded", row.size_mb, row.touched, row.access, row.element),
            *(row.rss_grew_bytes, row.minor_faults, row.scan_bytes - without.scan_bytes),
        )
        for row in table.itertuples()
    ]


def _drawn_slices(rng: np.random.Generator) -> list[_Slice]:
    slices = []
    for _ in range(12):
        size_mb, percent = int(rng.integers(100, 1000)), int(rng.integers(5, 95))
        access, element = str(rng.choice(["write", "read"])), str(rng.choice(["bytes", "pointers"]))
        charge = virtual_memory.simulate(PageKnobs(size_mb, percent, access, element))
        bill = charge.rss_bytes, charge.minor_faults, charge.scan_bytes
        slices.append(_slice("other", size_mb, percent / 100, access, element, *bill))
    return slices


def _slice(
    kind: str,
    size_mb: float,
    touched: float,
    access: str,
    element: str,
    resident: float,
    faults: float,
    scanned: float,
) -> _Slice:
    how = "written" if access == "write" else "read"
    told = f"{size_mb:g} MB of {element}, {touched:.0%} {how} ({kind} slice)"
    bill = {"resident": resident, "faults": faults, "scanned": max(0, scanned)}
    return _Slice(told, int(size_mb * MIB), float(touched), access, element, bill)


def _expect_bill(bill: Any, case: _Slice) -> None:
    wanted = "a dict with the keys 'resident', 'faults', 'scanned'"
    expect_that("What page_bill returns", _has_keys(bill, case.bill), seen=bill, expected=wanted)
    for name, unit in (("resident", "bytes"), ("faults", "pages"), ("scanned", "bytes")):
        within = WITHIN * (case.size / PAGE if name == "faults" else case.size)
        mistakes, otherwise = _MISTAKES[name](case)
        hint = hint_for(bill[name], mistakes, within=1, otherwise=otherwise)
        expect_close(
            f"{TOLD[name]}: {case.told}", bill[name], case.bill[name], within=within, unit=unit, hint=hint
        )


def _has_keys(answer: Any, wanted: Mapping[str, Any]) -> bool:
    return type(answer) is dict and set(wanted) <= set(answer)


def _resident_mistakes(case: _Slice) -> tuple[Mistakes, str]:
    touched = case.size * case.touched
    return (
        (case.size, "that is virtual size: a page becomes resident when it is first written"),
        (touched, "reading a page that was never written maps the one shared page of zeros"),
        (touched / 100, "touched is a fraction from 0 to 1, not a percentage"),
        (touched / MIB, "give bytes, as size is"),
    ), "written pages are resident, all others are not"


def _fault_mistakes(case: _Slice) -> tuple[Mistakes, str]:
    touched = case.size * case.touched
    return (
        (0, "a read faults too, though it makes nothing resident"),
        (case.size / PAGE, "only touched pages fault"),
        (touched, "one fault is one page of 4,096 bytes"),
        (touched / 4000, "a page has 4,096 bytes, not 4,000"),
    ), "one fault per page touched, whether read or written"


def _scan_mistakes(case: _Slice) -> tuple[Mistakes, str]:
    if case.element == "bytes":
        return (), "bytes hold no pointers, so the collector does not read them"
    return (), "the collector reads every element that may hold a pointer: nil or not, touched or not"


_MISTAKES = {"resident": _resident_mistakes, "faults": _fault_mistakes, "scanned": _scan_mistakes}

"""What the operating system charges for a large Go slice: virtual size, resident size, page faults.

Source: Go 1.27, ``runtime/malloc.go`` (64 MiB arenas, ``spans`` of a ``heapArena``); Linux maps a page on its
first write and lends one shared page of zeros to reads, which counts as a fault but not as resident.
"""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.ballast.heapgoal import KIB, MIB
from engineroom.kit.knobs import Knobs, choice, number

__all__ = ["MemoryCharge", "PageKnobs", "simulate"]

ARENA = 64 * MIB
ARENA_METADATA = 72 * KIB
FREE_IN_FIRST_ARENA = 60 * MIB
SPAN_TABLE_RATIO = 1024


@dataclass(frozen=True)
class PageKnobs(Knobs):
    """One slice, and how much of it the program touches."""

    size_mb: float = number(100, 1, 10240, unit="MB", label="slice", log=True, help="Size of the ballast.")
    touched_percent: float = number(
        0, 0, 100, unit="%", label="touched", help="Part that is read or written."
    )
    access: str = choice("write", ("write", "read"), label="access", help="How that part is touched.")
    element: str = choice(
        "bytes", ("bytes", "pointers"), label="element", help="A []byte, or a slice of (nil) pointers."
    )
    page: str = choice(
        "4 KB", ("4 KB", "16 KB", "64 KB", "2 MB"), label="page", help="The operating system's page size."
    )

    @property
    def page_bytes(self) -> int:
        """Page size in bytes."""
        size, unit = self.page.split()
        return int(size) * {"KB": KIB, "MB": MIB}[unit]


@dataclass(frozen=True)
class MemoryCharge:
    """What a slice adds to the process. Sizes in bytes, faults in pages.

    Attributes:
        vsz_bytes: address space.
        rss_bytes: resident memory.
        minor_faults: page faults taken while it was made and touched.
        scan_bytes: bytes that every garbage collection reads.
        gc_faults: page faults that the first collection takes by reading them.
    """

    vsz_bytes: float
    rss_bytes: float
    minor_faults: float
    scan_bytes: float
    gc_faults: float


def simulate(knobs: PageKnobs) -> MemoryCharge:
    """Return what the slice is charged, over and above a Go process without it.

    Left out: page tables (not resident by this count), about 20 faults of the start-up code, and
    what fault-around or transparent huge pages do on systems that use them unasked.
    """
    size, page = int(knobs.size_mb * MIB), knobs.page_bytes
    pages = -(-size // page)
    touched = round(pages * knobs.touched_percent / 100)
    table = size // SPAN_TABLE_RATIO
    arenas = -(-size // ARENA) if size > FREE_IN_FIRST_ARENA else 0
    written = touched if knobs.access == "write" else 0
    scanned = size if knobs.element == "pointers" else 0
    return MemoryCharge(
        vsz_bytes=arenas * (ARENA + ARENA_METADATA),
        rss_bytes=min(written * page, size) + table,
        minor_faults=touched + -(-table // page),
        scan_bytes=scanned,
        gc_faults=pages - touched if scanned else 0,
    )

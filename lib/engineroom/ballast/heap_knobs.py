"""The knobs of the heap experiments: a program, its heap and its collector. 1 MB is 2**20 bytes, as in Go."""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.kit.knobs import Knobs, choice, integer, number, switch

__all__ = ["CONCURRENT", "STOP_THE_WORLD", "HeapKnobs"]

CONCURRENT = "concurrent"
STOP_THE_WORLD = "stop the world"


@dataclass(frozen=True)
class HeapKnobs(Knobs):
    """A program that keeps a live heap, allocates short-lived garbage, and perhaps holds a ballast."""

    live_mb: float = number(
        20, 1, 1000, unit="MB", label="live heap", log=True, help="Objects with pointers that stay reachable."
    )
    ballast_mb: float = number(
        0, 0, 10240, unit="MB", label="ballast", help="One reachable byte slice that is never written."
    )
    gogc: int = integer(
        100, 5, 3000, unit="%", label="GOGC", log=True, help="How much the heap may grow between collections."
    )
    gogc_off: bool = switch(False, label="GOGC=off", help="Leave pacing to the memory limit alone.")
    limited: bool = switch(False, label="memory limit in force", help="Set GOMEMLIMIT.")
    limit_mb: float = number(
        300, 10, 20480, unit="MB", label="memory limit", log=True, help="The value of GOMEMLIMIT."
    )
    allocation_mb_s: float = number(
        100,
        1,
        5000,
        unit="MB/s",
        label="allocation rate",
        log=True,
        help="Garbage the program makes.",
    )
    mutator_mb_s: float = number(
        2000,
        10,
        5000,
        unit="MB/s",
        label="top allocation speed",
        log=True,
        help="Garbage it could make with a processor to itself: the program's own CPU cost.",
    )
    mark_ns_per_byte: float = number(
        0.8,
        0.01,
        20,
        step=0.01,
        unit="ns/B",
        label="mark cost",
        log=True,
        help="CPU time to mark a live byte.",
    )
    processors: int = integer(2, 1, 64, label="GOMAXPROCS", help="How many threads run Go code at once.")
    collector: str = choice(
        CONCURRENT,
        (CONCURRENT, STOP_THE_WORLD),
        label="collector",
        help="Go marks while the program runs; GODEBUG=gcstoptheworld=1 stops it instead.",
    )
    duration_s: float = number(10, 0.1, 600, step=0.1, unit="s", label="duration", help="Wall time.")

    def conflicts(self) -> dict[str, str]:
        """Refuse a heap that nothing would ever collect."""
        if self.gogc_off and not self.limited:
            return {"gogc_off": "GOGC=off without a memory limit never collects; set a memory limit too."}
        return {}

"""One result type for every source of GC cycles: the model, a recording, a live Go program."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "GCRun"]

COLUMNS = (
    "start_s",
    "end_s",
    "trigger_bytes",
    "peak_bytes",
    "goal_bytes",
    "marked_bytes",
    "stacks_bytes",
    "globals_bytes",
    "mark_cpu_s",
    "assist_cpu_s",
    "idle_cpu_s",
    "pause_s",
)


@dataclass(frozen=True, eq=False)
class GCRun:
    """What one program's garbage collector did, cycle by cycle.

    Every column is a float64 array of shape (cycles,); NaN says "not known from this source".
    Only automatic cycles are in the columns: a forced one (`runtime.GC()`) is not the pacer's
    doing. Time 0 is the moment after the live heap and the ballast were built and marked once.

    Attributes:
        origin: "model", or the toolchain that ran, e.g. "go1.27.3".
        label: the settings as one line, for a legend.
        start_s: when the cycle's mark phase began.
        end_s: when its mark phase ended.
        trigger_bytes: heap when the cycle began.
        peak_bytes: heap when its mark phase ended, the top of the sawtooth.
        goal_bytes: heap goal that the pacer was steering this cycle to.
        marked_bytes: what the cycle found reachable, so the foot of the next tooth.
        stacks_bytes: scannable stack that entered the goal.
        globals_bytes: scannable globals that entered the goal.
        mark_cpu_s: CPU of dedicated and fractional mark workers.
        assist_cpu_s: CPU that allocating goroutines were made to spend on marking.
        idle_cpu_s: CPU of mark workers on Ps that had nothing else to do.
        pause_s: wall time for which the world was stopped in this cycle.
        initial_marked_bytes: marked bytes at time 0, the foot of the first tooth.
        duration_s: wall time from time 0 to the end of the run.
        allocated_bytes: bytes allocated from time 0 on.
        gc_cpu_s: CPU spent by the collector until its last cycle ended, including what its pauses idled.
        busy_cpu_s: all CPU spent until then, the collector's included.
        rss_bytes: resident set at the end; NaN where unknown.
        mapped_bytes: highest memory that counts against a memory limit; NaN where unknown.
        limiter_on: whether the GC CPU limiter stepped in during the run.
        ballast_bytes: size of the ballast within the marked heap.
    """

    origin: str
    label: str
    start_s: np.ndarray
    end_s: np.ndarray
    trigger_bytes: np.ndarray
    peak_bytes: np.ndarray
    goal_bytes: np.ndarray
    marked_bytes: np.ndarray
    stacks_bytes: np.ndarray
    globals_bytes: np.ndarray
    mark_cpu_s: np.ndarray
    assist_cpu_s: np.ndarray
    idle_cpu_s: np.ndarray
    pause_s: np.ndarray
    initial_marked_bytes: float
    duration_s: float
    allocated_bytes: float
    gc_cpu_s: float = float("nan")
    busy_cpu_s: float = float("nan")
    rss_bytes: float = float("nan")
    mapped_bytes: float = float("nan")
    limiter_on: bool = False
    ballast_bytes: float = 0.0

    def __post_init__(self) -> None:
        """Make every column a read-only float64 array and check that their lengths agree."""
        for name in COLUMNS:
            column = np.array(getattr(self, name), dtype=np.float64)
            if column.shape != (len(self.start_s),):
                raise ValueError(f"{name} has shape {column.shape}; start_s has {len(self.start_s)} cycles.")
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    @property
    def cycles(self) -> int:
        """Number of automatic cycles that finished."""
        return len(self.start_s)

    @property
    def cycles_per_s(self) -> float:
        """Automatic cycles per second of wall time."""
        return self.cycles / self.duration_s if self.duration_s else float("nan")

    @property
    def marking_cpu_s(self) -> float:
        """CPU seconds that background workers, assists and idle workers spent on marking, in all cycles."""
        return float((self.mark_cpu_s + self.assist_cpu_s + self.idle_cpu_s).sum())

    @property
    def bytes_per_cycle(self) -> float:
        """Bytes allocated per automatic cycle; NaN when there was none."""
        return self.allocated_bytes / self.cycles if self.cycles else float("nan")

    @property
    def gc_cpu_share(self) -> float:
        """The collector's share of the CPU that was actually used, between 0 and 1."""
        return self.gc_cpu_s / self.busy_cpu_s if self.busy_cpu_s else float("nan")

    @property
    def live_before_bytes(self) -> np.ndarray:
        """Marked bytes of the cycle before: what each goal and trigger was computed from."""
        return np.concatenate(([self.initial_marked_bytes], self.marked_bytes))[: self.cycles]

    def totals(self) -> dict[str, Any]:
        """Return everything that is one number per run, by name."""
        scalars = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in COLUMNS}
        return scalars | {"cycles": self.cycles, "gc_cpu_share": self.gc_cpu_share}

    def to_frame(self) -> pd.DataFrame:
        """Return the columns as a data frame, one row per cycle."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name) for name in COLUMNS})

    def to_record(self) -> dict[str, Any]:
        """Return plain lists and numbers that JSON can hold; NaN becomes None."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> GCRun:
        """Rebuild a run from what `to_record` gave.

        Raises:
            TypeError: when a field is missing or unknown.
        """
        nan = float("nan")
        return cls(**{key: nan if value is None else value for key, value in record.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, float):
        return None if np.isnan(value) else int(value) if value.is_integer() else round(value, 6)
    return value

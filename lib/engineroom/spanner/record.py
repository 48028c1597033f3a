"""Records the Spanner theme's real runs, a quorum and an emulator: ``make record THEME=spanner``."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from engineroom.kit.places import course_folder
from engineroom.spanner import emulator, emulator_lab, real
from engineroom.spanner.raft_quorum import QuorumKnobs

__all__ = ["main"]


def main() -> None:
    """Record each run whose program is on this machine, and say which one is not."""
    for why_not, name, record in (
        (real.why_not, "etcd_quorum.json", _quorum),
        (emulator.why_not, "emulator.json", _emulator),
    ):
        print(f"{name}: {why_not() or _store(name, record())}")


def _quorum() -> dict[str, Any]:
    """Run the quorum on this machine."""
    knobs = replace(QuorumKnobs(), kills=5)
    return {"knobs": asdict(knobs), **asdict(real.run(knobs, on_progress=_tell))}


def _emulator() -> dict[str, Any]:
    return asdict(emulator_lab.run(on_progress=_tell))


def _store(name: str, record: dict[str, Any]) -> str:
    rounded = {k: np.round(v, 3).tolist() if isinstance(v, np.ndarray) else v for k, v in record.items()}
    path = course_folder() / "data" / "spanner" / name
    path.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    return f"recorded {record['origin']}"


def _tell(share: float, message: str) -> None:
    print(message, flush=True)


if __name__ == "__main__":
    main()

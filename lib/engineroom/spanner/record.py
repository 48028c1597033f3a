"""Records the Spanner theme's run of a real quorum: ``make record THEME=spanner``."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np

from engineroom.kit.places import course_folder
from engineroom.spanner import real
from engineroom.spanner.raft_quorum import QuorumKnobs

__all__ = ["main"]


def main() -> None:
    """Run the quorum on this machine and store what it did, with the disk's speed beside it."""
    disk = real.disk_ms()
    knobs = replace(QuorumKnobs(), kills=5)
    result = real.run(knobs, on_progress=lambda share, message: print(message, flush=True))
    record = {"knobs": asdict(knobs), "disk_ms": disk, **asdict(result)}
    rounded = {k: np.round(v, 3).tolist() if isinstance(v, np.ndarray) else v for k, v in record.items()}
    path = course_folder() / "data" / "spanner" / "etcd_quorum.json"
    path.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    print(f"recorded {path.name}: {result.origin}")


if __name__ == "__main__":
    main()

"""Makes the recordings of the tracing theme anew: ``make record THEME=tracing``."""

from __future__ import annotations

from engineroom.golang.trace import summarise
from engineroom.kit.places import course_folder
from engineroom.tracing.real import RECORDINGS, record

__all__ = ["main"]


def main() -> None:
    """Run every recipe and store its trace in ``data/tracing``."""
    folder = course_folder() / "data" / "tracing"
    folder.mkdir(parents=True, exist_ok=True)
    for name, recipe in RECORDINGS.items():
        path = record(recipe, folder / f"{name}.trace")
        (summary,) = summarise(path)
        print(f"{path.stat().st_size:>9,} bytes  {summary}", flush=True)


if __name__ == "__main__":
    main()

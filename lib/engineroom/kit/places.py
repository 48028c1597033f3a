"""Where the course keeps what it makes: one cache folder that can be deleted at any time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from engineroom.kit.plainly import ToldPlainly

__all__ = ["CacheNotWritable", "cache_folder", "course_folder"]


class CacheNotWritable(ToldPlainly, OSError):
    """The cache folder can't be written."""


def cache_folder(name: str = "") -> Path:
    """Return the course's cache folder (or a folder in it), made if needed.

    It is ``$ENGINEROOM_CACHE`` if set, else ``$XDG_CACHE_HOME/engineroom``, else
    ``~/.cache/engineroom``.

    Raises:
        CacheNotWritable: with the setting that mends it.
    """
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "engineroom"
    root = Path(os.environ.get("ENGINEROOM_CACHE") or default)
    folder = root / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CacheNotWritable(
            f"The course's cache folder {folder} can't be written ({error.strerror}); "
            "point ENGINEROOM_CACHE at a folder that can, for example: export ENGINEROOM_CACHE=$PWD/.cache"
        ) from None
    return folder


def course_folder() -> Path:
    """Return the folder of the checkout (the one that holds ``notebooks/`` and ``data/``).

    Raises:
        FileNotFoundError: when the package was installed without its checkout.
    """
    folder = Path(__file__).resolve().parents[3]
    if not (folder / "notebooks").is_dir():
        raise FileNotFoundError(
            f"The course's notebooks and data are not beside its library ({folder}); "
            "run it from a checkout of the repository, set up with: make lab"
        )
    return folder

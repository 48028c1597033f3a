"""Makes ``golang.org/x/sync`` available without a network, from the toolchain's own source tree.

The toolchain carries errgroup and semaphore unchanged among the packages that its own commands
use, and singleflight as an internal package of the standard library. From these three a local
module is assembled in the course's cache; programs import the real path and never know.

Where the assembled singleflight differs from the published module:

- ``Forget`` is missing in the standard library's copy and is added here (it deletes the key).
- A panic in ``fn`` is not passed on to the other callers: the published version re-raises it in every
  ``Do``, this one ends the program, or leaves the other callers waiting if the leader recovers.
- ``ForgetUnshared`` exists here only.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engineroom.golang.toolchain import REMEDY, find_go
from engineroom.kit.places import cache_folder

__all__ = ["MODULE", "assemble_x_sync", "provide_x_sync", "with_x_sync"]

MODULE = "golang.org/x/sync"

_SOURCES = {
    "errgroup": "src/cmd/vendor/golang.org/x/sync/errgroup",
    "semaphore": "src/cmd/vendor/golang.org/x/sync/semaphore",
    "singleflight": "src/internal/singleflight",
}

_GO_MOD = f"module {MODULE}\n\ngo 1.24\n"

_FORGET = """package singleflight

// Forget lets the next caller of Do or DoChan start a new call, even while one is in flight.
func (g *Group) Forget(key string) {
	g.mu.Lock()
	delete(g.m, key)
	g.mu.Unlock()
}
"""


def _files(goroot: Path) -> dict[str, str]:
    """Return the module's files by path inside the module."""
    files = {"go.mod": _GO_MOD}
    for package, folder in _SOURCES.items():
        found = [f for f in sorted((goroot / folder).glob("*.go")) if not f.name.endswith("_test.go")]
        if not found:
            raise FileNotFoundError(
                f"The Go toolchain in {goroot} has no {folder}, from which {MODULE} is made; {REMEDY}"
            )
        files |= {f"{package}/{f.name}": f.read_text(encoding="utf-8") for f in found}
    if not any("Forget(" in text for text in files.values()):
        files["singleflight/forget.go"] = _FORGET
    return files


def assemble_x_sync(goroot: Path, cache: Path) -> Path:
    """Return the folder of a module ``golang.org/x/sync`` made from ``goroot``, for use in a ``replace``.

    The folder's name is a hash of its content, so it is made once per toolchain; it appears under
    its name only when it is complete, so readers at work meanwhile and killed writers do no harm.

    Raises:
        FileNotFoundError: the toolchain does not contain the sources, with the command that helps.
    """
    files = _files(goroot)
    digest = hashlib.sha256("\0".join(f"{name}\0{files[name]}" for name in sorted(files)).encode())
    module = cache / f"x-sync-{digest.hexdigest()[:16]}"
    if module.is_dir():
        return module
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="x-sync-draft-", dir=cache))
    try:
        for name, text in files.items():
            (draft / name).parent.mkdir(exist_ok=True)
            (draft / name).write_text(text, encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(module)
    except OSError:
        if not module.is_dir():  # otherwise somebody else was faster, with the same content
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return module


def _needs_x_sync(module: Path) -> bool:
    return any(f'"{MODULE}/' in f.read_text(encoding="utf-8") for f in module.rglob("*.go"))


@contextmanager
def with_x_sync(module: Path) -> Iterator[Path]:
    """Give a folder where the go command works on a module: itself, or a copy that finds ``x/sync``."""
    if not _needs_x_sync(module):
        yield module
        return
    with tempfile.TemporaryDirectory(prefix="module-", dir=cache_folder("work")) as scratch:
        copy = Path(scratch) / "module"
        shutil.copytree(module, copy)
        provide_x_sync(copy)
        yield copy


def provide_x_sync(module: Path) -> None:
    """Amend the ``go.mod`` in a folder so that ``golang.org/x/sync`` is found, if a file there imports it."""
    if not _needs_x_sync(module):
        return
    go_mod = module / "go.mod"
    text = go_mod.read_text(encoding="utf-8")
    if not re.search(rf"^(require)?\s*{re.escape(MODULE)} v", text, re.MULTILINE):
        text += f"\nrequire {MODULE} v0.0.0\n"
    source = assemble_x_sync(find_go().goroot, cache_folder("modules"))
    go_mod.write_text(f"{text}\nreplace {MODULE} => {json.dumps(str(source))}\n", encoding="utf-8")

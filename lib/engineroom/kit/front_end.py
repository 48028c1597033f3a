"""Front ends of widgets: several small JavaScript modules, sent to the browser as one text."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["front_end"]

IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const|function|class)", re.MULTILINE)


def front_end(module: Path) -> str:
    """Return a JavaScript module's text with the modules that it imports by relative path put in its place.

    anywidget hands the browser one text, with no files beside it. On disk it stays a module that node can
    import and test.

    Raises:
        ValueError: when a module would be put in twice, since its names would then be declared twice.
    """
    return _inlined(module.resolve(), set())


def _inlined(module: Path, seen: set[Path]) -> str:
    if module in seen:
        raise ValueError(f"{module.name} is imported twice; let only one of the importing modules do so")
    seen.add(module)
    return IMPORT.sub(
        lambda found: EXPORT.sub("", _inlined((module.parent / found[1]).resolve(), seen)),
        module.read_text(encoding="utf-8"),
    )

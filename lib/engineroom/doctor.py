"""Is this machine ready for the course? Each finding is ok or names the command that mends it."""

from __future__ import annotations

import html
import importlib.metadata
import os
import platform
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass

from engineroom.golang.toolchain import GoMissing, find_go
from engineroom.kit.places import CacheNotWritable, cache_folder, course_folder

__all__ = ["Finding", "Readiness", "examine"]


@dataclass(frozen=True)
class Finding:
    """One thing the course needs: is it there, and what mends it if not?

    Attributes:
        state: "ok", "missing", or "optional" (missing, but the course works without).
    """

    what: str
    state: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Readiness:
    """All findings about this machine; shows itself as text and as a table."""

    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        """True when nothing that the course needs is missing."""
        return all(finding.state != "missing" for finding in self.findings)

    def __str__(self) -> str:
        lines = []
        for f in self.findings:
            lines.append(f"{f.state:9} {f.what:18} {f.detail}")
            if f.state != "ok":
                lines.append(f"{'':28} → {f.remedy}")
        lines.append("Ready." if self.ready else "Not ready yet: see the arrows above.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        marks = {"ok": "✔ ok", "missing": "✘ missing", "optional": "○ optional"}
        rows = "".join(
            f"<tr><td>{marks[f.state]}</td><th scope='row' style='text-align:left'>{html.escape(f.what)}</th>"
            f"<td style='text-align:left'>{html.escape(f.detail)}"
            + (f"<br><code>{html.escape(f.remedy)}</code>" if f.state != "ok" else "")
            + "</td></tr>"
            for f in self.findings
        )
        verdict = "This machine is ready." if self.ready else "Not ready yet: mend the lines marked ✘."
        return f"<table><caption>{verdict}</caption><tbody>{rows}</tbody></table>"


def examine() -> Readiness:
    """Look at this machine; takes well under a second and changes nothing but an empty cache folder."""
    return Readiness((_python(), _go(), _data(), _cache(), _port(), *_optional_tools()))


def _python() -> Finding:
    # too old a Python can't even install the course: make says so
    lab = importlib.metadata.version("jupyterlab")
    return Finding(
        "Python", "ok", f"{platform.python_version()}, JupyterLab {lab}, {os.cpu_count()} processors"
    )


def _go() -> Finding:
    try:
        return Finding("Go", "ok", f"{find_go().version}")
    except GoMissing as error:
        problem, _, remedy = str(error).partition("; bring it with: ")
        return Finding("Go", "missing", problem, remedy)


def _data() -> Finding:
    try:
        cards = sorted(course_folder().glob("data/*/README.md"))
    except FileNotFoundError as error:
        return Finding("Sample data", "missing", str(error), "make lab")
    if not cards:
        return Finding("Sample data", "missing", "data/ is empty", "git checkout -- data")
    return Finding("Sample data", "ok", ", ".join(card.parent.name for card in cards))


def _cache() -> Finding:
    try:
        folder = cache_folder()
    except CacheNotWritable as error:
        problem, _, remedy = str(error).partition("; ")
        return Finding("Write access", "missing", problem, remedy)
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < 1:
        return Finding(
            "Write access", "missing", f"only {free_gb:.1f} GB free at {folder}", f"rm -r {folder}"
        )
    return Finding("Write access", "ok", f"{free_gb:,.0f} GB free for the course's cache")


def _port() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)):
            return Finding("Loopback port", "ok", "servers can listen on 127.0.0.1")
    except OSError as error:
        return Finding("Loopback port", "missing", str(error), "allow this user to listen on 127.0.0.1")


def _optional_tools() -> list[Finding]:
    """Look for what single lessons or the course's own tests use beyond the Python packages."""
    found: Callable[[str], str | None] = shutil.which
    rows = [
        ("C compiler", found("cc"), "Go's race detector", "apt-get install gcc"),
        ("Node.js", found("node"), "tests of the widgets' front ends", "apt-get install nodejs"),
        (
            "Chromium",
            found("chromium") or found("google-chrome"),
            "browser tests",
            "apt-get install chromium",
        ),
    ]
    return [
        Finding(what, "ok", f"for {use}") if path else Finding(what, "optional", f"for {use}", remedy)
        for what, path, use, remedy in rows
    ]

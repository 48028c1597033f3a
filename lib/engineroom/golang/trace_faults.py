"""What is wrong with a trace, in one sentence that a learner can act on."""

from __future__ import annotations

import re

__all__ = ["explain_fault"]

END_OF_GENERATION = b"\x34"  # event type 52, the last byte of every trace since the format of 1.26
FIRST_WITH_END = 26

_MISNESTED = re.compile(
    r"misuse of region in goroutine (\d+): region end \{\d+ (.*?)\} "
    r"when the inner-most active region start event is \{\d+ (.*?)\}"
)
_NEWER = re.compile(r"unsupported trace version (go 1\.\d+)")
_CUT_SHORT = ("trace likely truncated", "failed to read full batch", "EOF", "no frequency event", "no clock")


def explain_fault(error: str, head: bytes, tail: bytes, size: int, read: int, kept: str) -> str:
    """Return one sentence on why the reader stopped, or "" if all is well.

    Args:
        error: what the toolchain's reader said.
        head: the first bytes of the file.
        tail: its last byte.
        size: size of the file in bytes.
        read: bytes that had been read when the reader stopped.
        kept: what could be kept, such as ``12 events over 3 ms``.
    """
    if size == 0:
        return "The file is empty: the program ended before trace.Stop ran, as after os.Exit or a crash."
    if not error and (tail == END_OF_GENERATION or _format(head) < FIRST_WITH_END):
        return ""
    if match := _NEWER.search(error):
        return f"The trace has the format of {match[1]}, which the installed Go toolchain does not know."
    if not head.startswith(b"go 1."):
        return f"This is not a Go execution trace: it begins with {head[:12]!r} and not with 'go 1.'."
    return f"{_where_it_stopped(error, size, read)} Kept: {kept}."


def _format(head: bytes) -> int:
    return int(re.match(rb"go 1\.(\d+)", head)[1])


def _where_it_stopped(error: str, size: int, read: int) -> str:
    if match := _MISNESTED.search(error):
        return (
            f"Goroutine {match[1]} ended region {match[2]!r} while {match[3]!r}, begun inside it, was still "
            "open; Go's reader stops at regions that are not properly nested."
        )
    if not error or any(sign in error for sign in _CUT_SHORT):
        return (
            f"The file stops early, after {size:,} bytes, in the middle of a generation (about one second of "
            "tracing), as when the program ends before trace.Stop; a generation can only be read whole."
        )
    return f"The trace is damaged near byte {min(read, size):,} of {size:,} ({_first_line(error)})."


def _first_line(error: str) -> str:
    line = error.splitlines()[0].strip().rstrip(":.")
    return line if len(line) <= 120 else line[:119] + "…"

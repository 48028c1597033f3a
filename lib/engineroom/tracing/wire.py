"""The bytes of a trace file: header, batches, varints, events.

A reader for study: it takes a file apart without putting the threads' events into one order,
which needs the sequence numbers and the 1,400 lines of the toolchain's ``order.go``.

Format of Go 1.22 and later, as in ``internal/trace/tracev2/events.go`` of Go 1.27.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "EVENTS",
    "Batch",
    "Event",
    "WireError",
    "batches",
    "clock_hz",
    "event_counts",
    "events",
    "header",
    "varint",
]

# name and number of arguments after the time difference, by type number. Sections of strings,
# stacks and samples, whose entries have a form of their own, are left as bytes.
_TIMED = (
    "ProcsChange:2 ProcStart:2 ProcStop:0 ProcSteal:3 ProcStatus:2 GoCreate:3 GoCreateSyscall:1 "
    "GoStart:2 GoDestroy:0 GoDestroySyscall:0 GoStop:2 GoBlock:2 GoUnblock:3 GoSyscallBegin:2 "
    "GoSyscallEnd:0 GoSyscallEndBlocked:0 GoStatus:3 STWBegin:2 STWEnd:0 GCActive:1 GCBegin:2 GCEnd:1 "
    "GCSweepActive:1 GCSweepBegin:1 GCSweepEnd:2 GCMarkAssistActive:1 GCMarkAssistBegin:1 "
    "GCMarkAssistEnd:0 HeapAlloc:1 HeapGoal:1 GoLabel:1 UserTaskBegin:4 UserTaskEnd:2 "
    "UserRegionBegin:3 UserRegionEnd:3 UserLog:4 GoSwitch:2 GoSwitchDestroy:2 GoCreateBlocked:3 "
    "GoStatusStack:4"
)
FIRST_TIMED = 9
EVENTS: dict[int, tuple[str, int]] = {
    FIRST_TIMED + i: (name, int(count))
    for i, (name, _, count) in enumerate(spec.partition(":") for spec in _TIMED.split())
}
SECTIONS = {2: "stacks", 4: "strings", 6: "samples", 50: "sync"}
BATCH, FREQUENCY, EXPERIMENT, END_OF_GENERATION = 1, 8, 49, 52
MAX_BATCH = 64 << 10


class WireError(ValueError):
    """Bytes that do not follow the format."""


@dataclass(frozen=True)
class Batch:
    """What one thread recorded between two flushes, or a section of a generation's tables.

    Attributes:
        offset: where it begins in the file [B].
        generation: number of the generation.
        thread: number of the thread (M); tables have 2**64 - 1.
        time: clock at the batch's begin, in units of the clock.
        kind: "events", "strings", "stacks", "samples", "sync", "experiment" or "end".
        data: the bytes after the batch's own header.
    """

    offset: int
    generation: int
    thread: int
    time: int
    kind: str
    data: bytes


@dataclass(frozen=True)
class Event:
    """One event: its clock reading, its name, its arguments in order."""

    time: int
    name: str
    args: tuple[int, ...]


def header(data: bytes) -> str:
    """Return the version in the first 16 bytes, such as ``go 1.26``.

    Raises:
        WireError: if this is not a trace of Go 1.22 or later.
    """
    text = data[:16].rstrip(b"\0").decode("ascii", "replace")
    version, _, rest = text.removeprefix("go 1.").partition(" ")
    if not text.startswith("go 1.") or rest != "trace" or not version.isdigit():
        raise WireError(f"a trace begins with 'go 1.N trace', this with {data[:16]!r}")
    if int(version) < 22:
        raise WireError(f"this trace is of go 1.{version}; the format here is that of Go 1.22 and later")
    return f"go 1.{version}"


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a position, and the position after it.

    Seven bits a byte, the lowest first; a set highest bit says that another byte follows.

    Raises:
        WireError: if the bytes end within the number, or it has more than 64 bits.
    """
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise WireError(f"the bytes end at {at}, within a number")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
    raise WireError(f"the number before byte {at} is longer than 64 bits")


def batches(data: bytes) -> Iterator[Batch]:
    """Yield the batches of a trace file in the order in which they were written.

    Raises:
        WireError: at the first byte that does not fit; what came before has been yielded.
    """
    header(data)
    at = 16
    while at < len(data):
        batch, at = _batch(data, at)
        yield batch


def _batch(data: bytes, offset: int) -> tuple[Batch, int]:
    kind, at = data[offset], offset + 1
    if kind == END_OF_GENERATION:
        return Batch(offset, 0, 0, 0, "end", b""), at
    if kind not in (BATCH, EXPERIMENT):
        raise WireError(f"byte {offset} is {kind}, which begins no batch")
    at += kind == EXPERIMENT
    numbers = []
    for _ in range(4):
        number, at = varint(data, at)
        numbers.append(number)
    generation, thread, time, size = numbers
    if size > MAX_BATCH or at + size > len(data):
        raise WireError(f"the batch at byte {offset} claims {size:,} bytes, {len(data) - at:,} are left")
    content = data[at : at + size]
    section = SECTIONS.get(content[0], "events") if content else "events"
    name = "experiment" if kind == EXPERIMENT else section
    return Batch(offset, generation, thread, time, name, content), at + size


def events(batch: Batch) -> Iterator[Event]:
    """Yield the events of a batch of events.

    Raises:
        WireError: if the batch holds something else, or at a type that is not known.
    """
    if batch.kind != "events":
        raise WireError(f"a batch of {batch.kind} holds no events")
    time, at = batch.time, 0
    while at < len(batch.data):
        kind = batch.data[at]
        if kind not in EVENTS:
            raise WireError(f"type {kind} at byte {at} of the batch is not known")
        name, count = EVENTS[kind]
        numbers, at = _numbers(batch.data, at + 1, count + 1)
        time += numbers[0]
        yield Event(time, name, tuple(numbers[1:]))


def _numbers(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    numbers = []
    for _ in range(count):
        number, at = varint(data, at)
        numbers.append(number)
    return numbers, at


def clock_hz(data: bytes) -> int:
    """Return how many units of the clock make a second, from the first generation.

    Raises:
        WireError: if the file has no generation that tells.
    """
    for batch in batches(data):
        if batch.kind == "sync" and batch.data[1:2] == bytes([FREQUENCY]):
            return varint(batch.data, 2)[0]
    raise WireError("no generation tells the clock's frequency")


def event_counts(data: bytes) -> Counter[str]:
    """Return how many events of each name a trace file holds."""
    return Counter(e.name for batch in batches(data) if batch.kind == "events" for e in events(batch))

"""How the runtime carries trace events from where they happen to the file.

Writers fill buffers of a fixed size; a full buffer joins a list; one reader goroutine writes
the list to the file, first come first served. Two designs differ in who owns a buffer and
when a file becomes readable:

- "per P (Go 1.5 to 1.21)": one buffer per P. The clock frequency and the stack table, without
  which no byte can be decoded, are written when tracing stops.
- "generations (Go 1.22 on)": one buffer per running thread. About every second the runtime
  starts a new generation: all buffers are flushed, and the old generation gets its own
  strings, stacks and clock, so that it can be read even if nothing follows.

Sources: Go's ``runtime/trace.go`` and ``internal/trace`` of 1.27; for the old design the
article and ``internal/trace/internal/tracev1``. Left out: the tables' own bytes, threads
that are idle, and the cost of a flush to the writer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engineroom.kit.knobs import Knobs, choice, integer, number

__all__ = ["GENERATIONS", "PER_P", "BufferKnobs", "Buffering", "as_it_turned_out", "simulate"]

PER_P = "per P (Go 1.5 to 1.21)"
GENERATIONS = "generations (Go 1.22 on)"
GRID = 400


@dataclass(frozen=True)
class BufferKnobs(Knobs):
    """What decides how much of a trace is in memory and how much is safe."""

    design: str = choice(GENERATIONS, (PER_P, GENERATIONS), label="design")
    writers: int = integer(4, 1, 32, label="writers", help="Ps (then) or running threads (now)")
    event_rate: float = number(
        200, 1, 2000, unit="k/s", log=True, label="events per writer", help="thousands of events per second"
    )
    event_bytes: float = number(6, 2, 12, unit="B", step=0.5, label="event size")
    buffer_kib: int = integer(64, 16, 256, unit="KiB", step=16, label="buffer", help="runtime: 64")
    reader_speed: float = number(50, 0.5, 2000, unit="MB/s", log=True, label="reader speed")
    generation_s: float = number(1, 0.1, 5, unit="s", step=0.1, label="generation", help="runtime: 1 s")
    duration_s: float = number(4, 0.5, 5, unit="s", step=0.5, label="traced time")


@dataclass(frozen=True)
class Buffering:
    """What happened to the bytes; all arrays share the grid `time_s`.

    Attributes:
        time_s: instants from 0 to the end of tracing [s].
        produced: bytes of events recorded so far [B].
        written: bytes that the reader has put into the file [B].
        readable: bytes that a reader of the file could decode if the program died now [B].
        memory: bytes of buffers that are held: one per writer, and those in the list [B].
        flushes: buffers handed to the reader, partly filled ones included.
        boundaries_s: when a new generation began, without the start [s].
        finished_s: when the last byte was in the file [s].
    """

    time_s: np.ndarray
    produced: np.ndarray
    written: np.ndarray
    readable: np.ndarray
    memory: np.ndarray
    flushes: int
    boundaries_s: np.ndarray
    finished_s: float

    @property
    def lost(self) -> np.ndarray:
        """Bytes of events that a crash at each instant would lose [B]."""
        return self.produced - self.readable

    @property
    def peak_memory(self) -> float:
        """Most bytes of buffers ever held [B]."""
        return float(self.memory.max())


def simulate(knobs: BufferKnobs) -> Buffering:
    """Trace for a while and account for every byte.

    A buffer of B bytes at r events of e bytes per second is full after B/(r·e) seconds. The
    reader is a single first-come-first-served server, so buffer i is in the file at
    d_i = max(a_i, d_{i-1}) + s_i (Lindley's recursion).
    """
    per_writer = knobs.event_rate * 1e3 * knobs.event_bytes
    arrivals, sizes, done, ends, closed = [], [], [], [], []
    begin, free = 0.0, 0.0
    while begin < knobs.duration_s:
        end = min(_next_boundary(knobs, begin, free), knobs.duration_s)
        times, bytes_ = _fill(knobs, per_writer, begin, end)
        finished = _serve(times, bytes_ / (knobs.reader_speed * 1e6), free)
        free = float(finished[-1]) if len(finished) else max(free, end)
        arrivals.append(times)
        sizes.append(bytes_)
        done.append(finished)
        ends.append(end)
        closed.append(free)
        begin = end
    return _account(knobs, per_writer, *map(np.concatenate, (arrivals, sizes, done)), ends, closed)


def as_it_turned_out(knobs: BufferKnobs, real: Buffering) -> BufferKnobs:
    """Return knobs with the rate of bytes and the duration that a real run had.

    A program seldom makes exactly the events that it was asked for, and their size is its own.
    The size of events is kept and their rate adjusted, since only the product matters.
    """
    rate = real.produced[-1] / real.finished_s / knobs.writers / knobs.event_bytes / 1e3
    return replace(knobs, event_rate=rate, duration_s=round(real.finished_s * 2) / 2, reader_speed=500)


def _next_boundary(knobs: BufferKnobs, begin: float, free: float) -> float:
    """A new generation starts one period after the reader has finished the one before."""
    return np.inf if knobs.design == PER_P else max(begin, free) + knobs.generation_s


def _fill(knobs: BufferKnobs, rate: float, begin: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Return when the buffers of one generation are handed over, and their sizes."""
    size = knobs.buffer_kib * 1024
    full = int((end - begin) * rate / size)
    times = np.append(begin + (np.arange(full) + 1) * size / rate, end)
    sizes = np.append(np.full(full, float(size)), (end - begin) * rate - full * size)
    keep = sizes > 1e-6
    return np.repeat(times[keep], knobs.writers), np.repeat(sizes[keep], knobs.writers)


def _serve(arrivals: np.ndarray, service: np.ndarray, free: float) -> np.ndarray:
    """Return when each buffer is in the file, for a reader that is idle from `free` on."""
    work = np.cumsum(service)
    return work + np.maximum(np.maximum.accumulate(arrivals - work + service), free)


def _account(
    knobs: BufferKnobs,
    per_writer: float,
    arrivals: np.ndarray,
    sizes: np.ndarray,
    done: np.ndarray,
    ends: list[float],
    closed: list[float],
) -> Buffering:
    time = np.linspace(0, knobs.duration_s, GRID)
    size = knobs.buffer_kib * 1024
    in_file = np.append(0.0, np.cumsum(sizes))
    queued = np.searchsorted(arrivals, time, "right") - np.searchsorted(done, time, "right")
    # a boundary counts once its whole generation is in the file; the old design has none
    boundary = np.append(0.0, ends[:-1])
    complete = np.searchsorted(closed[:-1], time, "right")
    return Buffering(
        time_s=time,
        produced=time * per_writer * knobs.writers,
        written=in_file[np.searchsorted(done, time, "right")],
        readable=boundary[complete] * per_writer * knobs.writers,
        memory=(queued + knobs.writers) * float(size),
        flushes=len(arrivals),
        boundaries_s=np.array(ends[:-1]),
        finished_s=float(done[-1]),
    )

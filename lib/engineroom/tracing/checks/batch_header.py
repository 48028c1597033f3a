"""Check of exercise 8: thirty bytes of a trace, decoded."""

from __future__ import annotations

import random
from collections.abc import Callable

from engineroom.kit.expect import answer_of, expect_equal, passed
from engineroom.tracing import wire

__all__ = ["check_batch_header"]


def check_batch_header(decode: Callable[[bytes], dict[str, int]], *, seed: int = 0) -> None:
    """Check a function that decodes the header and first event of a batch.

    Raises:
        CheckFailed: with what was seen and expected.
    """
    from engineroom.tracing.real import recording

    names = ["pingpong", "steady", "collect"]
    if seed:
        names = random.Random(seed).sample(["waits", "tasks", "bottleneck", "recorder", "crowd_p4"], 3)
    chosen = 0
    for name in names:
        data = recording(name).read_bytes()
        for batch in wire.batches(data):
            if batch.kind != "events":
                continue
            first = next(wire.events(batch))
            answer = answer_of(decode, data[batch.offset : batch.offset + 40])
            expected = {
                "generation": batch.generation,
                "thread": batch.thread,
                "time": batch.time,
                "length": len(batch.data),
                "type": batch.data[0],
                "elapsed": first.time - batch.time,
            }
            hint = "seven bits a byte, the lowest first; the top bit says that another byte follows"
            expect_equal(f"{name}, the batch at byte {batch.offset}", answer, expected, hint=hint)
            chosen += 1
    passed("The bytes", f"{chosen} batches decoded")

"""Hands submissions out to workers, and comes back with a result for each, whatever dies meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext

from engineroom.teach.grading.marking import Marked
from engineroom.teach.grading.remote import Patience
from engineroom.teach.grading.sandbox import SandboxMissing
from engineroom.teach.grading.submissions import Submission
from engineroom.teach.grading.worker import grade_one

__all__ = ["Job", "Outcome", "in_processes", "on_executor"]

Job = tuple[Submission, str, bool, Patience | None]
"""What `grade_one` is called with."""

Outcome = Marked | Exception
AHEAD = 4  # jobs given to each process in advance
ON_EXECUTOR = 64  # jobs given to an executor in advance: it may have many workers
ATTEMPTS = 2  # alone, for a submission whose worker may have died of it


def on_executor(executor: Executor, jobs: Iterable[Job]) -> Iterator[tuple[Submission, Outcome]]:
    """Yield each submission with its marks as they come, or with what kept it from being marked.

    Args:
        executor: one like those of `concurrent.futures`. A worker that dies is its own affair.
        jobs: what to mark.
    """
    yield from _run(executor, jobs, ON_EXECUTOR)


def in_processes(jobs: Iterable[Job], workers: int = 0) -> Iterator[tuple[Submission, Outcome]]:
    """Yield the same from processes of this machine.

    When a worker dies, nobody knows on which of its jobs; so those under way are then tried one at a time.

    Args:
        jobs: what to mark.
        workers: how many processes; as many as processors when 0.
    """
    workers = workers or os.cpu_count() or 1
    suspects = yield from _in_pool(jobs, workers, AHEAD * workers)
    for job in suspects:
        for _ in range(ATTEMPTS):
            if not (yield from _in_pool([job], 1, 1)):
                break
        else:
            yield job[0], RuntimeError("the grader's process ended while marking it")


def _in_pool(jobs: Iterable[Job], workers: int, ahead: int) -> Generator[tuple, None, list[Job]]:
    """Yield outcomes; return the jobs under way in pools whose worker died."""
    left, suspects = list(jobs), []
    while left:
        done = set()
        themes = {submission.theme for submission, *_ in left}
        try:
            with _pool(min(workers, len(left)), themes) as pool:
                for submission, outcome in _run(pool, left, ahead):
                    done.add(submission)
                    yield submission, outcome
        except BrokenProcessPool:
            left = [job for job in left if job[0] not in done]
            suspects, left = suspects + left[:ahead], left[ahead:]
        else:
            left = []
    return suspects


def _run(pool: Executor, jobs: Iterable[Job], ahead: int) -> Iterator[tuple[Submission, Outcome]]:
    """Yield outcomes in any order; at most `ahead` jobs are handed out at a time, the first ones first."""
    waiting, running = deque(jobs), {}
    while waiting or running:
        while waiting and len(running) < ahead:
            job = waiting.popleft()
            running[pool.submit(grade_one, *job)] = job[0]
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            submission = running.pop(future)
            try:
                outcome = future.result()
            except (BrokenProcessPool, SandboxMissing):
                raise
            except Exception as error:
                outcome = error
            yield submission, outcome


def _pool(workers: int, themes: set[str]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=_context(themes), initializer=_begin)


def _context(themes: set[str]) -> BaseContext:
    """Have workers forked from one process that has imported what they all need; started anew elsewhere."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *(f"engineroom.{theme}.checks" for theme in sorted(themes))])
    return context


def _begin() -> None:
    """Leave Ctrl-C to the process that hands out the work, and don't outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)

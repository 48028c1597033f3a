"""A submission's notebook that runs in a sandbox, and its functions as they can be called from outside.

Only plain data comes back. What a call returns is an answer like any other: it is judged outside, where
the learner's code can't reach, so nothing it does to its own process wins a point.
"""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engineroom.teach.grading import lending
from engineroom.teach.grading.inside.wire import WireError, receive, send, unpack
from engineroom.teach.grading.sandbox import Learner, Sandbox

__all__ = ["CannotLend", "Ended", "Patience", "RemoteNotebook", "TooSlow"]

MOST_STARTS = 12
MOST_ASKED = 5000  # requests to a lent table in one call


@dataclass(frozen=True)
class Patience:
    """Seconds that a learner's cell, a call, and all of them together may take."""

    cell_s: float = 10.0
    call_s: float = 10.0
    whole_s: float = 120.0


class Ended(Exception):
    """A learner's code ended its own process, or broke off the talk with the grader."""


class CannotLend(BaseException):
    """A check calls with something that can't be handed into the sandbox; no failure of the learner's."""


class TooSlow(Exception):
    """A learner's code did not answer in time."""


class RemoteNotebook:
    """A learner's cells, run in a sandbox; started anew after each call that broke the process.

    Args:
        sandbox: where the process comes from.
        cells: sources of the cells, in order.
        patience: how long they may take.

    Attributes:
        troubles: what went wrong in which cell, as sentences.
    """

    def __init__(self, sandbox: Sandbox, cells: Sequence[str], patience: Patience | None = None):
        self._sandbox, self._cells = sandbox, list(enumerate(cells, 1))
        self._patience = patience or Patience()
        self._left_s = self._patience.whole_s
        self._learner: Learner | None = None
        self._starts = self._asked = 0
        self.troubles: list[str] = []

    def name(self, name: str) -> Any:
        """Return what the learner's cells made of a name: a function to call, a plain value, or None.

        Raises:
            Ended: when the learner's code can't be kept running.
        """
        answer = self._ask({"look": name}, self._patience.call_s)
        if answer.get("callable") is True:
            return RemoteFunction(self, name)
        return answer.get("value")

    def call(self, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call a learner's function with these arguments, and return its answer.

        Raises:
            Exception: of a type named as the one that the learner's function raised.
            Ended: when the process ended.
            TooSlow: when no answer came in time.
        """
        try:
            packed, lent = lending.lend(args, kwargs)
        except Exception as error:
            raise CannotLend(f"An argument of {name} can't be handed into the sandbox: {error}") from None
        answer = self._ask({"call": name, "lent": packed}, self._patience.call_s, lent)
        if "raised" in answer:
            raise _raised(answer["raised"])
        if "returned" not in answer:
            raise Ended("your code wrote something else than its answer to the grader")
        return answer["returned"]

    def _ask(
        self, request: dict[str, Any], patience_s: float, lent: lending.Lent | None = None
    ) -> dict[str, Any]:
        if self._learner is None:
            self._start()
        return self._talk(request, patience_s, lent)

    def _start(self) -> None:
        """Start a process and run all cells in it; a cell that breaks it is left out from then on."""
        while self._learner is None:
            if self._starts >= MOST_STARTS:
                raise Ended("your notebook broke its process too often")
            self._starts += 1
            self._learner = self._sandbox.learner()
            for number, source in list(self._cells):
                try:
                    answer = self._talk({"cell": source}, self._patience.cell_s)
                except (Ended, TooSlow) as error:
                    self._tell(number, str(error))
                    self._cells.remove((number, source))
                    break
                if "raised" in answer:
                    kind, message = _named(answer["raised"])
                    self._tell(number, f"{kind}: {message}")

    def _tell(self, number: int, trouble: str) -> None:
        told = f"Code cell {number}: {trouble}"
        if told not in self.troubles:
            self.troubles.append(told)

    def _talk(
        self, request: dict[str, Any], patience_s: float, lent: lending.Lent | None = None
    ) -> dict[str, Any]:
        """Send one request and wait for its answer."""
        self._asked += 1
        patience_s = min(patience_s, self._left_s)
        if patience_s <= 0:
            raise TooSlow("the notebook's time is up")
        began = time.monotonic()
        channel = self._learner.channel
        channel.settimeout(patience_s)
        try:
            send(channel, pickle.dumps({"id": self._asked, **request}))
            answer = self._receive(began + patience_s)
            for _ in range(MOST_ASKED):
                if "asks" not in answer:
                    return answer
                asked = time.monotonic()
                send(channel, pickle.dumps(lending.answer(lent or {}, answer["asks"])))
                began += time.monotonic() - asked  # the time of what was lent is not the learner's
                answer = self._receive(began + patience_s)
            raise WireError(f"more than {MOST_ASKED:,} requests in one call")
        except TimeoutError:
            self.close()
            raise TooSlow(f"no answer within {patience_s:g} s, so it was stopped") from None
        except WireError as error:
            self.close()
            raise Ended(f"the grader can't read your code's answer: {error}") from None
        except (EOFError, OSError):
            raise Ended(_how(self.close())) from None
        finally:
            self._left_s -= time.monotonic() - began

    def _receive(self, deadline: float) -> dict[str, Any]:
        answer = unpack(receive(_Timed(self._learner.channel, deadline)))
        if not isinstance(answer, dict) or answer.get("id") != self._asked:
            raise WireError("an answer that was not asked for")
        return answer

    def close(self) -> dict[str, Any]:
        """End the learner's process; return how it ended."""
        learner, self._learner = self._learner, None
        return learner.end() if learner else {}


class RemoteFunction:
    """A learner's function, to be called from outside."""

    def __init__(self, notebook: RemoteNotebook, name: str):
        self._notebook, self.__name__ = notebook, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in the sandbox."""
        return self._notebook.call(self.__name__, args, kwargs)


class _Timed:
    """The reading half of a channel, until a deadline."""

    def __init__(self, channel: socket.socket, deadline: float):
        self._channel, self._deadline = channel, deadline

    def recv(self, size: int) -> bytes:
        self._channel.settimeout(max(0.001, self._deadline - time.monotonic()))
        return self._channel.recv(size)


def _how(told: dict[str, Any]) -> str:
    code = told.get("code")
    if isinstance(code, int) and code < 0:
        return f"your code's process was killed by signal {-code} (too much memory or processor time?)"
    return (
        f"your code ended its own process (exit code {code})"
        if code is not None
        else "your code's process ended"
    )


def _named(raised: Any) -> tuple[str, str]:
    kind, message = raised if isinstance(raised, list) and len(raised) == 2 else ("Exception", raised)
    return str(kind)[:80], str(message)[:2000]


def _raised(raised: Any) -> Exception:
    kind, message = _named(raised)
    if kind == "NotImplementedError":
        return NotImplementedError(message)
    return type(kind if kind.isidentifier() else "Exception", (Exception,), {})(message)

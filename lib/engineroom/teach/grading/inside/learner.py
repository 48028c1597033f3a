"""Runs a learner's cells and answers calls of their functions, over one channel, until it closes."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import shlex
import socket
import sys
import threading
import types
from typing import Any

import wire

__all__ = ["serve"]


class Shell:
    """What cells may ask of IPython: a ``%%go --keep`` cell is kept as text, other magics do nothing."""

    def __init__(self, names: dict[str, Any]):
        self._names = names

    def run_line_magic(self, *_: object) -> None:
        """Do nothing."""

    def run_cell_magic(self, magic: str, line: str, cell: str) -> None:
        """Keep the text of a Go cell under its name; the grader builds and runs it, in a sandbox."""
        words = shlex.split(line)
        if magic == "go" and "--keep" in words[:-1]:
            self._names[words[words.index("--keep") + 1]] = cell


def serve(channel: socket.socket) -> None:
    """Answer requests, each a pickled dict from the grader, until the grader hangs up."""
    from IPython.core.inputtransformer2 import TransformerManager

    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    names = main.__dict__
    shell = Shell(names)
    builtins.get_ipython = lambda: shell
    builtins.display = lambda *_, **__: None
    names["get_ipython"] = builtins.get_ipython
    transform = TransformerManager().transform_cell
    while True:
        request = pickle.loads(wire.receive(channel, largest=1 << 30))
        answer = {"id": request["id"], **_do(request, names, transform, Asking(channel, request["id"]))}
        body = wire.pack(answer)
        if len(body) > wire.LARGEST:
            body = wire.pack(
                {"id": request["id"], "raised": ["TooLong", f"an answer of {len(body):,} bytes"]}
            )
        wire.send(channel, body)


class Asking:
    """Asks the grader for something outside while it waits for an answer."""

    def __init__(self, channel: socket.socket, number: int):
        self._channel, self._number, self._turn = channel, number, threading.Lock()

    def __call__(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self._turn:
            wire.send(self._channel, wire.pack({"id": self._number, "asks": asked}))
            return pickle.loads(wire.receive(self._channel, largest=1 << 30))


class Borrower(pickle.Unpickler):
    """Reads a call's arguments; a table among them becomes one that asks outside."""

    def __init__(self, packed: bytes, ask: Asking):
        super().__init__(io.BytesIO(packed))
        self._ask = ask

    def persistent_load(self, name: str) -> Any:
        import lent_table

        return lent_table.table(name, self._ask)


def _do(request: dict[str, Any], names: dict[str, Any], transform: Any, ask: Asking) -> dict[str, Any]:
    try:
        if "cell" in request:
            exec(compile(transform(request["cell"]), "<cell>", "exec"), names)
            return {"done": True}
        if "look" in request:
            return _looked_up(names, request["look"])
        args, kwargs = Borrower(request["lent"], ask).load()
        return {"returned": names[request["call"]](*args, **kwargs)}
    except BaseException as error:
        return {"raised": [type(error).__name__, str(error)[:2000]]}


def _looked_up(names: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in names:
        return {"missing": True}
    return {"callable": True} if callable(names[name]) else {"value": names[name]}


def silence() -> None:
    """Send whatever a learner's code prints to nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)

"""Messages between the grader and a sandbox: frames of bytes, and answers as plain data.

Answers come from untrusted code, so they are JSON with a tag for each kind that JSON lacks. A value
of any other type travels as nothing but its type's name.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import socket
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["LARGEST", "WireError", "pack", "receive", "send", "unpack"]

LARGEST = 4_000_000  # bytes of an answer: the largest of the course are below 100,000
DEEPEST = 60
NAMED = (bool, int, float, str)


class WireError(ValueError):
    """A frame or message that breaks the rules."""


def send(channel: socket.socket, body: bytes) -> None:
    """Send one frame: its length in four bytes, then its bytes."""
    channel.sendall(len(body).to_bytes(4, "big") + body)


def receive(channel: socket.socket, *, largest: int = LARGEST) -> bytes:
    """Receive one frame.

    Raises:
        EOFError: when the other side has gone.
        WireError: when the frame is longer than allowed.
        TimeoutError: when the channel's time is up.
    """
    pieces = bytearray()
    size = None
    while size is None or len(pieces) < size:
        piece = channel.recv(1 << 16)  # one call for most: nothing follows a frame before it is answered
        if not piece:
            raise EOFError
        pieces += piece
        if size is None and len(pieces) >= 4:
            size = 4 + int.from_bytes(pieces[:4], "big")
            if size > 4 + largest:
                raise WireError(
                    f"an answer of {size - 4:,} bytes is longer than the {largest:,} that are allowed"
                )
    if len(pieces) > size:
        raise WireError("more than the answer that was asked for")
    return bytes(pieces[4:])


def pack(value: Any) -> bytes:
    """Return a value as JSON; what is not plain becomes the name of its type."""
    return json.dumps(_plain(value, 0)).encode()


def _plain(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return {"foreign": "value nested too deeply"}
    kind = type(value)
    if value is None or kind in NAMED:
        return value
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        return _plain(value.tolist(), depth)
    if kind is list:
        return [_plain(item, depth + 1) for item in value]
    if kind in (tuple, set, frozenset):
        return {kind.__name__: [_plain(item, depth + 1) for item in value]}
    if kind is dict:
        return {"dict": [[_plain(k, depth + 1), _plain(v, depth + 1)] for k, v in value.items()]}
    if kind in (bytes, bytearray):
        return {"bytes": value.hex()}
    if kind is Decimal:
        return {"decimal": str(value)}
    if kind.__module__.startswith("engineroom.") and (fields := _fields(value)) is not None:
        made = [[name, _plain(item, depth + 1)] for name, item in fields.items()]
        return {"made": [kind.__module__, kind.__qualname__, made]}
    return {"foreign": kind.__name__}


def _fields(value: Any) -> dict[str, Any] | None:
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
    return value._asdict() if isinstance(value, tuple) and hasattr(value, "_asdict") else None


def unpack(body: bytes) -> Any:
    """Return the value of an answer.

    Raises:
        WireError: when it is not a message as `pack` writes it.
    """
    try:
        return _value(json.loads(body))
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, AttributeError) as error:
        raise WireError(f"not an answer ({type(error).__name__})") from None


def _value(message: Any) -> Any:
    if isinstance(message, list):
        return [_value(item) for item in message]
    if not isinstance(message, dict):
        return message
    [(tag, body)] = message.items()
    return _TAGS[tag](body)


def _foreign(name: Any) -> Any:
    """Return an object that equals nothing but itself, of a type with the learner's name for it."""
    text = str(name)[:60]
    return type(text if text.isprintable() else "foreign value", (), {})()


def _made(body: list) -> Any:
    """Build one of the course's own dataclasses from its fields; no other class can be named."""
    module, name, fields = body
    parts = module.split(".")
    if parts[0] != "engineroom" or len(parts) < 3 or parts[1] in ("teach", "cli") or "checks" in parts:
        raise WireError(f"answers can't hold a {name}")
    kind = getattr(importlib.import_module(module), name)
    if not (isinstance(kind, type) and kind.__module__ == module):
        raise WireError(f"answers can't hold a {name}")
    if not (dataclasses.is_dataclass(kind) or hasattr(kind, "_asdict")):
        raise WireError(f"answers can't hold a {name}")
    try:
        return kind(**{field: _value(item) for field, item in fields})
    except Exception as error:
        raise WireError(f"not a {name}: {error}") from None


_TAGS: Mapping[str, Any] = {
    "tuple": lambda items: tuple(map(_value, items)),
    "set": lambda items: set(map(_value, items)),
    "frozenset": lambda items: frozenset(map(_value, items)),
    "dict": lambda pairs: {_value(key): _value(item) for key, item in pairs},
    "bytes": bytes.fromhex,
    "decimal": Decimal,
    "foreign": _foreign,
    "made": _made,
}

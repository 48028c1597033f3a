"""A DynamoDB API on this machine: started by the course, reached by ordinary boto3.

The engine is MiniStack, chosen over moto for exact write units, working transactions and speed
(benchmarks/bench_dynamodb_engines.py compares them). It binds 127.0.0.1, takes dummy credentials
and ends with the process that started it. Set AWS_ENDPOINT_URL_DYNAMODB to use another one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from engineroom.kit.children import ChildFailed, Server
from engineroom.kit.plainly import ToldPlainly

__all__ = [
    "Engine",
    "EngineGone",
    "EngineUnavailable",
    "local_config",
    "local_session",
    "plain_engine_errors",
    "shared_engine",
]

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_DYNAMODB"
REMOTE_VARIABLE = "ENGINEROOM_ALLOW_REMOTE_DYNAMODB"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
REGION = "us-east-1"
ATTEMPTS = 3
# A proxy can't reach this machine's loopback; the other settings of a learner's would ask a cloud's metadata
# service for the region, or refuse an address that is not the cloud's.
ALONE = {
    "proxies": {},
    "defaults_mode": "legacy",
    "use_fips_endpoint": False,
    "use_dualstack_endpoint": False,
}


class EngineUnavailable(ToldPlainly, RuntimeError):
    """No engine could be started or reached; the message says what to do."""


class EngineGone(ToldPlainly, RuntimeError):
    """The engine ended while it was in use."""


class Engine:
    """A DynamoDB endpoint and the way to reach it; a context manager.

    Args:
        port: bind this port; a free one is found when None.
        endpoint: use this endpoint and start nothing.

    Raises:
        EngineUnavailable: when the port is taken, the engine does not start, or the endpoint is
            not on this machine and nobody allowed that.
    """

    def __init__(self, *, port: int | None = None, endpoint: str | None = None):
        self._server: Server | None = None
        self._local, self._lock = True, threading.Lock()
        if endpoint:
            self.endpoint, self._local = _allowed(endpoint)
        else:
            self._server, self.endpoint = _start(port)

    @classmethod
    def from_environment(cls) -> Engine:
        """Use $AWS_ENDPOINT_URL_DYNAMODB if it is set, else start an engine."""
        return cls(endpoint=os.environ.get(ENDPOINT_VARIABLE) or None)

    @property
    def alive(self) -> bool:
        """True while the engine answers for itself (always, for one that we did not start)."""
        return self._server is None or self._server.alive

    def client(self, *, strict: bool = True) -> Any:
        """Return a boto3 client.

        Args:
            strict: refuse, before sending, what DynamoDB refuses and engines let pass.
        """
        with self._lock:  # sessions are not safe between threads; clients are
            client = self._session.client("dynamodb", **self._settings())
        return _guard(client, strict)

    def resource(self, *, strict: bool = True) -> Any:
        """Return a boto3 service resource, which takes and gives plain Python values."""
        with self._lock:
            resource = self._session.resource("dynamodb", **self._settings())
        _guard(resource.meta.client, strict)
        return resource

    @cached_property
    def _session(self) -> Any:
        """One session for all clients, for it reads the API's description only once."""
        import boto3

        if self._local:
            return local_session()
        own = boto3.Session()  # the learner's own credentials, by their own decision
        return own if own.region_name else boto3.Session(region_name=REGION)

    def _settings(self) -> dict[str, Any]:
        return {"endpoint_url": self.endpoint, "config": local_config() if self._local else _config()}

    def stop(self) -> None:
        """End the engine and its tables; a second call does nothing."""
        if self._server:
            self._server.stop()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Engine at {self.endpoint}{'' if self.alive else ', stopped'}>"


_shared: Engine | None = None


def shared_engine() -> Engine:
    """Return this process's engine, started on first use and again if it has ended."""
    global _shared
    if _shared is None or not _shared.alive:
        _shared = Engine.from_environment()
    return _shared


@contextlib.contextmanager
def plain_engine_errors() -> Iterator[None]:
    """Turn botocore's connection errors into one sentence that says what to do.

    Raises:
        EngineGone: when the engine stopped answering within the block.
        EngineUnavailable: when the learner's own endpoint does not answer.
    """
    from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, HTTPClientError

    try:
        yield
    except (EndpointConnectionError, ConnectionClosedError, HTTPClientError):
        if own := os.environ.get(ENDPOINT_VARIABLE):
            raise EngineUnavailable(
                f"Nothing answers at {own}; start it, or unset {ENDPOINT_VARIABLE} to use the course's own."
            ) from None
        raise EngineGone(
            "The DynamoDB engine stopped answering, and its tables are gone with it; "
            "run the cell again to start a fresh one."
        ) from None


def local_session() -> Any:
    """Return a boto3 session that reads no profile, no file and no credentials of the learner's."""
    import boto3
    from botocore.session import Session

    unread = (None, None, os.devnull, None)
    nobody = (None, None, None, None)
    own = Session(session_vars={"profile": nobody, "config_file": unread, "credentials_file": unread})
    return boto3.Session("course", "course", region_name=REGION, botocore_session=own)


def local_config() -> Any:
    """Return a botocore configuration for an engine on this machine."""
    return _config(**ALONE)


def _config(**more: Any) -> Any:
    from botocore.config import Config

    retries = {"max_attempts": 1, "mode": "standard"}  # a retry would hide a request from the count
    return Config(retries=retries, connect_timeout=2, read_timeout=30, **more)


def _allowed(endpoint: str) -> tuple[str, bool]:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EngineUnavailable(f"{ENDPOINT_VARIABLE} is {endpoint!r}; write it like http://127.0.0.1:8000.")
    local = parts.hostname in LOOPBACK
    if not local and os.environ.get(REMOTE_VARIABLE) != "1":
        raise EngineUnavailable(
            f"{ENDPOINT_VARIABLE} points at {parts.hostname}, which is not this machine and may cost money; "
            f"set {REMOTE_VARIABLE}=1 if you mean it, or unset {ENDPOINT_VARIABLE}."
        )
    return endpoint, local


def _start(port: int | None) -> tuple[Server, str]:
    for module in ("boto3", "hypercorn", "ministack"):
        if find_spec(module) is None:
            raise EngineUnavailable(f"{module} is not installed; bring it with: pip install boto3 ministack")
    for attempt in range(ATTEMPTS):
        chosen = port or _free_port()
        if _answers(chosen):
            raise EngineUnavailable(
                f"Port {chosen} is taken; choose another, or none to let the course choose."
            )
        server = Server(_command(chosen), env=_environment(chosen), memory_mb=1024)
        try:
            server.wait_until(lambda p=chosen: _answers(p))
        except ChildFailed as error:
            if port or attempt == ATTEMPTS - 1:
                raise EngineUnavailable(f"The DynamoDB engine did not start: {error}") from None
        else:
            return server, f"http://127.0.0.1:{chosen}"
    raise AssertionError("unreachable")


def _command(port: int) -> list[str]:
    # the application without its own launcher, which would write a file with its process id
    bind = f"127.0.0.1:{port}"
    return [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", bind, "--log-level", "WARNING"]


def _environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "dynamodb",
        "LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _guard(client: Any, strict: bool) -> Any:
    if strict:
        from engineroom.dynamodb.strict import refuse_like_dynamodb

        refuse_like_dynamodb(client)
    return client

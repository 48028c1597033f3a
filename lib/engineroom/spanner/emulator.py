"""Starts Google's Spanner emulator on this machine, if it is installed, and connects a client to it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engineroom.kit.children import Server
from engineroom.kit.plainly import ToldPlainly

if TYPE_CHECKING:
    from google.cloud.spanner_v1 import Client
    from google.cloud.spanner_v1.database import Database

__all__ = ["EmulatorFailed", "connect", "find_emulator", "origin", "started", "why_not"]

PATH_VARIABLE, HOST_VARIABLE = "SPANNER_EMULATOR", "SPANNER_EMULATOR_HOST"
IN_SDK = Path("bin", "cloud_spanner_emulator", "emulator_main")
MEMORY_MB, PATIENCE_S = 1_024, 20.0
SCHEMA = (
    "CREATE SEQUENCE OrderIds OPTIONS (sequence_kind='bit_reversed_positive')",
    "CREATE TABLE Orders (OrderId INT64 NOT NULL DEFAULT (GET_NEXT_SEQUENCE_VALUE(SEQUENCE OrderIds)),"
    " Note STRING(MAX)) PRIMARY KEY (OrderId)",
    "CREATE TABLE Lines (OrderId INT64 NOT NULL, Line INT64 NOT NULL) PRIMARY KEY (OrderId, Line),"
    " INTERLEAVE IN PARENT Orders ON DELETE CASCADE",
)


class EmulatorFailed(ToldPlainly, RuntimeError):
    """The emulator can't be used, or its run was stopped."""


def find_emulator() -> Path | None:
    """Return the emulator's program: ``$SPANNER_EMULATOR``, on the path, or beside ``gcloud``; else None."""
    named, gcloud = os.environ.get(PATH_VARIABLE), shutil.which("gcloud")
    places = [shutil.which(named)] if named else [shutil.which(IN_SDK.name)]
    if gcloud and not named:
        places.append(shutil.which(_sdk(gcloud) / IN_SDK))
    return next((Path(place) for place in places if place), None)


def why_not() -> str | None:
    """Return one sentence if the emulator can't run here, and None if it can."""
    if find_emulator() is None:
        bring = "gcloud components install cloud-spanner-emulator"
        return f"Skipped: Google's Spanner emulator is not installed. The Google Cloud CLI brings it: {bring}"
    if not _client_installed():
        bring = ".venv/bin/python -m pip install -c constraints.txt -e '.[emulator]'"
        return f"Skipped: the Python client of Spanner is not installed. Bring it with: {bring}"
    return None


@contextlib.contextmanager
def started() -> Iterator[Database]:
    """Start the emulator on a free port of 127.0.0.1; yield a database of orders and lines.

    Raises:
        EmulatorFailed: when `why_not` has a reason.
    """
    if reason := why_not():
        raise EmulatorFailed(reason)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Server([find_emulator(), f"--host_port=127.0.0.1:{port}"], memory_mb=MEMORY_MB) as server:
        server.wait_until(lambda: _listens(port), within_s=PATIENCE_S)
        client = connect(f"127.0.0.1:{port}")
        configuration = f"{client.project_name}/instanceConfigs/emulator-config"
        instance = client.instance("lesson", configuration_name=configuration, node_count=1)
        instance.create().result(PATIENCE_S)
        database = instance.database("orders", ddl_statements=SCHEMA)
        database.create().result(PATIENCE_S)
        yield database


def connect(endpoint: str) -> Client:
    """Return a client of an emulator, anonymous and without telemetry; it never leaves this machine.

    Raises:
        EmulatorFailed: for an endpoint that is not ``127.0.0.1:port`` or ``localhost:port``.
    """
    if not re.fullmatch(r"(127\.0\.0\.1|localhost):\d{1,5}", endpoint):
        raise EmulatorFailed(f"{endpoint} is not on this machine; the lab speaks to 127.0.0.1 only.")
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import spanner

    with _variable(HOST_VARIABLE, endpoint):  # it would win over the argument
        return spanner.Client(
            "engine-room",
            AnonymousCredentials(),
            client_options={"api_endpoint": endpoint},
            disable_builtin_metrics=True,
        )


def origin() -> str:
    """Return which emulator and which client there are."""
    gcloud = shutil.which("gcloud")
    version = _sdk(gcloud) / "VERSION" if gcloud else None
    cli = f" of Google Cloud CLI {version.read_text().strip()}" if version and version.is_file() else ""
    return f"emulator{cli}, google-cloud-spanner {importlib.metadata.version('google-cloud-spanner')}"


def _sdk(gcloud: str) -> Path:
    return Path(gcloud).resolve().parents[1]


def _client_installed() -> bool:
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec("google.cloud.spanner") is not None
    return False


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before

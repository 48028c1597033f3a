"""Faults: what goes wrong, where and when."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import Network
    from .server import Server

__all__ = ["KINDS", "Fault", "random_faults", "schedule"]

KINDS = ("kill", "soft kill", "restart", "cut", "slow", "heal", "skew")
HAND_OVER_US = 100_000  # a soft kill warns this long ahead
BETWEEN_ZONES = ("cut", "slow", "heal")


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        at_us: when, in true microseconds.
        kind: ``"kill"`` or ``"restart"`` a zone's server; ``"soft kill"`` (its leaders hand over first);
            ``"cut"``, ``"slow"`` or ``"heal"`` the link to another zone; ``"skew"`` a clock beyond its ε.
        zone: the zone it strikes.
        other: the link's other end.
        amount: factor of a slow link, or microseconds of skew.
    """

    at_us: int
    kind: str
    zone: str
    other: str = ""
    amount: float = 1

    def check(self, zones: Sequence[str]) -> None:
        """Raise ValueError with one sentence if this fault cannot happen in ``zones``."""
        if self.kind not in KINDS:
            raise ValueError(f"A fault is {self.kind!r}; it must be one of: {', '.join(KINDS)}.")
        if self.at_us < 0:
            raise ValueError(f"A fault comes at {self.at_us} µs; it must not come before 0.")
        named = (self.zone, self.other) if self.kind in BETWEEN_ZONES else (self.zone,)
        for zone in named:
            if zone not in zones:
                raise ValueError(f"A fault strikes zone {zone!r}; the zones are: {', '.join(zones)}.")
        if self.kind == "slow" and self.amount < 1:
            raise ValueError(f"A slow link has factor {self.amount:g}; it must be 1 or more.")


def schedule(faults: Iterable[Fault], servers: Sequence[Server], network: Network) -> None:
    """Check the faults and put them on the servers' kernel.

    Raises:
        ValueError: for a fault that cannot happen.
    """
    by_zone = {server.zone: server for server in servers}
    for fault in faults:
        fault.check(tuple(by_zone))
        by_zone[fault.zone].kernel.after(fault.at_us, _strike, fault, by_zone[fault.zone], network)


def _strike(fault: Fault, server: Server, network: Network) -> None:
    server.note(fault.kind, fault.other, fault.amount)
    if fault.kind == "kill" and server.up:
        server.kill()
    elif fault.kind == "restart" and not server.up:
        server.restart()
    elif fault.kind == "soft kill" and server.up:
        for replica in server.replicas.values():
            if replica.leading:
                replica.leading.abdicate()
        server.kernel.after(HAND_OVER_US, _kill_if_up, server)
    elif fault.kind == "cut":
        network.cut(fault.zone, fault.other)
    elif fault.kind == "heal":
        network.heal(fault.zone, fault.other)
    elif fault.kind == "slow":
        network.slow(fault.zone, fault.other, fault.amount)
    elif fault.kind == "skew":
        server.clock.skew_us = int(fault.amount)


def _kill_if_up(server: Server) -> None:
    if server.up:
        server.kill()


def random_faults(
    rng: random.Random, zones: Sequence[str], until_us: int, every_us: int, repair_us: int
) -> list[Fault]:
    """Draw a schedule of crashes, partitions and slow links, each repaired before the next begins.

    Args:
        rng: the generator.
        zones: the zones to strike.
        until_us: no fault begins later.
        every_us: time between the beginnings of two faults.
        repair_us: how long each lasts; longer than a soft kill's hand-over, shorter than ``every_us``.

    Raises:
        ValueError: when a fault would be repaired before it has happened, or after the next.
    """
    if not HAND_OVER_US < repair_us < every_us:
        raise ValueError(
            f"Repair takes {repair_us} µs; it must take more than {HAND_OVER_US} and less than {every_us} µs."
        )
    faults = []
    for at_us in range(every_us, until_us, every_us):
        zone, other = rng.sample(list(zones), 2)
        kind = rng.choice(("kill", "soft kill", "cut", "slow"))
        amount = rng.choice((5, 50)) if kind == "slow" else 1
        cure = "heal" if kind in BETWEEN_ZONES else "restart"
        faults += [Fault(at_us, kind, zone, other, amount), Fault(at_us + repair_us, cure, zone, other)]
    return faults

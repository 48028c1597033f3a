"""A spanserver: one machine per zone, with one clock, one disk and a replica of every group."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .events import Kernel
from .network import Network
from .protocol import Protocol
from .truetime import Interval, TrueTime

__all__ = ["Server", "Timings"]

RULE_POLL_US = 200  # how often a rule from outside is asked


@dataclass(frozen=True)
class Timings:
    """Durations the servers live by, in microseconds unless the name says otherwise."""

    lease_us: int = 10_000_000
    tick_us: int = 1_000_000  # housekeeping: renew, resend, ask about transactions in doubt
    promise_us: int = 8_000_000  # how often an idle leader advances everybody's safe time
    log_write_us: int = 2_000  # smallest time to make a log entry durable
    log_write_spread_us: int = 500  # mean of the exponential part on top of it
    participant_us: int = 0  # coordinator's work per participant of a transaction
    idle_lock_us: int = 5_000_000  # a transaction silent for so long loses its locks
    prepare_timeout_us: int = 3_000_000  # a coordinator gives up on a missing participant


class Server:
    """A machine that can die and come back; its timers die with it.

    Args:
        zone: its zone's name.
        kernel: the event kernel.
        network: carries messages to other zones.
        clock: this machine's TrueTime.
        rng: draws the disk's speed.
        protocol: the rules it follows.
        timings: the durations it lives by.

    Attributes:
        may_answer: a commit-wait rule from outside, asked with a commit timestamp and ``now()``; None
            for the protocol's own.
    """

    def __init__(
        self,
        zone: str,
        kernel: Kernel,
        network: Network,
        clock: TrueTime,
        rng: random.Random,
        protocol: Protocol,
        timings: Timings,
    ):
        self.zone, self.kernel, self.network, self.clock = zone, kernel, network, clock
        self.protocol, self.timings = protocol, timings
        self.may_answer: Callable[[int, Interval], bool] | None = None
        self.up = True
        self.replicas: dict[str, Any] = {}
        self._rng = rng
        self._life = 1

    def send(self, to: Server, action: Callable[..., None], *args: Any) -> None:
        """Send a message to another server, which handles it if it is up on arrival."""
        self.network.send(self.zone, to.zone, to.handle, action, *args)

    def handle(self, action: Callable[..., None], *args: Any) -> None:
        """Handle a message, or lose it because the machine is down."""
        if self.up:
            action(*args)

    def after(self, delay_us: int, action: Callable[..., None], *args: Any) -> None:
        """Call ``action`` later, unless the machine has died in between."""
        self.kernel.after(delay_us, self._fire, self._life, action, args)

    def after_log_write(self, action: Callable[..., None], *args: Any) -> None:
        """Call ``action`` once a log entry is durable on this machine's disk."""
        spread = self.timings.log_write_spread_us
        extra = int(self._rng.expovariate(1 / spread)) if spread else 0
        self.after(self.timings.log_write_us + extra, action, *args)

    def after_passed(self, t_us: int, action: Callable[..., None], *args: Any) -> None:
        """Call ``action`` at the first check at which ``t_us`` has definitely passed."""
        missing = t_us - self.clock.now().earliest
        if missing < 0:
            action(*args)
        else:
            self.after(missing + 1, self.after_passed, t_us, action, *args)

    def commit_wait(self, s_us: int, action: Callable[..., None], *args: Any) -> None:
        """Wait out the uncertainty of a commit timestamp by the protocol's rule, then go on."""
        if self.may_answer:
            if self.may_answer(s_us, self.clock.now()):
                action(*args)
            else:
                self.after(RULE_POLL_US, self.commit_wait, s_us, action, *args)
        elif self.protocol.commit_wait == "2ε":
            self.after_passed(s_us, action, *args)
        elif self.protocol.commit_wait == "none":
            action(*args)
        else:
            earliest, latest = self.clock.now()
            missing = s_us - (earliest + latest) // 2
            if missing < 0:
                action(*args)
            else:
                self.after(missing + 1, self.commit_wait, s_us, action, *args)

    def kill(self) -> None:
        """Lose everything in memory; the disk (log, promises, votes) survives."""
        self.up = False
        self._life += 1
        for replica in self.replicas.values():
            replica.forget()

    def restart(self) -> None:
        """Come back with what was on disk."""
        self.up = True
        self._life += 1
        for replica in self.replicas.values():
            replica.wake()

    def note(self, kind: str, *what: Any) -> None:
        """Record something in the event log."""
        self.kernel.log.record(self.kernel.now, kind, self.zone, *what)

    def _fire(self, life: int, action: Callable[..., None], args: tuple[Any, ...]) -> None:
        if self.up and life == self._life:
            action(*args)

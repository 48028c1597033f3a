"""The protocol's rules as switches: the right setting is the default, every other one is a mutant.

A learner throws a switch and a checker finds the history that it breaks.
"""

from __future__ import annotations

from dataclasses import dataclass

from engineroom.kit.knobs import Knobs, choice, number, switch

__all__ = ["MUTANTS", "Protocol"]


@dataclass(frozen=True)
class Protocol(Knobs):
    """Which rules the servers follow."""

    commit_wait: str = choice(
        "2ε",
        ("2ε", "ε", "none"),
        label="commit wait",
        help="2ε: until the timestamp has surely passed; ε: until the local clock passes it.",
    )
    epsilon_scale: float = number(
        1, 0.05, 1, step=0.05, label="reported part of ε", help="Below 1 the clocks understate their error."
    )
    heed_prepared: bool = switch(
        True, label="heed prepared transactions", help="Off: safe time ignores transactions in doubt."
    )
    exclusive_votes: bool = switch(
        True, label="exclusive lease votes", help="Off: voters give a new vote before the old one has lapsed."
    )
    after_prepares: bool = switch(
        True,
        label="timestamp after prepares",
        help="Off: the coordinator picks the timestamp when the commit request arrives.",
    )
    read_at: str = choice(
        "latest",
        ("latest", "earliest"),
        label="strong reads at",
        help="The end of now() used as read timestamp.",
    )
    fine_grained: bool = switch(
        False,
        label="fine-grained safe time",
        help="Prepared transactions hold back only the keys they write.",
    )


MUTANTS = {
    "no commit wait": Protocol(commit_wait="none"),
    "wait ε, not 2ε": Protocol(commit_wait="ε"),
    "understated ε": Protocol(epsilon_scale=0.1),
    "ignore prepared": Protocol(heed_prepared=False),
    "overlapping leases": Protocol(exclusive_votes=False),
    "timestamp before prepares": Protocol(after_prepares=False),
    "earliest for reads": Protocol(read_at="earliest"),
}

"""Finding things: leaders, nearest replicas, the server that takes a zone's requests.

It is always up to date about what a zone can reach; the location proxies of a real deployment lag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .group import Group
from .leadership import Leadership
from .network import Network
from .paxos import Replica
from .server import Server

__all__ = ["Directory"]


class Directory:
    """Where the groups' leaders and nearest replicas are."""

    def __init__(self, groups: Mapping[str, Group], servers: Sequence[Server], network: Network):
        self._groups, self._servers, self._network = groups, servers, network

    def leader(self, group: str, zone: str) -> Leadership | None:
        """Return the group's leader as ``zone`` sees it."""
        return self._groups[group].leader_seen_from(zone)

    def nearest(self, group: str, zone: str) -> Replica | None:
        """Return the nearest replica with data that is up and reachable."""
        open_to = [r for r in self._groups[group].replicas if r.has_data and self._open(r.server, zone)]
        return min(open_to, key=lambda r: self._network.one_way_us(zone, r.server.zone), default=None)

    def frontend(self, zone: str) -> Server | None:
        """Return the server that takes the zone's requests: its own if that is up."""
        open_to = [server for server in self._servers if self._open(server, zone)]
        return min(open_to, key=lambda s: self._network.one_way_us(zone, s.zone), default=None)

    def _open(self, server: Server, zone: str) -> bool:
        return server.up and self._network.reachable(zone, server.zone)

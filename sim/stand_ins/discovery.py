"""Discovery on a simulated local network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cluster.ports import Address, Endpoint, PeerSeen
from sim.stand_ins.network import NS, SimNetwork

AGAIN_NS: Final = 10 * NS


@dataclass(frozen=True, slots=True)
class _Known:
    cluster: str
    node: str
    endpoint: Endpoint
    found: Address[PeerSeen]


class SimLan:
    """Who announces itself; one per simulated network."""

    def __init__(self, network: SimNetwork) -> None:
        self.network = network
        self._known: list[_Known] = []

    def join(self, joiner: _Known) -> None:
        """Announce, and let the joiner and the others hear of each other."""
        self._known.append(joiner)
        for other in self._known:
            self._carry(joiner, other)
            self._carry(other, joiner)

    def leave(self, leaver: _Known) -> None:
        """Withdraw."""
        if leaver in self._known:
            self._known.remove(leaver)

    def is_there(self, known: _Known) -> bool:
        """Whether it is announced."""
        return known in self._known

    def repeat(self, announced: _Known) -> None:
        """Let all hear of it again."""
        for other in self._known:
            self._carry(announced, other)

    def _carry(self, speaker: _Known, hearer: _Known) -> None:
        ours = speaker.cluster == hearer.cluster and speaker.node != hearer.node
        source, target = speaker.endpoint.host, hearer.endpoint.host
        if not ours or not self.network.is_open(source, target):
            return
        seen = PeerSeen(speaker.node, speaker.endpoint)
        delay_ns = self.network.delay_ns(source, target)
        self.network.later(delay_ns, source, target, lambda: hearer.found.tell(seen))


class SimDiscovery:
    """Implements Discovery: an announcement at the start and every ten seconds."""

    def __init__(self, *, lan: SimLan, cluster: str, node: str, endpoint: Endpoint) -> None:
        self._lan = lan
        self._cluster = cluster
        self._node = node
        self._endpoint = endpoint
        self._known: _Known | None = None

    def start(self, found: Address[PeerSeen]) -> None:
        """Announce this node and report others of the same cluster."""
        assert self._known is None, "started twice"
        self._known = _Known(self._cluster, self._node, self._endpoint, found)
        self._lan.join(self._known)
        self._plan()

    def stop(self) -> None:
        """Withdraw the announcement."""
        if self._known is not None:
            self._lan.leave(self._known)

    def _plan(self) -> None:
        host = self._endpoint.host
        self._lan.network.later(AGAIN_NS, host, host, self._again)

    def _again(self) -> None:
        assert self._known is not None
        if self._lan.is_there(self._known):
            self._lan.repeat(self._known)
            self._plan()

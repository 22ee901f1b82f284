"""Which of the two nodes should get the next job of a group. Pure.

The law: a group with room on a node that is not passed over for it gets that room, whatever other groups do.
"""

from __future__ import annotations

from dataclasses import replace

from cluster.jobs.capacity import Capacity, Room
from cluster.jobs.claim import Peer
from cluster.jobs.groups import Group
from cluster.jobs.waiting import Waiting


class Rooms:
    """What both nodes take, and what is known of the other one."""

    def __init__(self, *, node: str) -> None:
        self._node = node
        self.own = Room()
        self.peer = Peer()
        self.alone = False
        self._peers = Room()

    @property
    def peer_node(self) -> str:
        """The peer's node id; `peer` while it is unknown."""
        return self.peer.node or "peer"

    @property
    def is_split(self) -> bool:
        """Whether both nodes may be giving out the same work, unable to agree."""
        return self.alone and bool(self.peer.node)

    @property
    def peer_free(self) -> Capacity:
        """The peer's word, less the offers it did not answer yet; nothing unless it is alive."""
        return self._peers.left if self._peer_takes else Capacity()

    @property
    def unanswered(self) -> int:
        """Offers that the peer's word does not reckon with."""
        return self._peers.taken

    def own_said(self, word: Capacity) -> None:
        """This node's word; it reckons with everything given so far."""
        self.own.clear()
        self.own.said(word)

    def know(self, peer: Peer, *, alone: bool) -> None:
        """What is known of the peer; ids that are empty stay as they were."""
        known = self.peer
        self.peer = replace(peer, boot=peer.boot or known.boot, node=peer.node or known.node)
        self.alone = alone
        self._peers.said(peer.capacity)

    def peer_said(self, word: Capacity) -> None:
        """The peer's word; offers without an answer are not in it."""
        self._peers.said(word)

    def offered(self, group: Group) -> None:
        """The peer was offered a job."""
        self._peers.take(group.name)

    def answered(self, group: Group) -> None:
        """The offer is in the peer's word, or is none any more."""
        self._peers.give_back(group.name)

    def lead_lost(self) -> None:
        """No offer of this node's stands any more."""
        self._peers.clear()

    def for_group(self, group: Group, now_ns: int) -> tuple[int, int]:
        """What this node and the peer should take now: nothing for the worse one if the other can."""
        own_free = self.own.of(group.name)
        peer_free = self._peers.of(group.name) if self._peer_takes else 0
        own_fails = group.trust.is_passed_over(self._node, now_ns)
        peer_fails = group.trust.is_passed_over(self.peer_node, now_ns)
        own_is_worse = own_fails and not peer_fails and self.peer.healthy
        peer_is_worse = not own_fails and (peer_fails or not self.peer.healthy)
        if own_is_worse and (peer_free > 0 or self._is_busy_well(group, self.peer_node, now_ns)):
            return 0, peer_free
        if peer_is_worse and own_free > 0:
            return own_free, 0
        if peer_is_worse and peer_fails and self._is_busy_well(group, self._node, now_ns):
            return own_free, 0
        return own_free, peer_free

    def choose(
        self, group: Group, entry: Waiting, room: tuple[int, int], now_ns: int
    ) -> str | None:
        """The node to give this job to, in the `room` there is; None when neither should have it now."""
        avoid = entry.avoid if now_ns < entry.avoid_until_ns else ""
        own = room[0] if avoid != self._node else 0
        peer = room[1] if avoid != self.peer_node else 0
        if own <= 0 and peer <= 0:
            return None
        if own > 0 and peer > 0:
            breaker = group.trust.breaker(entry.job.key, now_ns)
            if breaker:
                return self.peer_node if breaker == self._node else self._node
        return self._node if own >= peer else self.peer_node

    @property
    def _peer_takes(self) -> bool:
        return self.peer.state == "alive" and not self.alone

    def _is_busy_well(self, group: Group, node: str, now_ns: int) -> bool:
        """Full because it gets things done: worth waiting for, when the other one fails at all it gets."""
        usable = node == self._node or self._peer_takes
        return usable and group.trust.is_proven(node, now_ns)

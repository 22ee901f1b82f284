"""Who may be our peer, and which of two connections to it stays. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.errors import NodeIdTaken
from cluster.frames import PROTOCOL_MAX, PROTOCOL_MIN, Hello


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is, for as long as the process lives."""

    cluster: str
    node: str
    instance: str
    """Made once with the data directory."""
    boot: str
    """Made at every start."""
    build: str
    web_url: str = ""
    protocol_min: int = PROTOCOL_MIN
    protocol_max: int = PROTOCOL_MAX


@dataclass(frozen=True, slots=True)
class Accepted:
    """A peer, and the newest protocol both speak."""

    protocol: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not our peer. `cloned`: it uses our node id without being this process."""

    reason: str
    cloned: bool = False
    to_be_told: bool = False
    """It must know, because it acts under a node id that is not its own."""
    answered: bool = False
    """It may hear who this node is, so that it can tell its operator the same."""


Verdict: TypeAlias = Accepted | Rejected


def judge(own: Identity, hello: Hello) -> Verdict:
    """Whether the sender of `hello` is the other node of our pair."""
    if hello.cluster != own.cluster:
        return Rejected(f"it belongs to cluster {hello.cluster!r}, this node to {own.cluster!r}")
    if hello.node == own.node:
        return _same_node(own, hello)
    protocol = min(own.protocol_max, hello.protocol_max)
    if protocol < max(own.protocol_min, hello.protocol_min):
        return Rejected(
            f"node {hello.node} speaks protocol {hello.protocol_min} to {hello.protocol_max}, "
            f"this node {own.protocol_min} to {own.protocol_max}: upgrade the older one",
            answered=True,
        )
    return Accepted(protocol)


def _same_node(own: Identity, hello: Hello) -> Rejected:
    if (hello.instance, hello.boot) == (own.instance, own.boot):
        return Rejected("the address of the peer leads back to this node")
    if hello.instance == own.instance:
        # Made from a copy of the data directory: as much a clone as one with data of its own.
        what = "runs a second time from a copy of its data"
    else:
        what = "is used by another installation"
    reason = f"node id {own.node} {what}: give each node its own id and data"
    return Rejected(reason, cloned=True, answered=True)


def refused_by(endpoint: str, reason: str) -> NodeIdTaken:
    """What ends this node when a `Refusal` came from there."""
    return NodeIdTaken(
        f"the node at {endpoint} refuses this one: {reason}",
        hint="Give each node its own node.id and its own data directory.",
    )


@dataclass(frozen=True, slots=True)
class Side:
    """What the tie-break needs to know of one connection."""

    boot: str
    """The peer's."""
    inbound: bool


def newer_stays(
    own_node: str, peer_node: str, current: Side, newer: Side, *, simultaneous: bool
) -> bool:
    """Whether the newer of two connections to the peer replaces the current one.

    Both nodes dial, so two connections may come about at once: both ends keep the one that the node
    with the lower id dialled. In every other case the peer made the new one for a reason (it
    restarted, or its end of the old one broke unseen by us), and the newer one stays.
    """
    if newer.boot != current.boot or newer.inbound == current.inbound or not simultaneous:
        return True
    dialled_by = peer_node if newer.inbound else own_node
    return dialled_by == min(own_node, peer_node)

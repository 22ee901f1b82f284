"""What `LinkState` wants done, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cluster.frames import Frame, Hello
from cluster.links.handshake import Rejected
from cluster.messages import PeerGone, PeerRefused, PeerRejected, PeerUp
from cluster.ports import Endpoint


@dataclass(frozen=True, slots=True)
class Dial:
    """Try this endpoint once."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class RedialIn:
    """Come back with `redial_due` after so long; replaces what was planned before."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class SendHello:
    """Say who we are on a new connection."""

    number: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Say why the node at the other end must not go on; `Close` follows."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection; its `Closed` needs no report."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class BeatAtOnce:
    """The peer should hear from us now."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """A valid frame of the accepted peer."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class TellPair:
    """News of the peer."""

    news: PeerUp | PeerGone | PeerRefused | PeerRejected


@dataclass(frozen=True, slots=True)
class Note:
    """For the log."""

    event: str
    fields: Mapping[str, str | int | bool] = field(default_factory=dict[str, str | int | bool])
    warn: bool = False


def link_up(hello: Hello, *, host: str, inbound: bool, restarted: bool, protocol: int) -> Note:
    """The peer is connected."""
    facts = {"node": hello.node, "host": host, "inbound": inbound, "restarted": restarted}
    return Note("link_up", {**facts, "build": hello.build, "protocol": protocol})


def peer_misbehaved(reason: str, *, host: str) -> Note:
    """What came from there is not acceptable."""
    return Note("peer_misbehaved", {"reason": reason, "host": host}, warn=True)


def peer_rejected(hello: Hello, why: Rejected, *, host: str) -> Note:
    """Whoever said this hello cannot be the peer."""
    facts = {"reason": why.reason, "node": hello.node, "host": host, "cloned": why.cloned}
    return Note("peer_rejected", facts, warn=True)


Effect: TypeAlias = (
    Dial | RedialIn | SendHello | Refuse | Close | BeatAtOnce | Deliver | TellPair | Note
)

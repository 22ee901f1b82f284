"""Snapshots the cluster's actors publish on the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.frames import Heartbeat, Role


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """What a node knows of its peer (part `peer`, published by the link)."""

    node: str
    """Empty while no peer was ever heard."""
    connected: bool
    endpoint: str
    build: str
    web_url: str
    protocol: int
    last_beat: Heartbeat | None
    heard_ns: int | None
    """Monotonic instant of the last valid frame."""
    round_trip_ms: float | None
    frames_in: int
    frames_out: int


@dataclass(frozen=True, slots=True)
class PairStatus:
    """Where this node stands (part `pair`, published by the pair actor)."""

    node: str
    role: Role
    term: int
    since_us: int
    """When it took this role."""
    reason: str
    paused: bool
    peer: str
    """alive, suspect, dead or unknown."""
    sees_data_center: bool
    lease_holder: str
    lease_term: int
    leased: bool
    """True while this node believes that it holds the lease."""
    duty: bool
    """True while the primary's work is granted."""
    healthy: bool
    problems: tuple[str, ...]
    role_changes: int
    takeover_ms: float | None
    """From the last sign of the dead peer to the duty granted here, for the last takeover."""


@dataclass(frozen=True, slots=True)
class DistributorStatus:
    """Work under way (part `distributor`)."""

    waiting: int
    claimed_here: int
    claimed_by_peer: int
    peer_free_capacity: int
    expired: int
    given_again: int


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """A job that a node has in hand."""

    key: str
    node: str
    attempt: int
    bytes_total: int
    held: bool
    """The result is safe on that node's disk."""


@dataclass(frozen=True, slots=True)
class ClaimsStatus:
    """Every claim on both nodes (part `claims`), at most a second old. Empty but on the primary."""

    claims: tuple[ClaimStatus, ...]


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """Whether every actor answers (part `supervisor`)."""

    answered_ns: Mapping[str, int] = field(default_factory=dict[str, int])
    """Monotonic instant of each actor's last answer."""
    silent: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

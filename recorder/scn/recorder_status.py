"""What the screen recorder publishes (part `screens`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DesktopStatus:
    """One desktop that is connected to this node."""

    desktop: str
    agents: tuple[str, ...]
    host: str
    streaming: bool
    masked: bool
    ahead_ms: float | None
    """Of its clock; None while nothing is known."""
    frame_age_s: float | None
    """Since its last frame; None when none came."""


@dataclass(frozen=True, slots=True)
class ScreenRecorderStatus:
    """Screens on this node."""

    desktops: tuple[DesktopStatus, ...]
    parts: int
    """In the call buffer."""
    open: int
    undecided: int
    waiting: int
    """Kept, and not archived yet."""
    buffer_bytes: int
    free_bytes: int
    packets: int
    """Written since the start; and so on."""
    bytes: int
    archived: int
    deleted: int
    masked: int
    frame_age_s: float | None
    """Of the agent who streams and is the longest without a frame."""
    stopped: str
    """Why no screen is recorded; empty while they are."""


@dataclass(frozen=True, slots=True)
class ToldDesktop:
    """One desktop that is connected to the other node."""

    desktop: str
    agents: tuple[str, ...]
    streaming: bool
    masked: bool


@dataclass(frozen=True, slots=True)
class ToldScreens:
    """What one node tells the other of its screens."""

    node: str
    desktops: tuple[ToldDesktop, ...]
    more: int
    """Desktops that found no place in it."""
    stopped: str
    """Why no screen is recorded there; empty while they are."""


@dataclass(frozen=True, slots=True)
class PeerScreensStatus:
    """The screens of the other node, as it last told (part `peer_screens`)."""

    told: ToldScreens
    heard_ns: int
    """On this node's monotonic clock."""

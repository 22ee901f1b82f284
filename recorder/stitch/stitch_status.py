"""What the stitcher tells of itself (part `stitch` of the board)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FailedTry:
    """Why a contact could not be made replayable at the last try."""

    reason: str
    at_us: int


@dataclass(frozen=True, slots=True)
class StitchStatus:
    """As things are on this node."""

    state: str
    """idle, stitching or waiting (for the Data Center or a disk)."""
    stitching: str
    """Contact id; empty when none."""
    wanted: tuple[str, ...]
    """Contacts somebody waits for, the next first."""
    backlog: int
    """Contacts that wait to be made ahead of time."""
    watched: int
    """Calls whose contacts are looked at again."""
    made: int
    ready: int
    """Looks that found the newest rendition up to date."""
    failed: int
    last_seconds: float
    last_memory_bytes: int
    last_error: str
    failures: Mapping[str, FailedTry] = field(default_factory=dict[str, FailedTry])
    """By contact id, the newest only."""

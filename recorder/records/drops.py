"""Files that people put down for a recovery of ids, and where they are. Frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file somebody put down. `kind` is that of the sources it is for."""

    kind: str
    name: str
    size_bytes: int
    changed_us: int
    """As its file system says."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file this node took."""

    kind: str
    name: str
    """As it was put down."""
    token: str
    """What its recoveries are called by; empty until it was decided."""
    changed_us: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file another node took and did not finish."""

    node: str
    claimed: Claimed
    sign: int
    """Of life of that node: as long as it works on its files, this changes every few seconds."""

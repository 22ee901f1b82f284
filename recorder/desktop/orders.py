"""What the camera is told. One union: it has one mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Film:
    """Record, at most so many frames a second. While recording only the number changes."""

    frames_per_s: float


@dataclass(frozen=True, slots=True)
class Cut:
    """Record no more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cover:
    """Look away while on."""

    on: bool


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """The next frame must stand alone."""


@dataclass(frozen=True, slots=True)
class GoHome:
    """The service ends: stop recording, then the thread."""


Order: TypeAlias = Film | Cut | Cover | KeyFrame | GoHome

"""What the integrity scrub reads and writes, frozen. Instants are microseconds (`*_us`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CENSUS: Final = "census"
READS: Final = "reads"


class Outcome(StrEnum):
    """What is known of an object."""

    UNREAD = ""
    WHOLE = "whole"
    DAMAGED = "damaged"
    """Other bytes than were archived, or bytes that cannot be read."""
    MISSING = "missing"
    """The contact database has it, the archive has not."""
    SUSPECT = "suspect"
    """The archive has it, the contact database not yet: perhaps it is on its way."""
    STRAY = "stray"
    """The same, for longer than anything is on its way."""

    @property
    def is_bad(self) -> bool:
        """Whether somebody should know."""
        return self in {Outcome.DAMAGED, Outcome.MISSING, Outcome.STRAY}


@dataclass(frozen=True, slots=True)
class ScrubObject:
    """An object as the contact database has it."""

    object_key: str
    source: str
    media_key: str
    contact_id: str
    size_bytes: int
    sha256: str
    held: bool = False
    """A legal hold covers its contact."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one object to its end told."""

    object: ScrubObject
    outcome: Outcome
    detail: str
    read_us: int


@dataclass(frozen=True, slots=True)
class CensusPage:
    """Everything known of a range of keys: behind `after`, up to `upto` (None for the end)."""

    after: str
    upto: str | None
    objects: tuple[ScrubObject, ...]
    """By the contact database."""
    without_row: tuple[str, ...]
    """Keys in the archive that it does not know."""
    now_us: int
    stray_after_us: int


@dataclass(frozen=True, slots=True)
class Change:
    """An object that is other than it was when it was looked at last."""

    object_key: str
    before: Outcome
    after: Outcome
    detail: str
    since_us: int


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk over all objects has come."""

    place: str = ""
    """Key of the last object; empty at the beginning."""
    started_us: int = 0
    """0 before the first."""
    ended_us: int | None = None
    """Of the last one that came to its end, and when that one was begun."""
    ended_started_us: int | None = None

    @property
    def running(self) -> bool:
        """Whether one was begun that has not come to its end."""
        return self.started_us > 0 and self.started_us != self.ended_started_us


@dataclass(frozen=True, slots=True)
class ScrubRow:
    """What is on record of one object."""

    object_key: str
    source: str
    media_key: str
    outcome: Outcome
    detail: str
    since_us: int | None
    read_us: int
    """0 when it never was."""
    times: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class ScrubSummary:
    """The whole archive in numbers."""

    objects: int = 0
    """That the contact database has, as far as the census knows."""
    held: int = 0
    unread: int = 0
    read_in_pass: int = 0
    """Of the pass that runs, or ran last."""
    damaged: int = 0
    missing: int = 0
    stray: int = 0
    oldest_read_us: int | None = None
    """Every object was read since; None while one never was."""
    reads: Walk = Walk()
    census: Walk = Walk()


@dataclass(frozen=True, slots=True)
class ScrubStatus:
    """The scrub of this node (part `scrub`)."""

    state: str
    """off, standby, reading, resting (until the next pass is due) or waiting (something is away)."""
    objects_read: int
    """Since this node started."""
    bytes_read: int
    bytes_per_s_max: float
    last_error: str
    summary: ScrubSummary

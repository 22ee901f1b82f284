"""What the integrity scrub needs from the world, as protocols; beside `recorder/ports/recording.py`.

Calls block and belong into job functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recorder.records.scrub import (
    CensusPage,
    Change,
    Reading,
    ScrubObject,
    ScrubRow,
    ScrubSummary,
    Walk,
)


class ScrubDb(Protocol):
    """What was read of the archive, and what it should be. Raises DataCenterDown or DataCenterError.

    What carries a term is the primary's work: it raises StaleTerm when a higher one was seen.
    """

    def census(self, after: str, limit: int) -> tuple[ScrubObject, ...]:
        """Objects of archived media in order of their keys, those behind `after`; with holds in force."""
        ...

    def enrol(self, page: CensusPage, term: int) -> tuple[Change, ...]:
        """Take what a range of keys holds into the scrub, and out of it what is no longer there."""
        ...

    def due(self, before_us: int, bad_before_us: int, limit: int) -> tuple[ScrubObject, ...]:
        """Objects to read: bad ones last read before `bad_before_us`, then those last read before `before_us`.

        Of these the held ones first, then the one read longest ago. As the contact database has them now.
        """
        ...

    def record(self, readings: Sequence[Reading], term: int) -> tuple[Change, ...]:
        """Put readings on record. One of an object that changed or went meanwhile says nothing."""
        ...

    def walk(self, name: str) -> Walk:
        """How far a walk has come."""
        ...

    def save_walk(self, name: str, walk: Walk, term: int) -> None:
        """Where to go on."""
        ...

    def summary(self) -> ScrubSummary:
        """The whole archive in numbers."""
        ...

    def bad(self, limit: int) -> tuple[ScrubRow, ...]:
        """Damaged, missing and stray objects, the longest known first."""
        ...

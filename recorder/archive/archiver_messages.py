"""What the archiver tells itself: results of its jobs, and its timers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import Ping
from cluster.ports import Outcome
from recorder.archive.commit_job import Report
from recorder.archive.journal_records import Replay
from recorder.messages import ArchiverCommand


@dataclass(frozen=True, slots=True)
class Replayed:
    """The journal was read after a start."""

    outcome: Outcome[Replay]


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit job is over."""

    outcome: Outcome[Report]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The call buffer was searched for leftovers."""

    outcome: Outcome[int]


@dataclass(frozen=True, slots=True)
class RetryDue:
    """Time to try again after an outage."""


@dataclass(frozen=True, slots=True)
class AsideDue:
    """Time to try a refused item again."""


@dataclass(frozen=True, slots=True)
class CleanDue:
    """Time to search the call buffer for leftovers."""


ArchiverMessage: TypeAlias = (
    ArchiverCommand | Ping | Replayed | Committed | Cleaned | RetryDue | AsideDue | CleanDue
)

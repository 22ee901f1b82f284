"""What the actor of retention tells itself: results of its jobs and timers.

`job` tells the result of a job of an earlier reign from one that is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import DutyMessage, Ping
from cluster.ports import Outcome
from recorder.keep.retention_jobs import Deleted, Looked
from recorder.records.retention import Surveyed


@dataclass(frozen=True, slots=True)
class StepDue:
    """Time for the next step; `number` tells an old timer from the last one."""

    number: int


@dataclass(frozen=True, slots=True)
class LookDone:
    """What was agreed to and done before."""

    job: int
    outcome: Outcome[Looked]


@dataclass(frozen=True, slots=True)
class PageDone:
    """A page was surveyed or decided upon."""

    job: int
    outcome: Outcome[Surveyed]


@dataclass(frozen=True, slots=True)
class DeletionsDone:
    """Some contacts were deleted."""

    job: int
    outcome: Outcome[Deleted]


@dataclass(frozen=True, slots=True)
class RunRecorded:
    """The run is on record as it is now; or there is more to sweep before, behind this contact."""

    job: int
    outcome: Outcome[str | None]


RetentionInbox: TypeAlias = (
    DutyMessage | Ping | StepDue | LookDone | PageDone | DeletionsDone | RunRecorded
)

"""What a poller tells itself: results of its jobs, and its timers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import DutyMessage, Ping
from cluster.ports import Outcome
from cluster.work_messages import JobNews
from recorder.messages import PollerCommand
from recorder.model import Finding, ItemEvent, ItemOutcome, ItemRef, Page, SourceTime
from recorder.poll.poll_jobs import Left, Loaded, Saved, Taken
from recorder.records.contacts import ItemRow


@dataclass(frozen=True, slots=True)
class ProgressLoaded:
    """What the own disk and the Data Center know of this source."""

    outcome: Outcome[Loaded]


@dataclass(frozen=True, slots=True)
class ProgressSaved:
    """A save ended."""

    outcome: Outcome[Saved]


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """The source said what time it is, or did not."""

    run: int
    outcome: Outcome[SourceTime]


@dataclass(frozen=True, slots=True)
class PageListed:
    """One page came from the source, or did not."""

    run: int
    outcome: Outcome[Page]


@dataclass(frozen=True, slots=True)
class PageChecked:
    """The Data Center said which of `refs` are unfinished."""

    run: int
    refs: tuple[ItemRef, ...]
    outcome: Outcome[tuple[ItemRef, ...]]


@dataclass(frozen=True, slots=True)
class FoundRecorded:
    """The new items of a window are on record, or the Data Center is away."""

    run: int
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class OffRecordWritten:
    """Items seen by a poll that put nothing on record, by job key: they are on record now, or not."""

    keys: tuple[str, ...]
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class OutcomeRecorded:
    """An end without media is on record, or not."""

    key: str
    asked: ItemOutcome
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class PendingChecked:
    """Items that were pending for long: which of `refs` the Data Center still calls unfinished."""

    refs: tuple[ItemRef, ...]
    outcome: Outcome[tuple[ItemRef, ...]]


@dataclass(frozen=True, slots=True)
class ParkedLoaded:
    """Parked items whose time has come."""

    outcome: Outcome[tuple[ItemRow, ...]]


@dataclass(frozen=True, slots=True)
class LeftLoaded:
    """Items without an end, and how many are lost, as the Data Center has them."""

    outcome: Outcome[Left]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Items that a recovery found missing are on record; `events` has one for each."""

    events: tuple[ItemEvent, ...]
    outcome: Outcome[Taken]


@dataclass(frozen=True, slots=True)
class CanaryChecked:
    """A standby tried its own credentials."""

    outcome: Outcome[tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class PollDue:
    """Time to poll. Only the newest `number` counts."""

    number: int


@dataclass(frozen=True, slots=True)
class ItemRetryDue:
    """A failed item waited long enough; `failures` tells a stale timer."""

    key: str
    failures: int


@dataclass(frozen=True, slots=True)
class OutcomeDue:
    """Try again to record an end that the Data Center did not take."""

    key: str


@dataclass(frozen=True, slots=True)
class SaveDue:
    """Progress moved a moment ago: save and share it."""


@dataclass(frozen=True, slots=True)
class LoadDue:
    """Nothing was known of this source: look again."""


@dataclass(frozen=True, slots=True)
class OffRecordDue:
    """Try again to record that items were seen."""


@dataclass(frozen=True, slots=True)
class ParkedDue:
    """Time to ask for parked items."""


@dataclass(frozen=True, slots=True)
class LeftDue:
    """Time to ask for what an earlier reign left behind."""


@dataclass(frozen=True, slots=True)
class CanaryDue:
    """Time to try the credentials of a standby."""

    number: int
    """Of the timer: an older one means nothing any more."""


@dataclass(frozen=True, slots=True)
class HintDue:
    """Time to act upon hints. Only the newest `number` counts."""

    number: int


Looked: TypeAlias = (
    ParkedLoaded
    | LeftLoaded
    | TakenIn
    | CanaryChecked
    | OffRecordWritten
    | ParkedDue
    | LeftDue
    | CanaryDue
    | OffRecordDue
)
"""About items and credentials that no poll is about."""

PollerOwn: TypeAlias = (
    ProgressLoaded
    | ProgressSaved
    | TimeAsked
    | PageListed
    | PageChecked
    | FoundRecorded
    | OutcomeRecorded
    | PendingChecked
    | PollDue
    | ItemRetryDue
    | OutcomeDue
    | SaveDue
    | LoadDue
    | HintDue
    | Looked
)

PollerInbox: TypeAlias = DutyMessage | JobNews | PollerCommand | Ping | PollerOwn

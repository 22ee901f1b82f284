"""What recovery tells itself: results of its jobs, and its timers. `run` tells an older one apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import DutyMessage, Ping
from cluster.ports import Outcome
from recorder.messages import RecoveryCommand
from recorder.model import Page
from recorder.records.recoveries import Difference, RecoveryRow, Tended
from recorder.recover.recovery_jobs import Seen, Told
from recorder.recover.sections import Found


@dataclass(frozen=True, slots=True)
class Looked:
    """Which recoveries run, and which were stopped."""

    run: int
    outcome: Outcome[Seen]


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to look again. Only the newest `number` counts."""

    number: int


@dataclass(frozen=True, slots=True)
class CheckDue:
    """Time to look for gaps. Only the newest `number` counts."""

    number: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of the sources' coverage."""

    run: int
    outcome: Outcome[Told]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the system wanted is on record, or is not."""

    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a section came, or what an id leads to, or neither."""

    source: str
    run: int
    outcome: Outcome[Page | Found]


@dataclass(frozen=True, slots=True)
class Compared:
    """The Data Center said what of a page is missing."""

    source: str
    run: int
    outcome: Outcome[Difference]


@dataclass(frozen=True, slots=True)
class Staged:
    """Missing items of a section are kept."""

    source: str
    run: int
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class SectionRecorded:
    """A section is counted."""

    source: str
    run: int
    outcome: Outcome[RecoveryRow]


@dataclass(frozen=True, slots=True)
class ListDue:
    """The pace, or a pause after a failure, allows the next request. Only the newest `number` counts."""

    source: str
    number: int


@dataclass(frozen=True, slots=True)
class ItemsTended:
    """Items in hand were looked after."""

    source: str
    run: int
    outcome: Outcome[Tended]


@dataclass(frozen=True, slots=True)
class RecoveryEnded:
    """A recovery is over, on record."""

    source: str
    run: int
    recovery_id: str
    outcome: Outcome[RecoveryRow]


LaneMessage: TypeAlias = (
    Listed | Compared | Staged | SectionRecorded | ListDue | ItemsTended | RecoveryEnded
)
"""About the recoveries of one source."""

RecoveryInbox: TypeAlias = (
    DutyMessage
    | RecoveryCommand
    | Ping
    | Looked
    | LookDue
    | CheckDue
    | Checked
    | Asked
    | LaneMessage
)

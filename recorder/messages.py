"""Where the stages meet: what the recorder's actors tell each other.

Commands are imperatives to one receiver, facts are past tense, timers end in `Due`. A stage's own
messages to itself (results of its jobs, its timers) live beside its actor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.messages import CommandAnswer
from cluster.ports import Address
from recorder.model import BufferedItem, Finding, ItemRef, Window

# --- to a poller -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PollNow:
    """A hint that something is there: poll at once if this node polls at all."""

    source: str


@dataclass(frozen=True, slots=True)
class Rewind:
    """Operator: archive again from this instant on; raises the epoch."""

    to_us: int
    reply_to: Address[CommandAnswer]


@dataclass(frozen=True, slots=True)
class RetryItems:
    """Operator or timer: try these failed items again now."""

    refs: tuple[ItemRef, ...]


@dataclass(frozen=True, slots=True)
class TakeIn:
    """Items that a recovery found missing: to be archived as if they had been listed just now.

    They hold no watermark. Repeating it changes nothing; without the duty it is forgotten.
    """

    refs: tuple[ItemRef, ...]
    recovery_id: str


@dataclass(frozen=True, slots=True)
class PeriodProven:
    """A recovery accounted for every item of this period: it is complete as if it had been polled."""

    window: Window


PollerCommand: TypeAlias = PollNow | Rewind | RetryItems | TakeIn | PeriodProven

# --- to recovery -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecoveriesChanged:
    """Somebody asked for a recovery or cancelled one: look at once. May be lost."""


RecoveryCommand: TypeAlias = RecoveriesChanged

# --- to reconciliation -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CompareNow:
    """Operator: compare this source at once; without a window the last days. Answered when it begins."""

    source: str
    window: Window | None
    reply_to: Address[CommandAnswer]


ReconciliationCommand: TypeAlias = CompareNow


# --- to the maker of certificates ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CertificatesWanted:
    """Somebody asked for a certificate or cancelled one: look at once. May be lost."""


MakerCommand: TypeAlias = CertificatesWanted


# --- to the ingester -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BufferSpaceChanged:
    """Whether the call buffer takes more; `reason` says why not."""

    open: bool
    free_bytes: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemArchived:
    """The item is committed in the Data Center. `claim` is empty for work from before a restart."""

    claim: str
    ref: ItemRef
    completed_us: int


@dataclass(frozen=True, slots=True)
class ItemRefused:
    """The archive or the contact database refuses this one item, or its files are gone.

    What is in the buffer stays there and in the journal; the archiver tries it again by itself, so an
    `ItemArchived` may still follow.
    """

    claim: str
    ref: ItemRef
    code: str
    """archive_refused or buffer_file_lost."""
    reason: str


ArchiverAnswer: TypeAlias = ItemArchived | ItemRefused

IngesterFact: TypeAlias = BufferSpaceChanged | ArchiverAnswer

# --- to the archiver -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ArchiveItem:
    """Journal, put and commit this item; answer ItemArchived, however long it takes, or ItemRefused."""

    claim: str
    item: BufferedItem
    reply_to: Address[ArchiverAnswer]


ArchiverCommand: TypeAlias = ArchiveItem

# --- to the monitor ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindingOpened:
    """Something is wrong; opening an open finding refreshes its text and keeps its `since_us`."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class FindingClosed:
    """It is well again; closing what is not open is harmless."""

    code: str
    subject: str


MonitorMessage: TypeAlias = FindingOpened | FindingClosed

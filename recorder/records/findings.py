"""What reconciliation found, on record. Frozen; instants are microseconds (`*_us`).

A finding says that source, contact database and archive do not agree about one thing, and why. It opens when it
is first seen, stays the same finding while it is seen again, and closes with a reason. Findings are never deleted:
one that comes back is a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recorder.instants import to_text
from recorder.records.contacts import ItemRow


class What(StrEnum):
    """In which way they do not agree."""

    NOT_HERE = "not_here"
    """At the source, not in the archive."""
    LOST = "lost"
    """On record here, never archived, and no longer at the source."""
    NOT_AT_SOURCE = "not_at_source"
    """Archived, and unknown to the source by now."""
    DIFFERS = "differs"
    """Archived with another size, hash or version than the source tells."""
    OBJECT_MISSING = "object_missing"
    """A file on record that the archive does not have, or not in its size."""
    OBJECT_WITHOUT_ROW = "object_without_row"
    """A file in the archive that is on no record."""


class Why(StrEnum):
    """The cause. There is none called unknown: what is known of the time leads to one of these."""

    LATE_AT_SOURCE = "late_at_source"
    """It was not listed when its time was looked at, and proven complete."""
    SERVICE_BEHIND = "service_behind"
    """Its time was not looked at yet, or it waits for its turn."""
    THROTTLED = "throttled"
    """The source asked for patience."""
    CREDENTIALS = "credentials"
    """The source refused us, then or for this item."""
    SOURCE_FAILING = "source_failing"
    """The source did not answer, or with errors."""
    PARKED = "parked"
    """It failed on account of itself until it was set aside; the detail says how."""
    DELETED_BEFORE_FETCHED = "deleted_before_fetched"
    NODE_DOWN = "node_down"
    """No node ran then."""
    WATERMARK_LOST = "watermark_lost"
    """Nodes ran and its time was passed over: polling began again behind it."""
    BEFORE_START = "before_start"
    """It is older than the first period this source was ever asked for."""
    DELETED_AT_SOURCE = "deleted_at_source"
    """After it was archived: no fault, and noted."""
    CHANGED_AT_SOURCE = "changed_at_source"
    """After it was archived."""
    ARCHIVE_REFUSED = "archive_refused"
    """Archive, database or buffer refused it."""
    ARCHIVE_DAMAGED = "archive_damaged"
    """Somebody or something removed or changed what was stored."""
    COMMIT_UNFINISHED = "commit_unfinished"
    """It was stored, and the transaction that was to name it never came."""


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"
    """A recording is missing."""
    MAJOR = "major"
    """What is archived is not what the source has, or something waits for longer than it should."""
    MINOR = "minor"
    """Nothing is missing that was to be kept."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something seen not to agree."""

    source: str
    what: What
    subject: str
    """The item's key; the object's key where no item is known."""
    why: Why
    severity: Severity
    at_us: int
    """The item's own instant at the source; that of the look for an object without a row."""
    detail: str
    is_offered: bool = False
    """It can still be fetched."""
    is_noted_only: bool = False
    """No fault: on record as closed."""

    @property
    def place(self) -> tuple[str, What, str]:
        """What one open finding is about."""
        return (self.source, self.what, self.subject)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as the Data Center knows it."""

    finding_id: str
    source: str
    what: What
    subject: str
    why: Why
    severity: Severity
    at_us: int
    detail: str
    opened_us: int
    seen_us: int
    """When it was last seen to be so."""
    closed_us: int | None = None
    closed_because: str = ""
    recovery_id: str = ""
    """The recovery that is to fetch it."""
    run_id: str = ""
    """The reconciliation that saw it first."""

    @property
    def is_open(self) -> bool:
        """It alarms."""
        return self.closed_us is None

    def about_us(self, sighting: Sighting) -> int:
        """Its instant once it was seen like this: an item may have another by now, an object has none of its own."""
        return self.at_us if self.what is What.OBJECT_WITHOUT_ROW else sighting.at_us

    @property
    def is_accepted(self) -> bool:
        """Somebody wants no alarm of it."""
        return self.closed_because.startswith(ACCEPTED)

    @property
    def is_of_version(self) -> bool:
        """It differs by its version, which a listing tells; anything else is only seen when it is described."""
        return self.what is What.DIFFERS and self.detail == NEW_VERSION


NEW_VERSION = "the source has replaced its file, and the new one is not archived"
"""The detail of a difference that a recovery ends; other differences are for people."""


def finding_id(sighting: Sighting, now_us: int) -> str:
    """`F-20261121-7f3a91c2`: the day, and a hash of what it is about and when it was seen first."""
    about = "\0".join((*map(str, sighting.place), str(now_us)))
    digest = hashlib.sha256(about.encode(errors="surrogatepass")).hexdigest()
    return f"F-{to_text(now_us)[:10].replace('-', '')}-{digest[:8]}"


@dataclass(frozen=True, slots=True)
class Closing:
    """A finding that is over."""

    finding_id: str
    because: str


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """Which findings to list; the newest first."""

    source: str | None = None
    is_open: bool | None = None
    subject: str | None = None
    from_us: int | None = None
    """Only what is about an instant from here on, or was open then."""
    to_us: int | None = None
    about_only: bool = False
    """With a period: only what is about it."""
    accepted_since_us: int | None = None
    """Only what somebody accepted, and what was seen to be so from here on all the same."""
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class FindingList:
    """A page of findings; `next` is the cursor of the next page, None on the last."""

    rows: tuple[FindingRow, ...]
    next: str | None


class Scope(StrEnum):
    """What a reconciliation looks at."""

    RECENT = "recent"
    """The last days."""
    RETENTION = "retention"
    """All that the source keeps, and every object of the archive."""
    ASKED = "asked"
    """A period that somebody asked for; those that are due come all the same."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A reconciliation of one source."""

    run_id: str
    source: str
    scope: Scope
    from_us: int
    to_us: int
    started_us: int
    reached_us: int
    """Compared up to here."""
    ended_us: int | None = None
    updated_us: int = 0
    node: str = ""
    term: int = 0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Items at the source, here, findings by kind, API calls."""
    reason: str = ""
    """Why it ended before its end."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a run: what it saw, what is over, and how far the run is now. One transaction."""

    run_id: str
    begin_us: int
    """What `reached_us` must be: a step that was written already is not written again."""
    reached_us: int
    sightings: tuple[Sighting, ...] = ()
    closings: tuple[Closing, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """To be added."""


@dataclass(frozen=True, slots=True)
class HeldMedia:
    """A file on record, as reconciliation needs it."""

    item_key: str
    media_key: str
    object_key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open finding, and the item it is about as it is now."""

    finding: FindingRow
    row: ItemRow | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which something was so on one node: it ran, or a finding of the monitor was open."""

    node: str
    code: str
    """`node_up`, or the code of a finding."""
    subject: str
    opened_us: int
    seen_us: int
    """The last instant at which it is known to have been so."""
    closed_us: int | None = None
    detail: str = ""

    @property
    def until_us(self) -> int:
        """Where it ends, as far as is known."""
        return self.seen_us if self.closed_us is None else self.closed_us


NODE_UP = "node_up"
"""The code of a span in which a node ran."""
KEPT_US = 400 * 86_400_000_000
"""How long a finding is kept that ended: longer than anything is compared that is as old."""
ACCEPTED = "accepted: "
NOTED = "noted: "
"""How the reason of a finding begins that is not opened again when the same is seen again."""


def stays_closed(because: str) -> bool:
    """Somebody accepted it, or it was no fault in the first place."""
    return because.startswith((ACCEPTED, NOTED))

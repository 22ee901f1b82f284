"""What a certificate of completeness is made of, frozen. Instants are microseconds (`*_us`).

A certificate is a signed statement about one source and one UTC day, with one leaf for each item of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FORMAT = "tandem-certificate/1"
REQUESTS_KEPT_US = 30 * 86_400_000_000
"""So long what became of a request can be looked up; certificates stay for ever."""


class LeafState(StrEnum):
    """What an item of the day is."""

    ARCHIVED = "archived"
    NOT_RECORDABLE = "not_recordable"
    """Intentionally not recorded, or nothing to record; `cause` says why."""
    DELETED = "deleted"
    """Was archived, and deleted by a retention policy."""
    GONE = "gone"
    """The source lost or deleted it before it could be fetched."""
    FAILED = "failed"
    """Could not be fetched so far; tried on."""
    MISSING = "missing"
    """Not in the archive; `cause` says why."""


class Verdict(StrEnum):
    """What a certificate says of the day as a whole."""

    COMPLETE = "complete"
    """Every item is archived, was deleted by policy, or intentionally not recorded."""
    LOSSES = "losses"
    """Every item has its end, and some are gone."""
    INCOMPLETE = "incomplete"
    """Something is missing or failed, or the day is not over."""


class Cause:
    """Why an item is not there, where the ledger tells no reason itself. `unknown` is none."""

    UNDER_WAY = "under_way"
    NOT_POLLED_YET = "not_polled_yet"
    SHOWN_LATE = "shown_late"
    """In a period that was polled; the source shows it only now."""
    NEVER_POLLED = "never_polled"
    """In a period that nobody polled: a gap of the coverage."""
    NEWER_VERSION = "newer_version"
    """Archived as it was before; the source has replaced its file."""
    LEFT_LISTING = "left_listing"
    """On record, not archived, and no longer listed by the source."""
    OBJECT_MISSING = "object_missing"
    OBJECT_DIFFERS = "object_differs"
    MEDIA_NOT_ON_RECORD = "media_not_on_record"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class LeafMedia:
    """A media file of an archived item."""

    key: str
    sha256: str
    size_bytes: int
    object_key: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One item of the day: what the Merkle tree is over."""

    item: str
    version: str
    state: LeafState
    changed_us: int
    """The source's own instant: why it belongs to this day."""
    committed_us: int | None = None
    """When it was archived."""
    listed: bool = True
    """The source listed it when the certificate was made."""
    cause: str = ""
    """A snake_case code for everything but archived."""
    reason: str = ""
    """For people."""
    recovery: str = ""
    """Id of the recovery that brought it."""
    media: tuple[LeafMedia, ...] = ()
    """By key."""


@dataclass(frozen=True, slots=True)
class ProofRow:
    """What the Data Center knows of an item."""

    item: str
    version: str
    changed_us: int
    state: str
    """A recorder.model.ItemState."""
    parked: bool
    reason: str
    found_us: int
    archived_us: int | None
    media: tuple[LeafMedia, ...] = ()
    """By key."""
    recovery: str = ""
    deleted: str = ""
    """The policy that deleted it."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """The public half of a node's signing key."""

    node: str
    key_id: str
    """`ed25519:` and 32 hexadecimal digits of the SHA-256 of the key."""
    public_key: str
    """Base64 of 32 bytes."""
    since_us: int = 0


@dataclass(frozen=True, slots=True)
class CertificateHead:
    """One line of a list of certificates."""

    source: str
    day: str
    number: int
    made_us: int
    made_by: str
    verdict: str
    root: str
    leaves: int


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A certificate as the Data Center keeps it."""

    head: CertificateHead
    statement: str
    """Canonical JSON, as signed."""
    signature: str
    """JSON object."""
    packed_leaves: bytes
    """See recorder.prove.document."""


@dataclass(frozen=True, slots=True)
class CertificateQuery:
    """Which certificates to list; newest first."""

    source: str | None = None
    day: str | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class CertificateList:
    """A page of certificates; `next` is the cursor of the next page, None on the last."""

    rows: tuple[CertificateHead, ...]
    next: str | None


class RequestStatus(StrEnum):
    """What became of the wish for a certificate."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """How far the making of a certificate is."""

    WAITING = "waiting"
    LISTING = "listing"
    COMPARING = "comparing"
    """Rows and objects are looked at, and it is signed."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A certificate that somebody asked for; whichever node is primary makes it."""

    request_id: str
    """`C-20261121-7f3a`."""
    source: str
    day: str
    requested_us: int
    requested_by: str
    updated_us: int
    status: RequestStatus = RequestStatus.RUNNING
    phase: Phase = Phase.WAITING
    reason: str = ""
    """Why it failed or was cancelled; while it runs, what it waits for."""
    started_us: int | None = None
    ended_us: int | None = None
    node: str = ""
    """Whose turn it was last."""
    pages: int = 0
    items: int = 0
    """Listed so far."""
    listed_us: int | None = None
    """The day is listed up to this instant."""
    number: int | None = None
    """Of the certificate, once there is one."""


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests to list; newest first."""

    source: str | None = None
    status: RequestStatus | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class RequestList:
    """A page of requests; `next` is the cursor of the next page, None on the last."""

    rows: tuple[CertificateRequest, ...]
    next: str | None


class Kept(StrEnum):
    """What became of the attempt to keep a certificate that was asked for."""

    KEPT = "kept"
    TAKEN = "taken"
    """The day has one of this number already."""
    OVER = "over"
    """The request runs no more: somebody cancelled it."""

"""What the Data Center is asked and what it answers, frozen. Instants are microseconds (`*_us`)."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.model import Interaction, ItemRef, Window


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as the Data Center knows it."""

    ref: ItemRef
    state: str
    reason: str
    attempts: int
    found_us: int
    found_by: str
    updated_us: int
    archived_us: int | None
    archived_by: str
    retry_at_us: int | None
    parked: bool
    contact_id: str | None
    size_bytes: int
    late_s: float


@dataclass(frozen=True, slots=True)
class MediaRow:
    """A media file of an archived item."""

    media_key: str
    kind: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    object_key: str
    duration_ms: int | None
    stored_us: int
    stored_by: str
    interaction_key: str
    revision: int = 1
    """Of the contact: the one that brought this file."""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One line of a list of contacts: a contact in one of its revisions."""

    contact_id: str
    source: str
    session_key: str
    started_us: int | None
    ended_us: int | None
    direction: str
    channel: str
    subject: str
    parties: tuple[str, ...]
    interactions: int
    media: int
    size_bytes: int
    updated_us: int
    """When this revision was made."""
    revision: int = 1
    """Counted from 1, without gaps: every commit that changed the contact made one."""
    updated_by: str = ""
    """The node that made this revision; empty when it was made before revisions were kept."""


@dataclass(frozen=True, slots=True)
class ContactDetail:
    """A contact in one of its revisions, with everything below it."""

    row: ContactRow
    interactions: tuple[Interaction, ...]
    """With the media of all items of the contact."""
    media: tuple[MediaRow, ...]


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One revision of a contact: who made it when, and what it brought."""

    row: ContactRow
    """The contact as it was listed then; `updated_us` and `updated_by` tell when and by whom."""
    added_interactions: tuple[str, ...]
    """Keys that were not there before, in order."""
    changed_interactions: tuple[str, ...]
    """Keys of those of which more became known, in order."""
    added_media: tuple[str, ...]
    """Keys of the files that were not there before, in order."""


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items to list; newest change first."""

    source: str | None = None
    states: tuple[str, ...] = ()
    parked: bool | None = None
    after: str | None = None
    """Cursor of the page before."""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """Which contacts to list; newest first."""

    source: str | None = None
    window: Window | None = None
    text: str | None = None
    """Matches party names and numbers, session keys and media keys exactly or by prefix."""
    after: str | None = None
    limit: int = 100
    agent: str | None = None
    """How the name of somebody begins who is no customer, upper or lower case."""
    number: str | None = None
    """How the number of anybody begins."""
    rows_max: int | None = None
    """Look at about so many contacts at most: a page may then be shorter than `limit` and have a next one."""


@dataclass(frozen=True, slots=True)
class ItemList:
    """A page of items; `next` is the cursor of the next page, None on the last."""

    rows: tuple[ItemRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ContactList:
    """A page of contacts; `next` is the cursor of the next page, None on the last."""

    rows: tuple[ContactRow, ...]
    next: str | None
    searched_us: int | None = None
    """Up to where it was looked, when `rows_max` ended the search before the page was full."""


@dataclass(frozen=True, slots=True)
class CommitResult:
    """What a commit did: keys new in the Data Center, and keys that were there already."""

    new: tuple[str, ...]
    already: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A change of role on record."""

    at_us: int
    node: str
    old: str
    new: str
    term: int
    reason: str

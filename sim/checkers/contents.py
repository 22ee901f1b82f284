"""What the Data Center holds, read once, so that checkers stay pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from recorder.model import SourceProgress
from recorder.records.contacts import (
    ContactDetail,
    ContactList,
    ContactQuery,
    HistoryRow,
    ItemList,
    ItemQuery,
    ItemRow,
    MediaRow,
)

_PAGE = 500
_BLOCK_BYTES = 1024 * 1024
_HISTORY_MAX = 10_000


class ContactReader(Protocol):
    """The questions of recorder.ports.recording.ContactDb that are asked here."""

    def items(self, query: ItemQuery) -> ItemList:
        """A page of items."""
        ...

    def contacts(self, query: ContactQuery) -> ContactList:
        """A page of contacts."""
        ...

    def contact(self, contact_id: str) -> ContactDetail | None:
        """One contact with everything below it."""
        ...

    def load_progress(self) -> tuple[SourceProgress, ...]:
        """Of every source."""
        ...

    def role_history(self, limit: int) -> tuple[HistoryRow, ...]:
        """Newest first."""
        ...


class ObjectReader(Protocol):
    """The questions of recorder.ports.recording.Archive that are asked here."""

    def keys(self) -> Iterator[str]:
        """Every object's key."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Read an object."""
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the archive, read and hashed."""

    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredContact:
    """A contact with its media rows."""

    contact_id: str
    source: str
    session_key: str
    interaction_keys: tuple[str, ...]
    media: tuple[MediaRow, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything the checkers compare. `history` is oldest first."""

    items: tuple[ItemRow, ...] = ()
    contacts: tuple[StoredContact, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    progress: tuple[SourceProgress, ...] = ()
    history: tuple[HistoryRow, ...] = ()


def read_contents(db: ContactReader, archive: ObjectReader) -> Contents:
    """Read and hash everything. Progress first: what it claims must be there afterwards."""
    progress = db.load_progress()
    return Contents(
        items=tuple(_items(db)),
        contacts=tuple(_contacts(db)),
        objects=tuple(_object(archive, key) for key in archive.keys()),  # noqa: SIM118 - a port
        progress=progress,
        history=tuple(reversed(db.role_history(_HISTORY_MAX))),
    )


def read_rows(db: ContactReader) -> Contents:
    """Progress, and then the items, alone: cheap enough to be asked again and again during a run."""
    progress = db.load_progress()
    return Contents(items=tuple(_items(db)), progress=progress)


def _items(db: ContactReader) -> Iterator[ItemRow]:
    after: str | None = None
    while True:
        page = db.items(ItemQuery(after=after, limit=_PAGE))
        yield from page.rows
        if page.next is None:
            return
        after = page.next


def _contacts(db: ContactReader) -> Iterator[StoredContact]:
    after: str | None = None
    while True:
        page = db.contacts(ContactQuery(after=after, limit=_PAGE))
        for row in page.rows:
            detail = db.contact(row.contact_id)
            keys = () if detail is None else tuple(part.key for part in detail.interactions)
            media = () if detail is None else detail.media
            yield StoredContact(row.contact_id, row.source, row.session_key, keys, media)
        if page.next is None:
            return
        after = page.next


def _object(archive: ObjectReader, key: str) -> StoredObject:
    digest, size = hashlib.sha256(), 0
    with archive.open(key) as body:
        while block := body.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return StoredObject(key, size, digest.hexdigest())

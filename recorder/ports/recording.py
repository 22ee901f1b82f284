"""What the recorder needs from the world. Calls block and belong into job functions, but for those marked *any thread*.

Real implementations live in `recorder/adapters/`, simulated ones in `sim/`; one contract test each in `tests/contract/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from recorder.model import (
    BufferedItem,
    Capabilities,
    Finding,
    Interaction,
    ItemEvent,
    ItemOutcome,
    ItemRef,
    MediaRef,
    Page,
    SourceProgress,
    SourceTime,
    Window,
)
from recorder.records.contacts import (
    CommitResult,
    ContactDetail,
    ContactList,
    ContactQuery,
    ContactRow,
    HistoryRow,
    ItemList,
    ItemQuery,
    ItemRow,
    RevisionRow,
)

# --- the data source -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """How to download one media file, now: made just before use, never stored, never logged."""

    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent to the first host only: an `Authorization` never follows a redirect."""
    allowed_hosts: tuple[str, ...] = ()
    """Exact host names, or `.suffix` for any host below it; redirects stay inside."""
    size_bytes: int | None = None
    resumable: bool = True
    """Whether the server honours `Range`."""
    chunk_bytes: int | None = None
    """Ask in ranges of this size (Dataverse file columns); None for one request."""


CLOCK_AHEAD_US = 60_000_000
"""By how much the clocks of two nodes may differ before one of them is wrong."""


class DataSource(Protocol):
    """One configured third-party system. Every method may raise SourceError."""

    @property
    def name(self) -> str:
        """As configured; the first half of every key in the Data Center."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this kind of source can do."""
        ...

    def server_time(self) -> SourceTime:
        """Make one cheap call and report the source's clock."""
        ...

    def list_items(self, window: Window, page: str | None) -> Page:
        """One page of the items with `from_us <= changed_us < to_us`, oldest first.

        The same window gives the same set again, but for what changed at the source. `page` is a
        `next_page` of this process; it may expire, which raises BadAnswer: begin again.
        """
        ...

    def describe(self, ref: ItemRef) -> Interaction:
        """Participants, numbers, direction, segments and media of an item. Raises ItemGone."""
        ...

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """Ways to download, best first; each is asked for only when the one before it failed."""
        ...

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """After a download: the source still has the very file that was described.

        Raises BadAnswer when another took its place meanwhile, so that bytes never get the name of
        others. A file that is gone by now was right when it was downloaded.
        """
        ...

    def check(self) -> tuple[Finding, ...]:
        """Try credentials, rights and schema; findings say what is wrong and what to do."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class MediaSink(Protocol):
    """Takes a body as it arrives."""

    @property
    def offset(self) -> int:
        """Bytes held so far: where a download resumes."""
        ...

    def write(self, data: bytes) -> None:
        """Append. Raises CallBufferError, TooLarge."""
        ...

    def restart(self) -> None:
        """Throw away what was written: the server did not resume where asked."""
        ...


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """When a download is given up."""

    stall_s: float = 30.0
    """No byte for so long; there is no limit on the whole time."""
    size_bytes_max: int = 2 * 1024**3
    redirects_max: int = 3


class MediaFetcher(Protocol):
    """Streams bodies. Every implementation passes one contract test."""

    def fetch(self, request: MediaRequest, sink: MediaSink, limits: FetchLimits) -> None:
        """Stream the body into `sink` from `sink.offset` on; returns when it is complete.

        Raises LinkExpired (401, 403 without credentials), AuthRefused, ItemGone (404, 410), Throttled,
        Unreachable, Stalled, Truncated, TooLarge, RedirectRefused, NotMedia (HTML, empty).
        """
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


# --- the call buffer -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A complete, fsynced file in the call buffer."""

    name: str
    size_bytes: int
    sha256: str
    head: bytes
    """The first bytes (up to 64), to tell media from an error page."""


class PartFile(MediaSink, Protocol):
    """A file being written. Its hash is computed while it is written."""

    def seal(self) -> SealedFile:
        """Fsync, then rename to the final name. Raises CallBufferError."""
        ...

    def abandon(self) -> None:
        """Close, keep the bytes for a later resume."""
        ...


class BufferFiles(Protocol):
    """Files in the call buffer. Names are ours: lower-case hexadecimal."""

    def open_part(self, name: str, size_bytes_max: int) -> PartFile | SealedFile:
        """Begin or resume a part file (re-hashed), or the sealed one. Raises CallBufferError: no space, or refused."""
        ...

    def sync(self) -> None:
        """Make the names of all files sealed so far durable. Raises CallBufferError."""
        ...

    def path(self, name: str) -> str:
        """Of a sealed file, for the archive to link or copy."""
        ...

    def discard(self, name: str) -> None:
        """Remove a part or sealed file; nothing happens when there is none."""
        ...

    def names(self) -> tuple[str, ...]:
        """Sealed files, sorted."""
        ...

    def old_names(self, age_s: float) -> tuple[str, ...]:
        """Part and sealed files nobody wrote to for `age_s` seconds, sorted."""
        ...

    def free_bytes(self) -> int:
        """What may still be written before the reserve is touched. Raises CallBufferError."""
        ...


class Journal(Protocol):
    """Records that survive a crash, in order."""

    def append(self, records: Sequence[bytes]) -> None:
        """Durable (one fsync for all) when it returns. Raises CallBufferError."""
        ...

    def read(self) -> tuple[bytes, ...]:
        """Every whole record; a torn tail is cut off. Raises CallBufferError when unreadable."""
        ...

    def rewrite(self, records: Sequence[bytes]) -> None:
        """Replace all, atomically (compaction)."""
        ...


class ProgressStore(Protocol):
    """Source progress on this node's disk."""

    def load(self) -> tuple[SourceProgress, ...]:
        """What was saved last; empty when nothing was. Raises RecorderError when unreadable."""
        ...

    def save(self, progress: SourceProgress) -> None:
        """Durable when it returns; never lowers (epoch, watermark). Raises CallBufferError."""
        ...


# --- the Data Center -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object in the archive."""

    key: str
    size_bytes: int


class Archive(Protocol):
    """Where media rest. A repeated put of the same content is the same put."""

    def put(self, key: str, path: str, sha256: str, size_bytes: int) -> None:
        """Store the file under `key`; content verified; durable after `sync`. Raises ArchiveError."""
        ...

    def sync(self) -> None:
        """Make every put so far durable (one group commit). Raises ArchiveError."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Read an object. Raises ArchiveError when there is none."""
        ...

    def info(self, key: str) -> ObjectInfo | None:
        """None when there is no such object."""
        ...

    def holds(self, key: str, size_bytes: int) -> bool:
        """Whether an object of this size is there, whoever put it; then `sync` makes it durable.

        Raises ArchiveError.
        """
        ...

    def keys(self, after: str = "", *, below: str = "") -> Iterator[str]:
        """Every object's key behind `after`, in order; `below`: only those in this folder, which ends in a slash."""
        ...

    def delete(self, key: str) -> None:
        """Take an object away, durably; nothing happens when there is none. Raises ArchiveError."""
        ...

    def check(self) -> None:
        """Raise ArchiveError when a put could not succeed now."""
        ...


class ContactDb(Protocol):
    """The contact database. Every method raises DataCenterDown or DataCenterError.

    Data commits are accepted from any term: they are true whoever brings them. Control writes carry
    a term and raise cluster.errors.StaleTerm when a higher one was seen.
    """

    # -- ingest ----
    def unfinished(self, refs: Sequence[ItemRef]) -> tuple[ItemRef, ...]:
        """Those neither final nor parked in this version, in the given order. One query."""
        ...

    def record_found(
        self, refs: Sequence[ItemRef], events: Sequence[ItemEvent], *, late: bool = False
    ) -> None:
        """Insert items as FOUND; rows stay, but for a new version: if listed a while ago (`late`), of a later change."""
        ...

    def commit(
        self, items: Sequence[BufferedItem], object_keys: Sequence[Sequence[str]]
    ) -> CommitResult:
        """One transaction: contacts, interactions, segments, media, items, events. Idempotent."""
        ...

    def record_outcome(self, outcome: ItemOutcome, term: int) -> None:
        """GONE, NOT_RECORDABLE, FAILED or parked. Never overwrites ARCHIVED. Fenced."""
        ...

    def record_events(self, events: Sequence[ItemEvent]) -> None:
        """Append to the story of items; a repeated event is the same event."""
        ...

    def due_retries(self, source: str, now_us: int, limit: int) -> tuple[ItemRow, ...]:
        """Parked items whose time to try again has come.

        So has that of one parked more than `CLOCK_AHEAD_US` from now: the clock of who parked it was ahead.
        """
        ...

    def retry_now(self, source: str, key: str, now_us: int) -> bool:
        """Operator: make a FAILED or GONE item due now. False when there is no such item."""
        ...

    # -- progress ----
    def load_progress(self) -> tuple[SourceProgress, ...]:
        """Of every source."""
        ...

    def save_progress(self, progress: SourceProgress, term: int) -> SourceProgress:
        """Keep the higher (epoch, watermark); returns what is in the row now. Fenced."""
        ...

    # -- people ----
    def items(self, query: ItemQuery) -> ItemList:
        """A page of items."""
        ...

    def item(self, source: str | None, key: str) -> tuple[ItemRow, ...]:
        """Rows whose key, session key or media key is `key`, or whose key begins with it."""
        ...

    def story(self, source: str, key: str) -> tuple[ItemEvent, ...]:
        """Every step of an item, in order of time."""
        ...

    def item_counts(self) -> dict[tuple[str, str], int]:
        """Items by (source, state); parked ones count as state `parked`."""
        ...

    def contacts(self, query: ContactQuery) -> ContactList:
        """A page of contacts."""
        ...

    def contact(self, contact_id: str, revision: int | None = None) -> ContactDetail | None:
        """One contact, as it is or as it was in a revision; `contact_id` may also be a session key.

        None when there is no such contact, or no such revision of it.
        """
        ...

    def contacts_called(self, name: str) -> tuple[ContactRow, ...]:
        """The contact whose id or session key is `name`, else those (at most 10) that begin with it."""
        ...

    def contact_revisions(self, contact_id: str) -> tuple[RevisionRow, ...]:
        """Every revision of a contact, the first one first; empty when there is no such contact."""
        ...

    def record_role_change(self, row: HistoryRow) -> None:
        """Append to the history of roles; a repeated row is the same row."""
        ...

    def role_history(self, limit: int) -> tuple[HistoryRow, ...]:
        """Newest first."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


# --- the rest ----------------------------------------------------------------------------------------


class Secrets(Protocol):
    """Secrets by reference; read again at every use, so that a mended file heals by itself."""

    def read(self, reference: str) -> str:
        """`env:NAME`, `file:PATH` or `value:TEXT`. Raises ConfigError naming the reference, not the text."""
        ...

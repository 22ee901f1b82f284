"""The nouns of the recorder, frozen: what a source reports and what we make of it.

Instants are integer microseconds since 1970 UTC (`*_us`). Nothing in here holds a secret, a token or
a signed address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ItemState(StrEnum):
    """Where an item is on its way; the last three and ARCHIVED are what a recording ends as."""

    FOUND = "found"
    ASSIGNED = "assigned"
    FETCHING = "fetching"
    BUFFERED = "buffered"
    ARCHIVED = "archived"
    NOT_RECORDABLE = "not_recordable"
    GONE = "gone"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """True when nothing more will happen by itself. FAILED is retried, hence not final."""
        return self in {ItemState.ARCHIVED, ItemState.NOT_RECORDABLE, ItemState.GONE}


@dataclass(frozen=True, slots=True)
class ItemRef:
    """One item as a source lists it: the unit of ingest.

    For Dynamics a recording row, for Zoom a file of a meeting, for Webex a recording. `key` is the
    source's id; `version` changes when the media behind it change (a new file id), and only then.
    """

    source: str
    key: str
    version: str
    changed_us: int
    """The source's own instant that windows and the watermark compare."""
    session_key: str
    """Call session: items with the same one belong to one contact. Never empty."""
    hints: Mapping[str, str] = field(default_factory=dict[str, str])
    """Small facts of the adapter for itself; opaque to everyone else."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open period [from_us, to_us) on the source's clock."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class SourceTime:
    """What one exchange said of the source's clock (its `Date` header, whole seconds)."""

    source_us: int
    sent_ns: int
    received_ns: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `next_page` is None on the last; page tokens are never persisted."""

    items: tuple[ItemRef, ...]
    next_page: str | None
    time: SourceTime | None


class MediaKind(StrEnum):
    """What a media file holds."""

    AUDIO = "audio"
    VIDEO = "video"
    TEXT = "text"
    OTHER = "other"
    """Anything else, such as what people attach to a chat: kept as it is."""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """One media file of an item. `size_bytes` and `sha256` are verified when the source gives them."""

    key: str
    """Unique and stable within the source; a replaced file has another key."""
    kind: MediaKind
    file_name: str
    """As the source calls it: for people only, never part of a path."""
    media_type: str
    """IANA media type as announced; may be empty."""
    size_bytes: int | None = None
    sha256: str | None = None
    started_us: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Someone on the call. `role`: customer, agent, consultant, monitor, bot or external."""

    key: str
    role: str
    name: str = ""
    number: str = ""
    joined_us: int | None = None
    left_us: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the interaction with fixed parties (a session, for Dynamics)."""

    key: str
    started_us: int | None
    ended_us: int | None
    reason: str = ""
    """How it ended, in the source's words: agent_transferred, agent_reject, …"""
    party_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interaction:
    """One conversation as the source reports it, with the media of one item."""

    key: str
    session_key: str
    channel: str
    direction: str
    """inbound, outbound or unknown."""
    started_us: int | None
    ended_us: int | None
    subject: str = ""
    parties: tuple[Party, ...] = ()
    segments: tuple[Segment, ...] = ()
    media: tuple[MediaRef, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    not_recordable: str = ""
    """A reason why this item has no media to keep; then `media` is empty."""


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A media file sealed in the call buffer, or an object in the archive."""

    ref: MediaRef
    size_bytes: int
    sha256: str
    media_type: str
    """What the bytes are, by their first bytes."""
    buffer_name: str
    """Name in the call buffer; ours, never the source's."""


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """One step of an item's story, for `tandem item why`. Unique by (node, boot, number)."""

    source: str
    item_key: str
    node: str
    boot: str
    number: int
    at_us: int
    what: str
    """found, assigned, fetching, retried, buffered, archived, gone, failed, parked, …"""
    term: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BufferedItem:
    """An item whose media are all sealed in the call buffer: what the archiver commits."""

    ref: ItemRef
    interaction: Interaction
    media: tuple[StoredMedia, ...]
    found_us: int
    buffered_us: int
    attempts: int
    events: tuple[ItemEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """An item that ended, or failed for now, without media: gone, not recordable or failed."""

    ref: ItemRef
    state: ItemState
    reason: str
    """`code: what happened`, for people; the code is snake_case."""
    attempts: int
    found_us: int
    retry_at_us: int | None = None
    parked: bool = False
    """FAILED and no longer holding the watermark; still retried, counted and alarmed."""
    events: tuple[ItemEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceProgress:
    """How far a source is archived: what a node needs to go on, and what it shares.

    Every item at or below `watermark_us` is final (or parked) in the Data Center. Ordered by
    (epoch, watermark_us); an operator's rewind raises the epoch.
    """

    source: str
    epoch: int
    watermark_us: int
    horizon_us: int
    coverage: tuple[Window, ...] = ()


class Level(StrEnum):
    """How bad a finding is: someone must act (error), degraded but healing (warning), good to know."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an operator should know. `code` is stable; one open finding per (code, subject)."""

    code: str
    level: Level
    subject: str
    """The source, file or part concerned."""
    what: str
    hint: str
    since_us: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of source can do, for planning windows and look-backs."""

    window_max_s: float
    page_size_max: int
    granularity_us: int
    """Resolution of `changed_us`: items may share an instant."""
    retention_s: float | None
    """How long the source keeps recordings; None for unlimited."""
    item_calls: float = 3.0
    """Requests to describe one item and open its media, about: for estimates."""

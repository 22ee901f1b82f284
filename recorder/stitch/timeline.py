"""What `timeline.json` and `peaks.json` of a rendition hold; told in docs/replay.md.

Positions (`*_ms`) are milliseconds from `origin_us`, an instant on the clock of the source's service. The
files are read by pages of other builds: fields are added, never renamed or given another meaning; a
change that an older reader would misread raises `version`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

TIMELINE_TYPE: Final = "application/json"
RENDITION_TYPE: Final = "video/webm"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FileRef(_Frozen):
    """A file of the rendition in the archive."""

    object_key: str
    media_type: str
    size_bytes: int
    sha256: str


class Placed(StrEnum):
    """What became of an original."""

    PLACED = "placed"
    """Heard (or shown as text) where it belongs."""
    BESIDE = "beside"
    """Not in the rendition; the original plays beside it, without sound, from `start_ms` on."""
    CUT = "cut"
    """Placed as far as it could be read; `problem` tells."""
    BROKEN = "broken"
    """Nothing of it could be read; `problem` tells."""
    LEFT_OUT = "left_out"
    """Whole, but not placed; `problem` tells why."""


class Original(_Frozen):
    """A media file of the contact: what became of it, and where the untouched original is."""

    media_key: str
    interaction_key: str
    kind: Literal["audio", "video", "text", "other"]
    file_name: str
    media_type: str
    object_key: str
    size_bytes: int
    sha256: str
    state: Placed
    start_ms: int | None = None
    end_ms: int | None = None
    placed_by: Literal["file", "interaction", "contact", ""] = ""
    """Whose begin put it there; `contact`: nothing told when it began."""
    channels: int = 0
    """Of its sound; 0 when it has none or was not read."""
    width: int = 0
    height: int = 0
    problem: str = ""


class Stretch(_Frozen):
    """A run of pictures of one stream without a gap in what was recorded."""

    start_ms: int
    end_ms: int
    stream: str
    width: int
    height: int
    parts: tuple[str, ...]


class Screen(_Frozen):
    """What one desktop showed. `file` is there when it is not the only one; else the rendition shows it."""

    number: int
    """From 1."""
    desktop: str
    agents: tuple[str, ...]
    """Agent keys."""
    name: str
    """Of the agent, where a party of the contact tells it; else empty."""
    stretches: tuple[Stretch, ...]
    file: FileRef | None = None
    """The whole screen by itself, without sound, on the same positions as the rendition."""


class Shown(_Frozen):
    """The picture of the rendition is screen `screen` from here to there."""

    start_ms: int
    end_ms: int
    screen: int


class Line(_Frozen):
    """One message of a chat, or one turn of speech as text."""

    t_ms: int
    end_ms: int
    who: str
    """As the file tells it."""
    party_key: str
    """Of the party with this name, where exactly one has it; else empty."""
    to: str
    text: str
    kind: Literal["chat", "caption"]
    media_key: str


class Leg(_Frozen):
    """One offer of a call to an agent, and how it went."""

    agent: str
    """Agent key."""
    name: str
    call: str
    start_ms: int
    end_ms: int | None
    verdict: Literal["undecided", "kept", "deleted"]
    ended_by: str


class Mask(_Frozen):
    """Nothing of this agent's screen is in the rendition here, at least: recording was blocked."""

    agent: str
    start_ms: int
    end_ms: int | None
    """None: it was never ended."""


class Material(_Frozen):
    """Frames from here to there may be in the rendition, also some that nobody sees, on which what is shown builds."""

    agents: tuple[str, ...]
    """Whoever sat there."""
    start_ms: int
    end_ms: int | None


class Segment(_Frozen):
    """A stretch of an interaction with fixed parties, as the source reports it."""

    interaction_key: str
    key: str
    start_ms: int | None
    end_ms: int | None
    reason: str
    party_keys: tuple[str, ...]


class Party(_Frozen):
    """Someone on the call."""

    interaction_key: str
    key: str
    role: str
    name: str
    number: str
    joined_ms: int | None
    left_ms: int | None


class Event(_Frozen):
    """Something that happened, for people to jump to."""

    t_ms: int
    kind: str
    """Of `AgentEventKind`; or joined, left, segment_began, segment_ended, recording_began, recording_ended."""
    who: str
    """A name, else a number, else a key; empty when it is nobody's."""
    agent: str = ""
    """Agent key, of what a platform said of an agent."""
    call: str = ""
    detail: str = ""


class ServiceClock(_Frozen):
    """How far the service's clock was ahead of the node's that stitched; None: nothing told."""

    ahead_us: int | None
    error_us: int | None
    applied_us: int
    """What was added to nodes' instants: 0 while the clocks agree within the error."""


class DesktopClock(_Frozen):
    """How far a desktop's clock was ahead of the receiving node's, as measured for a part."""

    part_key: str
    stream: str
    node: str
    ahead_us: int
    error_us: int
    applied_us: int
    """Of the whole stream: what was measured most exactly among its parts."""


class Clocks(_Frozen):
    """What positions of screens rest on."""

    service: ServiceClock
    desktops: tuple[DesktopClock, ...] = ()


class Quiet(_Frozen):
    """No sound was placed here: not a pause in the talk, but nothing recorded."""

    start_ms: int
    end_ms: int


class Note(_Frozen):
    """Something the viewer should know: a broken file, a part that is missing."""

    code: str
    """file_broken, file_cut, file_missing, file_left_out, part_broken, part_missing, no_screen, stream_left_out, no_origin."""
    subject: str
    """A media key, part key, stream or agent key."""
    what: str


class Contact(_Frozen):
    """Which contact this is, in which of its revisions."""

    contact_id: str
    source: str
    session_key: str
    revision: int
    channel: str
    direction: str
    subject: str


class Timeline(_Frozen):
    """`timeline.json`. Lists are in order of their positions."""

    format: Literal["tandem-timeline"] = "tandem-timeline"
    version: Literal[1] = 1
    contact: Contact
    digest: str
    origin_us: int
    """Instant of position 0, in microseconds since 1970 UTC, on the service's clock."""
    duration_ms: int
    has_audio: bool
    """Whether any sound was placed; a rendition without is silent, so that it still has a length."""
    has_screen: bool
    rendition: FileRef
    peaks: FileRef
    originals: tuple[Original, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    screens: tuple[Screen, ...] = ()
    picture: tuple[Shown, ...] = ()
    segments: tuple[Segment, ...] = ()
    parties: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()
    masks: tuple[Mask, ...] = ()
    material: tuple[Material, ...] = ()
    events: tuple[Event, ...] = ()
    lines: tuple[Line, ...] = ()
    clocks: Clocks
    notes: tuple[Note, ...] = ()


class Peaks(_Frozen):
    """`peaks.json`: the waveform, for a player that does not decode the file itself."""

    format: Literal["tandem-peaks"] = "tandem-peaks"
    version: Literal[1] = 1
    per_s: int
    """Values a second: 50, or 20 above half an hour."""
    channels: Literal[2] = 2
    max: Literal[127] = 127
    duration_ms: int
    data: tuple[tuple[int, ...], tuple[int, ...]] = Field(
        description="Left and right: the highest amplitude of each stretch, 0 to 127."
    )

"""What the worker is told to stitch, and what it answers: plain data, through JSON and back.

Positions (`*_us`) are microseconds from the origin of the contact's timeline.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from recorder.stitch.timeline import (
    Clocks,
    Contact,
    Event,
    FileRef,
    Leg,
    Mask,
    Material,
    Note,
    Party,
    Segment,
)

READING: Final = "reading"
"""File in the order's directory that names the object that is read: what a crash is blamed on."""
DISK_REFUSED: Final = 4
"""Exit code of a worker whose disk does not take what it writes."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Frozen):
    """One media file of the contact, and what it is used for."""

    media_key: str
    interaction_key: str
    kind: Literal["audio", "video", "text", "other"]
    file_name: str
    media_type: str
    object_key: str
    size_bytes: int
    sha256: str
    use: Literal["sound", "text", "none"]
    beside: bool
    """A picture that plays beside the rendition."""
    start_us: int
    placed_by: Literal["file", "interaction", "contact"]
    wall_ms: int | None
    """Time of day when it began, where it began."""
    names: tuple[str, ...]
    """Of the participants of its interaction."""
    problem: str
    """Why it is not used, where there is a reason."""


class Part(_Frozen):
    """One SCN file."""

    part_key: str
    object_key: str
    size_bytes: int
    sha256: str
    seq_first: int
    seq_last: int


class Keep(_Frozen):
    """Packets from here to there belong to the contact."""

    from_us: int
    to_us: int | None
    lead_us: int
    """Packets from here on may be decoded, but are not shown, to begin with `from_us`; at most that."""


class Stream(_Frozen):
    """One run of capture of a desktop, in the order of its parts."""

    stream: str
    desktop: str
    agents: tuple[str, ...]
    base_us: int
    """Where frame time 0 is."""
    keeps: tuple[Keep, ...]
    parts: tuple[Part, ...]


class Plan(_Frozen):
    """Everything about a rendition that does not lie inside of the files."""

    contact: Contact
    digest: str
    origin_us: int
    files: tuple[File, ...]
    streams: tuple[Stream, ...]
    agent_names: dict[str, str]
    party_of_name: dict[str, str]
    """Key of the only party with a name, by the name in lower case."""
    segments: tuple[Segment, ...]
    parties: tuple[Party, ...]
    legs: tuple[Leg, ...]
    masks: tuple[Mask, ...]
    every_mask: tuple[Mask, ...] = ()
    """Those before and between the contact's calls, too, of whoever sits there; no part of the digest."""
    events: tuple[Event, ...]
    clocks: Clocks
    notes: tuple[Note, ...]

    @property
    def material(self) -> tuple[Material, ...]:
        """Where frames may be in the rendition, in order; what was known to be masked is nowhere in it."""
        found = [
            Material(
                agents=stream.agents,
                start_ms=min(keep.lead_us, keep.from_us) // 1000,
                end_ms=None if keep.to_us is None else keep.to_us // 1000,
            )
            for stream in self.streams
            for keep in stream.keeps
        ]
        return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.start_ms, one.agents)))

    @property
    def nothing(self) -> bool:
        """Whether there is nothing that could be replayed."""
        return not self.streams and not any(
            one.use in {"sound", "text"} or one.beside for one in self.files
        )


class Order(_Frozen):
    """What the worker gets on its standard input."""

    plan: Plan
    paths: dict[str, str]
    """Where originals and parts are, by object key; what is not here is missing."""
    avoid: tuple[str, ...] = ()
    """Object keys that a codec fell over: not to be opened again."""
    directory: str
    """Where to write; empty at the start."""
    prefix: str
    """Of the object keys of what is made, with a slash at its end."""
    memory_bytes_max: int = Field(gt=0)
    parent_pid: int
    """Of the node: a worker whose node is gone ends."""


class Written(_Frozen):
    """A file that the worker made."""

    path: str
    file: FileRef


class Made(_Frozen):
    """What the worker says on its standard output."""

    rendition: Written
    peaks: Written
    timeline: Written
    screens: tuple[Written, ...]
    duration_ms: int
    has_screen: bool
    has_audio: bool
    notes: tuple[Note, ...]
    seconds: float
    """How long it took."""
    memory_bytes: int
    """The most it ever held."""

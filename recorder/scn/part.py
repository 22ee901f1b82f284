"""The nouns of SCN files in the call buffer, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recorder.scn.model import ClockOffset, ScreenStream

UNMEASURED: Final = ClockOffset(0, 60_000_000)
"""Of a desktop whose clock nobody could ask: within a minute, as every clock that is set is."""


@dataclass(frozen=True, slots=True)
class ScnHead:
    """What is written at the head of a part."""

    part_key: str
    """Lower-case hexadecimal."""
    stream: ScreenStream
    node: str
    calls: tuple[str, ...]
    """Session keys of the calls that were known to go on when it began."""
    seq_first: int
    """The packets of a part follow one another without gaps."""
    offset: ClockOffset
    """Of the desktop's clock against the node's, as known when it began."""


@dataclass(frozen=True, slots=True)
class ScnPacket:
    """One packet of a part, without its bytes."""

    seq: int
    pts_ms: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class SealedScn:
    """A part that is complete, and durable on this disk."""

    head: ScnHead
    path: str
    size_bytes: int
    sha256: str
    packets: int
    """At least one."""
    pts_first_ms: int
    pts_last_ms: int
    kept: bool = False
    """It was marked: some call it shows was answered."""

    @property
    def part_key(self) -> str:
        """Its name."""
        return self.head.part_key

    @property
    def seq_last(self) -> int:
        """Of its last packet."""
        return self.head.seq_first + self.packets - 1


def node_us(stream: ScreenStream, pts_ms: int, offset: ClockOffset) -> int:
    """When a frame was captured, on the node's clock."""
    return stream.t0_us + pts_ms * 1000 - offset.ahead_us


def part_object_key(part_key: str) -> str:
    """Where a part rests in the archive."""
    return f"screens/{part_key[:2]}/{part_key}.scn"

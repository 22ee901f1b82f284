"""What a simulated frame says of itself, and what a file of such frames holds. Pure."""

from __future__ import annotations

import io
from dataclasses import dataclass

from recorder.scn.webm import ScnReader


@dataclass(frozen=True, slots=True)
class FrameText:
    """The content of a packet."""

    stream: str
    seq: int
    at_us: int
    """When it was captured, in true time."""

    def as_bytes(self) -> bytes:
        """The packet."""
        return f"{self.stream} {self.seq} {self.at_us}".encode()


def frame_of(data: bytes) -> FrameText:
    """What a packet says. Raises ValueError for one that no desktop of a world made."""
    stream, seq, at_us = data.decode().split(" ")
    return FrameText(stream, int(seq), int(at_us))


def frames_in(data: bytes) -> tuple[FrameText, ...]:
    """Of every whole packet of an SCN file. Raises CallBufferError when it is none, ValueError as `frame_of`."""
    return tuple(frame_of(packet.data) for packet in ScnReader(io.BytesIO(data)).packets())

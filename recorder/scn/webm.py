"""SCN files: live WebM of one VP9 track, one cluster for each packet. Pure.

A file is a head (EBML, an open segment, the track, tags) and then packets, each of which is whole in itself: what
was written when a process died is what plays. Nothing is ever patched. Everything that is needed to place the
part is in its tags, so that a file that is found alone can be sealed and archived.

Frame times count in milliseconds from `t0_us` of the stream, in every part of it: parts of one stream share
one time base, and a player shows the same time for the same frame in each of them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from pydantic import TypeAdapter, ValidationError

from recorder.errors import CallBufferError
from recorder.scn.model import ScreenPacket
from recorder.scn.part import ScnHead, ScnPacket

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_INFO: Final = 0x1549A966
_TRACKS: Final = 0x1654AE6B
_TAGS: Final = 0x1254C367
_CLUSTER: Final = 0x1F43B675
_TIMESTAMP: Final = 0xE7
_SIMPLE_BLOCK: Final = 0xA3
_UNKNOWN_SIZE: Final = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_TAG: Final = 0x7373
_SIMPLE_TAG: Final = 0x67C8
_TAG_NAME: Final = 0x45A3
_TAG_STRING: Final = 0x4487
_KEY: Final = 0x80
_HEAD_TAG: Final = "TANDEM"
_HEAD_BYTES_MAX: Final = 256 * 1024
_FORMAT: Final = 1
_HEADS: Final = TypeAdapter(ScnHead)


class Torn(Exception):
    """What is read ends within an element, or is none."""


def head_bytes(head: ScnHead) -> bytes:
    """The beginning of a file."""
    stream = head.stream
    told = {"format": _FORMAT, "head": _HEADS.dump_python(head, mode="json")}
    tags = {
        _HEAD_TAG: json.dumps(told, sort_keys=True, separators=(",", ":")),
        "TITLE": f"Screen of {', '.join(stream.agents)}",
        "PART": head.part_key,
        "STREAM": stream.stream,
        "AGENTS": " ".join(stream.agents),
        "CALLS": " ".join(head.calls),
        "T0_UNIX_US": str(stream.t0_us),
        "SEQ_FIRST": str(head.seq_first),
    }
    video = _number(0xB0, stream.width) + _number(0xBA, stream.height)
    track = (
        _number(0xD7, 1)  # number
        + _number(0x73C5, 1)  # uid
        + _number(0x83, 1)  # video
        + _number(0x9C, 0)  # no lacing
        + _text(0x86, "V_VP9")
        + _element(0xE0, video)
    )
    ebml = (
        _number(0x4286, 1)
        + _number(0x42F7, 1)
        + _number(0x42F2, 4)
        + _number(0x42F3, 8)
        + _text(0x4282, "webm")
        + _number(0x4287, 4)
        + _number(0x4285, 2)
    )
    info = _number(0x2AD7B1, 1_000_000) + _text(0x4D80, "tandem") + _text(0x5741, "tandem")
    return (
        _element(_EBML, ebml)
        + _id(_SEGMENT)
        + _UNKNOWN_SIZE
        + _element(_INFO, info)
        + _element(_TRACKS, _element(0xAE, track))
        + _element(_TAGS, b"".join(_tag(name, value) for name, value in tags.items()))
    )


def packet_bytes(packet: ScreenPacket) -> bytes:
    """One packet: a cluster with one block."""
    flags = _KEY if packet.is_key else 0
    block = _element(_SIMPLE_BLOCK, b"\x81\x00\x00" + bytes((flags,)) + packet.data)
    return _element(_CLUSTER, _number(_TIMESTAMP, packet.pts_ms) + block)


class ScnReader:
    """A file, packet by packet, up to where it is torn."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the head. Raises CallBufferError when it is not one that `head_bytes` wrote, or not whole."""
        self._file = file
        try:
            self.head = _read_head(file)
        except Torn:
            raise CallBufferError("this is no SCN file, or its head is not whole") from None
        self.whole_bytes = file.tell()
        """How far the file is whole: after the last packet that was read."""

    def index(self) -> Iterator[ScnPacket]:
        """Every whole packet that follows, without its bytes."""
        for packet, _ in self._packets(with_data=False):
            yield packet

    def packets(self) -> Iterator[ScreenPacket]:
        """Every whole packet that follows."""
        for packet, data in self._packets(with_data=True):
            yield ScreenPacket(packet.seq, packet.pts_ms, packet.is_key, data)

    def _packets(self, *, with_data: bool) -> Iterator[tuple[ScnPacket, bytes]]:
        seq, file = self.head.seq_first, self._file
        size_bytes = file.seek(0, 2)
        file.seek(self.whole_bytes)
        while True:
            try:
                pts_ms, flags, length = _read_block_head(file)
                if file.tell() + length > size_bytes:
                    return
            except Torn:
                return
            data = b""
            if with_data:
                data = file.read(length)
            else:
                file.seek(length, 1)
            self.whole_bytes = file.tell()
            yield ScnPacket(seq, pts_ms, bool(flags & _KEY)), data
            seq += 1


def _read_head(file: BinaryIO) -> ScnHead:
    if _read_id(file) != _EBML:
        raise Torn
    _read_exactly(file, _read_size(file))
    if _read_id(file) != _SEGMENT or _read_exactly(file, 8) != _UNKNOWN_SIZE:
        raise Torn
    for wanted in (_INFO, _TRACKS):
        if _read_id(file) != wanted:
            raise Torn
        _read_exactly(file, _read_size(file))
    if _read_id(file) != _TAGS:
        raise Torn
    return _head_of(_read_exactly(file, _read_size(file)))


def _head_of(tags: bytes) -> ScnHead:
    begin = tags.find(_text(_TAG_NAME, _HEAD_TAG))
    begin += len(_text(_TAG_NAME, _HEAD_TAG)) + len(_id(_TAG_STRING))
    size = int.from_bytes(tags[begin : begin + 4], "big") & 0x0FFF_FFFF
    try:
        told: dict[str, Any] = json.loads(tags[begin + 4 : begin + 4 + size])
        return _HEADS.validate_python(told["head"])
    except (ValueError, KeyError, TypeError, ValidationError):
        raise Torn from None


def _read_block_head(file: BinaryIO) -> tuple[int, int, int]:
    """Time, flags and size of the packet's bytes, which come next."""
    if _read_id(file) != _CLUSTER:
        raise Torn
    _read_size(file)
    if _read_id(file) != _TIMESTAMP:
        raise Torn
    pts_ms = int.from_bytes(_read_exactly(file, _read_size(file)), "big")
    if _read_id(file) != _SIMPLE_BLOCK:
        raise Torn
    size = _read_size(file)
    _, _, flags = struct.unpack(">BhB", _read_exactly(file, 4))
    return pts_ms, flags, size - 4


# --- elements: an id, a size in four bytes (or eight), a body --------------------------------------


def _id(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _element(number: int, body: bytes) -> bytes:
    return _id(number) + (0x1000_0000 | len(body)).to_bytes(4, "big") + body


def _number(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(number: int, value: str) -> bytes:
    return _element(number, value.encode())


def _tag(name: str, value: str) -> bytes:
    told = _text(_TAG_NAME, name) + _text(_TAG_STRING, value)
    return _element(_TAG, _element(0x63C0, b"") + _element(_SIMPLE_TAG, told))


def _read_exactly(file: BinaryIO, size: int) -> bytes:
    if size > _HEAD_BYTES_MAX:
        raise Torn
    data = file.read(size)
    if len(data) < size:
        raise Torn
    return data


def _read_id(file: BinaryIO) -> int:
    first = _read_exactly(file, 1)
    length = 9 - first[0].bit_length()
    if not 1 <= length <= 4:  # noqa: PLR2004 - the longest id of the format
        raise Torn
    return int.from_bytes(first + _read_exactly(file, length - 1), "big")


def _read_size(file: BinaryIO) -> int:
    """Ours are four bytes."""
    size = int.from_bytes(_read_exactly(file, 4), "big")
    if size >> 28 != 1:
        raise Torn
    return size & 0x0FFF_FFFF

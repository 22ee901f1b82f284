"""Groups of pictures as files: one each, appended to, readable up to where a crash cut them.

`<t0>-<stream>-<first seq>.gop`: a head with the stream, then records of size, number, time, kind, check sum
and bytes. Nobody but the agent's user may read it. What was appended survives the end of the process at once, the
loss of power after `sync`.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from array import array
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from recorder.desktop.desktop_clock import ClockMark
from recorder.desktop.spool_rules import Extent
from recorder.scn.model import ScreenPacket, ScreenStream
from recorder.scn.wire import PACKET_BYTES_MAX

SUFFIX = ".gop"
_MAGIC = b"TSG1"
_HEAD = struct.Struct(">4sI")
_RECORD = struct.Struct(">IIIBI")
_HEAD_BYTES_MAX = 64 * 1024
_STREAM = TypeAdapter(ScreenStream)
_MARK: TypeAdapter[ClockMark | None] = TypeAdapter(ClockMark | None)


def file_name(stream: ScreenStream, first: int) -> str:
    """Sorted by name, files are in the order of their frames."""
    return f"{stream.t0_us:020d}-{stream.stream}-{first:010d}{SUFFIX}"


class GroupFile:
    """One group on disk. Raises OSError. One thread at a time."""

    def __init__(self, path: Path, stream: ScreenStream, first: int) -> None:
        self.path = path
        self.stream = stream
        self.first = first
        self.size_bytes = 0
        """Of the packets alone."""
        self.mark: ClockMark | None = None
        """Of the clock of its frames, in one of an earlier run; older ones have none."""
        self.refused: Extent | None = None
        """What no node would take, and what cannot be shown without it: passed over."""
        self._offsets = array("Q")
        self._end = 0
        self._synced = 0

    @classmethod
    def create(
        cls, folder: Path, stream: ScreenStream, first: int, mark: ClockMark | None = None
    ) -> GroupFile:
        """An empty one; `mark` is of the clock of its frames."""
        made = cls(folder / file_name(stream, first), stream, first)
        told = None if mark is None else asdict(mark)
        head = json.dumps({**asdict(stream), "first": first, "mark": told}).encode()
        data = _HEAD.pack(_MAGIC, len(head)) + head
        made.path.unlink(missing_ok=True)
        fd = os.open(made.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "wb") as file:  # noqa: PTH123 - made with its mode, not changed to it
            file.write(data)
        _sync(folder)
        made._end = len(data)
        return made

    @classmethod
    def open(cls, path: Path) -> GroupFile | None:
        """One of an earlier run, without what was not written whole or is too large for any node; None when it is no such file."""
        data = path.read_bytes()
        begin = _read_head(data)
        if begin is None:
            return None
        stream, first, mark, at = begin
        found = cls(path, stream, first)
        found.mark = mark
        while (packet := _read_record(data, at)) is not None and packet.seq == found.last + 1:
            if len(packet.data) > PACKET_BYTES_MAX:
                found.refused = _rest(data, at, packet)
                break
            found._offsets.append(at)
            found.size_bytes += len(packet.data)
            at += _RECORD.size + len(packet.data)
        found._end = at
        return found if len(found._offsets) or found.refused else None

    @property
    def last(self) -> int:
        """The number of the last packet; one less than `first` while there is none."""
        return self.first + len(self._offsets) - 1

    def append(self, packet: ScreenPacket) -> None:
        """Add the next one. After an error the file is as before."""
        assert packet.seq == self.last + 1, "packets come in order"
        record = _RECORD.pack(
            len(packet.data), packet.seq, packet.pts_ms, packet.is_key, _check_sum(packet)
        )
        with self.path.open("r+b") as file:
            file.truncate(self._end)  # what a full disk left of an earlier one
            file.seek(self._end)
            file.write(record + packet.data)
        self._offsets.append(self._end)
        self._end += len(record) + len(packet.data)
        self.size_bytes += len(packet.data)

    def sync(self) -> None:
        """Put everything so far on the disk, if it is not."""
        if self._synced != self._end:
            _sync(self.path)
            self._synced = self._end

    def read(self, seq: int, bytes_max: int) -> tuple[ScreenPacket, ...]:
        """Packets from `seq` on, at least one if there is one, until they are `bytes_max` together."""
        found: list[ScreenPacket] = []
        size = 0
        if not self.first <= seq <= self.last:
            return ()
        with self.path.open("rb") as file:
            file.seek(self._offsets[seq - self.first])
            for wanted in range(seq, self.last + 1):
                record = file.read(_RECORD.size)
                packet = None
                if len(record) == _RECORD.size:
                    packet = _read_record(record + file.read(_RECORD.unpack(record)[0]), 0)
                if packet is None or packet.seq != wanted:
                    break
                found.append(packet)
                size += len(packet.data)
                if size >= bytes_max:
                    break
        return tuple(found)

    def remove(self) -> None:
        """Delete it; nothing happens when it is gone."""
        self.path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read_head(data: bytes) -> tuple[ScreenStream, int, ClockMark | None, int] | None:
    if len(data) < _HEAD.size:
        return None
    magic, length = _HEAD.unpack_from(data)
    if magic != _MAGIC or length > _HEAD_BYTES_MAX or len(data) < _HEAD.size + length:
        return None
    head = data[_HEAD.size : _HEAD.size + length]
    try:
        told = json.loads(head)
        first, mark = int(told["first"]), _MARK.validate_python(told.get("mark"))
        return _STREAM.validate_json(head), first, mark, _HEAD.size + length
    except (ValueError, KeyError, TypeError, ValidationError):
        return None


def _rest(data: bytes, at: int, packet: ScreenPacket) -> Extent:
    """From a packet to the end of its group."""
    first, size_bytes = packet.seq, 0
    follows: ScreenPacket | None = packet
    while follows is not None:
        packet = follows
        size_bytes += len(packet.data)
        at += _RECORD.size + len(packet.data)
        follows = _read_record(data, at)
    return Extent(first, packet.seq, size_bytes)


def _read_record(data: bytes, at: int) -> ScreenPacket | None:
    if len(data) - at < _RECORD.size:
        return None
    size, seq, pts_ms, is_key, check_sum = _RECORD.unpack_from(data, at)
    body = data[at + _RECORD.size : at + _RECORD.size + size]
    packet = ScreenPacket(seq, pts_ms, bool(is_key), body)
    # A disk that lost its power may leave zeros: no packet is empty.
    return packet if len(body) == size > 0 and _check_sum(packet) == check_sum else None


def _check_sum(packet: ScreenPacket) -> int:
    return zlib.crc32(packet.data, packet.seq ^ packet.pts_ms)

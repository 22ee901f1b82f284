"""SCN files in memory, byte for byte as they are on a disk: for the simulator and for tests."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from recorder.errors import BufferFull, CallBufferError
from recorder.scn.model import ScreenPacket
from recorder.scn.part import ScnHead, ScnPacket, SealedScn
from recorder.scn.webm import ScnReader, head_bytes, packet_bytes
from recorder.traps import Trap, no_trap


@dataclass
class ScreenDisk:
    """What outlives a node."""

    opened: dict[str, bytearray] = field(default_factory=dict[str, bytearray])
    sealed: dict[str, bytes] = field(default_factory=dict[str, bytes])
    kept: set[str] = field(default_factory=set[str])
    bytes_max: int | None = None
    """What fits; None for without end."""
    failing: str = ""
    """Why the disk refuses everything; empty while it does not."""

    def used_bytes(self) -> int:
        """Of all files."""
        files = (*self.opened.values(), *self.sealed.values())
        return sum(len(data) for data in files)

    def tear(self, part_key: str, size_bytes: int) -> None:
        """A host died: of a part that was open only so much is there."""
        del self.opened[part_key][size_bytes:]


class MemoryScreenFiles:
    """Implements recorder.ports.screens.ScreenFiles over a ScreenDisk, in one life of a node."""

    def __init__(self, disk: ScreenDisk, *, trap: Trap = no_trap) -> None:
        self._disk = disk
        self._trap = trap
        self._heads: dict[str, ScnHead] = {}
        self._next: dict[str, int] = {}

    def begin(self, head: ScnHead) -> None:
        """See ScreenFiles."""
        assert head.part_key not in self._heads, "a part begins once"
        told = head_bytes(head)
        self._need(len(told))
        self._disk.opened[head.part_key] = bytearray(told)
        self._heads[head.part_key] = head
        self._next[head.part_key] = head.seq_first

    def append(self, part_key: str, packets: Sequence[ScreenPacket]) -> None:
        """See ScreenFiles."""
        if not packets:
            return
        assert packets[0].seq == self._next[part_key], "packets follow one another"
        data = b"".join(map(packet_bytes, packets))
        self._need(len(data))
        self._trap("append")
        self._disk.opened[part_key] += data
        self._next[part_key] += len(packets)

    def seal(self, part_key: str) -> SealedScn | None:
        """See ScreenFiles."""
        self._refuse_when_failing()
        head = self._heads.get(part_key)
        if head is None or self._next[part_key] == head.seq_first:
            self.discard(part_key)
            return None
        try:
            self._trap("fsync")
            self._trap("rename")
        except OSError as error:
            raise CallBufferError(f"{part_key} cannot be made durable") from error
        self._disk.sealed[part_key] = bytes(self._disk.opened.pop(part_key))
        del self._heads[part_key], self._next[part_key]
        return self._look(part_key)

    def keep(self, part_key: str) -> None:
        """See ScreenFiles."""
        self._refuse_when_failing()
        self._disk.kept.add(part_key)

    def index(self, part_key: str) -> tuple[ScnPacket, ...]:
        """See ScreenFiles."""
        return tuple(self._reader(part_key).index())

    def copy(self, part_key: str, head: ScnHead, seq_last: int) -> SealedScn:
        """See ScreenFiles."""
        reader = self._reader(part_key)
        with suppress(CallBufferError):
            self.discard(head.part_key)
        self.begin(head)
        chosen = [one for one in reader.packets() if head.seq_first <= one.seq <= seq_last]
        self.append(head.part_key, chosen)
        sealed = self.seal(head.part_key)
        assert sealed is not None, "a copy has packets"
        return sealed

    def adopt(self, part_key: str, source: BinaryIO, sha256: str) -> SealedScn:
        """See ScreenFiles."""
        data = source.read()
        self._need(len(data))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise CallBufferError(f"{part_key} is not what was archived")
        self.discard(part_key)
        self._disk.sealed[part_key] = data
        return self._look(part_key)

    def discard(self, part_key: str) -> None:
        """See ScreenFiles."""
        self._refuse_when_failing()
        self._heads.pop(part_key, None)
        self._next.pop(part_key, None)
        self._disk.opened.pop(part_key, None)
        self._disk.sealed.pop(part_key, None)
        self._disk.kept.discard(part_key)

    def found(self) -> tuple[SealedScn, ...]:
        """See ScreenFiles."""
        self._refuse_when_failing()
        for key in sorted(self._disk.opened):
            if key not in self._heads:
                self._mend(key, bytes(self._disk.opened.pop(key)))
        return tuple(self._look(key) for key in sorted(self._disk.sealed))

    def free_bytes(self) -> int:
        """See ScreenFiles."""
        self._refuse_when_failing()
        if self._disk.bytes_max is None:
            return 2**40
        return max(0, self._disk.bytes_max - self._disk.used_bytes())

    def _mend(self, part_key: str, data: bytes) -> None:
        with suppress(CallBufferError):
            reader = ScnReader(io.BytesIO(data))
            if tuple(reader.index()):
                self._disk.sealed[part_key] = data[: reader.whole_bytes]

    def _look(self, part_key: str) -> SealedScn:
        data = self._disk.sealed[part_key]
        reader = self._reader(part_key)
        packets = tuple(reader.index())
        return SealedScn(
            head=replace(reader.head, part_key=part_key),
            path=f"screens/{part_key}.scn",
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            packets=len(packets),
            pts_first_ms=packets[0].pts_ms,
            pts_last_ms=packets[-1].pts_ms,
            kept=part_key in self._disk.kept,
        )

    def _reader(self, part_key: str) -> ScnReader:
        self._refuse_when_failing()
        if part_key not in self._disk.sealed:
            raise CallBufferError(f"there is no part {part_key}")
        return ScnReader(io.BytesIO(self._disk.sealed[part_key]))

    def _need(self, size_bytes: int) -> None:
        if self.free_bytes() < size_bytes:
            raise BufferFull("no room left for screens")

    def _refuse_when_failing(self) -> None:
        if self._disk.failing:
            raise CallBufferError(self._disk.failing)

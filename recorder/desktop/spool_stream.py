"""One stream in the spool: its groups of pictures, in memory or on disk. Not safe for threads by itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from recorder.desktop.desktop_clock import ClockMark
from recorder.desktop.spool_file import GroupFile
from recorder.desktop.spool_rules import Extent, needless
from recorder.scn.model import ScreenPacket, ScreenStream


@dataclass(slots=True, eq=False)
class Group:
    """A key frame and what follows. Its packets are in memory, or in its file, never in both."""

    packets: list[ScreenPacket] = field(default_factory=list[ScreenPacket])
    memory_bytes: int = 0
    file: GroupFile | None = None

    @property
    def extent(self) -> Extent:
        """Numbers and size."""
        if self.file is not None:
            return Extent(self.file.first, self.file.last, self.file.size_bytes)
        return Extent(self.packets[0].seq, self.packets[-1].seq, self.memory_bytes)

    def add(self, packet: ScreenPacket) -> None:
        """The next packet. Raises OSError."""
        if self.file is not None:
            self.file.append(packet)
        else:
            self.packets.append(packet)
            self.memory_bytes += len(packet.data)

    def to_disk(self, folder: Path, stream: ScreenStream, mark: ClockMark | None) -> None:
        """Move it. Raises OSError; then it is in memory as before."""
        if self.file is not None:
            return
        made = GroupFile.create(folder, stream, self.packets[0].seq, mark)
        try:
            for packet in self.packets:
                made.append(packet)
            made.sync()
        except OSError:
            made.remove()
            raise
        self.file = made
        self.packets = []
        self.memory_bytes = 0

    def sync(self) -> None:
        """Onto the disk, what is in its file. Raises OSError."""
        if self.file is not None:
            self.file.sync()

    def to_memory(self) -> None:
        """Move it back, for a disk that takes no more. Raises OSError."""
        if self.file is not None:
            packets = self.file.read(self.file.first, self.file.size_bytes)
            self.remove()
            self.packets = list(packets)
            self.memory_bytes = sum(len(packet.data) for packet in packets)
            self.file = None

    def read(self, seq: int, bytes_max: int) -> tuple[ScreenPacket, ...]:
        """Packets from `seq` on, about so many bytes. Raises OSError."""
        if self.file is not None:
            return self.file.read(seq, bytes_max)
        found: list[ScreenPacket] = []
        size = 0
        for packet in self.packets[max(0, seq - self.packets[0].seq) :]:
            found.append(packet)
            size += len(packet.data)
            if size >= bytes_max:
                break
        return tuple(found)

    def remove(self) -> None:
        """Forget it; what the disk refuses is left to lie."""
        if self.file is not None:
            try:
                self.file.remove()
            except OSError:
                return


@dataclass(slots=True)
class SpooledStream:
    """What is left of one stream."""

    stream: ScreenStream
    groups: deque[Group] = field(default_factory=deque[Group])
    seq_last: int = -1
    """The newest packet, also when it is gone."""
    kept: int = -1
    """A node has everything up to this."""
    ended: str = ""
    """Why it ended; empty while it goes on."""
    end_told: bool = False
    synced_ms: int = 0
    """Time of the packet with which the disk was last up to date."""

    def extents(self) -> tuple[Extent, ...]:
        """Of its groups, oldest first."""
        return tuple(group.extent for group in self.groups)

    def forget_kept(self) -> None:
        """Let go of what no node needs any more."""
        for _ in range(needless(self.extents(), self.kept, ended=bool(self.ended))):
            self.groups.popleft().remove()

    @property
    def is_done(self) -> bool:
        """Nothing is left to be said of it."""
        return bool(self.ended) and self.end_told and not self.groups

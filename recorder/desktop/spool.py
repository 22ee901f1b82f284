"""Frames on their way: in memory while a node is there, on disk while none is, bounded, in order.

Frames that no node has yet survive an outage of both nodes and a new start of this service. When there
are too many, the oldest groups of pictures go, and it is said. Any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from recorder.desktop.desktop_clock import ClockMark, moved_us
from recorder.desktop.spool_file import SUFFIX, GroupFile
from recorder.desktop.spool_rules import Lost, resume_at, too_much
from recorder.desktop.spool_stream import Group, SpooledStream
from recorder.scn.model import ScreenPacket, ScreenStream

RESTARTED = "restarted"
SYNC_EVERY_MS = 3_000
"""So much of a stream may be lost with the power, and the last group of one that stands still."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream, as far as the sender must know it."""

    stream: ScreenStream
    seq_last: int
    ended: str
    """Why; empty while it goes on."""


@dataclass(frozen=True, slots=True)
class SpoolFacts:
    """How full it is."""

    streams: int
    frames_waiting: int
    """That no node has yet."""
    memory_bytes: int
    disk_bytes: int
    dropped_frames: int
    """Since the start of this service."""


class Spool:
    """All streams, oldest first. `on_lost` and `on_trouble` are called with the lock held: they only take note."""

    def __init__(
        self,
        folder: Path,
        *,
        bytes_max: int,
        memory_bytes_max: int,
        on_lost: Callable[[Lost], None],
        on_trouble: Callable[[OSError], None],
        on_news: Callable[[], None],
        mark: Callable[[], ClockMark] | None = None,
    ) -> None:
        """`on_news` is called, without the lock, when there is something to send; `mark` is of the clock of the frames.

        The folder must exist; frames of an earlier run are taken up. Raises OSError.
        """
        self._folder = folder
        self._bytes_max = bytes_max
        self._memory_bytes_max = memory_bytes_max
        self._on_lost = on_lost
        self._on_trouble = on_trouble
        self._on_news = on_news
        self._mark = mark
        self._lock = threading.Lock()
        self._streams: dict[str, SpooledStream] = {}
        self._to_disk = True
        self._disk_works = True
        self._dropped_frames = 0
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            self._take_up(path)

    def begin(self, stream: ScreenStream) -> None:
        """A new stream; the one before must have ended."""
        with self._lock:
            self._streams[stream.stream] = SpooledStream(stream)

    def add(self, stream: str, packet: ScreenPacket) -> None:
        """The next frame of a stream. What the disk refuses stays in memory as long as there is room."""
        with self._lock:
            one = self._streams[stream]
            assert packet.seq == one.seq_last + 1, "packets are counted without gaps"
            one.seq_last = packet.seq
            if packet.is_key or not one.groups:
                self._sync(one)
                one.groups.append(Group([packet], len(packet.data)))
                self._disk_works = True
            else:
                self._append(one, packet)
                if packet.pts_ms - one.synced_ms >= SYNC_EVERY_MS:
                    one.synced_ms = packet.pts_ms
                    self._sync(one)
            one.forget_kept()
            self._move()
            self._bound()
        self._on_news()

    def end(self, stream: str, reason: str) -> None:
        """No frame of this stream follows."""
        with self._lock:
            one = self._streams[stream]
            one.ended = reason
            self._sync(one)
            one.forget_kept()
        self._on_news()

    def kept(self, stream: str, seq: int) -> None:
        """A node has everything up to `seq` in a file. Unknown streams were forgotten already."""
        with self._lock:
            one = self._streams.get(stream)
            if one is not None:
                one.kept = max(one.kept, min(seq, one.seq_last))
                one.forget_kept()
                self._forget_done()

    def end_told(self, stream: str) -> None:
        """A node heard that this stream ended."""
        with self._lock:
            one = self._streams.get(stream)
            if one is not None:
                one.end_told = True
                self._forget_done()

    def without_nodes(self, *, away: bool) -> None:
        """While away every frame goes to disk at once."""
        with self._lock:
            self._to_disk = away
            self._move()

    def flush(self) -> None:
        """Everything to disk: this service ends."""
        self.without_nodes(away=True)

    def streams(self) -> tuple[StreamFacts, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(
                StreamFacts(one.stream, one.seq_last, one.ended) for one in self._streams.values()
            )

    def resume_at(self, stream: str, next_seq: int | None) -> int:
        """Where to go on after a new connection, see `spool_rules.resume_at`."""
        with self._lock:
            one = self._streams[stream]
            return resume_at(one.extents(), one.kept, next_seq)

    def read(self, stream: str, seq: int, bytes_max: int) -> tuple[ScreenPacket, ...]:
        """Frames from `seq` on, or from the oldest after it that is left; empty when there is none."""
        with self._lock:
            one = self._streams.get(stream)
            for group in () if one is None else tuple(one.groups):
                first, last, _ = group.extent
                if last < seq:
                    continue
                try:
                    found = group.read(max(seq, first), bytes_max)
                except OSError as error:
                    self._on_trouble(error)
                    found = ()
                if found:
                    return found
            return ()

    def facts(self) -> SpoolFacts:
        """How full it is."""
        with self._lock:
            groups = [group for one in self._streams.values() for group in one.groups]
            return SpoolFacts(
                streams=len(self._streams),
                frames_waiting=sum(
                    max(0, extent.last - max(one.kept, extent.first - 1))
                    for one in self._streams.values()
                    for extent in one.extents()
                ),
                memory_bytes=sum(group.memory_bytes for group in groups),
                disk_bytes=sum(group.extent.size_bytes for group in groups if group.file),
                dropped_frames=self._dropped_frames,
            )

    # -- with the lock held ----

    def _take_up(self, path: Path) -> None:
        found = GroupFile.open(path)
        if found is None:
            path.unlink(missing_ok=True)
            return
        if found.refused is not None:
            first, last, size_bytes = found.refused
            self._dropped_frames += last - first + 1
            self._on_lost(Lost(found.stream.stream, first, last, size_bytes))
        name = found.stream.stream
        known = self._streams.get(name)
        if not (known.seq_last if known else -1) < found.first <= found.last:
            found.remove()
            return
        one = self._streams.setdefault(name, SpooledStream(found.stream, ended=RESTARTED))
        # What was put aside last knows best how that clock stood.
        one.stream = self._on_this_clock(found)
        one.groups.append(Group(file=found))
        one.seq_last = found.last

    def _on_this_clock(self, found: GroupFile) -> ScreenStream:
        """Its frames were timed by a process that is no more: what that clock said, this one says otherwise."""
        if found.mark is None or self._mark is None:
            return found.stream
        moved = moved_us(found.mark, self._mark())
        return replace(found.stream, t0_us=max(0, found.stream.t0_us + moved))

    def _append(self, one: SpooledStream, packet: ScreenPacket) -> None:
        group = one.groups[-1]
        try:
            group.add(packet)
        except OSError as error:
            self._disk_refuses(error)
            try:
                group.to_memory()
            except OSError as unread:
                self._on_trouble(unread)
                self._lose(one, one.groups.pop())
                one.groups.append(Group([packet], len(packet.data)))
            else:
                group.add(packet)

    def _sync(self, one: SpooledStream) -> None:
        """Older groups are synced: only the newest one grows."""
        if not one.groups or not self._disk_works:
            return
        try:
            one.groups[-1].sync()
        except OSError as error:
            self._disk_refuses(error)

    def _disk_refuses(self, error: OSError) -> None:
        """Until the next key frame nothing is tried: a full disk would be written to for every frame."""
        self._disk_works = False
        self._on_trouble(error)

    def _move(self) -> None:
        """To disk: everything while no node is there, else what memory has no room for, oldest first."""
        waiting = [
            (one, group)
            for one in self._streams.values()
            for group in one.groups
            if group.file is None
        ]
        over = sum(group.memory_bytes for _, group in waiting) - self._memory_bytes_max
        for one, group in waiting:
            if not self._disk_works or not (self._to_disk or over > 0):
                return
            over -= group.memory_bytes
            try:
                group.to_disk(self._folder, one.stream, self._mark() if self._mark else None)
            except OSError as error:
                self._disk_refuses(error)

    def _bound(self) -> None:
        groups = [(one, group) for one in self._streams.values() for group in one.groups]
        self._drop(groups, self._bytes_max)
        if not self._disk_works:
            self._drop([pair for pair in groups if not pair[1].file], self._memory_bytes_max)
        self._forget_done()

    def _drop(self, groups: list[tuple[SpooledStream, Group]], limit_bytes: int) -> None:
        sizes = [group.extent.size_bytes for _, group in groups]
        for one, group in groups[: too_much(sizes, limit_bytes)]:
            if group in one.groups:
                one.groups.remove(group)
                self._lose(one, group)

    def _lose(self, one: SpooledStream, group: Group) -> None:
        first, last, size_bytes = group.extent
        group.remove()
        first = max(first, one.kept + 1)
        if first <= last:
            self._dropped_frames += last - first + 1
            self._on_lost(Lost(one.stream.stream, first, last, size_bytes))

    def _forget_done(self) -> None:
        for name in [name for name, one in self._streams.items() if one.is_done]:
            del self._streams[name]

"""What a simulated desktop keeps of its frames, bounded, by the rules of the real one.

In memory while a node is there, on its disk while none is: what a new start of the service finds.
"""

from __future__ import annotations

from typing import Final

from recorder.desktop.spool import RESTARTED, StreamFacts
from recorder.desktop.spool_rules import resume_at, too_much
from recorder.desktop.spool_stream import Group, SpooledStream
from recorder.scn.model import ScreenPacket, ScreenStream

BYTES_MAX: Final = 20_000
"""Some ten minutes of frames of a few bytes each."""


class SimSpool:
    """Implements recorder.desktop.sending.Waiting."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._streams: dict[str, SpooledStream] = {}
        self._away = True
        self._on_disk: list[Group] = []
        self.dropped: set[tuple[str, int]] = set()
        """Frames given up before a node had them, or lost with the service or its computer."""
        self.taken_up = 0
        """Streams that a new start found."""

    def begin(self, stream: ScreenStream) -> None:
        """A new stream; the one before has ended."""
        self._streams[stream.stream] = SpooledStream(stream)

    def add(self, stream: str, packet: ScreenPacket) -> None:
        """The next frame of a stream."""
        one = self._streams[stream]
        assert packet.seq == one.seq_last + 1, "packets are counted without gaps"
        one.seq_last = packet.seq
        if packet.is_key or not one.groups:
            one.groups.append(Group([packet], len(packet.data)))
            self._move()
        else:
            one.groups[-1].add(packet)
        one.forget_kept()
        self._bound()

    def without_nodes(self, *, away: bool) -> None:
        """While away every frame goes to disk at once."""
        self._away = away
        self._move()

    def crash(self, *, power: bool) -> None:
        """The service died: what was in memory is lost; with `power` nothing was synced."""
        streams, self._streams = self._streams, {}
        for name, one in streams.items():
            lasting = [group for group in one.groups if self._is_on_disk(group) and not power]
            for group in one.groups:
                if group not in lasting:
                    self._lose(one, group)
            if lasting:
                left = self._streams[name] = SpooledStream(one.stream, ended=RESTARTED)
                left.groups.extend(lasting)
                left.seq_last = lasting[-1].extent.last
                self.taken_up += 1
        self._away = True

    def end(self, stream: str, reason: str) -> None:
        """No frame of this stream follows."""
        one = self._streams[stream]
        one.ended = reason
        one.forget_kept()

    def kept(self, stream: str, seq: int) -> None:
        """A node has everything up to `seq` in a file."""
        one = self._streams.get(stream)
        if one is not None:
            one.kept = max(one.kept, min(seq, one.seq_last))
            one.forget_kept()
            self._forget_done()

    def end_told(self, stream: str) -> None:
        """A node heard that this stream ended."""
        one = self._streams.get(stream)
        if one is not None:
            one.end_told = True
            self._forget_done()

    def streams(self) -> tuple[StreamFacts, ...]:
        """Oldest first."""
        return tuple(
            StreamFacts(one.stream, one.seq_last, one.ended) for one in self._streams.values()
        )

    def resume_at(self, stream: str, next_seq: int | None) -> int:
        """Where to go on after a new connection."""
        one = self._streams[stream]
        return resume_at(one.extents(), one.kept, next_seq)

    def read(self, stream: str, seq: int, bytes_max: int) -> tuple[ScreenPacket, ...]:
        """Frames from `seq` on, or from the oldest after it that is left."""
        one = self._streams.get(stream)
        for group in () if one is None else tuple(one.groups):
            first, last, _ = group.extent
            if last >= seq:
                return group.read(max(seq, first), bytes_max)
        return ()

    def newest(self) -> tuple[str, int, int] | None:
        """Of the stream that goes on: its name, its newest frame, and up to which a node has it."""
        for one in self._streams.values():
            if not one.ended:
                return one.stream.stream, one.seq_last, one.kept
        return None

    def _bound(self) -> None:
        groups = [(one, group) for one in self._streams.values() for group in one.groups]
        sizes = [group.extent.size_bytes for _, group in groups]
        for one, group in groups[: too_much(sizes, self._bytes_max)]:
            one.groups.remove(group)
            self._lose(one, group)
        self._forget_done()

    def _lose(self, one: SpooledStream, group: Group) -> None:
        first, last, _ = group.extent
        name = one.stream.stream
        self.dropped |= {(name, seq) for seq in range(max(first, one.kept + 1), last + 1)}

    def _move(self) -> None:
        """While no node is there everything goes to disk, and stays there."""
        groups = [group for one in self._streams.values() for group in one.groups]
        self._on_disk = [one for one in groups if self._away or self._is_on_disk(one)]

    def _is_on_disk(self, group: Group) -> bool:
        return any(one is group for one in self._on_disk)

    def _forget_done(self) -> None:
        for name in [name for name, one in self._streams.items() if one.is_done]:
            del self._streams[name]

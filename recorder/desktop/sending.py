"""What to say next on one connection: streams oldest first, each begun, its frames, its end.

Everything that no node has yet is said again on a new connection, from the key frame before it.
"""

from __future__ import annotations

from typing import Protocol

from recorder.desktop.spool import StreamFacts
from recorder.scn.messages import PacketsCame, StreamBegan, StreamEnded, Welcome
from recorder.scn.model import ScreenPacket, ScreenStream

BATCH_BYTES = 256 * 1024


class Waiting(Protocol):
    """What waits: the spool."""

    def streams(self) -> tuple[StreamFacts, ...]:
        """Oldest first."""
        ...

    def resume_at(self, stream: str, next_seq: int | None) -> int:
        """Where to go on."""
        ...

    def read(self, stream: str, seq: int, bytes_max: int) -> tuple[ScreenPacket, ...]:
        """Frames from there."""
        ...


def current(streams: tuple[StreamFacts, ...]) -> ScreenStream | None:
    """The stream that goes on, for the hello."""
    return next((one.stream for one in reversed(streams) if not one.ended), None)


class Sending:
    """One connection's place in the spool."""

    def __init__(self, spool: Waiting, streaming: ScreenStream | None, welcome: Welcome) -> None:
        """`streaming`: what the hello named; `welcome.next_seq` is about it."""
        self._spool = spool
        self._named = streaming.stream if streaming else ""
        self._next_seq = welcome.next_seq
        self._at: dict[str, int] = {}
        self._done: set[str] = set()

    def next(self) -> StreamBegan | PacketsCame | StreamEnded | None:
        """The next thing to say; None until there is something new."""
        for one in self._spool.streams():
            name = one.stream.stream
            if name in self._done:
                continue
            if name not in self._at:
                next_seq = self._next_seq if name == self._named else None
                self._at[name] = self._spool.resume_at(name, next_seq)
                return StreamBegan(one.stream)
            packets = self._spool.read(name, self._at[name], BATCH_BYTES)
            if packets:
                self._at[name] = packets[-1].seq + 1
                return PacketsCame(name, packets)
            if not one.ended:
                return None
            self._done.add(name)
            return StreamEnded(name, one.seq_last, one.ended)
        return None

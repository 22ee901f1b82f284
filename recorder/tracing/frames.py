"""Frames that leave and arrive, as rows: a tap on the transport, under the link."""

from __future__ import annotations

import hashlib

from cluster.errors import WireError
from cluster.frames import Frame
from cluster.links.wire import FrameDecoder, encode
from cluster.ports import (
    Address,
    Closed,
    Connection,
    Endpoint,
    Opened,
    Received,
    Transport,
    TransportEvent,
)
from recorder.tracing.facts import frame_data
from recorder.tracing.rows import TraceKind
from recorder.tracing.tracer import Tracer


class FrameBook:
    """Names every frame so that its departure and its arrival are found to be one. Any thread.

    The name is the frame's place in its direction of the connection and a digest of its bytes: both
    ends count alike.
    """

    def __init__(self, tracer: Tracer, peer: str) -> None:
        self.tracer = tracer
        self.peer = peer
        self._sent: dict[int, int] = {}
        self._arriving: dict[int, tuple[FrameDecoder, int]] = {}

    def sent(self, connection: Connection, data: bytes) -> None:
        """The link sends `data`, one whole frame."""
        place = self._sent[connection.number] = self._sent.get(connection.number, 0) + 1
        (frame,) = FrameDecoder().feed(data)
        self.note(TraceKind.SENT, frame, _name(place, frame))

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Bytes reach this node, cut anywhere."""
        decoder, place = self._arriving.get(connection.number, (FrameDecoder(), 0))
        try:
            frames = decoder.feed(data)
        except WireError:
            return
        for frame in frames:
            place += 1
            self.heard(connection, place, frame)
        self._arriving[connection.number] = (decoder, place)

    def heard(self, connection: Connection, place: int, frame: Frame) -> None:
        """A whole frame reached this node, as so many before it on this connection."""
        del connection
        self.tracer.cause.row = None
        self.note(TraceKind.RECEIVED, frame, _name(place, frame))

    def closed(self, connection: Connection) -> None:
        """Nothing more arrives on it."""
        self._sent.pop(connection.number, None)
        self._arriving.pop(connection.number, None)

    def note(self, kind: TraceKind, frame: Frame, name: str) -> int:
        """Write the row; returns its number."""
        return self.tracer.row(
            kind, type(frame).__name__, to=self.peer, frame=name, **frame_data(frame)
        )


def _name(place: int, frame: Frame) -> str:
    """Of what was understood: encoding that again gives the same bytes on both sides."""
    return f"{place}-{hashlib.blake2b(encode(frame), digest_size=5).hexdigest()}"


class _TracedConnection:
    def __init__(self, inner: Connection, book: FrameBook) -> None:
        self._inner = inner
        self._book = book

    @property
    def number(self) -> int:
        return self._inner.number

    @property
    def inbound(self) -> bool:
        return self._inner.inbound

    @property
    def remote_host(self) -> str:
        return self._inner.remote_host

    def send(self, data: bytes) -> None:
        self._book.sent(self._inner, data)
        self._inner.send(data)

    def close(self, reason: str) -> None:
        self._inner.close(reason)


class _Tap:
    """Where the transport reports to; the link hears the same."""

    def __init__(self, link: Address[TransportEvent], book: FrameBook) -> None:
        self._link = link
        self._book = book

    @property
    def name(self) -> str:
        return self._link.name

    def tell(self, message: TransportEvent) -> None:
        self._book.tracer.cause.turn = None
        match message:
            case Opened(connection=connection):
                self._link.tell(Opened(_TracedConnection(connection, self._book)))
            case Received(connection=connection, data=data):
                self._book.arrived(connection, data)
                self._link.tell(message)
            case Closed(connection=connection):
                self._book.closed(connection)
                self._link.tell(message)
            case _:
                self._link.tell(message)


class TracedTransport:
    """A transport whose frames become rows."""

    def __init__(self, inner: Transport, book: FrameBook) -> None:
        self._inner = inner
        self._book = book

    def listen(self, events: Address[TransportEvent]) -> Endpoint:
        """See Transport."""
        return self._inner.listen(_Tap(events, self._book))

    def dial(self, endpoint: Endpoint, events: Address[TransportEvent]) -> None:
        """See Transport."""
        self._inner.dial(endpoint, _Tap(events, self._book))

    def stop(self) -> None:
        """See Transport."""
        self._inner.stop()

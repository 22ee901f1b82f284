"""One TCP connection of the peer link: a reading and a writing thread around one socket."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from cluster.adapters.tcp_tls import CHUNK_BYTES, Channel
from cluster.links.tls_faults import tls_fault
from cluster.ports import Address, Closed, HandshakeFailed, Opened, Received, TransportEvent

SEND_QUEUE_BYTES_MAX: Final = 8 * 1024 * 1024
LINGER_S: Final = 1.0
UNANSWERED_S: Final = 8
"""Bytes the peer's host does not take for so long end the connection."""

_KEEPALIVE: Final = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 3))


def tune(sock: socket.socket) -> None:
    """Small frames at once; a vanished host is noticed."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", UNANSWERED_S, 0))
    for name, value in (*_KEEPALIVE, ("TCP_USER_TIMEOUT", UNANSWERED_S * 1000)):
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def remote_host(sock: socket.socket) -> str:
    """The other side's address, as one would dial it."""
    name = sock.getpeername()
    address = ipaddress.ip_address(name[0].partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if address.is_link_local and len(name) > 3:  # noqa: PLR2004 - (host, port, flow, scope)
            return f"{address}%{name[3]}"
    return str(address)


class TcpConnection:
    """Implements Connection. Tells `events` Opened, Received…, Closed, in this order."""

    def __init__(
        self,
        *,
        number: int,
        sock: socket.socket,
        channel: Channel,
        inbound: bool,
        events: Address[TransportEvent],
        start_thread: Callable[[str, Callable[[], None]], threading.Thread],  # noqa: TID251 - part of the port
    ) -> None:
        self._number = number
        self._sock = sock
        self._channel = channel
        self._inbound = inbound
        self._remote_host = remote_host(sock)
        self._events = events
        self._start_thread = start_thread
        self._lock = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._closing: str | None = None
        self._ended = False

    @property
    def number(self) -> int:
        """Unique in this process."""
        return self._number

    @property
    def inbound(self) -> bool:
        """True when the other side dialled."""
        return self._inbound

    @property
    def remote_host(self) -> str:
        """The address the peer speaks from."""
        return self._remote_host

    def __repr__(self) -> str:
        return f"TcpConnection({self._number}, {self._remote_host}, inbound={self._inbound})"

    def send(self, data: bytes) -> None:
        """Queue bytes; a peer that lets them pile up is cut off."""
        with self._lock:
            if self._closing is not None or self._ended:
                return
            if self._queued_bytes + len(data) <= SEND_QUEUE_BYTES_MAX:
                self._queued_bytes += len(data)
                self._queue.append(data)
                self._lock.notify()
                return
        self.sever(f"the peer does not read: {SEND_QUEUE_BYTES_MAX} bytes wait for it")

    def close(self, reason: str) -> None:
        """Close after what is queued was written, which ends by itself when the peer does not read."""
        with self._lock:
            if self._closing is None:
                self._closing = reason
                self._lock.notify()

    def sever(self, reason: str) -> None:
        """Close now, whatever is queued."""
        with self._lock:
            if self._closing is None:
                self._closing = reason
            self._ended = True
            self._lock.notify()
        self._shut(socket.SHUT_RDWR)

    def run(self) -> None:
        """Read until the end, in the caller's thread; then the socket may be closed."""
        self._sock.settimeout(None)
        self._events.tell(Opened(self))
        writer = self._start_thread(f"link-write-{self._number}", self._write)
        reason = self._read()
        with self._lock:
            self._ended = True
            self._lock.notify()
            reason = self._closing or reason
        self._shut(socket.SHUT_RDWR)
        self._events.tell(Closed(self, reason))
        writer.join()

    def _read(self) -> str:
        try:
            raw = b""  # what came along with the handshake waits in the channel
            while True:
                data, over = self._channel.open(raw)
                if data and self._closing is None:
                    self._events.tell(Received(self, data))
                if over:
                    return "closed by the peer"
                if self._channel.owes():
                    with self._lock:
                        self._queue.append(b"")
                        self._lock.notify()
                raw = self._sock.recv(CHUNK_BYTES)
                if not raw:
                    return "closed by the peer"
        except OSError as error:
            # With TLS 1.3 a dialler is done before the other side has judged its certificate.
            fault = tls_fault(error)
            if fault is not None:
                self._events.tell(HandshakeFailed(self._remote_host, fault.what, fault.hint))
            return error.strerror or str(error)

    def _write(self) -> None:
        try:
            while (data := self._next()) is not None:
                self._sock.sendall(self._channel.seal(data))
                with self._lock:
                    self._queued_bytes -= len(data)
            if not self._ended:
                self._sock.sendall(self._channel.farewell())
                # Ending the stream, then waiting for the peer's end, lets it read our last words:
                # closing at once would reset the connection when bytes of the peer are unread.
                self._shut(socket.SHUT_WR)
                with self._lock:
                    self._lock.wait_for(lambda: self._ended, LINGER_S)
            self._shut(socket.SHUT_RDWR)
        except BlockingIOError:
            self.sever(f"the peer took no bytes for {UNANSWERED_S} s")
        except OSError as error:
            self.sever(error.strerror or str(error))

    def _next(self) -> bytes | None:
        """What to write next; None when all is written and the connection is to end."""
        with self._lock:
            self._lock.wait_for(lambda: self._queue or self._closing is not None or self._ended)
            if self._ended or not self._queue:
                return None
            data = b"".join(self._queue)
            self._queue.clear()
            return data

    def _shut(self, how: int) -> None:
        with suppress(OSError):  # the other side was quicker
            self._sock.shutdown(how)

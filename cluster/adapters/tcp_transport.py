"""The real transport of the peer link: TCP, with TLS when files are given."""

from __future__ import annotations

import itertools
import select
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

import structlog

from cluster.adapters.tcp_connection import TcpConnection, remote_host, tune
from cluster.adapters.tcp_tls import Channel, PlainChannel, Tls, TlsFiles
from cluster.links.tls_faults import tls_fault
from cluster.ports import Address, DialFailed, Endpoint, HandshakeFailed, TransportEvent

DIAL_S: Final = 3.0
HANDSHAKE_S: Final = 3.0
STOP_S: Final = 1.5
INBOUND_MAX: Final = 32
"""Connections from outside at one time; the peer needs two."""

_ACCEPT_AGAIN_S: Final = 0.1

OnCrash: TypeAlias = Callable[[str, BaseException], None]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("transport")


class TcpTransport:
    """Implements Transport with blocking sockets and threads.

    `listen` names the interface and port (0: any free one; host empty or `::`: every interface, IPv4
    and IPv6). `on_crash(thread, error)` is called when a thread ends by a bug.
    Raises ClusterError when the TLS files cannot be used.
    """

    def __init__(self, *, listen: Endpoint, tls: TlsFiles | None, on_crash: OnCrash) -> None:
        self._endpoint = listen
        self._tls = None if tls is None else Tls(tls)
        self._on_crash = on_crash
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._connections: dict[int, TcpConnection] = {}
        self._inbound = 0
        self._threads: set[threading.Thread] = set()  # noqa: TID251 - this file is the port
        self._stopped = threading.Event()
        self._wake_here, self._wake_there = socket.socketpair()

    def probe(self) -> None:
        """See whether `listen` could bind now. Raises OSError naming the endpoint."""
        self._bind().close()

    def listen(self, events: Address[TransportEvent]) -> Endpoint:
        """Accept from now on. Raises OSError naming the endpoint."""
        listener = self._bind()
        port = listener.getsockname()[1]
        self._start_thread("link-accept", partial(self._accept, listener, events))
        return Endpoint(self._endpoint.host, port)

    def dial(self, endpoint: Endpoint, events: Address[TransportEvent]) -> None:
        """Try once, in a thread of its own."""
        self._start_thread("link-dial", partial(self._dial, endpoint, events))

    def stop(self) -> None:
        """Close the listener and every connection; what is queued gets a moment to leave."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._wake_there.close()
        with self._lock:
            connections = list(self._connections.values())
        for connection in connections:
            connection.close("this node stops")
        end_s = _now_s() + STOP_S
        while (threads := self._running()) and _now_s() < end_s:
            threads[0].join(max(end_s - _now_s(), 0.0))
        for connection in connections:
            connection.sever("this node stops")
        self._wake_here.close()

    def _bind(self) -> socket.socket:
        try:
            return _bind(self._endpoint)
        except OSError as error:
            # What `create_server` adds to the reason says the endpoint once more.
            reason = (error.strerror or str(error)).partition(" (while")[0]
            raise OSError(error.errno, f"cannot listen on {self._endpoint}: {reason}") from error

    # -- threads ----

    def _running(self) -> list[threading.Thread]:  # noqa: TID251
        here = threading.current_thread()
        with self._lock:
            return [thread for thread in self._threads if thread is not here]

    def _start_thread(self, name: str, work: Callable[[], None]) -> threading.Thread:  # noqa: TID251
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a bug: the node is told and ends
                self._on_crash(name, error)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)  # noqa: TID251
        with self._lock:
            self._threads.add(thread)
            thread.start()
        return thread

    def _accept(self, listener: socket.socket, events: Address[TransportEvent]) -> None:
        with listener:
            while not self._stopped.is_set():
                select.select([listener, self._wake_here], [], [])
                if self._stopped.is_set():
                    return
                try:
                    sock, _ = listener.accept()
                except OSError as error:
                    # Out of descriptors, or a dialler that gave up: both pass.
                    _log.warning("accept_failed", reason=error.strerror or str(error))
                    self._stopped.wait(_ACCEPT_AGAIN_S)
                    continue
                with self._lock:
                    full = self._inbound >= INBOUND_MAX
                    self._inbound += not full
                if full:
                    _log.warning("connection_refused", reason="too many connections")
                    sock.close()
                    continue
                self._start_thread("link-read", partial(self._serve, sock, events))

    def _serve(self, sock: socket.socket, events: Address[TransportEvent]) -> None:
        host = ""
        try:
            host = remote_host(sock)
            channel = self._agree(sock, _now_s() + HANDSHAKE_S, inbound=True)
        except OSError as error:
            sock.close()
            if not _tell_fault(error, host, events):
                _log.info("handshake_failed", host=host, reason=str(error))
        else:
            self._run(sock, channel, events, inbound=True)
        finally:
            with self._lock:
                self._inbound -= 1

    def _dial(self, endpoint: Endpoint, events: Address[TransportEvent]) -> None:
        end_s = _now_s() + DIAL_S
        sock = None
        try:
            if self._stopped.is_set():
                raise ConnectionAbortedError("this node stops")
            sock = _connect(endpoint, end_s)
            channel = self._agree(sock, end_s, inbound=False)
        except OSError as error:
            if sock is not None:
                sock.close()
                _tell_fault(error, endpoint.host, events)
            refused = isinstance(error, ConnectionRefusedError)
            events.tell(DialFailed(endpoint, refused, error.strerror or str(error)))
            return
        self._run(sock, channel, events, inbound=False)

    def _agree(self, sock: socket.socket, end_s: float, *, inbound: bool) -> Channel:
        tune(sock)
        channel = PlainChannel() if self._tls is None else self._tls.channel(inbound=inbound)
        channel.handshake(sock, lambda: _remaining_s(end_s))
        return channel

    def _run(
        self,
        sock: socket.socket,
        channel: Channel,
        events: Address[TransportEvent],
        *,
        inbound: bool,
    ) -> None:
        try:
            connection = TcpConnection(
                number=next(self._numbers),
                sock=sock,
                channel=channel,
                inbound=inbound,
                events=events,
                start_thread=self._start_thread,
            )
        except OSError as error:  # gone before it was ours
            sock.close()
            _log.warning("connection_lost", reason=str(error))
            return
        with self._lock:
            self._connections[connection.number] = connection
        if self._stopped.is_set():
            connection.close("this node stops")
        try:
            connection.run()
        finally:
            sock.close()
            with self._lock:
                del self._connections[connection.number]


def _tell_fault(error: OSError, host: str, events: Address[TransportEvent]) -> bool:
    """Report a disagreement about TLS; False when the error is of another kind."""
    fault = tls_fault(error)
    if fault is not None:
        events.tell(HandshakeFailed(host, fault.what, fault.hint))
    return fault is not None


def _now_s() -> float:
    return time.monotonic()  # noqa: TID251 - deadlines of sockets, inside a port


def _remaining_s(end_s: float) -> float:
    left_s = end_s - _now_s()
    if left_s <= 0:
        raise TimeoutError("timed out")
    return left_s


def _bind(endpoint: Endpoint) -> socket.socket:
    host = "" if endpoint.host in {"", "*", "::"} else endpoint.host
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(
            ("", endpoint.port), family=socket.AF_INET6, dualstack_ipv6=True
        )
    found = socket.getaddrinfo(
        host or None, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, _, _, _, address = found[0]
    return socket.create_server((str(address[0]), endpoint.port), family=family)


def _connect(endpoint: Endpoint, end_s: float) -> socket.socket:
    """Raises ConnectionRefusedError only when every address of the endpoint refused."""
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    errors: list[OSError] = []
    for number, (family, kind, protocol, _, address) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        try:
            # One that never answers (a dead route of one family, say) leaves time for the others.
            sock.settimeout(_remaining_s(end_s) / (len(found) - number))
            sock.connect(address)
            if sock.getsockname() == sock.getpeername():
                # On one host a free port can meet itself: nobody listens there.
                raise ConnectionRefusedError("Connection refused")
        except OSError as error:
            sock.close()
            errors.append(error)
        else:
            return sock
    others = [error for error in errors if not isinstance(error, ConnectionRefusedError)]
    raise (others or errors)[0]

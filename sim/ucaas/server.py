"""A real port for a fake service: HTTP/1.1 with keep-alive, plain or TLS, and real wire trouble.

It shares the machine with the recorder under test, so it parses by hand, answers small bodies in
one send and large ones from views of shared memory.
"""

from __future__ import annotations

import fcntl
import socket
import socketserver
import ssl
import struct
import termios
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import Any

from sim.ucaas.http import Cut, Handler, Pause, Request, Response, steps

_HEAD_MAX_BYTES = 256 * 1024
_SMALL_BYTES = 32 * 1024
_IDLE_S = 120.0
_DRAIN_TICKS = 100
_REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 307: "Temporary Redirect"}
_NO_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)


class FakeServer:
    """Serves one handler on one or more ports until stopped. Port 0 picks a free one."""

    def __init__(
        self,
        *,
        handle: Handler,
        host: str = "127.0.0.1",
        ports: tuple[int, ...] = (0,),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._scheme = "http" if tls is None else "https"
        self._listeners = [_Listener((host, port), handle, tls) for port in ports]
        self._threads = [
            threading.Thread(  # noqa: TID251 - the listener of a real server
                target=listener.serve_forever, args=(0.05,), daemon=True, name="fake-server"
            )
            for listener in self._listeners
        ]

    @property
    def urls(self) -> tuple[str, ...]:
        """Base addresses, one per port, without a slash at the end."""
        return tuple(
            f"{self._scheme}://{listener.server_address[0]!s}:{listener.server_address[1]}"
            for listener in self._listeners
        )

    def start(self) -> None:
        """Accept connections; they were queued since construction."""
        for thread in self._threads:
            thread.start()

    def stop(self, grace_s: float = 0.5) -> None:
        """Stop listening, let answers in hand end for `grace_s`, then close every connection."""
        for listener, thread in zip(self._listeners, self._threads, strict=True):
            if thread.is_alive():
                listener.shutdown()
            listener.server_close()
        for listener, thread in zip(self._listeners, self._threads, strict=True):
            listener.end(grace_s)
            if thread.is_alive():
                thread.join(grace_s)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], handle: Handler, tls: ssl.SSLContext | None
    ) -> None:
        self.handle = handle
        self.tls = tls
        self.stopping = threading.Event()
        self._changed = threading.Condition()
        self._open: dict[int, socket.socket] = {}
        self._busy = 0
        super().__init__(address, _Talk)

    def server_bind(self) -> None:
        """Bind without looking the host name up."""
        socketserver.TCPServer.server_bind(self)

    def opened(self, sock: socket.socket) -> None:
        with self._changed:
            self._open[id(sock)] = sock

    def closed(self, sock: socket.socket) -> None:
        with self._changed:
            self._open.pop(id(sock), None)

    def busy(self, change: int) -> None:
        with self._changed:
            self._busy += change
            self._changed.notify_all()

    def end(self, grace_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._busy == 0, grace_s)
        self.stopping.set()
        with self._changed:
            for sock in self._open.values():
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are everyday business here; a bug in a handler is shown."""
        del request
        print(f"fake server: a handler for {client_address} broke")
        threading.excepthook(threading.ExceptHookArgs((*_current(), threading.current_thread())))


def _current() -> tuple[type[BaseException], BaseException | None, Any]:
    import sys  # noqa: PLC0415 - only for a bug

    kind, error, trace = sys.exc_info()
    return kind or BaseException, error, trace


class _Talk(socketserver.BaseRequestHandler):
    """One connection."""

    server: _Listener  # pyright: ignore[reportIncompatibleVariableOverride]

    def setup(self) -> None:
        sock: socket.socket = self.request
        sock.settimeout(_IDLE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.tls is not None:
            sock = self.server.tls.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
        self._sock = sock
        self._received = bytearray()
        self.server.opened(sock)

    def handle(self) -> None:
        with suppress(OSError):
            if isinstance(self._sock, ssl.SSLSocket):
                self._sock.do_handshake()
            while (request := self._read_request()) is not None:
                self.server.busy(+1)
                try:
                    keep = self._answer(request)
                finally:
                    self.server.busy(-1)
                if not keep or self.server.stopping.is_set():
                    return

    def finish(self) -> None:
        self.server.closed(self._sock)
        with suppress(OSError):
            self._sock.close()

    def _read_request(self) -> Request | None:
        received = self._received
        while (end := received.find(b"\r\n\r\n")) < 0:
            data = self._sock.recv(65536)
            if not data or len(received) > _HEAD_MAX_BYTES:
                return None
            received += data
        head = received[:end].decode("latin-1")
        del received[: end + 4]
        try:
            method, target, headers, wanted = _parsed(head)
        except ValueError:
            self._sock.sendall(_NO_REQUEST)
            return None
        if headers.get("expect", "").lower() == "100-continue":
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(received) < wanted:
            data = self._sock.recv(65536)
            if not data:
                return None
            received += data
        body = bytes(received[:wanted])
        del received[:wanted]
        path, _, query = target.partition("?")
        scheme = "http" if self.server.tls is None else "https"
        return Request(method, scheme, headers.get("host", ""), path, query, headers, body)

    def _answer(self, request: Request) -> bool:
        """Send the answer; False when the connection must end."""
        response = self.server.handle(request)
        trouble = response.trouble
        if trouble.delay_s > 0:
            self.server.stopping.wait(trouble.delay_s)
        if trouble.drop:
            return False
        keep = request.headers.get("connection", "").lower() != "close"
        head = _head(response, keep=keep)
        if request.method == "HEAD" or response.status in {204, 304}:
            self._sock.sendall(head)
            return keep
        if response.content.size_bytes <= _SMALL_BYTES and trouble == type(trouble)():
            self._sock.sendall(head + response.content.joined())
            return keep
        self._sock.sendall(head)
        for step in steps(response):
            if isinstance(step, Pause):
                if self.server.stopping.wait(step.seconds):
                    return False
            elif isinstance(step, Cut):
                self._cut(reset=step.reset)
                return False
            else:
                self._sock.sendall(step)
        return keep

    def _cut(self, *, reset: bool) -> None:
        """End the connection after what was sent has left."""
        if reset:
            for _ in range(_DRAIN_TICKS):
                unsent = fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
                if struct.unpack("i", unsent)[0] == 0 or self.server.stopping.wait(0.005):
                    break
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._sock.close()


def _parsed(head: str) -> tuple[str, str, dict[str, str], int]:
    """Method, target, headers, and the length of the body. Raises ValueError for what is no request."""
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise ValueError(f"no length: {length!r}")
    return method, target, headers, int(length)


def _head(response: Response, *, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.status != 204:  # noqa: PLR2004 - it must not carry a length
        lines.append(f"Content-Length: {response.announced_bytes}")
    if not keep:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

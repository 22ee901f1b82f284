"""Requests and answers free of any transport, and the door for httpx in memory.

A fake service is a function from Request to Response. What goes wrong on the way (`Trouble`) is part of
the answer, as data; the real server and the door in memory carry out the same `steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote_plus

import httpx

Handler: TypeAlias = "Callable[[Request], Response]"
PIECE_BYTES = 256 * 1024
_TICKS_PER_S = 10


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower case; path and query are still percent-encoded."""

    method: str
    scheme: str
    host: str
    """As in the Host header, with the port where there is one."""
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def parameters(self) -> list[tuple[str, str]]:
        """The query's decoded names and values, in order; `+` and `%20` are both spaces."""
        return decode_form(self.query)


def decode_form(text: str) -> list[tuple[str, str]]:
    """Names and values of a query or a form body, decoded, in order."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


def byte_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """`Range` as [start, stop); None when it cannot be satisfied. An unreadable one means all."""
    unit, _, spec = header.partition("=")
    first, dash, last = spec.split(",")[0].strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or not (first or last):
        return 0, size_bytes
    if not first:
        if not last.isdigit():
            return 0, size_bytes
        return (max(size_bytes - int(last), 0), size_bytes) if int(last) else None
    if not first.isdigit() or (last and not last.isdigit()):
        return 0, size_bytes
    start = int(first)
    stop = min(int(last) + 1, size_bytes) if last else size_bytes
    return (start, stop) if start < stop else None


@dataclass(frozen=True, slots=True)
class Content:
    """A body in parts, so that large ones are shared and never copied."""

    parts: tuple[bytes | memoryview, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Size of all parts."""
        return sum(len(part) for part in self.parts)

    def cut(self, start: int, stop: int) -> Content:
        """The bytes [start, stop), without copying."""
        parts: list[bytes | memoryview] = []
        at = 0
        for part in self.parts:
            low, high = max(start - at, 0), min(stop - at, len(part))
            if low < high:
                parts.append(memoryview(part)[low:high])
            at += len(part)
        return Content(tuple(parts))

    def pieces(self, piece_bytes: int = PIECE_BYTES) -> Iterator[memoryview]:
        """The bytes in order, in views of at most `piece_bytes`."""
        for part in self.parts:
            view = memoryview(part)
            for at in range(0, len(view), piece_bytes):
                yield view[at : at + piece_bytes]

    def joined(self) -> bytes:
        """All bytes, copied."""
        return b"".join(self.parts)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong while an answer travels; offsets count bytes of the body."""

    delay_s: float = 0.0
    """Before the first byte of the answer."""
    drop: bool = False
    """No answer: the connection closes after the request was read."""
    stall_at: int | None = None
    stall_s: float = 0.0
    cut_at: int | None = None
    reset: bool = False
    """Cut with a reset instead of an orderly close."""
    bytes_per_s: float | None = None
    announced_bytes: int | None = None
    """A Content-Length other than the body's size."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; Content-Length is added by the door."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content: Content = Content()
    trouble: Trouble = Trouble()

    @property
    def announced_bytes(self) -> int:
        """The Content-Length to send."""
        announced = self.trouble.announced_bytes
        return self.content.size_bytes if announced is None else announced


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing moves for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends here."""

    reset: bool


Step: TypeAlias = memoryview | Pause | Cut


def steps(response: Response) -> Iterator[Step]:
    """What to do with the body, in order: send a piece, pause, or cut (then it ends)."""
    trouble, size = response.trouble, response.content.size_bytes
    end = size if trouble.cut_at is None else min(size, trouble.cut_at)
    stall = end if trouble.stall_at is None else min(trouble.stall_at, end)
    yield from _paced(response.content.cut(0, stall), trouble.bytes_per_s)
    if trouble.stall_at is not None:
        yield Pause(trouble.stall_s)
    yield from _paced(response.content.cut(stall, end), trouble.bytes_per_s)
    if trouble.cut_at is not None or end < response.announced_bytes:
        yield Cut(trouble.reset)


def _paced(content: Content, bytes_per_s: float | None) -> Iterator[Step]:
    if bytes_per_s is None:
        yield from content.pieces()
        return
    for piece in content.pieces(max(int(bytes_per_s / _TICKS_PER_S), 1)):
        yield piece
        yield Pause(len(piece) / bytes_per_s)


class MemoryTransport(httpx.BaseTransport):
    """httpx straight into a handler. Pauses go through `wait`; read timeouts act as on a socket."""

    def __init__(self, *, handle: Handler, wait: Callable[[float], None]) -> None:
        self._handle = handle
        self._wait = wait

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; raises ReadTimeout, ReadError or RemoteProtocolError as a wire would."""
        timeout: float | None = request.extensions.get("timeout", {}).get("read")
        url = request.url
        response = self._handle(
            Request(
                method=request.method,
                scheme=url.scheme,
                host=url.netloc.decode(),
                path=url.raw_path.split(b"?", 1)[0].decode(),
                query=url.query.decode(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
            )
        )
        _pause(response.trouble.delay_s, timeout, self._wait)
        if response.trouble.drop:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        headers = [*response.headers, ("Content-Length", str(response.announced_bytes))]
        silent = request.method == "HEAD" or response.status in {204, 304}
        body = _Body(Response() if silent else response, timeout, self._wait)
        return httpx.Response(response.status, headers=headers, stream=body)


class _Body(httpx.SyncByteStream):
    def __init__(
        self, response: Response, timeout_s: float | None, wait: Callable[[float], None]
    ) -> None:
        self._response = response
        self._timeout_s = timeout_s
        self._wait = wait

    def __iter__(self) -> Iterator[bytes]:
        for step in steps(self._response):
            if isinstance(step, Pause):
                _pause(step.seconds, self._timeout_s, self._wait)
            elif isinstance(step, Cut):
                if step.reset:
                    raise httpx.ReadError("Connection reset by peer")
                raise httpx.RemoteProtocolError("peer closed connection in mid-body")
            else:
                yield bytes(step)


def _pause(seconds: float, timeout_s: float | None, wait: Callable[[float], None]) -> None:
    if timeout_s is not None and seconds > timeout_s:
        wait(timeout_s)
        raise httpx.ReadTimeout("The read operation timed out")
    if seconds > 0:
        wait(seconds)

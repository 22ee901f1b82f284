"""An httpx client that cannot be drowned: no redirects, bounded bodies, a deadline per exchange."""

from __future__ import annotations

import logging
import ssl
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import httpx

from cluster.ports import Clock
from recorder.adapters.http.deadline import keep_deadlines, within
from recorder.adapters.http.errors import (
    AnswerTooLarge,
    AnswerTooSlow,
    from_exception,
    where,
)
from recorder.adapters.http.retry_after import http_date, retry_after_s
from recorder.errors import BadAnswer, ConfigError
from recorder.instants import from_text
from recorder.model import SourceTime

JSON_BYTES_MAX: Final = 10 * 1024**2
_PIECE_BYTES: Final = 64 * 1024
_ZLIB_OR_GZIP: Final = zlib.MAX_WBITS | 32
_NS: Final = 1_000_000_000
_OK_FROM, _OK_TO = 200, 300
_CONNECTIONS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=16)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Of one exchange. `read_s` is between two pieces of a body, `total_s` bounds all of it."""

    connect_s: float = 5.0
    read_s: float = 30.0
    write_s: float = 30.0
    pool_s: float = 30.0
    total_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, and when its exchange began and ended on our monotonic clock."""

    url: httpx.URL
    status: int
    headers: httpx.Headers
    body: bytes
    sent_ns: int
    received_ns: int

    def __repr__(self) -> str:
        return f"Answer({self.status} from {where(self.url)}, {len(self.body)} bytes)"

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return _OK_FROM <= self.status < _OK_TO

    @property
    def retry_after_s(self) -> float | None:
        """What `Retry-After` says, against the answer's own `Date`."""
        return retry_after_s(self.headers.get("retry-after"), self.headers.get("date"))

    @property
    def time(self) -> SourceTime | None:
        """The source's clock by the `Date` header; None when it is absent or unreadable."""
        date = http_date(self.headers.get("date"))
        if date is None:
            return None
        return SourceTime(from_text(date.isoformat()), self.sent_ns, self.received_ns)


class BoundedTransport(httpx.BaseTransport):
    """Wraps a transport so that no body, packed or not, exceeds `bytes_max`, and no exchange `total_s`.

    It undoes gzip and deflate itself, piece by piece: httpx would inflate a piece without a limit.
    """

    def __init__(
        self, *, inner: httpx.BaseTransport, clock: Clock, bytes_max: int, total_s: float
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._bytes_max = bytes_max
        self._total_ns = int(total_s * _NS)
        keep_deadlines(inner, clock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send; the body of the answer comes through the bounds."""
        until_ns = self._clock.monotonic_ns() + self._total_ns
        with within(until_ns):
            response = self._inner.handle_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.SyncByteStream)
        encoding = response.headers.pop("content-encoding", "identity").strip().lower()
        if encoding != "identity":
            response.headers.pop("content-length", None)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_BoundedStream(stream, encoding, self._bytes_max, self._clock, until_ns),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the wrapped transport."""
        self._inner.close()


class _BoundedStream(httpx.SyncByteStream):
    def __init__(
        self,
        inner: httpx.SyncByteStream,
        encoding: str,
        bytes_max: int,
        clock: Clock,
        until_ns: int,
    ) -> None:
        self._inner = inner
        self._encoding = encoding
        self._bytes_max = bytes_max
        self._clock = clock
        self._until_ns = until_ns

    def __iter__(self) -> Iterator[bytes]:
        left = self._bytes_max
        pieces = self._pieces()
        while True:
            with within(self._until_ns):
                piece = next(pieces, None)
            if piece is None:
                return
            left -= len(piece)
            if left < 0:
                raise AnswerTooLarge("body too large")
            if self._clock.monotonic_ns() > self._until_ns:
                raise AnswerTooSlow("body too slow")
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        if self._encoding == "identity":
            yield from self._inner
            return
        if self._encoding not in {"gzip", "x-gzip", "deflate"}:
            raise AnswerTooLarge("an encoding that was not asked for")
        inflater = zlib.decompressobj(_ZLIB_OR_GZIP)
        try:
            for packed in self._inner:
                rest = packed
                while rest:
                    yield inflater.decompress(rest, _PIECE_BYTES)
                    rest = inflater.unconsumed_tail
            yield inflater.flush()
        except zlib.error:
            raise AnswerTooLarge("broken compression") from None

    def close(self) -> None:
        self._inner.close()


def open_client(
    *,
    transport: Callable[[], httpx.BaseTransport],
    clock: Clock,
    user_agent: str,
    timeouts: Timeouts,
    ca_file: str | None = None,
    auth: httpx.Auth | None = None,
    bytes_max: int = JSON_BYTES_MAX,
) -> httpx.Client:
    """Make a client without touching the network. Raises ConfigError when `ca_file` is no use.

    With `ca_file` the client makes its own connections, trusting only that CA; otherwise they come
    from `transport`. The environment (proxies, netrc) is never consulted.
    """
    redact_httpx_logs()
    inner = transport() if ca_file is None else _private_transport(ca_file)
    return httpx.Client(
        transport=BoundedTransport(
            inner=inner, clock=clock, bytes_max=bytes_max, total_s=timeouts.total_s
        ),
        auth=auth,
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
        timeout=httpx.Timeout(
            connect=timeouts.connect_s,
            read=timeouts.read_s,
            write=timeouts.write_s,
            pool=timeouts.pool_s,
        ),
        follow_redirects=False,
        trust_env=False,
    )


def _private_transport(ca_file: str) -> httpx.BaseTransport:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"ca_file {ca_file}: no certificates can be read from it",
            hint="Give the path of a PEM file with the CA's certificate.",
        ) from error
    return httpx.HTTPTransport(verify=context, limits=_CONNECTIONS)


def exchange(client: httpx.Client, clock: Clock, request: httpx.Request) -> Answer:
    """Send and read the whole answer, whatever its status.

    Raises Unreachable, BadAnswer, and what the client's auth raises; no text holds a query.
    """
    sent_ns = clock.monotonic_ns()
    try:
        response = client.send(request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise from_exception(error, request.url) from None
    return Answer(
        url=request.url,
        status=response.status_code,
        headers=response.headers,
        body=response.content,
        sent_ns=sent_ns,
        received_ns=clock.monotonic_ns(),
    )


def build_request(
    client: httpx.Client,
    method: str,
    url: str,
    headers: dict[str, str],
    form: dict[str, str] | None = None,
) -> httpx.Request:
    """Build a request. Raises BadAnswer when `url`, which may come from a server, is none."""
    try:
        return client.build_request(method, url, headers=headers, data=form)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError):
        raise BadAnswer("an address that is none") from None


class _RedactQueries(logging.Filter):
    """Takes the query from addresses in httpx's own log lines: it may be a signature."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                where(arg) if isinstance(arg, httpx.URL) else arg for arg in record.args
            )
        return True


_REDACT_QUERIES: Final = _RedactQueries()


def redact_httpx_logs() -> None:
    """Keep signed addresses and headers out of what httpx and httpcore log. Harmless to repeat."""
    logging.getLogger("httpx").addFilter(_REDACT_QUERIES)
    for name in ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
        logging.getLogger(name).setLevel(logging.WARNING)

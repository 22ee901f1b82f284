"""Media over any httpx transport: the one for every platform, and the one of the simulator."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import certifi
import httpx

from cluster.adapters.real_clock import RealClock
from cluster.ports import Clock
from recorder.adapters.http.deadline import keep_deadlines, within
from recorder.adapters.media_download import (
    BLOCK_BYTES,
    BLOCK_S,
    FIRST_BLOCK_BYTES,
    Answer,
    download,
    no_answer,
)
from recorder.adapters.media_rules import Hop
from recorder.errors import Stalled, Truncated, Unreachable
from recorder.ports.recording import FetchLimits, MediaRequest, MediaSink

CONNECT_S = 10.0
_NS = 1_000_000_000


class HttpxMediaFetcher:
    """MediaFetcher on one httpx transport. Any thread.

    The transport is used without httpx's client: redirects, cookies and decoding are not wanted here,
    and each costs time on every request. `clock` says when a server that trickles is given up.
    """

    def __init__(
        self,
        transport: Callable[[], httpx.BaseTransport],
        *,
        user_agent: str = "tandem",
        clock: Clock | None = None,
    ) -> None:
        self._transport = transport()
        self._user_agent = user_agent
        self._clock: Clock = clock or RealClock()
        keep_deadlines(self._transport, self._clock)

    def fetch(self, request: MediaRequest, sink: MediaSink, limits: FetchLimits) -> None:
        """See MediaFetcher."""
        download(self._exchange, request, sink, limits)

    def close(self) -> None:
        """See MediaFetcher."""
        self._transport.close()

    @contextmanager
    def _exchange(self, hop: Hop, limits: FetchLimits) -> Generator[Answer]:
        timeout = httpx.Timeout(limits.stall_s, connect=min(CONNECT_S, limits.stall_s), pool=None)
        request = httpx.Request(
            "GET",
            hop.url,
            headers=[("User-Agent", self._user_agent), *hop.headers],
            extensions={"timeout": timeout.as_dict()},
        )
        # The errors of httpx carry the request and with it the signed address: none may be chained.
        try:
            with within(self._clock.monotonic_ns() + int(limits.stall_s * _NS)):
                response = self._transport.handle_request(request)
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise Unreachable(f"{hop.host} does not accept the connection") from None
        except httpx.TimeoutException:
            raise Stalled(f"{hop.host} did not answer in {limits.stall_s:g} s") from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise no_answer(hop, type(error).__name__, str(error)) from None
        try:
            yield _HttpxAnswer(response, hop, limits, self._clock)
        finally:
            response.close()


class _HttpxAnswer:
    def __init__(
        self, response: httpx.Response, hop: Hop, limits: FetchLimits, clock: Clock
    ) -> None:
        self._response = response
        self._hop = hop
        self._limits = limits
        self._clock = clock

    @property
    def status(self) -> int:
        return self._response.status_code

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    def blocks(self) -> Iterator[bytes]:
        stream = self._response.stream
        assert isinstance(stream, httpx.SyncByteStream), "a blocking transport gives a sync stream"
        waiting: list[bytes] = []
        held, wanted = 0, FIRST_BLOCK_BYTES
        problem: Exception | None = None
        chunks, until_ns = iter(stream), self._until_ns()
        try:
            while True:
                with within(until_ns):
                    chunk = next(chunks, None)
                if chunk is None:
                    break
                waiting.append(chunk)
                held += len(chunk)
                if held >= wanted:
                    yield b"".join(waiting)
                    waiting, held, wanted = [], 0, BLOCK_BYTES
                    until_ns = self._until_ns()
        except httpx.TimeoutException:
            problem = Stalled(
                f"{self._hop.host} sent nothing for {self._limits.stall_s:g} s, or too little"
            )
        except (httpx.TransportError, httpx.StreamError):
            problem = Truncated(f"{self._hop.host} broke off")
        # What came before the connection broke is kept: the next try resumes behind it.
        if waiting:
            yield b"".join(waiting)
        if problem is not None:
            raise problem

    def _until_ns(self) -> int:
        return self._clock.monotonic_ns() + int(BLOCK_S * _NS)


def httpx_transport(*, ca_file: str | None = None, connections: int = 64) -> httpx.BaseTransport:
    """The real transport: TLS verified against the system's and `ca_file`'s authorities."""
    return httpx.HTTPTransport(
        verify=tls_context(ca_file),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=connections),
    )


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """A verifying client context; `ca_file` adds a private authority to the known ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context

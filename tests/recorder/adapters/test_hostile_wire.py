"""Servers that do not keep to HTTP, over real sockets: an error in bounded time and memory, and no secret in it."""

import resource
import socket
import threading

import httpx
import pytest

from cluster.adapters.real_clock import RealClock
from recorder.adapters import media_download, media_httpx
from recorder.adapters.http.client import Timeouts, build_request, exchange, open_client
from recorder.adapters.media_fast import FastMediaFetcher
from recorder.adapters.media_httpx import HttpxMediaFetcher, httpx_transport
from recorder.errors import SourceError
from recorder.ports.recording import FetchLimits, MediaRequest
from sim.bench.timing import now_ns, seconds_since
from sim.contract.world import Bytes

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LIMITS = FetchLimits(stall_s=0.5, size_bytes_max=2_000_000)
SIGNED = "x?sig=very-secret"
WITHIN_S = 8.0
MEMORY_MB = 64


def endless(head, piece):
    def pieces():
        yield head
        while True:
            yield piece

    return pieces


def once(*pieces):
    return lambda: pieces


REFUSED = {
    "a header of 1 MB": once(OK + b"X: " + b"x" * 1_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}"),
    "a header without end": endless(OK + b"X: ", b"x" * 65536),
    "headers without end": endless(OK, b"X: y\r\n" * 1000),
    "another protocol": once(b"SSH-2.0-OpenSSH_9.0\r\n" * 10),
    "garbage": once(bytes(range(256)) * 40),
    "nothing": once(),
    "a huge status": once(b"HTTP/1.1 99999999999 OK\r\n\r\n"),
    "status 0": once(b"HTTP/1.1 000 OK\r\n\r\n"),
    "patience without end": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "a length that is a lie": once(OK + b"Content-Length: 1000\r\n\r\n{}"),
    "a negative length": once(OK + b"Content-Length: -5\r\n\r\n{}"),
    "two lengths": once(OK + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}xxxxx"),
    "a huge length": once(OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n{}"),
    "a chunk of no size": once(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of less than nothing": once(CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n"),
    "a chunk of more than all": once(CHUNKED + b"f" * 40 + b"\r\n{}\r\n"),
    "half a chunk": once(CHUNKED + b"5\r\n{}"),
    "a chunk extension without end": endless(CHUNKED + b"2;", b"a" * 65536),
    "trailers without end": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n" * 1000),
    "a body without end": endless(OK + b"\r\n", b"x" * 65536),
    "chunks without end": endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "NUL in a header": once(OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
}


class Wire:
    """Sends the same to whoever connects; `pause_s` between two pieces."""

    def __init__(self, pieces, pause_s=0.0):
        self._pieces = pieces
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/{SIGNED}"
        self._thread = threading.Thread(target=self._serve)  # noqa: TID251 - a server of the test
        self._thread.start()

    def _serve(self):
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._stop.is_set():
                    return
                connection.settimeout(2.0)
                try:
                    connection.recv(65536)
                    for piece in self._pieces():
                        connection.sendall(piece)
                        if self._stop.wait(self._pause_s):
                            break
                except OSError:
                    continue

    def close(self):
        self._stop.set()
        with socket.create_connection(self._listener.getsockname()):
            self._thread.join(5)
        self._listener.close()


def by_api(url):
    clock = RealClock()
    with open_client(
        transport=httpx.HTTPTransport,
        clock=clock,
        user_agent="t",
        timeouts=Timeouts(read_s=0.5, total_s=1.0),
        bytes_max=2_000_000,
    ) as client:
        return exchange(client, clock, build_request(client, "GET", url, {}))


def by(fetcher):
    def fetch(url):
        sink, made = Bytes(), fetcher()
        try:
            made.fetch(MediaRequest(url, size_bytes=300_000), sink, LIMITS)
        finally:
            made.close()

    return fetch


CLIENTS = {
    "api": by_api,
    "httpx": by(lambda: HttpxMediaFetcher(httpx_transport)),
    "fast": by(FastMediaFetcher),
}


def refused(client, wire):
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_ns = now_ns()
    try:
        with pytest.raises(SourceError) as caught:
            CLIENTS[client](wire.url)
    finally:
        took_s = seconds_since(began_ns)
        wire.close()
    assert took_s < WITHIN_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < MEMORY_MB * 1024
    told = f"{caught.value} {caught.value.hint} {caught.value!r} {caught.value.__cause__!r}"
    assert "very-secret" not in told
    return caught.value


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("pieces", REFUSED.values(), ids=REFUSED)
def test_what_is_no_http_is_a_source_error_soon(client, pieces):
    refused(client, Wire(pieces))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (OK, b"X"),
        (OK + b"Content-Length: 300000\r\n\r\n", b"x"),
        (OK + b"Content-Length: 300000\r\n\r\n" + b"x" * 200_000, b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
    ],
    ids=["in the head", "from the first byte", "after a while", "in chunks"],
)
def test_a_server_that_trickles_is_given_up(client, head, piece, monkeypatch):
    for module in (media_download, media_httpx):
        monkeypatch.setattr(module, "BLOCK_S", 0.7)

    error = refused(client, Wire(endless(head, piece), pause_s=0.05))

    assert error.code in {"stalled", "unreachable"}


def test_what_trickled_in_is_kept_for_the_next_try(monkeypatch):
    monkeypatch.setattr(media_httpx, "BLOCK_S", 0.7)
    wire = Wire(endless(OK + b"Content-Length: 300000\r\n\r\n" + b"x" * 200_000, b"x"), 0.05)
    sink, fetcher = Bytes(), HttpxMediaFetcher(httpx_transport)
    try:
        with pytest.raises(SourceError, match="too little"):
            fetcher.fetch(MediaRequest(wire.url, size_bytes=300_000), sink, LIMITS)
    finally:
        fetcher.close()
        wire.close()

    assert 200_000 < sink.offset < 300_000

"""The fake's real port bears whatever comes over a wire: it answers, or ends that connection, without noise."""

import socket
from contextlib import suppress

import httpx
import pytest

from sim.ucaas.http import Content, Response
from sim.ucaas.server import FakeServer


def echo(request):
    body = f"{request.method} {request.path} {len(request.body)}".encode()
    return Response(200, (("Content-Type", "text/plain"),), Content((body,)))


@pytest.fixture(scope="module")
def url():
    server = FakeServer(handle=echo)
    server.start()
    yield server.urls[0]
    server.stop()


def spoken(url, *parts, ends=True):
    """What a raw connection hears after these bytes."""
    host, port = url.removeprefix("http://").split(":")
    heard = b""
    with socket.create_connection((host, int(port)), timeout=5.0) as raw, suppress(ConnectionError):
        for part in parts:
            raw.sendall(part)
        if ends:
            raw.shutdown(socket.SHUT_WR)
        while chunk := raw.recv(65_536):
            heard += chunk
    return heard


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_400_and_the_end_of_the_connection(sent, url):
    assert spoken(url, sent, ends=False).startswith(b"HTTP/1.1 400 ")
    assert httpx.get(f"{url}/well", trust_env=False).text == "GET /well 0"


@pytest.mark.parametrize(
    "parts", [(b"",), (b"GET / HT",), (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", b"half")]
)
def test_a_request_that_breaks_off_gets_no_answer(parts, url):
    assert spoken(url, *parts) == b""


def test_a_head_without_end_ends_the_connection(url):
    heard = spoken(url, b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 100_000, ends=False)
    assert not heard.startswith(b"HTTP/1.1 200")


def test_requests_sent_at_once_are_answered_in_order(url):
    heard = spoken(
        url,
        b"GET /one HTTP/1.1\r\nHost: a\r\n\r\nPOST /two HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
        b"GET /three HTTP/1.1\r\nConnection: close\r\n\r\n",
        ends=False,
    )
    assert [heard.count(word) for word in (b"GET /one 0", b"POST /two 3", b"GET /three 0")] == [
        1
    ] * 3
    assert heard.index(b"/one") < heard.index(b"/two") < heard.index(b"/three")


def test_a_body_that_waits_for_leave_gets_it(url):
    heard = spoken(
        url,
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n",
        b"abc",
        ends=False,
    )
    assert heard.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_head_has_no_body(url):
    heard = spoken(url, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", ends=False)
    assert heard.endswith(b"\r\n\r\n")
    assert b"HEAD / 0" not in heard


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_a_handler_is_shown_and_ends_its_connection_only(capfd):
    def handle(request):
        if request.path == "/bug":
            raise ZeroDivisionError
        return echo(request)

    server = FakeServer(handle=handle)
    server.start()
    try:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{server.urls[0]}/bug", trust_env=False)
        assert httpx.get(f"{server.urls[0]}/well", trust_env=False).status_code == 200
    finally:
        server.stop()
    assert "a handler for" in capfd.readouterr().out

import gzip
import logging
import ssl
import zlib

import httpx
import pytest
import trustme

from recorder.adapters.http.client import (
    BoundedTransport,
    Timeouts,
    build_request,
    exchange,
    open_client,
)
from recorder.errors import BadAnswer, ConfigError, Unreachable
from tests.recorder.adapters.dynamics.scripted import FakeClock

URL = "https://contoso.example/path?sig=secret-signature"


class Pieces(httpx.SyncByteStream):
    def __init__(self, pieces, clock=None, step_s=0.0):
        self.pieces = pieces
        self.clock = clock
        self.step_s = step_s
        self.closed = False

    def __iter__(self):
        for piece in self.pieces:
            if self.clock is not None:
                self.clock.advance(self.step_s)
            yield piece

    def close(self):
        self.closed = True


def client_for(handler, **options):
    clock = options.pop("clock", None) or FakeClock()
    return clock, open_client(
        transport=lambda: httpx.MockTransport(handler),
        clock=clock,
        user_agent="Tandem/1",
        timeouts=Timeouts(total_s=10.0),
        **options,
    )


def get(handler, **options):
    clock, client = client_for(handler, **options)
    with client:
        return exchange(client, clock, build_request(client, "GET", URL, {}))


def test_an_answer_is_whole_and_timed():
    answer = get(lambda _: httpx.Response(200, json={"a": 1}, headers={"date": "no date"}))

    assert (answer.ok, answer.body, answer.time) == (True, b'{"a":1}', None)
    assert answer.sent_ns <= answer.received_ns


def test_the_date_header_is_the_sources_clock():
    date = "Thu, 01 Jan 2026 00:00:07 GMT"

    time = get(lambda _: httpx.Response(200, headers={"date": date})).time

    assert time.source_us == 1_767_225_607_000_000


def test_requests_carry_the_user_agent_and_ask_for_gzip_only():
    seen = []
    get(lambda request: seen.append(request.headers) or httpx.Response(200))

    assert seen[0]["user-agent"] == "Tandem/1"
    assert seen[0]["accept-encoding"] == "gzip"


def test_redirects_are_answers_and_not_followed():
    answer = get(lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example"}))

    assert answer.status == 302
    assert not answer.ok


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)],
)
def test_packed_bodies_are_unpacked(encoding, pack):
    body = b"row " * 50_000

    answer = get(
        lambda _: httpx.Response(
            200, headers={"content-encoding": encoding}, stream=Pieces([pack(body)])
        )
    )

    assert answer.body == body


def test_a_bomb_is_given_up_before_it_fills_the_memory():
    bomb = gzip.compress(b"\0" * 64 * 1024**2)
    stream = Pieces([bomb])

    with pytest.raises(BadAnswer, match="larger than allowed"):
        get(
            lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream),
            bytes_max=1024**2,
        )

    assert stream.closed


def test_a_plain_body_is_bounded_too():
    endless = (b"x" * 1024 for _ in iter(int, 1))

    with pytest.raises(BadAnswer):
        get(lambda _: httpx.Response(200, stream=Pieces(endless)), bytes_max=10_000)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "compress"])
def test_an_encoding_that_was_not_asked_for_is_a_bad_answer(encoding):
    with pytest.raises(BadAnswer):
        get(
            lambda _: httpx.Response(
                200, headers={"content-encoding": encoding}, stream=Pieces([b"x"])
            )
        )


def test_broken_compression_is_a_bad_answer():
    with pytest.raises(BadAnswer):
        get(
            lambda _: httpx.Response(
                200, headers={"content-encoding": "gzip"}, stream=Pieces([b"no gzip"])
            )
        )


def test_a_body_that_trickles_is_given_up():
    clock = FakeClock()
    stream = Pieces([b"x"] * 100, clock, step_s=1.0)

    with pytest.raises(Unreachable, match="trickles"):
        get(lambda _: httpx.Response(200, stream=stream), clock=clock)

    assert stream.closed


@pytest.mark.parametrize(
    "url",
    [
        "no address",
        "ftp://host/x",
        "https://:x/",
        "//host",
        "https://h\x00/",
    ],
)
def test_an_address_that_is_none_is_a_bad_answer(url):
    clock, client = client_for(lambda _: httpx.Response(200))
    real = open_client(
        transport=httpx.HTTPTransport, clock=clock, user_agent="t", timeouts=Timeouts()
    )
    with client, real, pytest.raises(BadAnswer) as caught:
        exchange(real, clock, build_request(real, "GET", url + "?sig=secret-signature", {}))

    assert "secret-signature" not in str(caught.value)


def test_closing_the_client_closes_the_wrapped_transport():
    class Closing(httpx.BaseTransport):
        closed = False

        def handle_request(self, request):
            raise AssertionError(f"nothing is sent here: {request}")

        def close(self):
            self.closed = True

    inner = Closing()
    BoundedTransport(inner=inner, clock=FakeClock(), bytes_max=1, total_s=1.0).close()

    assert inner.closed


def test_a_private_ca_is_used_instead_of_the_given_transport(tmp_path):
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))

    _, client = client_for(lambda _: httpx.Response(200), ca_file=str(file))

    with client:
        transport = client._transport._inner
        assert isinstance(transport, httpx.HTTPTransport)
        assert transport._pool._ssl_context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_private_ca_that_cannot_be_read_is_a_config_error(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ConfigError) as caught:
        client_for(lambda _: httpx.Response(200), ca_file=str(file))

    assert str(file) in str(caught.value)


def test_httpx_logs_no_query(caplog):
    caplog.set_level(logging.DEBUG)

    get(lambda _: httpx.Response(200))

    assert "contoso.example/path" in caplog.text
    assert "secret-signature" not in caplog.text


def test_an_answers_repr_holds_no_query_and_no_body():
    answer = get(lambda _: httpx.Response(200, text="secret body"))

    assert repr(answer) == "Answer(200 from contoso.example/path, 11 bytes)"

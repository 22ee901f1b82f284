import ssl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.errors import (
    AnswerTooLarge,
    BodyTooLarge,
    from_exception,
    from_status,
    safe_text,
    where,
)
from recorder.errors import (
    AuthRefused,
    BadAnswer,
    ItemGone,
    SourceError,
    Throttled,
    Unreachable,
)

URL = httpx.URL("https://user:pass@store.example:8443/files/1?sv=1&sig=secret-signature#part")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthRefused),
        (403, AuthRefused),
        (404, ItemGone),
        (408, Unreachable),
        (410, ItemGone),
        (429, Throttled),
        (500, Unreachable),
        (502, Unreachable),
        (599, Unreachable),
        (302, BadAnswer),
        (400, BadAnswer),
        (418, BadAnswer),
    ],
)
def test_a_status_means_one_error(status, kind):
    error = from_status(status, URL, retry_after_s=3.0)

    assert type(error) is kind
    assert error.retry_after_s == 3.0
    assert str(error) == f"store.example:8443/files/1 answered {status}"


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("late"), Unreachable),
        (httpx.ReadTimeout("late"), Unreachable),
        (httpx.PoolTimeout("late"), Unreachable),
        (httpx.ReadError("cut"), Unreachable),
        (httpx.RemoteProtocolError("muddled"), Unreachable),
        (httpx.ProxyError("no"), Unreachable),
        (httpx.DecodingError("no"), BadAnswer),
        (httpx.TooManyRedirects("no"), BadAnswer),
        (httpx.UnsupportedProtocol("no"), BadAnswer),
        (httpx.LocalProtocolError("Illegal header value b'Bearer secret-signature'"), BadAnswer),
        (httpx.InvalidURL("https://x?sig=secret-signature"), BadAnswer),
        (AnswerTooLarge("big"), BodyTooLarge),
    ],
)
def test_an_exception_means_one_error_and_shows_no_secret(raised, kind):
    error = from_exception(raised, URL)

    assert type(error) is kind
    assert "store.example:8443/files/1" in str(error)
    assert "secret-signature" not in f"{error} {error!r} {error.hint}"


def test_the_operating_systems_word_is_shown():
    raised = httpx.ConnectError("x")
    raised.__cause__ = ConnectionRefusedError(111, "Connection refused")

    assert "Connection refused" in str(from_exception(raised, URL))


def test_an_untrusted_certificate_names_the_setting():
    cause = ssl.SSLCertVerificationError("x")
    cause.verify_message = "self-signed certificate"
    raised = httpx.ConnectError("x")
    raised.__cause__ = cause

    error = from_exception(raised, URL)

    assert "self-signed certificate" in str(error)
    assert "ca_file" in error.hint


def test_an_address_is_shown_without_user_query_and_fragment():
    assert where(URL) == "store.example:8443/files/1"


@pytest.mark.parametrize(
    "text",
    [
        "see https://store.example/1?sv=1&sig=S3CR3T here",
        "Authorization: Bearer S3CR3T",
        "bearer  S3CR3T",
        '{"access_token": "S3CR3T"}',
        "client_secret=S3CR3T&x=1",
        "token " + "S3CR3T" * 30,
    ],
)
def test_foreign_text_loses_what_looks_like_a_secret(text):
    assert "S3CR3T" not in safe_text(text)


@given(st.text(), st.integers(1, 100))
def test_foreign_text_becomes_one_bounded_line(text, max_chars):
    shown = safe_text(text, max_chars)

    assert len(shown) <= max_chars
    assert all(char.isprintable() or ord(char) >= 0xA0 for char in shown)


@given(st.integers(300, 999), st.text())
def test_any_refusal_is_a_source_error(status, detail):
    assert isinstance(from_status(status, URL, detail=detail), SourceError)

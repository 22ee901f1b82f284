"""The rules of downloads, case by case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.media_rules import (
    Hop,
    Offered,
    Wanted,
    first_hop,
    follow,
    is_allowed,
    judge,
    retry_after_s,
    wanted,
)
from recorder.errors import BadAnswer, NotMedia, RedirectRefused, Truncated
from recorder.ports.recording import FetchLimits, MediaRequest

TOKEN = (("Authorization", "Bearer t0ken"),)
HOP = Hop("https://api.example.com/media/1?sig=x", TOKEN)
WHOLE = Wanted(0, None)
LIMITS = FetchLimits(size_bytes_max=1000)


def headers(**given_headers):
    lowered = {name.lower().replace("_", "-"): value for name, value in given_headers.items()}
    return lambda name: lowered.get(name.lower())


def judged(status=200, asked=WHOLE, size=None, **given_headers):
    return judge(HOP, status, headers(**given_headers), asked, limits=LIMITS, size=size)


@pytest.mark.parametrize(
    ("host", "allowed", "verdict"),
    [
        ("cdn.example.com", ("cdn.example.com",), True),
        ("CDN.Example.com.", ("cdn.EXAMPLE.com",), True),
        ("cdn.example.com", (".example.com",), True),
        ("a.b.example.com", (".example.com",), True),
        ("example.com", (".example.com",), False),
        ("evilexample.com", (".example.com",), False),
        ("example.com.evil.org", (".example.com", "example.com"), False),
        ("cdn.example.com", ("cdn.example.com:443",), True),
        ("cdn.example.com", ("cdn.example.com:8443",), False),
        ("cdn.example.com", (), False),
        ("127.0.0.1", (".0.0.1", "."), False),
        ("127.0.0.1", ("127.0.0.1",), True),
        ("127.0.0.1", ("127.0.0.1:443",), True),
        ("169.254.169.254", (".254",), False),
        ("10.1.2.3", (".3",), False),
        ("::1", (), False),
        ("::1", ("[::1]:443",), True),
        ("::ffff:127.0.0.1", (".1",), False),
        ("fe80::1%eth0", (".x",), False),
        ("2130706433", (".x", "."), False),
        ("0x7f.1", (".1",), False),
        ("localhost", (".localhost",), False),
        ("a.localhost", (".localhost",), False),
        ("localhost", ("localhost",), True),
    ],
)
def test_redirects_stay_inside_the_allowed_hosts(host, allowed, verdict):
    assert is_allowed(host, 443, allowed) is verdict


@pytest.mark.parametrize(
    "location",
    [
        "http://api.example.com/x",
        "https://user:pw@api.example.com/x",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//evil.org/x",
        "https://evil.org\\@api.example.com/",
        "https://evil.org\\.example.com/",
        "https://evil.org%2f.example.com/",
        "https://\u24d4vil.example.com/",
        "https://[::1",
        "https://api.example.com:99999/",
        "",
        None,
    ],
)
def test_these_redirects_are_refused_whatever_the_link(location):
    with pytest.raises(RedirectRefused) as raised:
        follow(HOP, location, (".example.com",))
    assert "sig" not in str(raised.value)


@pytest.mark.parametrize(
    ("location", "keeps"),
    [
        ("/other", True),
        ("https://api.example.com:443/other", True),
        ("https://api.example.com:8443/other", False),
        ("https://cdn.example.com/other", False),
    ],
)
def test_our_headers_stay_on_the_very_same_host(location, keeps):
    hop = follow(HOP, location, (".example.com",))
    assert hop.headers == (TOKEN if keeps else ())
    assert hop.has_credentials is keeps


def test_no_repr_shows_a_signed_address_or_a_token():
    assert "sig" not in repr(HOP)
    assert "t0ken" not in repr(HOP)
    assert HOP.host == "api.example.com"


def test_a_download_begins_at_a_web_address():
    assert first_hop(MediaRequest(url=HOP.url, headers=TOKEN)) == HOP
    with pytest.raises(RedirectRefused):
        first_hop(MediaRequest(url="gopher://host/"))


@pytest.mark.parametrize(
    ("chunk", "offset", "total", "header"),
    [
        (None, 0, None, ()),
        (None, 5, 10, (("Range", "bytes=5-"),)),
        (4, 0, None, (("Range", "bytes=0-3"),)),
        (4, 8, 10, (("Range", "bytes=8-9"),)),
    ],
)
def test_ranges_are_asked_for_only_where_needed(chunk, offset, total, header):
    request = MediaRequest(url=HOP.url, chunk_bytes=chunk)
    assert wanted(request, offset, total).range_header == header


@given(
    start=st.integers(0, 50),
    length=st.integers(-3, 60),
    total=st.none() | st.integers(0, 60),
    asked_start=st.integers(0, 50),
    asked_length=st.none() | st.integers(1, 60),
)
def test_a_part_is_taken_only_when_it_is_the_one_asked_for(
    start, length, total, asked_start, asked_length
):
    asked = Wanted(asked_start, None if asked_length is None else asked_start + asked_length)
    text = f"bytes {start}-{start + length - 1}/{'*' if total is None else total}"
    try:
        offered = judged(206, asked, Content_Range=text)
    except (BadAnswer, NotMedia):
        return
    assert offered == Offered(asked_start, length, total)
    assert length > 0
    assert asked.end is None or start + length <= asked.end
    assert total is None or start + length <= total


@pytest.mark.parametrize(
    ("start", "given_headers", "offered"),
    [
        (0, {"Content_Length": "4", "x_ms_file_size": "10"}, Offered(0, 4, 10)),
        (8, {"Content_Length": "2", "x_ms_file_size": "10"}, Offered(8, 2, 10)),
        (8, {"x_ms_file_size": "10", "x_ms_chunk_size": "4"}, Offered(8, 2, 10)),
        (4, {"Content_Length": "4"}, Offered(4, 4, None)),
    ],
)
def test_a_part_of_a_file_column_needs_no_content_range(start, given_headers, offered):
    assert judged(206, Wanted(start, start + 4), **given_headers) == offered


@pytest.mark.parametrize(
    ("asked", "given_headers"),
    [
        (Wanted(2, None), {"Content_Length": "4", "x_ms_file_size": "10"}),
        (Wanted(0, 4), {"Content_Length": "5", "x_ms_file_size": "10"}),
        (Wanted(8, 12), {"Content_Length": "4", "x_ms_file_size": "10"}),
        (Wanted(4, 8), {"Content_Length": "0", "x_ms_file_size": "10"}),
        (Wanted(12, 16), {"x_ms_file_size": "10"}),
        (Wanted(0, 4), {}),
        (Wanted(0, 4), {"Content_Length": "4", "x_ms_file_size": "many"}),
        (Wanted(0, 4), {"Content_Length": "4", "Content_Range": "bytes 4-7/10"}),
    ],
)
def test_a_part_that_cannot_be_the_one_asked_for_is_refused(asked, given_headers):
    with pytest.raises(BadAnswer):
        judged(206, asked, **given_headers)


def test_an_empty_file_column_is_no_media():
    with pytest.raises(NotMedia):
        judged(206, Wanted(0, 4), Content_Length="0", x_ms_file_size="0")


def test_a_file_column_of_another_size_than_announced_is_refused():
    with pytest.raises(Truncated):
        judged(206, Wanted(0, 4), size=11, Content_Length="4", x_ms_file_size="10")


def test_the_end_of_a_file_is_no_error_when_all_is_there():
    assert judged(416, Wanted(7, None), Content_Range="bytes */7") is None
    assert judged(416, Wanted(7, None), size=7) is None
    for given_headers, size in (({"Content_Range": "bytes */9"}, None), ({}, None), ({}, 9)):
        with pytest.raises(BadAnswer):
            judged(416, Wanted(7, None), size=size, **given_headers)
    with pytest.raises(NotMedia):
        judged(416, Wanted(0, 4), Content_Range="bytes */0")


def test_contradictions_between_announced_and_offered_size_are_refused_at_once():
    assert judged(size=7, Content_Length="7") == Offered(0, 7, 7)
    with pytest.raises(Truncated):
        judged(size=8, Content_Length="7")
    with pytest.raises(Truncated):
        judged(206, Wanted(2, None), size=8, Content_Range="bytes 2-6/7")
    with pytest.raises(BadAnswer):
        judged(206, Wanted(2, None), Content_Range="bytes 2-6/7", Content_Length="9")
    for length in ("-1", "7,7", "1e3"):
        with pytest.raises(BadAnswer):
            judged(Content_Length=length)


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=x", "application/xhtml+xml"])
def test_web_pages_are_no_media(kind):
    with pytest.raises(NotMedia, match="web page"):
        judged(Content_Type=kind)


@pytest.mark.parametrize(
    ("value", "date", "wait_s"),
    [
        ("120", None, 120.0),
        (" 0 ", None, 0.0),
        ("999999999", None, 86_400.0),
        ("1.5", None, 1.0),
        ("-3", None, None),
        ("2023-11-14T22:14:20Z", "Tue, 14 Nov 2023 22:13:20 GMT", 60.0),
        ("2023-11-14T22:14:20Z", None, None),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "Tue, 14 Nov 2023 22:13:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", None, None),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "yesterday", None),
        ("Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:14:20 GMT", 0.0),
        ("", None, None),
    ],
)
def test_retry_after_is_read_in_all_forms_and_never_guessed(value, date, wait_s):
    assert retry_after_s(headers(Retry_After=value, Date=date)) == wait_s


@pytest.mark.parametrize(
    "text", [f"bytes 0-{'9' * 5000}/*", f"bytes {'9' * 5000}-1/2", f"bytes 0-1/{'9' * 5000}"]
)
def test_a_part_with_numbers_without_end_is_a_bad_answer(text):
    with pytest.raises(BadAnswer):
        judged(206, Wanted(0, 4), Content_Range=text)


def test_a_total_without_end_is_a_bad_answer():
    with pytest.raises(BadAnswer):
        judged(416, WHOLE, Content_Range=f"bytes */{'9' * 5000}")


@pytest.mark.parametrize("date", ["Thu, 01 Jan 99999999999999999999 00:00:00 GMT", "1 2 3", ","])
def test_a_date_to_wait_for_that_is_none_is_no_wish(date):
    assert retry_after_s(headers(Retry_After=date, Date=date)) is None


def test_a_wish_without_end_is_cut():
    assert retry_after_s(headers(Retry_After="9" * 5000)) == 86_400.0
    assert retry_after_s(headers(Retry_After="0" * 20 + "7")) == 7.0

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.webex.paging import Position, followed, next_link, position_of
from recorder.errors import BadAnswer

ASKED = httpx.URL("https://webexapis.com/v1/admin/convergedRecordings?max=100&from=A&to=B")
WANTED = {"max": "100", "from": "2026-01-01T00:00:00Z", "to": "B"}


def test_the_next_link_is_found_among_others_in_any_writing():
    one = "https://x/1?a=1,2&b=;3"

    assert next_link(f'<{one}>; rel="next"') == one
    assert next_link(f"<{one}>;rel=next") == one
    assert next_link(f'<https://x/0>; rel="prev", <{one}>; title="a, b"; REL="last Next"') == one
    assert next_link(f'<<{one}>;rel="next">') == one
    assert next_link('<https://x/0>; rel="first"') is None
    assert next_link("") is next_link(None) is next_link("rubbish; rel=next") is None


def test_a_header_without_end_is_refused_and_a_hostile_one_is_quick():
    with pytest.raises(BadAnswer, match="without end"):
        next_link("<" * 70_000)

    assert next_link("<a>" + ";a" * 30_000) is None


@given(st.text(max_size=300))
def test_any_header_is_read_without_a_crash(text):
    next_link(text)


def test_a_link_with_all_its_parameters_is_used_as_it_came():
    link = "https://webexapis.com/v1/admin/convergedRecordings?cursor=a%2Fb&from=X&to=Y&max=7"

    assert followed(link, asked=ASKED, wanted=WANTED) == link


def test_lost_parameters_are_put_back():
    link = "https://webexapis.com/v1/admin/convergedRecordings?cursor=a%2Fb&max=7"

    got = followed(link, asked=ASKED, wanted=WANTED)

    assert got == f"{link}&from=2026-01-01T00%3A00%3A00Z&to=B"
    bare = "https://webexapis.com/v1/admin/convergedRecordings"
    assert httpx.URL(followed(bare, asked=ASKED, wanted=WANTED)).params["to"] == "B"


def test_a_relative_link_is_completed():
    got = followed("?cursor=2&max=1&from=1&to=2", asked=ASKED, wanted=WANTED)

    assert got.startswith("https://webexapis.com/v1/admin/convergedRecordings?cursor=2")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1/admin/convergedRecordings?cursor=1",
        "http://webexapis.com/v1/admin/convergedRecordings?cursor=1",
        "https://webexapis.com:444/v1/admin/convergedRecordings?cursor=1",
        "https://user@webexapis.com/v1/admin/convergedRecordings?cursor=1",
        "//169.254.169.254/v1/admin/convergedRecordings",
        "https://webexapis.com/v1/people?cursor=1",
        "../../../people",
        "http://[::1",
        str(ASKED),
    ],
)
def test_a_link_that_leads_elsewhere_or_nowhere_is_refused(link):
    with pytest.raises(BadAnswer):
        followed(link, asked=ASKED, wanted=WANTED)


@pytest.mark.parametrize("position", [Position("deleted"), Position("available", "https://x/?a")])
def test_a_position_survives_as_a_token(position):
    assert position_of(position.token()) == position


@pytest.mark.parametrize(
    "token",
    ["", "x", "[]", '["available"]', '["a/b",null]', '["available",5]', "null", "[" * 9_999],
)
def test_a_foreign_token_is_refused(token):
    with pytest.raises(BadAnswer):
        position_of(token)

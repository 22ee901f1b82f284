"""What answers mean, whatever was asked; tokens; the budget."""

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.client import Answer
from recorder.adapters.zoom.api import (
    ArchivingOff,
    PageToken,
    ScopeMissing,
    bounds,
    error_of,
    refuse,
    uuid_segment,
)
from recorder.errors import AuthRefused, BadAnswer, ItemGone, SourceError, Throttled, Unreachable
from recorder.instants import from_text
from recorder.model import Window
from tests.recorder.adapters.zoom.scripted import (
    ScriptedZoom,
    Story,
    at,
    error_answer,
    open_source,
    us,
)

URL = httpx.URL("https://api.zoom.us/v2/archive_files?next_page_token=hidden")
WINDOW = Window(us(0), us(1000))


def answer_of(response):
    return Answer(URL, response.status_code, response.headers, response.content, 0, 0)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (error_answer(400, 4711), ScopeMissing),
        (error_answer(400, 4700), ScopeMissing),
        (error_answer(400, 200), ArchivingOff),
        (error_answer(400, 2001), ArchivingOff),
        (error_answer(400, 124), AuthRefused),
        (error_answer(400, 300), BadAnswer),
        (error_answer(400), BadAnswer),
        (error_answer(401, 124), AuthRefused),
        (error_answer(403), AuthRefused),
        (error_answer(404, 3001), ItemGone),
        (error_answer(404, 3301), ItemGone),
        (error_answer(404, 2300), BadAnswer),
        (httpx.Response(404), BadAnswer),
        (error_answer(410), BadAnswer),
        (error_answer(429), Throttled),
        (error_answer(500), Unreachable),
        (httpx.Response(302, headers={"location": "https://x.example"}), BadAnswer),
    ],
)
def test_status_and_code_say_what_an_answer_means(response, kind):
    with pytest.raises(SourceError) as caught:
        refuse(answer_of(response))

    assert type(caught.value) is kind
    assert "hidden" not in str(caught.value)
    if isinstance(caught.value, AuthRefused):
        assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code":124,"message":"no"}', 124),
        (b'{"code":"124"}', 124),
        (b'{"code":[1],"message":5}', None),
        (b'{"code":1e400}', None),
        (b"<html>", None),
        (b"[]", None),
    ],
)
def test_an_error_body_of_any_shape_is_read_as_far_as_it_goes(body, code):
    assert error_of(body)[0] == code


@given(st.integers(300, 599), st.binary(max_size=300))
def test_any_refusal_is_a_source_error(status, body):
    with pytest.raises(SourceError):
        refuse(Answer(URL, status, httpx.Headers(), body, 0, 0))


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60).filter(
        lambda uuid: uuid not in {".", ".."}
    )
)
def test_a_uuid_in_an_address_is_one_segment_that_decodes_to_it(uuid):
    segment = uuid_segment(uuid)
    path = httpx.URL(f"https://api.zoom.us/v2/past_meetings/{segment}/archive_files").raw_path

    decoded = unquote(segment)
    assert path.decode().split("/")[3] == segment
    assert (unquote(decoded) if uuid.startswith("/") or "//" in uuid else decoded) == uuid


@given(st.integers(0, 2**50), st.integers(1, 604_799_000_000))
def test_bounds_are_rounded_outwards_and_never_span_more_than_seven_days(from_us, length_us):
    window = Window(from_us, from_us + length_us)

    since_us, until_us = (from_text(bound) for bound in bounds(window))

    assert since_us <= window.from_us < window.to_us <= until_us
    assert until_us - since_us <= 7 * 86_400_000_000


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_page_token_comes_back_as_it_was(token):
    page = PageToken("2026-01-01T00:00:00Z", token)

    assert PageToken.of(page.as_text()) == page


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7.0), (at(200_030), 30.0), (at(200_000 + 9000), 3600.0), ("whenever", None)],
)
def test_a_throttled_call_says_how_long_in_seconds_or_as_an_instant(header, wait_s):
    world = ScriptedZoom()
    source = world.open()
    world.order("/v2/", error_answer(429, retry_after=header))

    with pytest.raises(Throttled) as caught:
        source.list_items(WINDOW, None)
    assert caught.value.retry_after_s == wait_s

    asked = len(world.requests)
    if wait_s:
        with pytest.raises(Throttled, match="patience"):
            source.server_time()
        assert len(world.requests) == asked
        world.clock.advance(wait_s)
    source.list_items(WINDOW, None)


def test_the_budget_is_a_wait_not_an_error_at_the_service():
    world = ScriptedZoom()
    source = world.open(requests_per_s=2)
    for _ in range(2):
        source.list_items(WINDOW, None)

    with pytest.raises(Throttled, match="budget") as caught:
        source.list_items(WINDOW, None)

    assert "requests_per_s" in caught.value.hint
    assert len(world.asked("/v2/")) == 2
    world.clock.advance(caught.value.retry_after_s)
    source.list_items(WINDOW, None)


@pytest.mark.parametrize(("status", "code"), [(400, 300), (200, None)])
def test_the_clock_is_read_from_an_answer_or_a_refusal(status, code):
    world = ScriptedZoom()
    source = world.open()
    if code is not None:
        world.order("2020-01-01", error_answer(status, code, "too old"))

    assert source.server_time().source_us == world.clock.wall_us()


def test_an_answer_without_a_date_tells_no_time():
    world = ScriptedZoom()
    world.order("2020-01-01", httpx.Response(200, json={}, headers={"date": ""}))

    with pytest.raises(BadAnswer, match="Date") as caught:
        world.open().server_time()
    assert "proxy" in caught.value.hint


def test_a_token_is_asked_for_once_and_renewed_before_its_hour_is_over():
    world = ScriptedZoom()
    source = world.open()
    source.list_items(WINDOW, None)
    world.clock.advance(3298)
    source.list_items(WINDOW, None)
    assert world.tokens_given == 1

    world.clock.advance(2)
    source.list_items(WINDOW, None)

    assert world.tokens_given == 2
    (first, _) = world.asked("/oauth/token")
    assert first.url.host == "zoom.us"
    assert first.headers["content-type"] == "application/x-www-form-urlencoded"
    assert first.content == b"grant_type=account_credentials&account_id=account-1"


def test_a_401_renews_the_token_once_and_a_second_one_is_told():
    world = ScriptedZoom()
    source = world.open()
    world.order("/v2/", error_answer(401, 124, "Access token is expired."), times=2)

    with pytest.raises(AuthRefused, match="124"):
        source.list_items(WINDOW, None)

    assert world.tokens_given == 2


def test_a_missing_scope_asks_for_no_other_token():
    world = ScriptedZoom()
    world.scopes.clear()
    source = world.open()

    with pytest.raises(ScopeMissing):
        source.list_items(WINDOW, None)

    assert world.tokens_given == 1
    assert len(world.asked("/v2/")) == 1


def test_each_node_has_its_own_app():
    world = ScriptedZoom()
    source = open_source(world, world.clock, client_id="node-b")

    with pytest.raises(AuthRefused, match="invalid_client"):
        source.list_items(WINDOW, None)


def test_nothing_shown_holds_a_token_an_address_or_a_secret():
    world = ScriptedZoom()
    story = Story(world)
    story.meeting(10, [story.file(download_url="https://zoom.us/rec/archive/download/hush-path")])
    source = world.open()
    (ref,) = source.list_items(WINDOW, None).items
    found = source.describe(ref)
    (media,) = found.media
    shown = f"{source!r} {ref!r} {found!r} {list(source.open_media(ref, media))!r}"
    meeting = source._meetings.known(ref.hints["meeting"], world.clock.monotonic_ns())

    assert "hush" not in f"{shown} {meeting!r} {source._auth!r} {source._api!r}"
    assert "zoom-token" not in shown

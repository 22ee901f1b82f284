"""From the meeting to the bytes, as a node fetches them."""

import hashlib

import httpx
import pytest

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.errors import (
    AuthRefused,
    BadAnswer,
    ItemGone,
    LinkExpired,
    NotMedia,
    RedirectRefused,
    Truncated,
)
from recorder.ingest.verify import judge
from recorder.model import Window
from recorder.ports.recording import FetchLimits, SealedFile
from sim.contract.world import Bytes
from tests.recorder.adapters.zoom.scripted import (
    BUCKET,
    M4A,
    MEDIA,
    SIGNATURE,
    ScriptedZoom,
    Story,
    error_answer,
    us,
)

BODY = M4A + b"sound"
PAGE = b"<!DOCTYPE html><html>Sign in"


@pytest.fixture
def world():
    return ScriptedZoom()


@pytest.fixture
def story(world):
    return Story(world)


def described(world, **settings):
    source = world.open(**settings)
    (ref,) = source.list_items(Window(us(0), us(1000)), None).items
    (media,) = source.describe(ref).media
    return source, ref, media


def fetched(world, request):
    sink = Bytes()
    HttpxMediaFetcher(lambda: world).fetch(request, sink, FetchLimits())
    return bytes(sink.data)


def judged(body, media):
    sealed = SealedFile("00", len(body), hashlib.sha256(body).hexdigest(), body[:64])
    return judge(sealed, media)


def test_the_address_is_asked_with_the_token_in_a_header_only(world, story):
    story.meeting(10)
    source, ref, media = described(world)

    request = next(iter(source.open_media(ref, media)))

    assert request.url == f"{MEDIA}/rec/archive/download/{ref.key}"
    assert request.headers == (("Authorization", "Bearer zoom-token-1"),)
    assert request.allowed_hosts == (".zoom.us", "zoom.us", "api.zoom.us")
    assert (request.size_bytes, request.chunk_bytes) == (len(BODY), None)
    assert fetched(world, request) == BODY
    assert judged(BODY, media) == "audio/mp4"


def test_a_redirect_is_followed_without_the_token(world, story):
    story.meeting(10)
    world.redirects = True
    source, ref, media = described(world)

    assert fetched(world, next(iter(source.open_media(ref, media)))) == BODY

    *_, asked, redirected = world.requests
    assert "authorization" in asked.headers
    assert str(redirected.url) == f"{BUCKET}/{ref.key}?Signature={SIGNATURE}"
    assert "authorization" not in redirected.headers


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "https://zoom.us.evil.example/x",
        "http://us02web.zoom.us/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://2130706433/x",
        "file:///etc/passwd",
        "https://user@zoom.us/x",
    ],
)
def test_a_redirect_to_elsewhere_is_refused(world, story, location):
    story.meeting(10)
    source, ref, media = described(world)
    world.order("/rec/archive/", httpx.Response(302, headers={"location": location}))

    with pytest.raises(RedirectRefused):
        fetched(world, next(iter(source.open_media(ref, media))))


def test_other_hosts_can_be_allowed(world, story):
    story.meeting(10)
    source, ref, media = described(world, media_hosts=[".zoom.us", ".cdn.example"])
    moved = httpx.Response(302, headers={"location": "https://a.cdn.example/x"})
    world.order("/rec/archive/", moved)
    world.order("cdn.example", httpx.Response(200, content=BODY))

    assert fetched(world, next(iter(source.open_media(ref, media)))) == BODY


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x",
        "https://zoom.us@evil.example/x",
        "http://us02web.zoom.us/x",
        "https://127.0.0.1/x",
        "https://:x/",
        "no address",
        "file:///etc/passwd",
        "https://evilzoom.us/x",
    ],
)
def test_the_token_is_never_sent_elsewhere(world, story, address):
    story.meeting(10, [story.file(download_url=address)])
    source, ref, media = described(world)

    with pytest.raises(BadAnswer, match="may not come from"):
        next(iter(source.open_media(ref, media)))


def test_the_second_way_asks_for_the_address_anew_and_tries_the_token(world, story):
    meeting = story.meeting(10)
    source, ref, media = described(world)
    ways = source.open_media(ref, media)
    first = next(ways)
    world.tokens.clear()
    meeting["archive_files"][0]["download_url"] += "?again=1"
    with pytest.raises(AuthRefused):
        fetched(world, first)

    second = next(ways)

    assert second.url.endswith("?again=1")
    assert second.headers == (("Authorization", "Bearer zoom-token-2"),)
    assert fetched(world, second) == BODY
    assert next(ways, None) is None


def test_a_sign_in_page_with_status_200_is_no_media(world, story):
    story.meeting(10)
    source, ref, media = described(world)
    request = next(iter(source.open_media(ref, media)))
    page = httpx.Response(200, content=PAGE, headers={"content-type": "text/html"})
    world.order("/rec/archive/", page)

    with pytest.raises(NotMedia):
        fetched(world, request)
    with pytest.raises(NotMedia):
        judged(PAGE, media)


def test_other_bytes_of_the_same_size_are_refused_by_their_fingerprint(world, story):
    story.meeting(10)
    _, _, media = described(world)

    with pytest.raises(Truncated, match="announced hash"):
        judged(M4A + b"noise", media)


def test_other_bytes_are_kept_where_the_fingerprint_only_warns(world, story):
    story.meeting(10)
    _, _, media = described(world, verify_fingerprint="warn")

    assert judged(M4A + b"noise", media) == "audio/mp4"


def test_a_truncated_file_is_refused_by_its_size(world, story):
    story.meeting(10)
    source, ref, media = described(world)
    world.bodies[ref.key] = BODY[:-1]

    with pytest.raises(Truncated):
        fetched(world, next(iter(source.open_media(ref, media))))


@pytest.mark.parametrize("status", [401, 403])
def test_a_target_that_wants_another_signature_is_an_expired_link(world, story, status):
    story.meeting(10)
    world.redirects = True
    source, ref, media = described(world)
    world.order("ssrweb", httpx.Response(status))

    with pytest.raises(LinkExpired):
        fetched(world, next(iter(source.open_media(ref, media))))


def test_a_file_replaced_since_it_was_described_is_described_again(world, story):
    meeting = story.meeting(10)
    source, ref, media = described(world)
    meeting["archive_files"][0]["encryption_fingerprint"] = "ab" * 32
    world.clock.advance(31)

    with pytest.raises(BadAnswer, match="replaced since"):
        next(iter(source.open_media(ref, media)))


def test_a_meeting_deleted_since_it_was_described_is_gone(world, story):
    story.meeting(10)
    source, ref, media = described(world)
    ways = source.open_media(ref, media)
    next(ways)
    world.meetings.clear()

    with pytest.raises(ItemGone):
        next(ways)
    with pytest.raises(ItemGone):
        next(iter(source.open_media(ref, media)))


# --- confirm ---------------------------------------------------------------------------------------


def test_a_verified_fingerprint_needs_no_confirmation(world, story):
    story.meeting(10)
    source, ref, media = described(world)
    before = len(world.requests)
    source.confirm(ref, media)

    assert len(world.requests) == before


def bare(story):
    return story.meeting(10, [story.file(encryption_fingerprint="")])


def test_without_a_fingerprint_the_file_is_looked_at_again(world, story):
    meeting = bare(story)
    source, ref, media = described(world)
    source.confirm(ref, media)

    meeting["archive_files"][0]["encryption_fingerprint"] = "ab" * 32
    with pytest.raises(BadAnswer, match="replaced while"):
        source.confirm(ref, media)


def test_a_file_or_meeting_that_is_gone_by_now_speaks_against_nothing(world, story):
    meeting = bare(story)
    source, ref, media = described(world)
    meeting["archive_files"].clear()
    source.confirm(ref, media)
    world.order("past_meetings", error_answer(404, 3001))
    source.confirm(ref, media)

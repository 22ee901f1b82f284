"""Whatever the service answers: an error of the source, or a recording. Never another exception."""

import json
from contextlib import suppress

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.errors import SourceError
from recorder.model import Window
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import API, CDR, ScriptedWebex, Story, at, us, uuid

WINDOW = Window(us(0), us(1000))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([at(10), uuid(1), "a/../b", "\x00", "NA", "sip:x@y", "9" * 400])
)
NAMES = st.sampled_from(
    [
        "id", "createTime", "timeRecorded", "serviceData", "callSessionId", "ownerId", "actor",
        "type", "number", "callActivity", "participants", "timeStamp", "session", "startTime",
        "temporaryDirectDownloadLinks", "audioDownloadLink", "sizeBytes", "durationSeconds", "items",
        "callingParty", "recordingActions", "action", "topic", "aor", "message", "errors",
    ]
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def body(value):
    return json.dumps(value).encode()


def answered(status, content):
    return lambda _request: httpx.Response(status, content=content)


@FEW
@given(rows=st.lists(JSON, max_size=4), status=st.sampled_from([200, 200, 200, 400, 429, 500]))
def test_any_listing_is_items_or_a_source_error(rows, status):
    world = ScriptedWebex()
    good = {"id": uuid(1), "createTime": at(10)}
    world.order("admin/", answered(status, body({"items": [good, *rows]})))

    with suppress(SourceError):
        items = world.open().list_items(WINDOW, None).items
        assert uuid(1) in {item.key for item in items}
        for item in items:
            assert WINDOW.from_us <= item.changed_us < WINDOW.to_us
            assert item.key
            assert item.session_key


@FEW
@given(value=JSON, part=st.sampled_from(["details", "metadata", "history"]))
def test_any_object_is_an_interaction_or_a_source_error(value, part):
    world = ScriptedWebex()
    world.clock.advance(900)
    key = calls.recorded_call(world, Story(world))
    source = world.open(cdr="stream")
    (ref,) = source.list_items(WINDOW, None).items
    if part == "details":
        spoilt = dict(world.recordings[0]) | (value if isinstance(value, dict) else {})
        world.order(f"{API}convergedRecordings/{key}", answered(200, body(spoilt)))
    elif part == "metadata":
        spoilt = calls.metadata(key)
        spoilt["serviceData"] |= value if isinstance(value, dict) else {}
        world.order("/metadata", answered(200, body(spoilt)))
    else:
        world.order(CDR, answered(200, body({"items": [value, calls.record()]})))

    with suppress(SourceError):
        found = source.describe(ref)
        assert found.key == key
        assert found.media
        assert all(party.key for party in found.parties)
        assert len({party.key for party in found.parties}) == len(found.parties)
        json.dumps({**found.attributes})


@FEW
@given(content=st.binary(max_size=300), link=st.text(max_size=100))
def test_any_bytes_are_a_source_error(content, link):
    world = ScriptedWebex()
    headers = {"link": link.encode("utf-8", "replace")}
    world.order("admin/", lambda _request: httpx.Response(200, content=content, headers=headers))

    with suppress(SourceError):
        world.open().list_items(WINDOW, None)


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br"])
def test_a_body_that_says_it_is_packed_and_is_not_is_a_source_error(packed):
    world = ScriptedWebex()
    headers = {"content-encoding": packed}
    answer = httpx.Response(200, headers=headers, stream=httpx.ByteStream(b'{"items": []}'))
    world.order("admin/", answer)

    with pytest.raises(SourceError):
        world.open().list_items(WINDOW, None)


def test_a_page_of_eleven_megabytes_is_a_source_error():
    world = ScriptedWebex()
    world.order("admin/", httpx.Response(200, content=b'{"items": [' + b"1," * 6_000_000 + b"1]}"))

    with pytest.raises(SourceError, match="larger than allowed"):
        world.open().list_items(WINDOW, None)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_of_the_api_is_not_followed(status):
    world = ScriptedWebex()
    headers = {"location": "http://169.254.169.254/latest/meta-data"}
    world.order("admin/", httpx.Response(status, headers=headers))

    with pytest.raises(SourceError):
        world.open().list_items(WINDOW, None)

    assert not world.asked("169.254")

import hashlib

import httpx
import pytest

from recorder.errors import BadAnswer, ItemGone, SourceError
from recorder.model import MediaKind, Window
from tests.recorder.adapters.zoom.scripted import (
    M4A,
    ScriptedZoom,
    Story,
    at,
    error_answer,
    us,
)

EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def world():
    return ScriptedZoom()


@pytest.fixture
def story(world):
    return Story(world)


def refs_of(source):
    return source.list_items(Window(us(0), us(1000)), None).items


def only(source):
    (ref,) = refs_of(source)
    return ref


def described(world, **settings):
    source = world.open(**settings)
    return source.describe(only(source))


def test_a_file_brings_its_meeting(world, story):
    file = story.file(storage_location="EU")
    story.meeting(4000, [file], group_id="g1,g2", uuid="/ajXp//2QmuoKj48==")
    source = world.open()
    (ref,) = source.list_items(Window(us(0), us(5000)), None).items

    found = source.describe(ref)

    assert (found.key, found.session_key) == ("/ajXp//2QmuoKj48==", "/ajXp//2QmuoKj48==")
    assert (found.channel, found.direction, found.subject) == ("meeting", "unknown", "Desk call")
    assert (found.started_us, found.ended_us) == (us(400), us(400 + 1712))
    assert found.parties == found.segments == ()
    assert found.not_recordable == ""
    assert found.attributes == {
        "meeting_uuid": "/ajXp//2QmuoKj48==",
        "meeting_id": "85746065002",
        "host_id": "Dhjdfgdkg8w",
        "timezone": "Europe/London",
        "account_name": "acme",
        "meeting_type": "internal",
        "type": "scheduled",
        "group_id": "g1,g2",
        f"file_type:{file['id']}": "M4A",
        f"recording_type:{file['id']}": "audio_only",
        f"storage_location:{file['id']}": "EU",
    }
    (media,) = found.media
    assert media.key == f"{file['id']}/{file['encryption_fingerprint'].lower()}"
    assert (media.kind, media.media_type) == (MediaKind.AUDIO, "audio/mp4")
    assert (media.file_name, media.size_bytes) == ("audio_only.m4a", len(M4A) + 5)
    assert media.sha256 == hashlib.sha256(M4A + b"sound").hexdigest()
    assert (media.started_us, media.duration_ms) == (us(10), 60_000)


@pytest.mark.parametrize(
    ("uuid", "segment"),
    [
        ("yO3dfhh3t467UkQ==", "yO3dfhh3t467UkQ%3D%3D"),
        ("a+b/c==", "a%2Bb%2Fc%3D%3D"),
        ("/b//c==", "%252Fb%252F%252Fc%253D%253D"),
        ("b//c==", "b%252F%252Fc%253D%253D"),
        ("a%2Fb", "a%252Fb"),
    ],
)
def test_a_uuid_is_encoded_once_or_twice_as_the_service_asks(world, story, uuid, segment):
    story.meeting(10, uuid=uuid)
    if uuid == "a%2Fb":
        world.order("/v2/past_meetings/", httpx.Response(200, json=world.meetings[0]))

    assert described(world).key == uuid

    (request,) = world.asked("past_meetings")
    assert request.url.raw_path.decode() == f"/v2/past_meetings/{segment}/archive_files"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, (MediaKind.AUDIO, "audio/mp4", "audio_only.m4a")),
        (
            {"file_type": "MP4", "file_extension": "MP4", "recording_type": "shared_screen"},
            (MediaKind.VIDEO, "video/mp4", "shared_screen.mp4"),
        ),
        (
            {"file_type": "CHAT", "file_extension": "TXT", "recording_type": "chat_file"},
            (MediaKind.TEXT, "text/plain", "chat_file.txt"),
        ),
        (
            {"file_type": "CC", "file_extension": "VTT", "recording_type": ""},
            (MediaKind.TEXT, "text/vtt", "cc.vtt"),
        ),
        (
            {"file_type": "CHAT_MESSAGE", "file_extension": "JSON"},
            (MediaKind.TEXT, "application/json", "audio_only.json"),
        ),
        (
            {"file_type": "TRANSCRIPT", "file_extension": ""},
            (MediaKind.TEXT, "application/json", "audio_only"),
        ),
        (
            {"file_type": "AIC_COVERSATION", "file_extension": "JSON"},
            (MediaKind.TEXT, "application/json", "audio_only.json"),
        ),
        (
            {"file_type": "HOLOGRAM", "file_extension": "HGM", "recording_type": "a\x00b\n/../c"},
            (MediaKind.OTHER, "", "a b /../c.hgm"),
        ),
        (
            {"file_type": 5, "file_extension": None, "recording_type": []},
            (MediaKind.OTHER, "", "file-0001"),
        ),
    ],
)
def test_every_kind_of_file_is_media(world, story, fields, told):
    story.meeting(10, [story.file(**fields)])

    (media,) = described(world).media

    assert (media.kind, media.media_type, media.file_name) == told


def test_a_file_attached_to_the_chat_is_media_of_any_kind(world, story):
    story.meeting(10, [], physical_files=[story.attachment(b"%PDF-1.7")])

    found = described(world)

    (media,) = found.media
    assert (media.kind, media.file_name, media.size_bytes) == (
        MediaKind.OTHER,
        "../offer b.pdf",
        8,
    )
    assert (media.key, media.sha256) == ("attached-0001/attached-0001", None)
    assert found.attributes["attached:attached-0001"] == "true"


def test_a_breakout_room_is_an_interaction_of_its_parents_session(world, story):
    story.meeting(10, type=100, is_breakout_room=True, parent_meeting_id="/parent//=")

    found = described(world)

    assert (found.key, found.session_key) == ("uuid+2==", "/parent//=")
    assert found.attributes["is_breakout_room"] == "true"
    assert found.attributes["parent_uuid"] == "/parent//="
    assert found.attributes["type"] == "breakout_room"


def test_a_participants_own_file_brings_the_participant_and_the_stretch(world, story):
    file = story.file(individual=True, participant_email="Ann@acme.example")
    story.meeting(10, [file])

    found = described(world)

    (party,) = found.parties
    assert (party.key, party.role) == (f"ann@acme.example:{us(10)}", "agent")
    assert (party.name, party.joined_us, party.left_us) == ("Ann@acme.example", us(10), us(70))
    (segment,) = found.segments
    assert (segment.started_us, segment.ended_us) == (us(10), us(70))
    assert segment.party_keys == (party.key,)


def test_a_participant_of_another_account_has_no_name(world, story):
    file = story.file(individual=True, participant_email="", participant_join_time="?")
    story.meeting(10, [file])

    (party,) = described(world).parties

    assert (party.key, party.role, party.name) == (f"external:{file['id']}", "external", "")
    assert party.joined_us is None


def test_an_external_meeting_has_no_id_host_or_topic(world, story):
    meeting = story.meeting(10, meeting_type="external")
    for name in ("id", "host_id", "topic"):
        del meeting[name]

    found = described(world)

    assert found.subject == ""
    assert found.attributes["meeting_type"] == "external"
    assert not {"meeting_id", "host_id"} & set(found.attributes)


def test_a_late_file_is_a_new_item_of_the_same_interaction(world, story):
    meeting = story.meeting(10)
    source = world.open()
    early = source.describe(only(source))
    meeting["archive_files"].append(story.file(b"WEBVTT", file_type="CC", file_extension="VTT"))
    world.clock.advance(31)

    _, ref = refs_of(source)
    late = source.describe(ref)

    assert (late.key, late.session_key) == (early.key, early.session_key)
    assert late.media[0].key != early.media[0].key


def test_a_file_still_processed_is_waited_for(world, story):
    file = story.file(status="processing", encryption_fingerprint="")
    meeting = story.meeting(None, [file])
    source = world.open()
    ref = only(source)
    with pytest.raises(SourceError, match="still processing") as caught:
        source.describe(ref)
    assert caught.value.code == "not_ready"
    assert caught.value.retryable

    file["status"] = "completed"
    meeting |= {"status": "completed", "complete_time": at(900)}

    assert source.describe(ref).media


def test_a_file_with_no_bytes_yet_is_waited_for(world, story):
    story.meeting(10, [story.file(file_size=0)])

    with pytest.raises(SourceError, match="0 bytes") as caught:
        described(world)
    assert caught.value.code == "not_ready"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "failed"}, "archive_failed"),
        ({"file_size": 0, "encryption_fingerprint": EMPTY}, "empty_file"),
        ({"file_size": 0, "number_of_messages": 0}, "empty_file"),
        ({"download_url": None, "file_path": "/mnt/archive/x.m4a"}, "on_premises"),
    ],
)
def test_a_file_without_anything_to_keep_says_why(world, story, fields, reason):
    story.meeting(10, [story.file(**fields)])

    found = described(world)

    assert found.media == ()
    assert found.not_recordable.startswith(f"{reason}: ")


def test_a_file_without_an_address_is_a_bad_answer(world, story):
    story.meeting(10, [story.file(download_url="")])

    with pytest.raises(BadAnswer, match="no address"):
        described(world)


@pytest.mark.parametrize("size", [None, "many", -1, 10**30, True, 1.5, []])
def test_a_size_that_is_none_leaves_the_fingerprint_to_verify_by(world, story, size):
    story.meeting(10, [story.file(file_size=size)])

    (media,) = described(world).media

    assert media.size_bytes is None
    assert media.sha256


@pytest.mark.parametrize("fingerprint", [None, "", "abc", 5, "g" * 64, "a" * 64 + "\n"])
def test_a_file_that_nothing_can_be_verified_by_is_a_bad_answer(world, story, fingerprint):
    story.meeting(10, [story.file(file_size=None, encryption_fingerprint=fingerprint)])

    with pytest.raises(BadAnswer, match="nothing to verify"):
        described(world)


def test_without_verifying_the_fingerprint_is_kept_beside_the_file(world, story):
    file = story.file()
    story.meeting(10, [file])

    found = described(world, verify_fingerprint="warn")

    assert found.media[0].sha256 is None
    told = found.attributes[f"announced_sha256:{file['id']}"]
    assert told == file["encryption_fingerprint"].lower()


def test_a_meeting_that_the_service_deleted_is_gone(world, story):
    story.meeting(10)
    source = world.open()
    ref = only(source)
    world.meetings.clear()

    with pytest.raises(ItemGone):
        source.describe(ref)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, text="<html>"),
        error_answer(404, 2300),
        httpx.Response(410),
        httpx.Response(200, json={"uuid": "another"}),
        httpx.Response(200, text="[]"),
    ],
)
def test_only_the_services_own_word_makes_a_meeting_gone(world, story, answer):
    story.meeting(10)
    source = world.open()
    ref = only(source)
    world.order("past_meetings", answer)

    with pytest.raises(BadAnswer):
        source.describe(ref)


def test_a_file_that_a_whole_meeting_no_longer_has_is_gone(world, story):
    meeting = story.meeting(10, [story.file(), story.file()])
    source = world.open()
    ref, _ = refs_of(source)
    del meeting["archive_files"][0]

    with pytest.raises(BadAnswer, match="nor all"):
        source.describe(ref)

    meeting["recording_count"] = 1
    with pytest.raises(ItemGone):
        source.describe(ref)


def test_thirty_files_of_one_meeting_cost_one_call(world, story):
    story.meeting(10, [story.file() for _ in range(30)])
    source = world.open()

    for ref in refs_of(source):
        (media,) = source.describe(ref).media
        assert next(iter(source.open_media(ref, media))).url.endswith(ref.key)
        source.confirm(ref, media)

    assert len(world.asked("past_meetings")) == 1


def test_a_file_that_is_described_again_is_asked_for_anew(world, story):
    story.meeting(10, [story.file(), story.file()])
    source = world.open()
    one, other = refs_of(source)

    source.describe(one)
    source.describe(other)
    assert len(world.asked("past_meetings")) == 1

    source.describe(one)
    assert len(world.asked("past_meetings")) == 2


def test_a_file_that_came_after_its_meeting_was_asked_for_is_not_taken_for_gone(world, story):
    meeting = story.meeting(10, [story.file()])
    source = world.open()
    source.describe(only(source))
    late = story.file()
    meeting["archive_files"].append(late)
    meeting["recording_count"] = 2

    _, ref = refs_of(source)
    (media,) = source.describe(ref).media

    assert media.key.startswith(late["id"])


def test_what_was_asked_is_forgotten_after_half_a_minute(world, story):
    story.meeting(10, [story.file(), story.file()])
    source = world.open()
    one, other = refs_of(source)
    source.describe(one)
    world.clock.advance(30)
    source.describe(other)

    assert len(world.asked("past_meetings")) == 2

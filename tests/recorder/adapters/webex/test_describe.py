import httpx
import pytest

from recorder.adapters.webex.links import NoLink
from recorder.errors import (
    BadAnswer,
    ItemGone,
    NotReady,
    RedirectRefused,
    SourceError,
    Throttled,
    Unreachable,
)
from recorder.model import MediaKind, Party, Segment, Window
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.calls import side
from tests.recorder.adapters.webex.scripted import (
    ANNA,
    BEN,
    ScriptedWebex,
    Story,
    at,
    error_answer,
    us,
    uuid,
)


@pytest.fixture
def world():
    return ScriptedWebex()


@pytest.fixture
def story(world):
    return Story(world)


def only(source):
    (ref,) = source.list_items(Window(us(0), us(100_000)), None).items
    return ref


def described(world, **settings):
    source = world.open(**settings)
    return source.describe(only(source))


def test_an_inbound_call_has_its_customer_its_agent_and_its_sound(world, story):
    key = calls.recorded_call(world, story, body=b"ID3" + b"sound" * 10)

    found = described(world)

    assert (found.key, found.session_key) == (key, calls.SESSION)
    assert (found.channel, found.direction) == ("voice_call", "inbound")
    assert (found.started_us, found.ended_us) == (us(100), us(160))
    assert found.subject == "Call with Anna-1"
    assert set(found.parties) == {
        Party(f"tel:{calls.CUSTOMER}", "customer", "", calls.CUSTOMER),
        Party(ANNA, "agent", "Anna Albers", "2001"),
    }
    (media,) = found.media
    assert (media.key, media.kind, media.file_name) == (
        f"{key}/audio",
        MediaKind.AUDIO,
        "Call with Anna-1.mp3",
    )
    assert (media.media_type, media.size_bytes) == ("audio/mpeg", 53)
    assert (media.started_us, media.duration_ms) == (us(100), 60_000)


def test_facts_of_the_recording_are_attributes(world, story):
    calls.recorded_call(world, story)

    attributes = described(world).attributes

    assert attributes["call_id"] == calls.CALL
    assert attributes["owner_kind"] == "user"
    assert attributes["actions"] == f'[["PAUSE", {us(110)}]]'
    assert attributes["recording_type"] == "alwaysON"
    assert "status" not in attributes
    assert "not_read" not in attributes


def test_a_transfer_shows_who_was_heard_when(world, story):
    key = calls.recorded_call(world, story)
    world.metadata[key] = calls.transferred(key)

    found = described(world)

    customer = f"tel:{calls.CUSTOMER}"
    assert set(found.parties) == {
        Party(customer, "customer", "", calls.CUSTOMER, us(100), us(160)),
        Party(ANNA, "agent", "Anna Albers", "2001", us(100), us(140)),
        Party(BEN, "agent", "Ben", "2002", us(130), us(160)),
    }
    assert found.segments == (
        Segment(f"{key}:0", us(100), us(130), party_keys=tuple(sorted((customer, ANNA)))),
        Segment(f"{key}:1", us(130), us(140), party_keys=tuple(sorted((customer, ANNA, BEN)))),
        Segment(f"{key}:2", us(140), us(160), party_keys=tuple(sorted((customer, BEN)))),
    )


def test_the_metadata_are_asked_for_with_all_types(world, story):
    key = calls.recorded_call(world, story)
    described(world)

    (request,) = world.asked("/metadata")
    assert str(request.url).endswith(f"/convergedRecordings/{key}/metadata?showAllTypes=true")


@pytest.mark.parametrize(
    ("personality", "direction"),
    [
        ("originator", "outbound"),
        ("clickToDial", "outbound"),
        ("terminator", "inbound"),
        ("", "unknown"),
        ("somethingNew", "unknown"),
        (5, "unknown"),
    ],
)
def test_direction_is_how_the_recorded_side_saw_it(world, story, personality, direction):
    key = calls.recorded_call(world, story)
    world.metadata[key] = calls.metadata(key, personality=personality)

    assert described(world).direction == direction


def test_a_masked_caller_is_kept_and_is_nobody_elses_caller(world, story):
    key = calls.recorded_call(world, story)
    masked = {"number": "sip:####PII-EXPOSURE####@X.X.X.X"}
    world.metadata[key] = calls.metadata(key, callingParty=masked)

    (customer,) = (p for p in described(world).parties if p.role == "customer")

    assert customer.number == "####PII-EXPOSURE####"
    assert customer.key == f"outside:{key}"


def test_an_internal_call_has_two_agents_and_no_customer(world, story):
    key = calls.recorded_call(world, story)
    world.metadata[key] = calls.metadata(key, callingParty=side("2002", BEN, name="Ben"))

    assert {(p.key, p.role) for p in described(world).parties} == {(ANNA, "agent"), (BEN, "agent")}


@pytest.mark.parametrize(
    ("kind", "actor"), [("place", "PLACE"), ("virtualLine", "VIRTUAL_LINE"), ("user", "USER")]
)
def test_places_and_virtual_lines_own_recordings_like_people(world, story, kind, actor):
    key = calls.recorded_call(world, story, ownerType=kind)
    taken = side("2001", ANNA, kind=actor)
    world.metadata[key] = calls.metadata(key, answererInfo=taken, calledParty=taken)

    assert Party(ANNA, "agent", "Anna Albers", "2001") in described(world).parties


def test_a_queue_owns_a_recording_but_says_nothing(world, story):
    queue = uuid(7, 5)
    key = calls.recorded_call(world, story, ownerType="callQueue", ownerId=queue)
    document = calls.metadata(key, owner=queue, managedBy=side("3000", queue, kind="CALL_QUEUE"))
    document["serviceData"]["calledParty"] = side("3000", queue, kind="CALL_QUEUE")
    world.metadata[key] = document

    found = described(world)

    assert {p.role for p in found.parties} == {"customer", "agent"}
    assert queue not in {p.key for p in found.parties}
    assert found.attributes["managed_by"] == queue
    assert found.attributes["owner_kind"] == "callqueue"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(204),
        httpx.Response(200, content=b""),
        error_answer(403),
        error_answer(404),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"{"),
    ],
)
def test_without_metadata_the_owner_is_known_and_the_recording_goes_on(world, story, answer):
    calls.recorded_call(world, story)
    world.order("/metadata", answer)

    found = described(world)

    assert found.parties == (Party(ANNA, "agent", "anna@contoso.example"),)
    assert found.session_key == calls.SESSION
    assert (found.started_us, found.ended_us) == (us(100), us(160))
    assert found.media


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (500, Unreachable)])
def test_trouble_that_passes_is_waited_for(world, story, status, kind):
    calls.recorded_call(world, story)
    world.order("/metadata", error_answer(status))

    with pytest.raises(kind):
        described(world)


def test_a_session_known_only_from_metadata_is_the_contacts(world, story):
    key = story.recording(10, serviceData={})
    world.metadata[key] = calls.metadata(key)

    assert described(world).session_key == calls.SESSION


def test_two_recordings_of_one_call_are_two_interactions_of_one_session(world, story):
    first = calls.recorded_call(world, story)
    second = calls.recorded_call(world, story)
    source = world.open()

    refs = source.list_items(Window(us(0), us(1000)), None).items
    found = [source.describe(ref) for ref in refs]

    assert {one.key for one in found} == {first, second}
    assert {one.session_key for one in found} == {calls.SESSION}


def test_a_recording_whose_file_is_not_there_yet_is_tried_again(world, story):
    key = calls.recorded_call(world, story, sizeBytes=0)
    source = world.open()
    ref = only(source)
    with pytest.raises(NotReady) as caught:
        source.describe(ref)
    assert caught.value.retryable

    story.row(key)["sizeBytes"] = 13

    assert source.describe(ref).media


def test_a_recording_without_links_says_which_token_is_needed(world, story):
    calls.recorded_call(world, story)
    world.is_compliance = False

    with pytest.raises(NoLink) as caught:
        described(world)

    assert caught.value.retryable
    assert "spark-compliance:recordings_read" in caught.value.hint


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "https://webex.com.evil.example/x",
        "https://evilwebex.com/x",
        "http://nsq1wss.dmz.webex.com/x",
        "https://x@nsq1wss.dmz.webex.com/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "no link",
    ],
)
def test_a_link_that_leads_elsewhere_is_refused(world, story, link):
    key = calls.recorded_call(world, story)
    row = dict(story.row(key), temporaryDirectDownloadLinks={"audioDownloadLink": link})
    world.order(f"convergedRecordings/{key}", httpx.Response(200, json=row))

    with pytest.raises(RedirectRefused) as caught:
        described(world)

    assert link not in str(caught.value)


@pytest.mark.parametrize("links", [None, 5, [], {}, {"audioDownloadLink": 5}])
def test_links_of_another_type_are_none(world, story, links):
    key = calls.recorded_call(world, story)
    row = dict(story.row(key), temporaryDirectDownloadLinks=links)
    world.order(f"convergedRecordings/{key}", httpx.Response(200, json=row))

    with pytest.raises(NoLink):
        described(world)


def test_a_transcript_is_archived_beside_the_sound(world, story):
    key = calls.recorded_call(world, story)
    world.transcripts[key] = b"Hello."

    sound, text = described(world).media

    assert (text.key, text.kind) == (f"{key}/transcript", MediaKind.TEXT)
    assert text.file_name == "Call with Anna-1.txt"
    assert text.size_bytes is None
    assert described(world, transcripts=False).media == (sound,)


def test_a_transcript_somewhere_else_does_not_cost_the_sound(world, story):
    key = calls.recorded_call(world, story)
    links = {
        "audioDownloadLink": "https://nsq1wss.dmz.webex.com/a",
        "transcriptDownloadLink": "https://evil.example/t",
    }
    row = dict(story.row(key), temporaryDirectDownloadLinks=links)
    world.order(f"convergedRecordings/{key}", httpx.Response(200, json=row))

    assert [media.kind for media in described(world).media] == [MediaKind.AUDIO]


def test_a_recording_that_is_gone_between_list_and_details_is_gone(world, story):
    key = calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    story.delete(key)

    with pytest.raises(ItemGone):
        source.describe(ref)


def test_a_recording_in_the_bin_is_archived_and_says_so(world, story):
    calls.recorded_call(world, story, status="deleted")
    source = world.open()
    first = source.list_items(Window(us(0), us(1000)), None)

    found = source.describe(first.items[0])

    assert found.media
    assert found.attributes["status"] == "deleted"


def test_another_recording_than_asked_for_is_refused(world, story):
    key = calls.recorded_call(world, story)
    row = dict(story.row(key), id=uuid(99))
    world.order(f"convergedRecordings/{key}", httpx.Response(200, json=row))

    with pytest.raises(BadAnswer, match="another recording"):
        described(world)


def test_a_locked_recording_waits_as_long_as_the_service_says(world, story):
    key = calls.recorded_call(world, story)
    world.order(f"convergedRecordings/{key}", error_answer(423, retry_after="30"))

    with pytest.raises(SourceError) as caught:
        described(world)

    assert (caught.value.code, caught.value.retry_after_s) == ("locked", 30.0)


@pytest.mark.parametrize("topic", ["../../etc/passwd", "a\\b", "x\x00y\r\nz\u202e", "", ".", 5])
def test_a_file_name_is_one_line_without_separators(world, story, topic):
    key = calls.recorded_call(world, story, topic=topic)

    name = described(world).media[0].file_name

    assert not set(name) & set("/\\\x00\r\n\u202e")
    assert name.endswith(".mp3")
    assert topic not in {"", ".", 5} or name == f"{key}.mp3"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"durationSeconds": "long"},
        {"durationSeconds": 1e300},
        {"durationSeconds": -5},
        {"timeRecorded": 17},
        {"ownerId": None},
        {"ownerType": ["user"]},
        {"sizeBytes": "many"},
        {"sizeBytes": -1},
        {"sizeBytes": 10**30},
        {"format": None},
        {"serviceData": "none"},
        {"unknown": {"deep": [[[]]]}},
    ],
)
def test_what_only_describes_never_costs_a_recording(world, story, spoilt):
    calls.recorded_call(world, story, **spoilt)

    assert described(world).media


def test_the_end_is_never_before_the_begin(world, story):
    key = calls.recorded_call(world, story)
    backwards = {"startTime": at(160), "stopTime": at(100)}
    world.metadata[key] = calls.metadata(key, session=backwards)

    found = described(world)

    assert found.started_us == us(160)
    assert found.ended_us is None

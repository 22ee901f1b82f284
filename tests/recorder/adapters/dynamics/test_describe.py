import pytest

from recorder.errors import AuthRefused, ItemGone, SourceError, Throttled, Unreachable
from recorder.model import MediaKind, Party, Segment, Window
from tests.recorder.adapters.dynamics import calls
from tests.recorder.adapters.dynamics.scripted import (
    FakeClock,
    ScriptedDataverse,
    Story,
    at,
    attachment,
    error_answer,
    guid,
    us,
)

OPTIONAL_SETS = (
    "msdyn_ocliveworkitems",
    "msdyn_ocsessions",
    "msdyn_sessionparticipants",
    "msdyn_ocphonecallengagementctxes",
    "systemusers",
)


@pytest.fixture
def world():
    return ScriptedDataverse(FakeClock())


@pytest.fixture
def story(world):
    return Story(world)


def only(source):
    (ref,) = source.list_items(Window(us(0), us(100_000)), None).items
    return ref


def described(world, **settings):
    source = world.open(**settings)
    return source.describe(only(source))


def attribute(found, name):
    return next((v for k, v in found.attributes.items() if k.partition(":")[0] == name), None)


def test_a_transferred_call_keeps_everyone_with_their_time(world, story):
    calls.recorded_call(world, story)

    found = described(world)

    assert found.parties == (
        Party(f"customer:{calls.CUSTOMER}", "customer", "Dora Kunde", "+4930111"),
        Party(f"{calls.ANNA}:{guid(2, 4)}", "agent", "Anna", "", us(20), us(150)),
        Party(f"{calls.BEN}:{guid(3, 4)}", "consultant", "Ben", "", us(120), us(150)),
        Party(f"{calls.BEN}:{guid(4, 4)}", "agent", "Ben", "", us(152), us(300)),
        Party(f"{calls.CARL}:{guid(5, 4)}", "monitor", "Carl", "", us(200), None),
        Party(f"external:{guid(6, 4)}", "external", "Participant 6", "+4930999", us(210), None),
    )


def test_sessions_become_segments_with_the_reason_they_ended(world, story):
    calls.recorded_call(world, story)

    rejected, first, second = described(world).segments

    assert rejected == Segment(calls.REJECTED, us(2), us(18), "agent_timeout", ())
    assert (first.started_us, first.reason) == (us(20), "agent_transferred")
    assert len(first.party_keys) == 2
    assert second.reason == "customer_end_conversation"


def test_the_interaction_is_the_conversation(world, story):
    calls.recorded_call(world, story)

    found = described(world)

    assert (found.key, found.session_key) == (calls.CONVERSATION, calls.CONVERSATION)
    assert (found.channel, found.direction, found.subject) == ("voice_call", "inbound", "Billing")
    assert (found.started_us, found.ended_us) == (us(0), us(300))
    assert found.attributes["service_number"] == "+4930222"
    assert found.attributes["transfers"] == "1"
    assert found.attributes[f"login:{calls.ANNA}"] == "Anna@contoso"
    assert attribute(found, "not_read") is None


def test_an_outbound_call_turns_the_numbers_round(world, story):
    calls.recorded_call(world, story)
    world.rows["msdyn_ocliveworkitems"][0]["msdyn_isoutbound"] = True

    found = described(world)

    assert found.direction == "outbound"
    assert found.parties[0].number == "+4930222"
    assert found.attributes["service_number"] == "+4930111"


def test_a_number_in_the_callers_name_serves_when_there_is_no_other(world, story):
    calls.recorded_call(world, story)
    phone = world.rows["msdyn_ocphonecallengagementctxes"][0]
    phone |= {"msdyn_fromphone": None, "msdyn_callername": "+49 (30) 123-4"}

    customer = described(world).parties[0]

    assert (customer.name, customer.number) == ("", "+49 (30) 123-4")


def test_an_application_that_takes_part_is_a_bot(world, story):
    calls.recorded_call(world, story)
    world.rows["systemusers"][0]["applicationid"] = guid(1, 1)

    assert described(world).parties[1].role == "bot"


def test_the_media_have_what_the_service_announces(world, story):
    key = calls.recorded_call(world, story)

    (media,) = described(world).media

    assert media.key == f"{key}/{guid(1, 2)}"
    assert (media.kind, media.media_type) == (MediaKind.AUDIO, "audio/mpeg")
    assert (media.file_name, media.size_bytes) == ("callRecording.mp3", 103)


def test_a_replaced_file_has_another_media_key(world, story):
    key = calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    row = story.row(key)
    row |= {"msdyn_recording": guid(9, 2), "files": [attachment(guid(9, 2), 5)]}

    (media,) = source.describe(ref).media

    assert (media.key, media.size_bytes) == (f"{key}/{guid(9, 2)}", 5)


def test_several_recordings_of_a_conversation_are_one_interaction(world, story):
    calls.transferred_call(world)
    keys = {story.recording(300 + part, conversation=calls.CONVERSATION) for part in range(3)}
    source = world.open()
    refs = source.list_items(Window(us(0), us(1000)), None).items

    found = [source.describe(ref) for ref in refs]

    assert {ref.key for ref in refs} == keys
    assert {one.key for one in found} == {calls.CONVERSATION}
    assert len({one.media[0].key for one in found}) == 3


def test_the_metadata_file_tells_begin_length_and_pauses(world, story):
    key = calls.recorded_call(world, story)
    document = {
        "chunkStartTime": at(21),
        "chunkDuration": 279_000,
        "pauseResumeIntervals": [{"startTime": at(60), "duration": 12_000}],
    }
    story.metadata(key, document)

    found = described(world)

    assert (found.media[0].started_us, found.media[0].duration_ms) == (us(21), 279_000)
    assert attribute(found, "pauses") == f"[[{us(60)}, 12000]]"


@pytest.mark.parametrize("document", [b"<html>", b"", b"[]", b"\xff\xfe", b"{" * 9999])
def test_a_metadata_file_that_cannot_be_read_costs_no_recording(world, story, document):
    key = calls.recorded_call(world, story)
    story.metadata(key, document)

    found = described(world)

    assert len(found.media) == 1
    assert attribute(found, "not_read") == "msdyn_recordingmetadata"


def test_an_orphan_is_archived_with_what_is_known(world, story):
    key = story.recording(310)
    story.metadata(key, {"chunkStartTime": at(21), "chunkDuration": 10_000})

    found = described(world)

    assert (found.key, found.session_key) == (key, key)
    assert (found.started_us, found.ended_us) == (us(21), us(31))
    assert len(found.media) == 1
    assert found.direction == "unknown"
    assert found.channel == "unknown"


def test_a_link_removed_after_listing_still_finds_the_conversation(world, story):
    key = calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    story.row(key)["_msdyn_liveworkitemid_value"] = None

    assert source.describe(ref).key == calls.CONVERSATION


def test_a_deleted_conversation_costs_no_recording(world, story):
    calls.recorded_call(world, story)
    world.rows["msdyn_ocliveworkitems"].clear()

    found = described(world)

    assert found.key == calls.CONVERSATION
    assert found.started_us == us(2)
    assert len(found.media) == 1


def test_a_deleted_recording_is_gone(world, story):
    key = calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    story.delete(key)

    with pytest.raises(ItemGone):
        source.describe(ref)


@pytest.mark.parametrize(
    "change", [{"msdyn_recording": None}, {"files": [attachment(guid(1, 2), 0)]}]
)
def test_a_file_that_is_not_there_yet_is_tried_again(world, story, change):
    key = calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    row = story.row(key)
    row |= change

    with pytest.raises(SourceError) as caught:
        source.describe(ref)

    assert caught.value.retryable
    assert not isinstance(caught.value, ItemGone)


@pytest.mark.parametrize("closed", OPTIONAL_SETS)
@pytest.mark.parametrize("how", ["forbidden", "absent", "other columns"])
def test_a_table_that_may_not_be_read_costs_no_recording(world, story, closed, how):
    calls.recorded_call(world, story)
    match how:
        case "forbidden":
            world.closed_sets.add(closed)
        case "absent":
            del world.rows[closed]
        case _:
            world.order(f"/{closed}", error_answer(400, "0x80060888", "no such column"), times=9)

    found = described(world)

    assert len(found.media) == 1
    assert found.key == calls.CONVERSATION
    assert closed in attribute(found, "not_read")


def test_without_participants_the_last_agent_is_named(world, story):
    calls.recorded_call(world, story)
    world.closed_sets.add("msdyn_sessionparticipants")

    assert described(world).parties[1] == Party(calls.BEN, "agent", "Ben")


def test_without_file_details_the_size_is_unknown(world, story):
    calls.recorded_call(world, story)
    world.order("$expand", error_answer(400, "0x80060888", "no such relation"))

    found = described(world)

    assert found.media[0].size_bytes is None
    assert found.media[0].file_name == "callRecording.mp3"
    assert attribute(found, "not_read") == "fileattachments"


def test_recordings_that_may_not_be_read_are_this_nodes_fault(world, story):
    calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    world.closed_sets.add("msdyn_ocrecordings")

    with pytest.raises(AuthRefused):
        source.describe(ref)


@pytest.mark.parametrize("part", OPTIONAL_SETS)
@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (503, Unreachable)])
def test_what_a_retry_can_mend_is_tried_again_and_not_left_out(world, story, part, status, kind):
    calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)
    world.order(f"/{part}", error_answer(status))

    with pytest.raises(kind):
        source.describe(ref)


def test_agents_are_looked_up_once(world, story):
    calls.recorded_call(world, story)
    source = world.open()
    ref = only(source)

    source.describe(ref)
    source.describe(ref)

    assert len(world.asked("/systemusers")) == 1
    world.clock.advance(3601)
    source.describe(ref)
    assert len(world.asked("/systemusers")) == 2


def test_a_call_with_many_sessions_asks_in_short_addresses(world, story):
    calls.recorded_call(world, story)
    sessions = world.rows["msdyn_ocsessions"]
    sessions += [sessions[1] | {"activityid": guid(100 + number, 6)} for number in range(30)]

    found = described(world)

    assert len(found.segments) == 33
    assert max(len(str(request.url)) for request in world.requests) < 2000


def test_a_channel_that_is_not_wanted_is_not_recordable(world, story):
    calls.recorded_call(world, story)

    found = described(world, channels=(192360000,))

    assert found.not_recordable == "channel_excluded: voice_call"
    assert found.media == ()
    assert described(world, channels=(192440000,)).not_recordable == ""


def test_an_unknown_channel_is_recorded_and_shown(world, story):
    calls.recorded_call(world, story)
    world.rows["msdyn_ocliveworkitems"][0]["msdyn_channel"] = "192999999"
    world.rows["msdyn_ocsessions"].clear()

    assert described(world).channel == "channel_192999999"

import pytest

from recorder.errors import BadAnswer
from recorder.model import Window
from tests.recorder.adapters.dynamics import calls
from tests.recorder.adapters.dynamics.scripted import (
    FakeClock,
    ScriptedDataverse,
    Story,
    at,
    guid,
    us,
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


def test_the_listing_asks_for_recordings_with_a_file_by_change(world, story):
    story.recording(10)
    source = world.open()
    only(source)

    (request,) = world.asked("msdyn_ocrecordings")
    options = dict(request.url.params)
    assert options["$filter"] == (
        "modifiedon ge 2026-01-01T00:00:00Z and modifiedon lt 2026-01-02T03:46:40Z"
        " and msdyn_recording ne null"
    )
    assert options["$orderby"] == "modifiedon asc,msdyn_ocrecordingid asc"
    assert "include-annotations" in request.headers["prefer"]


def test_a_ref_names_recording_file_and_conversation(world, story):
    key = story.recording(10, conversation=calls.CONVERSATION)

    ref = only(world.open())

    assert (ref.key, ref.version, ref.session_key) == (key, guid(1, 2), calls.CONVERSATION)
    assert ref.changed_us == us(10)
    assert ref.hints == {"conversation": calls.CONVERSATION, "file_name": "callRecording.mp3"}


def test_a_later_change_of_the_row_keeps_the_version(world, story):
    key = story.recording(10)
    before = only(world.open())
    story.row(key)["modifiedon"] = at(500)

    after = only(world.open())

    assert (after.key, after.version) == (before.key, before.version)
    assert after.changed_us == us(500)


def test_a_new_file_in_the_row_is_a_new_version(world, story):
    key = story.recording(10)
    before = only(world.open())
    story.row(key)["msdyn_recording"] = guid(77, 2)

    assert only(world.open()).version == guid(77, 2) != before.version


def test_a_row_whose_file_is_not_there_yet_is_not_listed(world, story):
    story.recording(10, msdyn_recording=None)

    assert world.open().list_items(Window(us(0), us(100)), None).items == ()


def test_server_time_needs_a_date(world):
    world.dated = False

    with pytest.raises(BadAnswer, match="Date"):
        world.open().server_time()

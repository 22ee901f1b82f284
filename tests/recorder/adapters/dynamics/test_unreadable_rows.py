"""One row that cannot be read is an item that fails; all others go on."""

import httpx
import pytest

from recorder.adapters.dynamics.listing import UNREADABLE
from recorder.errors import BadAnswer
from recorder.model import Level, Window
from tests.recorder.adapters.dynamics import calls
from tests.recorder.adapters.dynamics.scripted import (
    FakeClock,
    ScriptedDataverse,
    Story,
    at,
    guid,
    us,
)
from tests.recorder.poll.polling import Desk

ALL = Window(us(0), us(1000))


@pytest.fixture
def world():
    return ScriptedDataverse(FakeClock())


@pytest.fixture
def story(world):
    return Story(world)


def lists(world, *rows):
    """The items of a page with these rows as the service sends them, filtered or not."""
    columns = {"@odata.etag": 'W/"1"'}
    world.order("msdyn_ocrecordings?", lambda _: answer([row | columns for row in rows]))
    return world.open().list_items(ALL, None).items


def answer(rows):
    return httpx.Response(200, json={"value": rows})


def row(number, changed=None, **columns):
    return {
        "msdyn_ocrecordingid": guid(number, 1),
        "modifiedon": changed or at(number),
        "msdyn_recording": guid(number, 2),
    } | columns


ODD_IDS = ["not-a-guid", "{" + guid(2, 1) + "}", "1234"]
ODD_DATES = [
    None,
    7,
    "yesterday",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:02",
]
ODD_FILES = ["two words", "x" * 101, 17, {"a": 1}]


@pytest.mark.parametrize(
    "columns",
    [
        *({"msdyn_ocrecordingid": value} for value in ODD_IDS),
        *({"modifiedon": value} for value in ODD_DATES),
        *({"msdyn_recording": value} for value in ODD_FILES),
    ],
    ids=repr,
)
def test_a_row_that_cannot_be_read_is_listed_between_its_neighbours(world, columns):
    before, odd, after = lists(world, row(1), row(2) | columns, row(3))

    assert (before.key, after.key) == (guid(1, 1), guid(3, 1))
    assert UNREADABLE not in before.hints
    assert odd.hints[UNREADABLE]
    assert odd.key == columns.get("msdyn_ocrecordingid", guid(2, 1))
    assert odd.changed_us == (us(1) if "modifiedon" in columns else us(2))
    if "msdyn_recording" not in columns:
        assert odd.version == guid(2, 2)


def test_the_version_of_an_unreadable_file_id_changes_with_it_alone(world):
    (_, first) = lists(world, row(1), row(2, msdyn_recording="a b"))
    (_, bumped) = lists(world, row(1), row(2, at(9), msdyn_recording="a b"))
    (_, another) = lists(world, row(1), row(2, msdyn_recording="a c"))

    assert first.version == bumped.version != another.version
    assert "a b" not in first.version


@pytest.mark.parametrize("key", [None, "", 5, "with space", "x" * 101])
def test_a_row_without_any_key_is_an_item_under_a_name_of_its_own(world, key):
    _, odd = lists(world, row(1), row(2, msdyn_ocrecordingid=key))
    _, again = lists(world, row(1), row(2, msdyn_ocrecordingid=key))
    _, other = lists(world, row(1), row(3, msdyn_ocrecordingid=key))

    assert odd.key.startswith("unreadable-")
    assert odd == again
    assert odd.key != other.key


def test_a_page_on_which_no_row_has_a_key_is_a_bad_answer(world):
    with pytest.raises(BadAnswer, match="2 recordings of which none"):
        lists(world, row(1, msdyn_ocrecordingid=None), row(2, msdyn_ocrecordingid=None))


def test_a_row_that_is_no_object_or_lacks_the_column_of_its_file_is_an_item(world):
    columns = {"@odata.etag": 'W/"1"'}
    bare = {name: value for name, value in row(2).items() if name != "msdyn_recording"}
    rows = [row(1) | columns, 7, bare | columns]
    world.order("msdyn_ocrecordings?", lambda _: answer(rows))

    sound, nameless, lacking = world.open().list_items(ALL, None).items

    assert UNREADABLE not in sound.hints
    assert nameless.key.startswith("unreadable-")
    assert (lacking.key, lacking.hints[UNREADABLE]) == (
        guid(2, 1),
        "it lacks the column of its file",
    )


def test_the_only_row_of_a_page_that_has_no_key_is_an_item_too(world):
    (odd,) = lists(world, row(1, msdyn_ocrecordingid=None))

    assert odd.key.startswith("unreadable-")


@pytest.mark.parametrize("link", [None, ""])
def test_a_next_link_that_is_empty_is_none(world, link):
    page = {"value": [row(1)], "@odata.nextLink": link}
    world.order("msdyn_ocrecordings?", lambda _: httpx.Response(200, json=page))

    assert world.open().list_items(ALL, None).next_page is None


def test_an_unreadable_row_without_a_file_is_not_listed(world):
    assert lists(world, row(1, msdyn_recording=None), row(2, "odd", msdyn_recording="")) == ()


def test_rows_of_the_second_a_window_cuts_are_left_to_their_own_window(world, story):
    story.recording(10)
    story.recording(11)
    source = world.open()

    first = source.list_items(Window(us(10), us(10.5)), None).items
    second = source.list_items(Window(us(10.5), us(12)), None).items

    assert [item.changed_us for item in first] == [us(10)]
    assert [item.changed_us for item in second] == [us(11)]


def test_a_row_with_an_odd_id_cannot_be_described(world):
    _, odd = lists(world, row(1), row(2, msdyn_ocrecordingid="not-a-guid"))

    with pytest.raises(BadAnswer, match="msdyn_ocrecordingid"):
        world.open().describe(odd)


@pytest.mark.parametrize("columns", [{"modifiedon": "odd"}, {"msdyn_recording": "a b"}], ids=repr)
def test_an_odd_row_is_described_as_soon_as_it_was_mended(world, story, columns):
    key = story.recording(2)
    sound = dict(story.row(key))
    story.row(key).update(columns)
    _, odd = lists(world, row(9, at(1)), {**row(1), **columns})
    source = world.open()

    with pytest.raises(BadAnswer, match=next(iter(columns))):
        source.describe(odd)
    story.row(key).update(sound)

    assert len(source.describe(odd).media) == 1


def test_an_interaction_belongs_to_the_conversation_known_when_it_is_described(world, story):
    key = story.recording(10)
    source = world.open()
    (listed,) = source.list_items(ALL, None).items
    assert listed.session_key == key
    assert source.describe(listed).session_key == key
    story.row(key)["_msdyn_liveworkitemid_value"] = calls.CONVERSATION

    found = source.describe(listed)

    assert found.key == found.session_key == calls.CONVERSATION


def test_an_unreadable_row_is_parked_and_the_watermark_goes_on(world, story):
    world.clock.wall_s += 5000
    keys = [story.recording(4000), story.recording(4001), story.recording(4002)]
    story.row(keys[1])["msdyn_recording"] = "no file id"
    desk = Desk(source=world.open()).start()
    desk.grant()
    assert desk.given() == keys
    refs = {ref.key: ref for ref in desk.center.found.values()}
    desk.finish(refs[keys[0]])
    desk.finish(refs[keys[2]])
    for _ in range(3):
        with pytest.raises(BadAnswer) as raised:
            desk.source.describe(refs[keys[1]])
        desk.break_it(refs[keys[1]], code=raised.value.code)
        desk.advance(10)
    assert [outcome.parked for outcome in desk.center.outcomes][-1]
    assert desk.status.pending == 0
    assert desk.status.watermark_us > us(4002)


def test_a_check_warns_of_a_newest_row_that_cannot_be_read(world, story):
    key = story.recording(10)
    story.row(key)["msdyn_recording"] = "no file id"

    (found,) = world.open().check()

    assert (found.code, found.level) == ("recording_unreadable", Level.WARNING)
    assert "msdyn_recording" in found.what

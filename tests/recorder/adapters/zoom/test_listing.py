from dataclasses import replace

import httpx
import pytest

from recorder.adapters.zoom.listing import MEETING, UNREADABLE, items_of
from recorder.errors import BadAnswer, SourceError
from recorder.model import Window
from tests.recorder.adapters.zoom.scripted import (
    LATER_S,
    ScriptedZoom,
    Story,
    at,
    error_answer,
    us,
)

DAY_S = 86_400


@pytest.fixture
def world():
    return ScriptedZoom()


@pytest.fixture
def story(world):
    return Story(world)


def listed(source, from_s=0, to_s=1000):
    window, page, refs = Window(us(from_s), us(to_s)), None, []
    for _ in range(100):
        answer = source.list_items(window, page)
        refs += answer.items
        page = answer.next_page
        if page is None:
            return refs
    raise AssertionError("endless")


def queries(world):
    return [dict(one.url.params) for one in world.asked("/v2/archive_files?")]


def test_the_archive_is_asked_by_completion_in_whole_seconds(world, story):
    story.meeting(10)

    listed(world.open(page_size=7), 0.3, 99.2)

    assert queries(world) == [
        {
            "query_date_type": "archive_complete_time",
            "from": at(0),
            "to": at(100),
            "page_size": "7",
        }
    ]


def test_every_file_is_an_item_and_the_root_meeting_is_the_session(world, story):
    files = [story.file(), story.file(file_type="MP4")]
    meeting = story.meeting(10, files, physical_files=[story.attachment()])
    room = story.meeting(12, type=100, parent_meeting_id=meeting["uuid"], is_breakout_room=True)

    refs = listed(world.open())

    ids = [file["id"] for file in (*files, *room["archive_files"])]
    assert [ref.key for ref in refs] == [ids[0], ids[1], "attached-0003", ids[2]]
    assert {ref.session_key for ref in refs} == {meeting["uuid"]}
    assert [ref.hints[MEETING] for ref in refs] == [meeting["uuid"]] * 3 + [room["uuid"]]
    assert [ref.changed_us for ref in refs] == [us(10)] * 3 + [us(12)]


def test_sizes_are_those_that_the_listing_tells_of_files_that_are_ready(world, story):
    attached = {**story.attachment(), "file_size": 77}
    files = [story.file(file_size=4711), story.file(status="processing", file_size=0)]
    story.meeting(10, files, physical_files=[attached])
    source = world.open()
    assert [source.listed_bytes(ref) for ref in listed(source)] == [4711, None, 77]


def test_a_file_that_gets_ready_stays_the_version_that_was_listed_before(world, story):
    file = story.file(status="processing", encryption_fingerprint="", file_size=0)
    story.meeting(10, [file])
    source = world.open()
    (before,) = listed(source)

    file |= {"status": "completed", "file_size": 5, "encryption_fingerprint": "ab" * 32}
    (after,) = listed(source)

    assert replace(after, hints=before.hints) == before


def test_pages_send_back_the_to_that_was_returned_and_change_nothing_else(world, story):
    for second in range(5):
        story.meeting(10 + second)
    world.lag_s = LATER_S - 998.5

    assert len(listed(world.open(page_size=2))) == 5

    first, second, third = queries(world)
    assert first["to"] == at(1000)
    assert second["to"] == third["to"] == at(998.5)
    tokens = [second.pop("next_page_token"), third.pop("next_page_token")]
    assert second == third == first | {"to": at(998.5)}
    assert tokens == ["page-0", "page-1"]


def test_a_window_that_the_service_cut_short_is_asked_again(world, story):
    story.meeting(10)
    world.lag_s = LATER_S - 900

    with pytest.raises(SourceError, match="up to"):
        listed(world.open())


def test_an_expired_page_token_is_a_bad_answer_and_the_listing_begins_again(world, story):
    for second in range(3):
        story.meeting(10 + second)
    source = world.open(page_size=2)
    window = Window(us(0), us(1000))
    page = source.list_items(window, None).next_page
    world.clock.advance(901)

    with pytest.raises(BadAnswer, match="300"):
        source.list_items(window, page)

    assert len(listed(source)) == 3


@pytest.mark.parametrize("page", ["", "x", "no token of yours", f"{at(5)} ", "2026 \n"])
def test_a_page_that_was_never_named_is_not_asked_for(world, page):
    with pytest.raises(BadAnswer):
        world.open().list_items(Window(us(0), us(1000)), page)

    assert queries(world) == []


def test_the_widest_window_is_one_the_service_takes(world):
    source = world.open()
    wide_s = source.capabilities.window_max_s

    listed(source, 1000.9 - wide_s, 1000.9)

    assert source.capabilities.granularity_us == 1_000_000
    assert source.capabilities.retention_s == 30 * DAY_S


def test_a_meeting_still_processed_is_put_at_the_end_of_the_window(world, story):
    story.meeting(None, [story.file(status="processing", encryption_fingerprint="", file_size=0)])

    (ref,) = listed(world.open(), 0, 100)

    assert ref.changed_us == us(100) - 1
    assert ref.version == ref.key


def test_a_completion_where_nothing_was_asked_for_is_put_inside_the_window(story):
    early, late = story.meeting(10), story.meeting(20)
    window = Window(us(50), us(60))

    refs = items_of("meet", [early, late, story.meeting(100)], window)

    assert [ref.changed_us for ref in refs] == [us(50), us(50), us(60) - 1]


def test_a_completion_at_either_rounded_bound_belongs_to_the_neighbour(story):
    rows = [story.meeting(second) for second in (9, 10, 19, 20)]

    whole = items_of("meet", rows[1:], Window(us(10), us(20)))
    cut = items_of("meet", rows, Window(us(9.5), us(19.5)))

    assert [ref.changed_us for ref in whole] == [us(10), us(19)]
    assert [ref.changed_us for ref in cut] == [us(10), us(19)]


def test_a_meeting_without_files_has_nothing_to_keep(world, story):
    story.meeting(10, [])
    story.meeting(11, [], archive_files=None)

    assert listed(world.open()) == []


def test_a_file_shown_twice_is_one_item(world, story):
    file = story.file()
    story.meeting(10, [file, file])
    story.meeting(11, [file])

    assert [ref.key for ref in listed(world.open())] == [file["id"]]


BAD_MEETINGS = [
    5,
    None,
    "meeting",
    [],
    {},
    {"uuid": 7},
    {"uuid": ""},
    {"uuid": "a\nb"},
    {"uuid": ".."},
    {"uuid": "x" * 101},
]


@pytest.mark.parametrize("bad", BAD_MEETINGS)
def test_a_meeting_that_cannot_be_read_hides_no_other(world, story, bad):
    good = story.meeting(10)
    world.meetings.insert(0, bad)
    source = world.open()

    unreadable, ref = listed(source)

    assert ref.key == good["archive_files"][0]["id"]
    assert UNREADABLE in unreadable.hints
    assert unreadable.session_key
    assert listed(source)[0] == unreadable
    with pytest.raises(BadAnswer, match="cannot be asked for"):
        source.describe(unreadable)


BAD_FILES = [
    {"status": "half"},
    {"status": None},
    {"status": 3},
    {"status": ["completed"]},
]


@pytest.mark.parametrize("fields", BAD_FILES)
def test_a_file_that_cannot_be_read_hides_no_other_and_heals(world, story, fields):
    bad, good = story.file(**fields), story.file()
    story.meeting(10, [bad, good])
    source = world.open()

    ref, unreadable = listed(source)

    assert (unreadable.key, ref.key) == (bad["id"], good["id"])
    with pytest.raises(BadAnswer, match="status"):
        source.describe(unreadable)
    assert source.describe(ref).media
    bad["status"] = "completed"
    assert [media.key for media in source.describe(unreadable).media] == [
        f"{bad['id']}/{bad['encryption_fingerprint'].lower()}"
    ]


@pytest.mark.parametrize(
    "bad",
    [7, None, {}, {"id": 5, "status": "completed"}, {"id": "a b"}, {"id": "\x00"}, {"id": ".."}],
)
def test_a_file_without_an_id_is_told_by_one_item_of_its_meeting(world, story, bad):
    good = story.file()
    meeting = story.meeting(10, [bad, good, bad])
    source = world.open()

    ref, unreadable = listed(source)

    assert ref.key == good["id"]
    assert unreadable.key.startswith("unreadable-")
    with pytest.raises(BadAnswer, match="cannot be read"):
        source.describe(unreadable)

    meeting["archive_files"] = [good, story.file()]
    assert len(source.describe(unreadable).media) == 2


@pytest.mark.parametrize("files", [7, "files", {"id": "x"}, None, True])
def test_a_meeting_whose_files_are_no_list_is_told(world, story, files):
    story.meeting(10, archive_files=files, recording_count=1)
    source = world.open()

    (unreadable,) = listed(source)

    with pytest.raises(BadAnswer, match="archive_files is no list"):
        source.describe(unreadable)


@pytest.mark.parametrize("bad", BAD_MEETINGS)
def test_a_page_of_which_nothing_can_be_read_is_a_bad_answer(world, bad):
    world.meetings = [bad, bad]

    with pytest.raises(BadAnswer, match="none has a readable UUID"):
        listed(world.open())


@pytest.mark.parametrize(
    "fields",
    [
        {"complete_time": 5},
        {"complete_time": "soon"},
        {"complete_time": "9999-99-99T23:59:59Z"},
        {"type": "two", "id": 10**400, "topic": {"a": 1}, "start_time": [], "host_id": None},
        {"duration_in_second": -5, "is_breakout_room": "yes", "parent_meeting_id": 9},
        {"extra": {"deep": [[[]]]}, "physical_files": None},
    ],
)
def test_what_only_describes_never_costs_a_file(world, story, fields):
    meeting = story.meeting(10, **fields)
    source = world.open()

    (ref,) = listed(source)

    assert us(0) <= ref.changed_us < us(1000)
    assert ref.session_key == meeting["uuid"]
    assert source.describe(ref).media


def answer_with(world, **fields):
    world.order("/v2/archive_files?", httpx.Response(200, json={"meetings": []} | fields))


@pytest.mark.parametrize("token", [5, ["x"], {"a": 1}, True, "x" * 9000, "a\nb"])
def test_a_page_token_that_is_no_text_is_a_bad_answer(world, token):
    answer_with(world, next_page_token=token)

    with pytest.raises(BadAnswer, match="next_page_token"):
        listed(world.open())


def test_the_same_token_again_is_a_circle(world, story):
    for second in range(5):
        story.meeting(10 + second)
    source = world.open(page_size=2)
    window = Window(us(0), us(1000))
    page = source.list_items(window, None).next_page
    answer_with(world, next_page_token="page-0")

    with pytest.raises(BadAnswer, match="same page again"):
        source.list_items(window, page)


@pytest.mark.parametrize("to", [5, None, "tomorrow", "x" * 50, "2026", ["2026-01-01T00:00:00Z"]])
def test_a_returned_to_that_is_none_is_the_one_that_was_asked(world, to):
    answer_with(world, next_page_token="next", to=to)

    page = world.open().list_items(Window(us(0), us(1000)), None)

    assert page.next_page == f"{at(1000)} next"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"5", b"<html>", b'{"meetings": {}}', b"{}", b"{" * 5000, b'{"meetings":[']
)
def test_an_answer_that_is_no_page_is_a_bad_answer(world, body):
    world.order("/v2/archive_files?", httpx.Response(200, content=body))

    with pytest.raises(BadAnswer):
        listed(world.open())


@pytest.mark.parametrize("status", [404, 410])
def test_a_listing_is_never_gone(world, status):
    world.order("/v2/archive_files?", error_answer(status, 2300))

    with pytest.raises(BadAnswer):
        listed(world.open())

"""Whatever the service says: a SourceError for that item or page, and nothing else."""

import copy
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.adapters.zoom.listing import items_of
from recorder.adapters.zoom.records import meeting_of
from recorder.errors import BadAnswer, SourceError
from recorder.model import Window
from tests.recorder.adapters.zoom.scripted import ScriptedZoom, Story, us

WINDOW = Window(us(0), us(1000))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["2026-01-01T00:00:10Z", "../../etc", "a\x00b", "x" * 500, "completed"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def a_world():
    world = ScriptedZoom()
    story = Story(world)
    story.meeting(10, [story.file(), story.file()], physical_files=[story.attachment()])
    return world, story


_, _STORY = a_world()
MEETING = _STORY.world.meetings[0]
FIELDS = sorted(MEETING)
FILE_FIELDS = sorted(MEETING["archive_files"][0])


def put(world, meeting):
    world.meetings[0] = meeting


def everything(world):
    """List and describe all there is; every failure but a SourceError is one of ours."""
    source = world.open()
    try:
        refs = source.list_items(WINDOW, None).items
    except SourceError:
        return [], []
    found = []
    for ref in refs:
        assert WINDOW.from_us <= ref.changed_us < WINDOW.to_us
        assert ref.key
        assert ref.version
        assert ref.session_key
        try:
            found.append(source.describe(ref))
            for media in found[-1].media:
                next(iter(source.open_media(ref, media)))
        except SourceError:
            continue
    return refs, found


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_a_meeting_with_any_one_field_hides_no_other_meeting(field, value):
    world, story = a_world()
    good = story.meeting(20)
    put(world, copy.deepcopy(MEETING) | {field: value})

    refs, _ = everything(world)

    assert good["archive_files"][0]["id"] in {ref.key for ref in refs}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILE_FIELDS), JSON)
def test_a_file_with_any_one_field_hides_no_other_file(field, value):
    world, _ = a_world()
    meeting = copy.deepcopy(MEETING)
    meeting["archive_files"][0][field] = value
    put(world, meeting)

    refs, found = everything(world)

    keys = {ref.key for ref in refs}
    assert {meeting["archive_files"][1]["id"], "attached-0003"} <= keys
    assert len(refs) == 3 or field == "id"
    assert len(found) >= 2


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json_as_a_meeting_is_items_or_a_bad_answer(value):
    try:
        refs = items_of("meet", [value, MEETING], WINDOW)
    except BadAnswer:
        raise AssertionError("the good one was hidden") from None
    assert len(refs) >= 3


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_mixture_of_fields_is_a_meeting_or_a_bad_answer(changes):
    try:
        meeting_of(MEETING | changes)
    except BadAnswer:
        return


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_any_answer_to_a_listing_or_a_question_is_a_source_error_at_most(value):
    for part in ("archive_complete_time", "past_meetings", "statistics"):
        world, _ = a_world()
        world.order(part, httpx.Response(200, content=json.dumps(value)))
        everything(world)
        world.order(part, httpx.Response(200, content=json.dumps(value)))
        world.open().check()


def test_a_page_of_more_than_ten_megabytes_is_a_bad_answer_and_smaller_pages_follow():
    world, _ = a_world()
    big = json.dumps({"meetings": [], "pad": "x" * 11_000_000}).encode()
    world.order("archive_complete_time", httpx.Response(200, content=big), times=2)
    source = world.open(page_size=5)

    for _ in range(2):
        with pytest.raises(BadAnswer, match="larger than allowed"):
            source.list_items(WINDOW, None)
    assert len(source.list_items(WINDOW, None).items) == 3

    sizes = [one.url.params["page_size"] for one in world.asked("archive_complete_time")]
    assert sizes == ["5", "2", "1"]


def test_a_meeting_with_a_hundred_thousand_files_is_one_unreadable_item():
    _, story = a_world()
    file = story.file()
    del file["download_url"]
    rows = [MEETING | {"uuid": "huge", "archive_files": [file] * 10_001}]

    (*_, unreadable) = items_of("meet", rows, WINDOW)

    assert "no list" in unreadable.hints["unreadable"]

import httpx
import pytest

from recorder.adapters.webex.listing import RAW_ID, UNREADABLE, items_of
from recorder.errors import BadAnswer, Throttled
from recorder.listed import BYTES
from recorder.model import Window
from tests.recorder.adapters.webex.scripted import (
    API,
    ScriptedWebex,
    Story,
    at,
    error_answer,
    us,
    uuid,
)

WINDOW = Window(us(0), us(1000))


@pytest.fixture
def world():
    return ScriptedWebex()


@pytest.fixture
def story(world):
    return Story(world)


def pages(source, window=WINDOW):
    found, page = [], None
    for _ in range(50):
        answer = source.list_items(window, page)
        found.append([ref.key for ref in answer.items])
        page = answer.next_page
        if page is None:
            return found
    raise AssertionError("endless")


def test_the_whole_run_asks_for_the_same_period_in_whole_seconds(world, story):
    for second in range(5):
        story.recording(10 + second)
    pages(world.open(page_size=2), Window(us(0.25), us(100.25)))

    asked = [dict(request.url.params) for request in world.asked("admin/")]
    assert {(one["from"], one["to"]) for one in asked} == {(at(0), at(101))}
    assert {one["max"] for one in asked} == {"2"}
    assert [one["status"] for one in asked] == ["available"] * 3 + ["deleted"]


def test_a_ref_names_recording_and_call_session(world, story):
    key = story.recording(10, session=uuid(1, 7))

    (ref,) = world.open().list_items(WINDOW, None).items

    assert (ref.key, ref.version, ref.session_key) == (key, "1", uuid(1, 7))
    assert (ref.changed_us, set(ref.hints)) == (us(10), {BYTES})


@pytest.mark.parametrize(
    ("told", "bytes_told"), [(74222, 74222), (0, None), (None, None), (-1, None), (10**30, None)]
)
def test_sizes_are_those_that_the_listing_tells(world, story, told, bytes_told):
    story.recording(10, sizeBytes=told)
    source = world.open()
    (ref,) = source.list_items(WINDOW, None).items
    assert source.listed_bytes(ref) == bytes_told


def test_ids_in_the_other_alphabet_become_bare_and_are_asked_for_as_they_came(world, story):
    raw = uuid(9).replace("-", "").upper()
    story.recording(10, id=raw)
    source = world.open()

    (ref,) = source.list_items(WINDOW, None).items
    source.describe(ref)

    assert (ref.key, ref.hints[RAW_ID]) == (uuid(9), raw)
    assert world.asked(f"convergedRecordings/{raw}")


def test_a_recording_without_a_session_is_a_contact_of_its_own(world, story):
    key = story.recording(10, serviceData=None)

    (ref,) = world.open().list_items(WINDOW, None).items

    assert ref.session_key == key


def test_recordings_in_the_bin_come_after_the_others(world, story):
    kept, binned = story.recording(10), story.recording(20, status="deleted")
    story.recording(30, status="purged")

    assert pages(world.open()) == [[kept], [binned]]
    assert pages(world.open(include_deleted=False)) == [[kept]]
    assert len(pages(world.open(include_purged=True))) == 3


def test_one_kind_of_service_can_be_chosen(world, story):
    story.recording(10)
    queue = story.recording(20, serviceType="customerAssist", ownerType="callQueue")

    assert pages(world.open(service_type="customerAssist")) == [[queue], []]


@pytest.mark.parametrize("kept", [(), ("max",), ("from",), ("from", "to", "status")])
def test_a_next_link_that_lost_its_parameters_still_lists_the_same_period(world, story, kept):
    inside = [story.recording(10 + second) for second in range(5)]
    story.recording(5000)
    story.recording(-5000)
    world.link_parameters = kept

    assert [key for page in pages(world.open(page_size=2)) for key in page] == inside[::-1]


def empty_page(number):
    headers = {"link": f'<{API}admin/convergedRecordings?cursor=0&n={number}>; rel="next"'}
    return httpx.Response(200, json={"items": []}, headers=headers)


def test_an_empty_page_with_a_next_link_is_followed(world, story):
    key = story.recording(10)
    for number in range(3):
        world.order("admin/", empty_page(number))

    assert pages(world.open()) == [[key], []]


def test_empty_pages_without_end_are_refused(world):
    for number in range(30):
        world.order("admin/", empty_page(number))

    with pytest.raises(BadAnswer, match="empty pages"):
        world.open().list_items(WINDOW, None)

    assert len(world.asked("admin/")) == 20


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"items": null}', b'{"items": {}}', b"[]", b"", b"<html>", b"null", b"[" * 99_999],
)
def test_a_page_without_items_is_no_empty_page(world, body):
    world.order("admin/", httpx.Response(200, content=body))

    with pytest.raises(BadAnswer):
        world.open().list_items(WINDOW, None)


def test_a_page_token_of_another_making_is_refused(world):
    with pytest.raises(BadAnswer):
        world.open().list_items(WINDOW, '["purged",null]')
    with pytest.raises(BadAnswer):
        world.open().list_items(WINDOW, '["available","https://evil.example/v1/x"]')

    assert world.requests == [] or not world.asked("evil")


def test_a_recording_made_outside_of_the_window_asked_for_is_not_lost():
    rows = [{"id": uuid(1), "createTime": at(5000)}]

    (ref,) = items_of("calls", rows, WINDOW)

    assert ref.changed_us == WINDOW.from_us


def test_a_second_that_the_window_cuts_belongs_to_one_side_only():
    rows = [{"id": uuid(n), "createTime": at(second)} for n, second in enumerate((10, 11, 20))]
    before, after = Window(us(5), us(10.5)), Window(us(10.5), us(20))

    assert [ref.key for ref in items_of("calls", rows[:1], before)] == [uuid(0)]
    assert [ref.key for ref in items_of("calls", rows, after)] == [uuid(1), uuid(2)]


GOOD = {"id": uuid(1), "createTime": at(10)}


@pytest.mark.parametrize(
    "row",
    [
        None,
        5,
        "text",
        [],
        {},
        {"createTime": at(20)},
        {"id": 5, "createTime": at(20)},
        {"id": "../../etc/passwd", "createTime": at(20)},
        {"id": "a\x00b", "createTime": at(20)},
        {"id": uuid(2)},
        {"id": uuid(2), "createTime": 17},
        {"id": uuid(2), "createTime": "yesterday"},
        {"id": uuid(2), "createTime": "9999-12-31T23:59:59Z"},
    ],
)
def test_one_row_that_cannot_be_read_does_not_hide_the_others(world, row):
    world.order("admin/", httpx.Response(200, json={"items": [GOOD, row]}))
    source = world.open()

    good, bad = source.list_items(WINDOW, None).items

    assert good.key == uuid(1)
    assert bad.hints[UNREADABLE]
    assert WINDOW.from_us <= bad.changed_us < WINDOW.to_us
    assert bad.session_key
    if bad.key.startswith(UNREADABLE):
        with pytest.raises(BadAnswer):
            source.describe(bad)


def test_an_unreadable_row_is_the_same_item_at_every_listing():
    one, again = (items_of("calls", [{"topic": "x"}], WINDOW)[0].key for _ in range(2))

    assert one == again != items_of("calls", [{"topic": "y"}], WINDOW)[0].key


def test_a_page_of_rows_without_any_id_is_an_error_of_the_service():
    with pytest.raises(BadAnswer, match="none has a readable id"):
        items_of("calls", [{}, {"id": None}], WINDOW)


def test_broken_numbers_and_text_spoil_only_what_holds_them(world):
    rows = (
        f'{{"id": "{uuid(1)}", "createTime": "{at(10)}", "sizeBytes": {"9" * 5000}}}',
        f'{{"id": "{uuid(3)}", "createTime": "{at(10)}", "durationSeconds": NaN}}',
        f'{{"id": "{uuid(4)}", "createTime": "{at(10)}", "topic": "\\ud800 \xff"}}',
        f'{{"id": "{uuid(2)}", "createTime": "{at(11)}"}}',
    )
    body = f'{{"items": [{", ".join(rows)}]}}'
    world.order("admin/", httpx.Response(200, content=body.encode("latin-1")))

    assert len(world.open().list_items(WINDOW, None).items) == 4


def test_a_throttled_bin_is_told_like_any_other_throttling(world, story):
    story.recording(10)
    world.order("status=deleted", error_answer(429, retry_after="7"))
    source = world.open()
    page = source.list_items(WINDOW, None).next_page

    with pytest.raises(Throttled) as caught:
        source.list_items(WINDOW, page)

    assert caught.value.retry_after_s == 7

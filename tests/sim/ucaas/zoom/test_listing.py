"""The listing: windows, both meanings of dates, pages, their tokens, and a `to` in the future."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ucaas.faults import FaultKind
from sim.ucaas.zoom.instants import instant_text, instant_us
from tests.sim.ucaas.zoom.fakes import DAY_S, Fake


@pytest.fixture
def zoom():
    return Fake()


def uuids(answer):
    return [meeting["uuid"] for meeting in answer.json()["meetings"]]


def error(answer):
    body = answer.json()
    fields = [one["field"] for one in body.get("errors", ())]
    return answer.status_code, body["code"], fields


def test_the_newest_meeting_comes_first_and_the_last_page_has_no_token(zoom):
    placed = [zoom.place().meeting for _ in range(3)]

    body = zoom.list().json()

    assert [meeting["uuid"] for meeting in body["meetings"]] == placed[::-1]
    assert (body["total_records"], body["next_page_token"], body["page_size"]) == (3, "", 30)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(0, 12), size=st.integers(1, 5))
def test_pages_of_any_size_give_every_meeting_once(count, size):
    zoom = Fake()
    placed = {zoom.place(after_s=0.0).meeting for _ in range(count)}
    zoom.clock.go(10)
    window, found, token = zoom.window(), [], None

    while token != "":
        more = {} if token is None else {"next_page_token": token}
        body = zoom.list(**window, page_size=size, **more).json()
        found += [meeting["uuid"] for meeting in body["meetings"]]
        token = body["next_page_token"]

    assert sorted(found) == sorted(placed)


def test_meetings_that_are_complete_or_deleted_between_pages_move_nothing_else(zoom):
    placed = [zoom.place().meeting for _ in range(4)]
    window = zoom.window()
    first = zoom.list(**window, page_size=2)
    zoom.service.delete_recording(zoom.meetings()[0]["archive_files"][0]["id"])

    second = zoom.list(**window, page_size=2, next_page_token=first.json()["next_page_token"])

    assert uuids(first) + uuids(second) == placed[::-1]


def test_a_page_holds_at_most_300_meetings(zoom):
    assert zoom.list(page_size=1000).json()["page_size"] == 300


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_a_page_size_that_cannot_be_is_refused(zoom, size):
    assert error(zoom.list(page_size=size)) == (400, 300, ["page_size"])


def test_a_window_may_span_seven_days_and_not_a_second_more(zoom):
    assert zoom.list(**zoom.window(back_s=7 * DAY_S)).status_code == 200
    assert error(zoom.list(**zoom.window(back_s=7 * DAY_S + 1))) == (400, 300, ["from"])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-01-01"}, "to"),
        ({"from": "2026-01-01T00:00:00+01:00"}, "from"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
        ({"query_date_type": "upload_time"}, "query_date_type"),
        ({"group_ids": ",".join("abcdefgh")}, "group_ids"),
    ],
)
def test_parameters_that_cannot_be_are_named(zoom, given, field):
    assert error(zoom.list(**given)) == (400, 300, [field])


def test_without_a_window_the_last_day_is_listed_and_told(zoom):
    zoom.place()

    body = zoom.http.get("https://api.zoom.us/v2/archive_files").json()

    assert instant_us(body["to"]) - instant_us(body["from"]) == DAY_S * 1_000_000
    assert len(body["meetings"]) == 1


def test_bounds_are_closed_on_both_sides(zoom):
    placed = zoom.place()
    (meeting,) = zoom.meetings()
    at = meeting["complete_time"]
    after = instant_text(instant_us(at) + 1_000_000)

    assert uuids(zoom.list(**{"from": at, "to": at})) == [placed.meeting]
    assert uuids(zoom.list(**{"from": after, "to": after})) == []


def test_dates_mean_the_begin_of_a_meeting_or_its_completeness(zoom):
    placed = zoom.place(seconds=7200)
    hour = zoom.window(back_s=3600)

    by_begin = zoom.list(**hour | {"query_date_type": "meeting_start_time"})
    by_default = zoom.list(**{**hour, "query_date_type": "meeting_start_time"})

    assert uuids(zoom.list(**hour)) == [placed.meeting]
    assert uuids(by_begin) == uuids(by_default) == []
    wide = zoom.window(back_s=3 * 3600) | {"query_date_type": "meeting_start_time"}
    assert uuids(zoom.list(**wide)) == [placed.meeting]


def test_groups_narrow_the_listing(zoom):
    mine = zoom.place(group="g1,g2")
    zoom.place(group="g3")
    zoom.place()

    assert uuids(zoom.list(group_ids="g2,g9")) == [mine.meeting]


# --- page tokens ---


@pytest.fixture
def paged(zoom):
    """Three meetings, and the answer with the first of them."""
    for _ in range(3):
        zoom.place()
    zoom.asked = zoom.window() | {"page_size": 1}
    zoom.token = zoom.list(**zoom.asked).json()["next_page_token"]
    assert zoom.token
    return zoom


def test_a_token_serves_for_fifteen_minutes(paged):
    paged.clock.go(899)
    assert paged.list(**paged.asked, next_page_token=paged.token).status_code == 200
    paged.clock.go(1)

    answer = paged.list(**paged.asked, next_page_token=paged.token)

    assert error(answer)[:2] == (400, 300)
    assert answer.json()["message"] == "The next page token is invalid or expired."


@pytest.mark.parametrize(
    "change",
    [
        {"page_size": 2},
        {"query_date_type": "meeting_start_time"},
        {"from": "2025-12-31T00:00:00Z"},
        {"group_ids": "g1"},
    ],
)
def test_a_token_is_bound_to_every_parameter(paged, change):
    answer = paged.list(**paged.asked | change, next_page_token=paged.token)

    assert error(answer)[:2] == (400, 300)


def test_a_token_of_nobody_is_refused(zoom):
    assert error(zoom.list(next_page_token="none of yours"))[:2] == (400, 300)


def test_a_future_end_becomes_now_and_must_be_sent_back_as_told(zoom):
    for _ in range(2):
        zoom.place()
    asked = zoom.window(ahead_s=3600) | {"page_size": 1}

    first = zoom.list(**asked).json()

    assert first["to"] == instant_text(zoom.clock.now_us)
    token = {"next_page_token": first["next_page_token"]}
    assert error(zoom.list(**asked, **token))[:2] == (400, 300)
    zoom.clock.go(30)
    assert zoom.list(**asked | {"to": first["to"]}, **token).status_code == 200


def test_faults_of_pages_expire_repeat_and_empty_them(zoom):
    placed = [zoom.place().meeting for _ in range(2)][::-1]
    asked = zoom.window() | {"page_size": 1}
    token = zoom.list(**asked).json()["next_page_token"]
    zoom.fault(FaultKind.PAGE_EXPIRED, count=1)
    assert error(zoom.list(**asked, next_page_token=token))[:2] == (400, 300)

    zoom.fault(FaultKind.REPEAT_ROWS, count=1)
    assert uuids(zoom.list()) == [uuid for uuid in placed for _ in range(2)]

    zoom.fault(FaultKind.EMPTY_PAGE, count=1)
    empty = zoom.list(**asked).json()
    assert empty["meetings"] == []
    assert uuids(zoom.list(**asked, next_page_token=empty["next_page_token"])) == placed[:1]


def test_polls_are_counted_with_their_first_pages(zoom):
    for _ in range(2):
        zoom.place()
    asked = zoom.window() | {"page_size": 1}
    token = zoom.list(**asked).json()["next_page_token"]
    zoom.list(**asked, next_page_token=token)

    assert [(poll.client, poll.first_page) for poll in zoom.service.polls()] == [
        ("alpha", True),
        ("alpha", False),
    ]


def test_what_was_listed_is_in_the_ground_truth(zoom):
    (key,) = zoom.place().files
    assert zoom.truth()[key].first_listed_us is None
    zoom.fault(FaultKind.CUT, requests=("list",), count=1)
    with pytest.raises(Exception, match="peer closed"):
        zoom.list()
    assert zoom.truth()[key].first_listed_us is None

    zoom.list()

    assert zoom.truth()[key].first_listed_us == zoom.clock.now_us

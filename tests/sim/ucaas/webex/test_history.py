"""Detailed call history: windows, pages, late and repeated records, pace and region."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.faults import FaultKind
from sim.ucaas.webex.history import FEED, STREAM, History
from sim.ucaas.webex.instants import millis_text
from sim.ucaas.webex.scripts import Leg
from tests.sim.ucaas.webex.fakes import HISTORY, START_US, Fake, at, next_link

FEED_URL, STREAM_URL = f"{HISTORY}/cdr_feed", f"{HISTORY}/cdr_stream"
HOUR_S = 3600


@pytest.fixture
def fake():
    return Fake(history_pace=False)


def asked(fake, url, from_s, to_s, **more):
    return fake.get(url, startTime=at(from_s), endTime=at(to_s), **more)


def records(fake, url, from_s, to_s, **more):
    answer, found = asked(fake, url, from_s, to_s, **more), []
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        following = next_link(answer)
        if following is None:
            return found
        answer = fake.http.get(following)


def test_the_feed_selects_by_the_begin_of_the_call_and_the_stream_by_insertion(fake):
    placed = fake.place(history_delay_s=1200)
    fake.clock.go(2 * HOUR_S)

    (by_call,) = records(fake, FEED_URL, -60, 60)
    (by_insertion,) = records(fake, STREAM_URL, 1100, 1300)

    assert by_call == by_insertion
    assert by_call["Correlation ID"] == placed.session
    assert records(fake, STREAM_URL, -60, 60) == []
    assert records(fake, FEED_URL, 1100, 1300) == []


def test_a_record_tells_of_the_recorded_half(fake):
    key = fake.key(outbound=True, legs=(Leg(2, 30.0, hold_s=6.0),))
    fake.clock.go(HOUR_S)

    (record,) = records(fake, FEED_URL, -60, 60)
    data = fake.get(f"convergedRecordings/{key}/metadata").json()["serviceData"]

    assert data["callId"] == f"callhalf-{record['Local call ID']}"
    assert record["Direction"] == "ORIGINATING"
    assert record["Answered"] == "true"
    assert (record["Duration"], record["Ring duration"], record["Hold Duration"]) == (27, 3, 6)
    assert record["Start time"] == "2025-12-31T23:59:30.000Z"
    assert record["Release time"] == "2026-01-01 00:00:00.000"
    assert record["Call Recording Result"] == "successful"
    assert record["Authorization code"] == "NA"
    assert record["Model"] == ""


def test_a_call_has_a_record_for_each_half_and_for_its_queue(fake):
    fake.place(legs=(Leg(0, 10.0, answered=False), Leg(1, 40.0, consult=5)), queue=True)
    fake.clock.go(HOUR_S)

    found = records(fake, FEED_URL, -120, 60)

    assert len({record["Report ID"] for record in found}) == len(found) == 5
    assert sorted(record["User type"] for record in found) == ["CallCenterStandard"] + 4 * ["User"]
    unanswered = [record for record in found if record["Answered"] == "false"]
    assert {record["Call outcome reason"] for record in unanswered} == {"NoAnswer"}
    consult = [record for record in found if record["Correlation ID"] != record["Interaction ID"]]
    assert {record["Direction"] for record in consult} == {"ORIGINATING", "TERMINATING"}
    assert {record["Interaction ID"] for record in found} == {
        record["Correlation ID"] for record in found if record not in consult
    }


def test_an_internal_call_has_records_of_both_sides(fake):
    fake.place(internal=True, customer=7)
    fake.clock.go(HOUR_S)

    one, two = records(fake, FEED_URL, -60, 60)

    assert {one["Direction"], two["Direction"]} == {"ORIGINATING", "TERMINATING"}
    assert one["Correlation ID"] == two["Correlation ID"]
    assert one["Call type"] == "SIP_ENTERPRISE"


@pytest.mark.parametrize(
    ("url", "from_s", "to_s", "is_good"),
    [
        (FEED_URL, 0, 12 * HOUR_S, True),
        (FEED_URL, 0, 12 * HOUR_S + 1, False),
        (FEED_URL, 720 * HOUR_S - 299, 720 * HOUR_S - 200, False),
        (FEED_URL, 0, 0, False),
        (FEED_URL, -1, 10, False),
        (STREAM_URL, 710 * HOUR_S, 712 * HOUR_S, True),
        (STREAM_URL, 710 * HOUR_S, 712 * HOUR_S + 1, False),
        (STREAM_URL, 707 * HOUR_S, 709 * HOUR_S, False),
        (STREAM_URL, 720 * HOUR_S - 100, 720 * HOUR_S - 60, True),
        (STREAM_URL, 720 * HOUR_S - 100, 720 * HOUR_S - 59, False),
    ],
)
def test_windows_have_limits(fake, url, from_s, to_s, is_good):
    fake.clock.go(720 * HOUR_S)
    fake.http = fake.as_client("alpha")

    assert asked(fake, url, from_s, to_s).status_code == (200 if is_good else 400)


@pytest.mark.parametrize(
    "wrong",
    [
        {"startTime": "2026-01-01T00:00:00Z"},
        {"endTime": "2026-01-01"},
        {"startTime": ""},
        {"max": "many"},
        {"locations": ",".join("abcdefghijk")},
    ],
)
def test_malformed_questions_are_refused(fake, wrong):
    fake.clock.go(HOUR_S)
    given = {"startTime": at(0), "endTime": at(60)} | wrong

    assert fake.get(FEED_URL, **given).status_code == 400


def test_pages_hold_at_least_500_and_at_most_5000(fake):
    for _ in range(501):
        fake.place(wait_s=0.0, history_delay_s=0.0)
        fake.clock.go(0.01)
    fake.clock.go(HOUR_S)

    small = asked(fake, FEED_URL, -60, 60, max=1)

    assert len(small.json()["items"]) == 500
    assert "totalCount=501" in small.headers["link"]
    assert "startTimeForNextFetch=" in small.headers["link"]
    assert next_link(asked(fake, FEED_URL, -60, 60, max=99_999)) is None
    assert len(records(fake, FEED_URL, -60, 60, max=1)) == 501


def test_late_records_come_into_a_later_window_of_the_stream(fake):
    fake.place(history_delay_s=HOUR_S)
    fake.clock.go(2 * HOUR_S)

    assert records(fake, STREAM_URL, 0, 1800) == []
    assert len(records(fake, STREAM_URL, 1800, 2 * HOUR_S)) == 1


def test_records_may_come_twice_with_one_report_id(fake):
    fake.place(history_repeats=True)
    fake.clock.go(HOUR_S)
    one, two = records(fake, STREAM_URL, 0, 600)
    fake.fault(FaultKind.REPEAT_ROWS, "history")

    assert one["Report ID"] == two["Report ID"]
    assert len(records(fake, STREAM_URL, 0, 600)) == 4


def test_locations_narrow_the_window(fake):
    fake.place(legs=(Leg(0, 20.0),))
    fake.place(legs=(Leg(1, 20.0),))
    fake.clock.go(HOUR_S)

    (record,) = records(fake, FEED_URL, -60, 600, locations="Warehouse,Elsewhere")

    assert record["Location"] == "Warehouse"


def test_one_first_page_a_minute_and_ten_more(fake):
    fake = Fake(history_page_cap=1)
    for _ in range(13):
        fake.place(wait_s=1.0, history_delay_s=0.0)
    fake.clock.go(HOUR_S)
    answer = asked(fake, FEED_URL, -60, 60)
    refused = asked(fake, FEED_URL, -60, 60)
    for _ in range(10):
        answer = fake.http.get(next_link(answer))
        assert answer.status_code == 200
    eleventh = fake.http.get(next_link(answer))
    fake.clock.go(60)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert eleventh.status_code == 429
    assert fake.http.get(next_link(answer)).status_code == 200
    assert asked(fake, FEED_URL, -60, 60).status_code == 200


def test_another_region_names_the_right_end_point(fake):
    fake.clock.go(HOUR_S)
    wrong = FEED_URL.replace("analytics-calling", "analytics-calling-eu")

    answer = asked(fake, wrong, 0, 60)
    fake.fault(FaultKind.WRONG_REGION, count=1)

    assert answer.status_code == 451
    assert FEED_URL in answer.json()["message"]
    assert asked(fake, FEED_URL, 0, 60).status_code == 451
    assert asked(fake, FEED_URL, 0, 60).status_code == 200


def test_call_history_needs_a_role_of_its_own(fake):
    fake.clock.go(HOUR_S)

    answer = asked(fake, FEED_URL, 0, 60, client=fake.as_client("ada"))

    assert answer.status_code == 403


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 9))
def test_following_the_links_misses_no_record(offsets_s, cap):
    history = History()
    for number, offset_s in enumerate(offsets_s):
        stamp = millis_text(START_US + offset_s * 1_000_000)
        record = {"Start time": stamp, "Report ID": number, "Location": ""}
        history.insert(record, START_US + number * 10)
    for which in (FEED, STREAM):
        given = {"startTime": at(0), "endTime": at(600), "max": "500"}
        seen, now_us = [], START_US + 3 * HOUR_S * 1_000_000
        for _ in range(len(offsets_s) + 1):
            page = history.page(which, given, now_us=now_us, cap=cap, org="o")
            seen += [record["Report ID"] for record in page.records]
            if not page.next_query:
                break
            pairs = (part.split("=") for part in page.next_query.replace("%3A", ":").split("&"))
            given = dict(pairs)
        assert sorted(seen) == list(range(len(offsets_s)))

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.webex import cdr
from recorder.adapters.webex.cdr import RecordsPending
from recorder.adapters.webex.cdr_windows import (
    FEED_AGE_US,
    FEED_SPAN_US,
    FEED_YOUNGEST_US,
    STREAM_AGE_US,
    STREAM_OVERLAP_US,
    STREAM_SPAN_US,
    STREAM_YOUNGEST_US,
    feed_window,
    stream_window,
)
from recorder.instants import from_text
from recorder.model import Party, Window
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import (
    ANNA,
    CDR,
    ScriptedWebex,
    Story,
    error_answer,
    us,
    uuid,
)

HOUR = 3_600_000_000
NOWS = st.integers(us(0), us(10**9))


class Bench:
    """A recorded call whose file was made at 300 s, at 400 s, with its record in the history."""

    def __init__(self, mode="stream", *, now_s=400, at_s=320, **settings):
        self.world = ScriptedWebex()
        self.world.clock.advance(now_s)
        self.key = calls.recorded_call(self.world, Story(self.world))
        self.source = self.world.open(cdr=mode, **settings)
        (self.ref,) = self.source.list_items(Window(us(0), us(1000)), None).items
        if at_s is not None:
            self.world.history.append((us(at_s), calls.record()))

    def described(self):
        return self.source.describe(self.ref)

    def asked(self):
        return [dict(request.url.params) for request in self.world.asked(CDR)]


def test_a_record_adds_what_the_recording_does_not_say():
    bench = Bench()
    bench.world.metadata[bench.key] = calls.metadata(bench.key, personality="")

    found = bench.described()

    assert found.direction == "inbound"
    assert found.attributes["cdr_join"] == "callSessionId = Correlation ID"
    assert found.attributes["cdr_location"] == "Richardson"
    assert found.attributes["cdr_answered"] == "true"
    assert found.attributes["cdr_report_ids"] == uuid(1, 4)
    assert "cdr_queue_type" not in found.attributes


def test_a_masked_number_is_told_by_the_record():
    bench = Bench()
    masked = {"number": "sip:####PII-EXPOSURE####@X.X.X.X"}
    bench.world.metadata[bench.key] = calls.metadata(bench.key, callingParty=masked)

    (customer,) = (p for p in bench.described().parties if p.role == "customer")

    assert (customer.number, customer.name) == (calls.CUSTOMER, "Dora Kunde")


def test_without_metadata_the_record_names_both_sides():
    bench = Bench()
    bench.world.metadata.clear()

    found = bench.described()

    assert set(found.parties) == {
        Party(ANNA, "agent", "anna@contoso.example", "+12025552001"),
        Party(f"tel:{calls.CUSTOMER}", "customer", "Dora Kunde", calls.CUSTOMER),
    }


def test_what_the_recording_says_itself_stays():
    bench = Bench()
    bench.world.history[0][1].update({"Direction": "ORIGINATING", "Called number": "+1999"})

    found = bench.described()

    assert found.direction == "inbound"
    assert {party.number for party in found.parties} == {calls.CUSTOMER, "2001"}


def test_the_stream_is_asked_by_insertion_time_in_the_services_own_format():
    bench = Bench()
    bench.described()

    (asked,) = bench.asked()
    assert asked["startTime"] == "2025-12-31T22:05:25.000Z"
    assert asked["endTime"] == "2026-01-01T00:05:25.000Z"
    assert bench.world.asked(CDR)[0].url.path == "/v1/cdr_stream"
    assert bench.world.asked(CDR)[0].headers["authorization"] == "Bearer token-number-1"


def test_no_more_than_one_question_a_minute():
    bench = Bench(at_s=None, now_s=1000)
    for _ in range(12):
        bench.described()
        bench.world.clock.advance(10)

    assert len(bench.asked()) == 2


def test_the_next_stretch_overlaps_the_last_one():
    bench = Bench(at_s=None, now_s=1000)
    for _ in range(3):
        bench.described()
        bench.world.clock.advance(60)

    windows = [(from_text(one["startTime"]), from_text(one["endTime"])) for one in bench.asked()]
    assert [end - begin for begin, end in windows[1:]] == [180_000_000] * 2
    assert windows[1][0] == windows[0][1] - STREAM_OVERLAP_US


def test_a_young_recording_waits_for_its_record():
    bench = Bench(at_s=None)

    with pytest.raises(RecordsPending) as caught:
        bench.described()
    assert caught.value.retry_after_s == 60.0

    bench.world.clock.advance(60)
    bench.world.history.append((us(380), calls.record()))
    assert bench.described().attributes["cdr_join"]


def test_it_waits_no_longer_than_configured():
    bench = Bench(at_s=None, cdr_wait_s=110)
    with pytest.raises(RecordsPending) as caught:
        bench.described()
    assert caught.value.retry_after_s == pytest.approx(10, abs=1)

    bench.world.clock.advance(10)

    assert "cdr_join" not in bench.described().attributes


def test_an_old_recording_does_not_wait():
    assert "cdr_join" not in Bench(at_s=None, now_s=5000).described().attributes


def test_the_wait_counts_on_the_services_clock():
    bench = Bench(at_s=None)
    bench.world.clock_offset_s = 1000

    assert bench.described().media


@pytest.mark.parametrize("status", [400, 401, 403, 404, 423, 429, 451, 500, 503])
def test_a_history_that_fails_stops_no_recording_and_is_not_waited_for(status):
    bench = Bench(at_s=None)
    bench.world.order(CDR, error_answer(status), times=9)

    assert bench.described().media


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"items": 5}', b"{}", b"\xff\x00", b"[" * 99_999]
)
def test_a_history_that_answers_rubbish_stops_no_recording(body):
    bench = Bench(at_s=None)
    bench.world.order(CDR, httpx.Response(200, content=body))

    assert bench.described().media


def test_a_history_that_never_answers_stops_no_recording():
    def never(_request):
        raise httpx.ReadTimeout("nothing came")

    bench = Bench(at_s=None)
    bench.world.order(CDR, never)

    assert bench.described().media


def test_throttling_of_the_history_does_not_silence_the_recordings():
    bench = Bench(at_s=None)
    bench.world.order(CDR, error_answer(429, retry_after="300"))

    assert bench.described().media
    bench.world.clock.advance(120)
    assert bench.described().media
    assert len(bench.asked()) == 1
    bench.world.clock.advance(200)
    bench.described()
    assert len(bench.asked()) == 2


def test_after_a_failure_the_same_stretch_is_asked_again():
    bench = Bench()
    bench.world.order(CDR, error_answer(503))
    bench.described()
    bench.world.clock.advance(60)

    assert bench.described().attributes["cdr_join"]


def test_bad_rows_do_not_hide_the_others():
    bench = Bench()
    bench.world.history[:0] = [(us(310), row) for row in (None, 5, {}, {"Report ID": 7}, "x")]

    assert bench.described().attributes["cdr_join"]


def test_pages_are_followed_up_to_ten_a_minute_and_go_on_in_the_next():
    bench = Bench(at_s=None, now_s=1000)
    bench.world.history_page = 1
    rows = [calls.record(n, **{"Correlation ID": uuid(n), "User UUID": "NA"}) for n in range(14)]
    bench.world.history += [
        (us(310 + n), row | {"Local call ID": ""}) for n, row in enumerate(rows)
    ]
    bench.world.history.append((us(330), calls.record(99)))

    bench.described()
    assert len(bench.asked()) == 10
    bench.world.clock.advance(60)

    assert bench.described().attributes["cdr_join"]
    assert len(bench.asked()) == 15
    assert "startTimeForNextFetch" in bench.asked()[10]


def test_pages_without_end_are_given_up(monkeypatch):
    monkeypatch.setattr(cdr, "PAGES_MAX", 25)
    bench = Bench(at_s=None, now_s=1000)

    def endless(request):
        number = int(request.url.params.get("n", 0)) + 1
        headers = {"link": f'<{CDR}cdr_stream?n={number}>; rel="next"'}
        return httpx.Response(200, json={"items": []}, headers=headers)

    bench.world.order(CDR, endless, times=99)
    for _ in range(3):
        assert bench.described().media
        bench.world.clock.advance(60)

    assert len(bench.asked()) == 25
    assert len({one["startTime"] for one in bench.asked()}) == 1
    assert "more than 25 pages" in str(bench.source._connections.history.problem)


def test_a_link_to_another_host_is_not_followed():
    bench = Bench(at_s=None)
    headers = {"link": '<https://evil.example/v1/cdr_stream?x=1>; rel="next"'}
    bench.world.order(CDR, httpx.Response(200, json={"items": []}, headers=headers))

    assert bench.described().media
    assert not bench.world.asked("evil.example")


def test_the_feed_is_asked_around_the_call():
    bench = Bench("feed", now_s=2000, at_s=120)

    assert bench.described().attributes["cdr_join"]
    (asked,) = bench.asked()
    assert bench.world.asked(CDR)[0].url.path == "/v1/cdr_feed"
    assert from_text(asked["startTime"]) == us(100) - HOUR
    assert from_text(asked["endTime"]) == us(2000) - FEED_YOUNGEST_US


def test_a_call_too_young_for_the_feed_waits_without_spending_the_minute():
    bench = Bench("feed", now_s=310, at_s=120)

    with pytest.raises(RecordsPending):
        bench.described()
    assert bench.asked() == []
    bench.world.clock.advance(200)

    assert bench.described().attributes["cdr_join"]


def test_switched_off_nothing_is_asked():
    bench = Bench("off")

    assert "cdr_join" not in bench.described().attributes
    assert bench.asked() == []


@given(now=NOWS, back=st.none() | st.integers(-HOUR, 40 * 24 * HOUR))
def test_every_stretch_of_the_stream_is_one_the_service_allows(now, back):
    window = stream_window(None if back is None else now - back, now)

    assert window.from_us < window.to_us <= now - STREAM_YOUNGEST_US
    assert window.to_us - window.from_us <= STREAM_SPAN_US
    assert window.from_us > now - STREAM_AGE_US


@given(now=NOWS, steps=st.lists(st.integers(60, 7200), max_size=20))
def test_the_stream_leaves_no_gap_while_it_is_asked_often_enough(now, steps):
    covered = None
    for step in steps:
        window = stream_window(covered, now)
        assert covered is None or window.from_us <= covered
        covered, now = max(window.to_us, covered or 0), now + step * 1_000_000 // 4


@given(now=NOWS, age=st.integers(-HOUR, 60 * 24 * HOUR))
def test_every_stretch_of_the_feed_is_one_the_service_allows_and_holds_the_call(now, age):
    window = feed_window(now - age, now)
    if window is None:
        return

    assert window.from_us < window.to_us <= now - FEED_YOUNGEST_US
    assert window.to_us - window.from_us <= FEED_SPAN_US
    assert window.from_us >= now - FEED_AGE_US
    assert now - age < window.to_us

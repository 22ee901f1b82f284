"""Faults as rules: the set by itself, and what each kind does to a client."""

from email.utils import parsedate_to_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.dynamics.scripts import RecordingScript
from sim.ucaas.faults import Fault, FaultKind, FaultSet, Subject, Target
from tests.sim.ucaas.fakes import AUDIO, START_US, Fake

SIZE = len(AUDIO.data) + 128


@pytest.fixture
def fake():
    return Fake()


def on(fake, kind, *, requests=(), count=None, until_us=None, client="", item="", **parameters):
    target = Target(tuple(requests), client, item)
    return fake.service.add_fault(Fault(FaultKind(kind), target, count, until_us, parameters))


def link(fake):
    return fake.sas(fake.place().recordings[0]).json()["Result"]["SasUrl"]


def listing(fake):
    return fake.get("msdyn_ocrecordings?$filter=modifiedon ge 2026-01-01T00:00:00Z")


# --- the set ---


def test_a_fault_ends_after_its_count_or_its_instant():
    faults = FaultSet()
    faults.add(Fault(FaultKind.THROTTLE, count=2))
    faults.add(Fault(FaultKind.SLOW, until_us=100))
    kinds = [
        [f.kind.value for f in faults.strike(Subject("list"), now)] for now in (0, 99, 100, 101)
    ]
    assert kinds == [["throttle", "slow"], ["throttle", "slow"], [], []]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 50)), max_size=8), st.data())
def test_removing_overlapping_faults_in_any_order_leaves_nothing(given_faults, data):
    faults = FaultSet()
    numbers = [
        faults.add(Fault(FaultKind.SLOW, count=count, until_us=until))
        for count, until in given_faults
    ]
    for number in data.draw(st.permutations(numbers)):
        faults.remove(number)
        assert number not in {entry.number for entry in faults.active(0)}
    assert faults.active(0) == ()


def test_targets_select_by_request_client_and_item():
    faults = FaultSet()
    faults.add(Fault(FaultKind.SERVER_ERROR, Target(("sas",), "alpha", "k1")))
    hit = [
        bool(faults.strike(Subject(*subject), 0))
        for subject in [
            ("sas", "alpha", "k1"),
            ("sas", "beta", "k1"),
            ("sas", "alpha", "k2"),
            ("row", "alpha", "k1"),
        ]
    ]
    assert hit == [True, False, False, False]


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_offsets_lie_inside_the_body(at_bytes, size):
    assert 0 <= Fault(FaultKind.CUT, parameters={"at_bytes": at_bytes}).offset(size) < size
    assert 0 <= Fault(FaultKind.CUT).offset(size) < size


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_offsets_by_share_lie_inside_the_body(at_share, size):
    assert 0 <= Fault(FaultKind.CUT, parameters={"at_share": at_share}).offset(size) < size


# --- refusals ---


@pytest.mark.parametrize(
    ("code", "shown"),
    [("requests", "0x80072322"), ("time", "0x80072321"), ("concurrent", "0x80072326")],
)
def test_throttling_in_three_codes(fake, code, shown):
    on(fake, "throttle", count=1, code=code, seconds=7)
    answer = listing(fake)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == shown
    assert listing(fake).status_code == 200


def test_retry_after_as_a_date_or_absent(fake):
    on(fake, "throttle", count=1, retry_after="date", seconds=90)
    answer = listing(fake)
    after = parsedate_to_datetime(answer.headers["Retry-After"])
    assert (after - parsedate_to_datetime(answer.headers["Date"])).total_seconds() == 90
    on(fake, "throttle", count=1, retry_after="absent")
    assert "Retry-After" not in listing(fake).headers


def test_server_errors_come_in_bursts(fake):
    on(fake, "server_error", count=3, status=502)
    assert [listing(fake).status_code for _ in range(4)] == [502, 502, 502, 200]


def test_missing_privilege_and_missing_user_are_403(fake):
    on(fake, "forbidden", count=1)
    on(fake, "forbidden", count=2, why="privilege")
    codes = [listing(fake).json().get("error", {}).get("code") for _ in range(3)]
    assert codes == ["0x80072560", "0x80040220", None]


def test_expired_links_are_refused_by_rule(fake):
    url = link(fake)
    on(fake, "link_expired", count=1)
    assert [fake.bare.get(url).status_code for _ in range(2)] == [403, 200]


def test_a_redirect_leads_elsewhere_and_whoever_follows_is_noted(fake):
    url = link(fake)
    on(fake, "redirect", count=1)
    answer = fake.bare.get(url)
    assert answer.status_code == 307
    assert answer.headers["Location"].startswith("https://elsewhere.invalid/")
    assert fake.service.statistics()["strays"] == []
    fake.http.get(answer.headers["Location"])
    assert fake.service.statistics()["strays"] == ["elsewhere.invalid"]
    assert fake.service.statistics()["credential_leaks"] == 1


def test_the_service_protects_itself_where_a_limit_is_set():
    fake = Fake(request_limit=3)
    statuses = [fake.get("WhoAmI").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    fake.clock.go(301)
    answer = fake.get("WhoAmI")
    assert answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "2"


# --- bodies ---


def test_slow_answers_wait_and_slow_bodies_take_their_time(fake):
    url = link(fake)
    on(fake, "slow", count=1, delay_s=2)
    assert fake.bare.get(url).status_code == 200
    assert fake.clock.waits == [2]
    fake.clock.waits.clear()
    on(fake, "slow", count=1, bytes_per_s=SIZE / 3)
    assert len(fake.bare.get(url).content) == SIZE
    assert sum(fake.clock.waits) == pytest.approx(3)


def test_a_stall_longer_than_the_read_timeout_raises_it(fake):
    url = link(fake)
    on(fake, "stall", count=1, at_bytes=1000, seconds=60)
    received = []
    with fake.bare.stream("GET", url) as answer, pytest.raises(httpx.ReadTimeout):
        received.extend(answer.iter_raw())
    assert len(b"".join(received)) == 1000
    assert fake.clock.waits == [5.0]


def test_a_short_stall_only_delays(fake):
    url = link(fake)
    on(fake, "stall", count=1, at_bytes=0, seconds=3)
    assert len(fake.bare.get(url).content) == SIZE
    assert fake.clock.waits == [3]


@pytest.mark.parametrize(
    ("reset", "error"), [(False, httpx.RemoteProtocolError), (True, httpx.ReadError)]
)
def test_a_cut_ends_the_body_early(fake, reset, error):
    url = link(fake)
    on(fake, "cut", count=1, at_bytes=500, reset=reset)
    received = []
    with fake.bare.stream("GET", url) as answer, pytest.raises(error):
        received.extend(answer.iter_raw())
    assert answer.headers["Content-Length"] == str(SIZE)
    assert b"".join(received) == AUDIO.data[:500]


def test_truncation_with_a_right_and_with_a_wrong_length(fake):
    url = link(fake)
    on(fake, "truncate", count=1, at_share=0.25)
    answer = fake.bare.get(url)
    assert len(answer.content) == SIZE // 4 == int(answer.headers["Content-Length"])
    on(fake, "truncate", count=1, announced="full")
    with pytest.raises(httpx.RemoteProtocolError):
        fake.bare.get(url)


def test_html_and_nothing_instead_of_audio(fake):
    url = link(fake)
    on(fake, "html", count=1)
    answer = fake.bare.get(url)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.content.startswith(b"<!DOCTYPE")
    on(fake, "empty", count=1)
    answer = fake.bare.get(url)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_dropped_connection_has_no_answer(fake):
    on(fake, "drop", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        listing(fake)


def test_overlapping_faults_add_up(fake):
    url = link(fake)
    on(fake, "slow", count=1, delay_s=1)
    on(fake, "slow", count=1, delay_s=2)
    on(fake, "html", count=1)
    assert fake.bare.get(url).content.startswith(b"<!DOCTYPE")
    assert fake.clock.waits == [3]


# --- the world ---


def test_late_items_appear_later_with_their_old_stamps(fake):
    on(fake, "late", seconds=60)
    fake.place(RecordingScript(AUDIO, row_delay_s=0, file_delay_s=0))
    assert fake.rows("msdyn_ocrecordings") == []
    fake.clock.go(60)
    (row,) = fake.rows("msdyn_ocrecordings?$select=createdon,modifiedon")
    assert row["modifiedon"] == "2026-01-01T00:00:00Z"
    (item,) = fake.service.truth()
    assert item.late
    assert item.offered_us == START_US + 60_000_000


def test_clock_skew_moves_the_date_and_the_stamps(fake):
    on(fake, "clock_skew", seconds=600)
    fake.place()
    answer = listing(fake)
    assert answer.headers["Date"] == "Thu, 01 Jan 2026 00:10:05 GMT"
    assert answer.json()["value"][0]["modifiedon"].startswith("2026-01-01T00:10:")


def test_a_recording_deleted_at_the_moment_it_is_asked_for(fake):
    key = fake.place().recordings[0]
    on(fake, "deleted_before_download", item=key, count=1)
    assert fake.sas(key).status_code == 404
    (item,) = fake.service.truth()
    assert item.deleted_us is not None


def test_deletion_between_link_and_download_is_404(fake):
    url = link(fake)
    on(fake, "deleted_before_download", requests=["blob"], count=1)
    answer = fake.bare.get(url)
    assert (answer.status_code, b"BlobNotFound" in answer.content) == (404, True)


def test_rows_can_be_listed_twice_in_a_page(fake):
    fake.place()
    on(fake, "repeat_rows", count=1)
    keys = [row["msdyn_ocrecordingid"] for row in listing(fake).json()["value"]]
    assert len(keys) == 2
    assert len(set(keys)) == 1

"""Trouble of the API: limits with every form of `Retry-After`, errors, scopes, sizes that are not true."""

import httpx
import pytest

from sim.ucaas.fault_parameters import checked
from sim.ucaas.faults import FaultKind, Subject
from sim.ucaas.zoom.manners import ZOOM
from tests.sim.ucaas.zoom.fakes import API, Fake


@pytest.fixture
def zoom():
    return Fake()


def limits(answer):
    headers = answer.headers
    return headers.get("x-ratelimit-category"), headers.get("x-ratelimit-type")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("seconds", "90"),
        ("instant", "2026-01-01T00:01:30Z"),
        ("date", "Thu, 01 Jan 2026 00:01:30 GMT"),
        ("absent", None),
        ("bare", None),
    ],
)
def test_a_limit_says_in_every_form_when_to_come_back(zoom, form, told):
    zoom.fault(FaultKind.THROTTLE, count=1, retry_after=form, seconds=90)

    answer = zoom.list()

    assert answer.status_code == 429
    assert answer.json()["code"] == 429
    assert answer.headers.get("retry-after") == told
    assert limits(answer) == ((None, None) if form == "bare" else ("Medium", "QPS"))
    assert zoom.list().status_code == 200


def test_the_daily_limit_names_an_instant_by_itself(zoom):
    zoom.fault(FaultKind.THROTTLE, count=1, code="day", seconds=3600)

    answer = zoom.list()

    assert limits(answer) == ("Medium", "Daily-limit")
    assert answer.headers["retry-after"] == "2026-01-01T01:00:00Z"
    assert "daily" in answer.json()["message"]


def test_limits_of_the_account_are_kept_by_label():
    zoom = Fake(per_second={"Medium": 2})

    answers = [zoom.list().status_code for _ in range(4)]

    assert answers == [200, 200, 429, 429]
    assert zoom.meeting("none").status_code == 404
    zoom.clock.go(1)
    assert zoom.list().status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_has_the_service_s_body(zoom, status):
    zoom.fault(FaultKind.SERVER_ERROR, count=1, status=status, retry_after_s="7")

    answer = zoom.list()

    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert answer.headers["retry-after"] == "7"


def test_a_scope_may_be_missing_of_a_sudden(zoom):
    zoom.fault(FaultKind.FORBIDDEN, count=1)

    assert (zoom.list().status_code, zoom.list().status_code) == (400, 200)


def test_a_size_that_is_told_may_not_be_true(zoom):
    placed = zoom.place()
    (true,) = [file["file_size"] for file in zoom.meetings()[0]["archive_files"]]
    zoom.fault(FaultKind.WRONG_SIZE, count=1, by=-7)

    body = zoom.meeting(placed.meeting).json()

    assert body["archive_files"][0]["file_size"] == true - 7


def test_connections_break_and_stall(zoom):
    zoom.fault(FaultKind.DROP, count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        zoom.list()
    zoom.fault(FaultKind.SLOW, count=1, delay_s=60)
    with pytest.raises(httpx.ReadTimeout):
        zoom.list()


def test_what_leads_nowhere_is_told_so(zoom):
    assert zoom.http.get(f"{API}/users/me").json()["code"] == 2300
    assert zoom.http.post(f"{API}/archive_files").status_code == 405


@pytest.mark.parametrize("kind", ZOOM.hits)
def test_every_fault_it_knows_may_be_ordered_and_hits_requests_it_tells_apart(kind):
    checked(kind, {}, ZOOM.requests, ZOOM)

    assert set(ZOOM.hits[kind]) <= set(ZOOM.requests)


@pytest.mark.parametrize("kind", [FaultKind.CHANGED_BEFORE_DOWNLOAD, FaultKind.LOST_PARAMETERS])
def test_a_fault_it_does_not_know_is_refused(kind):
    with pytest.raises(ValueError, match="knows no fault"):
        checked(kind, {}, (), ZOOM)


def test_those_who_watch_hear_of_items_and_requests(zoom):
    items, requests = [], []
    zoom.service.watch(item=items.append, request=lambda *asked: requests.append(asked))

    placed = zoom.place()
    zoom.list()

    assert {item.key for item in items} == set(placed.files)
    assert requests == [(Subject("list", "alpha"), 200)]


def test_every_request_is_announced_before_it_is_answered():
    told = []
    zoom = Fake(on_arrival=lambda subject, first: told.append((subject.request, first)))

    zoom.list()
    zoom.meeting("none")

    assert told == [("token", False), ("list", True), ("row", True)]

"""What goes wrong on order."""

import pytest

from sim.ucaas.faults import FaultKind
from tests.sim.ucaas.webex.fakes import Fake, at, recording


@pytest.fixture
def fake():
    return Fake()


def links(fake, key):
    return fake.details(key).json().get("temporaryDirectDownloadLinks")


@pytest.mark.parametrize(
    ("parameters", "after"),
    [
        ({}, "5"),
        ({"seconds": 17}, "17"),
        ({"seconds": 90, "retry_after": "date"}, "Thu, 01 Jan 2026 00:02:30 GMT"),
        ({"retry_after": "absent"}, None),
    ],
)
def test_too_many_requests_are_refused_with_seconds(fake, parameters, after):
    key = fake.key()
    fake.fault(FaultKind.THROTTLE, **parameters)

    answer = fake.details(key)

    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == after
    assert answer.json()["trackingId"]


@pytest.mark.parametrize("status", [423, 500, 502, 503, 504])
def test_the_service_may_be_locked_or_broken(fake, status):
    fake.fault(FaultKind.SERVER_ERROR, status=status, retry_after_s=3, count=1)

    answer = fake.listing()

    assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert fake.listing().status_code == 200


def test_a_fault_of_the_files_says_so_in_plain_words(fake):
    link = links(fake, fake.key())["audioDownloadLink"]
    fake.fault(FaultKind.SERVER_ERROR, "blob", count=1)
    assert fake.bare.get(link).headers["content-type"].startswith("text/plain")
    fake.fault(FaultKind.LINK_EXPIRED, count=1)
    assert fake.bare.get(link).status_code == 403
    fake.fault(FaultKind.REDIRECT, count=1)

    away = fake.bare.get(link)

    assert away.status_code == 307
    assert fake.http.get(away.headers["location"]).status_code == 200
    assert fake.service.statistics()["strays"] == ["elsewhere.invalid"]
    assert fake.service.statistics()["credential_leaks"] == 1


def test_a_recording_may_change_or_go_as_somebody_asks_for_it(fake):
    one, two = fake.key(), fake.key()
    fake.fault(FaultKind.CHANGED_BEFORE_DOWNLOAD, item=one, how="trash")
    fake.fault(FaultKind.DELETED_BEFORE_DOWNLOAD, item=two)
    fake.fault(FaultKind.CHANGED_BEFORE_DOWNLOAD, item="nothing")

    assert fake.details(one).json()["status"] == "deleted"
    assert fake.details(two).status_code == 404


def test_size_and_link_may_be_wrong_or_missing(fake):
    key = fake.key()
    fake.fault(FaultKind.WRONG_SIZE, count=1, by=-5)
    assert fake.details(key).json()["sizeBytes"] == fake.truth(key).size_bytes - 5
    fake.fault(FaultKind.NO_LINK, count=1)
    assert links(fake, key) is None
    fake.fault(FaultKind.FORBIDDEN, "row")
    assert fake.details(key).status_code == 403


def test_the_services_clock_may_be_off(fake):
    fake.fault(FaultKind.CLOCK_SKEW, seconds=600)
    key = fake.key(recording(create_delay_s=0))

    answer = fake.details(key)

    assert answer.json()["createTime"] == "2026-01-01T00:10:00Z"
    assert answer.headers["date"] == "Thu, 01 Jan 2026 00:11:00 GMT"


def test_recordings_may_be_listed_late_with_the_stamp_they_were_due(fake):
    fake.fault(FaultKind.LATE, seconds=300)
    fake.place(recording(create_delay_s=10))
    assert fake.ids(to=at(1000)) == []
    fake.clock.go(300)

    (item,) = fake.listing(to=at(1000)).json()["items"]

    assert item["createTime"] == "2026-01-01T00:00:10Z"
    assert fake.truth(item["id"]).late

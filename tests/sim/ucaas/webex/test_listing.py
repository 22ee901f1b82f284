"""Listings: period, order, pages, filters, and what goes wrong with them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.faults import FaultKind
from sim.ucaas.webex.listing import Quirks, page_of
from sim.ucaas.webex.scripts import KINDS, Change, Leg
from tests.sim.ucaas.webex.fakes import NEXT, START_US, Fake, at, next_link, recording

WIDE = {"from_": at(-3600), "to": at(3600)}


@pytest.fixture
def fake():
    return Fake()


def published(fake, count, *, first_s=0, step_s=1):
    return [
        fake.key(recording(stamp_us=START_US + int((first_s + step_s * n) * 1e6)))
        for n in range(count)
    ]


def test_a_listing_is_newest_first_and_ten_to_a_page(fake):
    keys = published(fake, 25)

    first = fake.listing(**WIDE)

    assert first.headers["content-type"] == "application/json;charset=UTF-8"
    assert [item["id"] for item in first.json()["items"]] == keys[:-11:-1]
    assert fake.ids(**WIDE) == keys[::-1]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_are_of_the_size_asked_for(fake, size):
    keys = published(fake, 20)

    answer = fake.listing(**WIDE, max=size)

    assert len(answer.json()["items"]) == min(size, 20)
    assert (next_link(answer) is None) == (size >= 20)
    assert fake.ids(**WIDE, max=size) == keys[::-1]


def test_the_period_takes_its_begin_and_not_its_end(fake):
    keys = published(fake, 4, first_s=10)

    assert fake.ids(from_=at(10), to=at(13)) == keys[2::-1]
    assert fake.ids(from_=at(10.5), to=at(12.5)) == keys[2:0:-1]
    assert fake.ids(from_="2026-01-01T09:00:11+09:00", to="2026-01-01T00:00:12") == [keys[1]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"from_": at(0), "to": at(30 * 86_400 + 1)},
        {"from_": at(10), "to": at(9)},
        {"from_": "yesterday", "to": at(0)},
        {"max": 0},
        {"max": 101},
        {"max": "many"},
        {"status": "lost"},
        {"ownerType": "robot"},
        {"serviceType": "meeting"},
        {"format": "MP4"},
        {"offset": "x"},
    ],
)
def test_a_malformed_question_is_refused(fake, wrong):
    answer = fake.listing(**wrong)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["description"] == answer.json()["message"]
    assert answer.headers["trackingid"] == answer.json()["trackingId"]


def test_thirty_days_are_allowed_and_ones_own_listing_is_not_limited(fake):
    assert fake.listing(from_=at(0), to=at(30 * 86_400)).status_code == 200
    own = fake.get("convergedRecordings", from_=at(0), to=at(40 * 86_400))
    assert own.status_code == 200


def test_a_period_left_open_is_seven_days(fake):
    old, new = published(fake, 2, first_s=-8 * 86_400, step_s=2 * 86_400)

    assert fake.ids() == [new]
    assert fake.ids(from_=at(-8 * 86_400)) == [new, old]
    assert fake.ids(to=at(-7 * 86_400)) == [old]


def test_rows_that_arrive_while_paging_shift_an_open_listing_but_not_a_fixed_one(fake):
    before = published(fake, 4)
    fixed = fake.listing(**WIDE | {"to": at(100)}, max=2)
    opened = fake.listing(max=2)
    published(fake, 1, first_s=200)
    fake.clock.go(200)

    after_fixed = fake.http.get(next_link(fixed)).json()["items"]
    after_opened = fake.http.get(next_link(opened)).json()["items"]

    assert [item["id"] for item in after_fixed] == before[1::-1]
    assert [item["id"] for item in after_opened] == before[2:0:-1]


def test_times_come_in_the_zone_of_the_header(fake):
    published(fake, 1)

    def shown(name):
        (item,) = fake.listing(**WIDE, headers={"timezone": name}).json()["items"]
        return item["createTime"]

    assert shown("UTC") == "2026-01-01T00:00:00Z"
    assert shown("Asia/Singapore") == "2026-01-01T08:00:00+08:00"
    assert fake.listing(**WIDE, headers={"timezone": "Nowhere/Land"}).status_code == 400


def test_a_row_tells_of_its_owner_and_its_call(fake):
    placed = fake.place(legs=(Leg(3, 20.0),))

    (item,) = fake.listing(to=at(1000)).json()["items"]

    assert item["id"] in placed.recordings
    assert item["serviceData"]["callSessionId"] == placed.session
    assert item["ownerEmail"] == "user3@contoso.example"
    assert item["topic"].startswith("Call with ")
    assert (item["format"], item["durationSeconds"]) == ("MP3", 9)
    assert item["createTime"] > item["timeRecorded"]


@pytest.mark.parametrize("kind", KINDS)
def test_owners_of_every_kind_are_listed_and_filtered(fake, kind):
    keys = {each: fake.key(legs=(Leg(0, 20.0, each),)) for each in KINDS}

    assert fake.ids(ownerType=kind, to=at(1000)) == [keys[kind]]
    (item,) = fake.listing(ownerType=kind, to=at(1000)).json()["items"]
    assert item["serviceType"] == ("customerAssist" if kind == "callQueue" else "calling")


def test_filters_narrow_a_listing(fake):
    one, two = fake.key(legs=(Leg(0, 20.0),)), fake.key(legs=(Leg(1, 20.0),), customer=3)
    (item,) = fake.listing(ownerEmail="user1@contoso.example", to=at(1000)).json()["items"]

    assert item["id"] == two
    assert fake.ids(ownerId=item["ownerId"], to=at(1000)) == [two]
    assert fake.ids(storageRegion="US", to=at(1000)) == [one]
    assert fake.ids(locationId=item["serviceData"]["locationId"], to=at(1000)) == [two]
    assert fake.ids(topic=item["topic"].upper(), to=at(1000)) == [two]
    assert fake.ids(serviceType="customerAssist", to=at(1000)) == []


def test_the_recycle_bin_and_what_was_purged_are_listed_on_demand(fake):
    here = fake.key()
    binned = fake.key(recording(changes=(Change(1, "trash"),)))
    purged = fake.key(recording(changes=(Change(1, "purge"),)))

    assert fake.ids(to=at(1000)) == [here]
    assert fake.ids(status="deleted", to=at(1000)) == [binned]
    assert fake.ids(status="purged", to=at(1000)) == [purged]
    assert fake.get("convergedRecordings", status="purged").status_code == 400


def test_a_user_sees_only_what_is_his_own(fake):
    ada = fake.as_client("ada")
    mine, _others = fake.key(legs=(Leg(0, 20.0),)), fake.key(legs=(Leg(1, 20.0),))

    own = fake.get("convergedRecordings", client=ada, to=at(1000)).json()["items"]

    assert [item["id"] for item in own] == [mine]
    assert fake.get("admin/convergedRecordings", client=ada).status_code == 403


def test_ids_may_come_without_dashes_and_are_taken_in_both_ways():
    fake = Fake(dashed_ids=False)
    key = fake.key()

    (listed,) = fake.ids(to=at(1000))

    assert listed == key.replace("-", "")
    for written in (key, listed, listed.upper()):
        assert fake.details(written).json()["id"] == listed


def test_a_next_link_may_lose_the_period(fake):
    published(fake, 3)
    fake.fault(FaultKind.LOST_PARAMETERS, count=1)

    lost = next_link(fake.listing(**WIDE, max=2))

    assert set(parse_qs(urlsplit(lost).query)) == {"max", "offset"}


def test_an_empty_page_links_to_the_rows_that_it_lacks(fake):
    keys = published(fake, 5)
    fake.fault(FaultKind.EMPTY_PAGE)

    first = fake.listing(**WIDE, max=2)

    assert first.json()["items"] == []
    assert next_link(first)
    assert fake.ids(**WIDE, max=2) == keys[::-1]


def test_rows_may_come_twice_and_a_page_may_be_gone(fake):
    keys = published(fake, 3)
    following = next_link(fake.listing(**WIDE, max=2))
    fake.fault(FaultKind.REPEAT_ROWS, count=1)
    assert len(fake.listing(**WIDE).json()["items"]) == 2 * len(keys)

    fake.fault(FaultKind.PAGE_EXPIRED, status=410)

    assert fake.listing(**WIDE).status_code == 200
    assert fake.http.get(following).status_code == 410


def test_polls_tell_the_first_page_from_later_ones(fake):
    published(fake, 3)
    fake.ids(**WIDE, max=2)

    assert [poll.first_page for poll in fake.service.polls()] == [True, False]
    assert {poll.client for poll in fake.service.polls()} == {"alpha"}


@given(st.integers(0, 40), st.integers(1, 12), st.booleans())
def test_following_the_links_gives_every_row_once(count, size, holes):
    rows = list(range(count))
    given, seen, pages = {"max": str(size)}, [], 0
    while True:
        page = page_of(rows, given, "https://x/y", Quirks(empty_page=holes))
        seen += page.rows
        pages += 1
        assert pages <= 2 * (count + 1)
        if not page.link:
            break
        query = parse_qs(urlsplit(NEXT.search(page.link)[1]).query)
        given = {name: values[0] for name, values in query.items()}

    assert seen == rows

"""What is on record of recoveries, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from recorder.model import ItemState, Window
from recorder.records.recoveries import (
    Cause,
    Counts,
    RecoveryItem,
    RecoveryItemQuery,
    RecoveryKind,
    RecoveryQuery,
    RecoveryStatus,
    Stage,
    Tending,
)
from tests.calls import START_US, a_ref, an_event, an_item, an_outcome, names_of
from tests.contract.recovery_told import HOUR_US, PERIOD, a_request, agree, missed, section, stages


@pytest.fixture
def world(recovery_world):
    return recovery_world


@pytest.fixture
def db(world):
    return world.recoveries("alpha")


@pytest.fixture
def contacts(world):
    return world.node("alpha")


# -- requests ----


def test_a_request_is_on_record_as_it_was_made(db):
    db.request(a_request())
    row = db.recovery("R-1")
    assert (row.source, row.kind, row.window) == ("dyn", RecoveryKind.MANUAL, PERIOD)
    assert (row.status, row.started_us, row.listed) == (RecoveryStatus.RUNNING, None, START_US)
    assert row.counts == Counts()
    assert db.recovery("R-2") is None


def test_a_request_for_ids_keeps_them(db):
    ids = ("m-1", "m-2")
    db.request(a_request(kind=RecoveryKind.SPECIFIC, window=None, ids=ids, cause="a.csv"))
    row = db.recovery("R-1")
    assert (row.ids, row.window, row.begin, row.end) == (ids, None, 0, 2)


def test_the_same_request_twice_is_one(world, db):
    db.request(a_request())
    again = world.recoveries("beta").request(a_request("R-2", requested_us=START_US + 5))
    assert again.recovery_id == "R-1"
    assert [row.recovery_id for row in db.recoveries(RecoveryQuery()).rows] == ["R-1"]


def test_a_request_repeated_after_a_lost_answer_is_the_same_also_when_it_is_over(db):
    db.request(a_request())
    db.cancel("R-1", "enough")
    assert db.request(a_request()).status is RecoveryStatus.CANCELLED


@pytest.mark.parametrize(
    "more",
    [
        {"window": Window(START_US, START_US + HOUR_US)},
        {"source": "zoom"},
        {"dry_run": True},
        {"kind": RecoveryKind.AUTOMATIC},
    ],
)
def test_another_request_is_another_recovery(db, more):
    db.request(a_request())
    assert db.request(a_request("R-2", **more)).recovery_id == "R-2"


def test_what_is_over_can_be_asked_for_again(db):
    db.request(a_request())
    db.cancel("R-1", "enough")
    assert db.request(a_request("R-2")).recovery_id == "R-2"


def test_a_list_has_the_newest_request_first_and_pages(db):
    for number in range(5):
        window = Window(number, number + 1)
        db.request(a_request(f"R-{number}", requested_us=START_US + number, window=window))
    first = db.recoveries(RecoveryQuery(limit=3))
    rest = db.recoveries(RecoveryQuery(limit=3, after=first.next))
    keys = [row.recovery_id for row in (*first.rows, *rest.rows)]
    assert keys == ["R-4", "R-3", "R-2", "R-1", "R-0"]
    assert rest.next is None


def test_a_list_can_be_narrowed(db):
    db.request(a_request("R-1"))
    db.request(a_request("R-2", source="zoom"))
    db.request(a_request("R-3", kind=RecoveryKind.AUTOMATIC, cause=Cause.GAP))
    db.cancel("R-1", "")

    def found(**query):
        return {row.recovery_id for row in db.recoveries(RecoveryQuery(**query)).rows}

    assert found(source="zoom") == {"R-2"}
    assert found(status=RecoveryStatus.CANCELLED) == {"R-1"}
    assert found(kind=RecoveryKind.AUTOMATIC) == {"R-3"}
    assert [row.recovery_id for row in db.running()] == ["R-2", "R-3"]


# -- cancel and resume ----


def test_cancelling_ends_what_runs_and_nothing_else(db):
    db.request(a_request())
    row = db.cancel("R-1", "cancelled by ada")
    assert (row.status, row.reason) == (RecoveryStatus.CANCELLED, "cancelled by ada")
    assert row.ended_us is not None
    assert db.cancel("R-1", "again").reason == "cancelled by ada"
    assert db.cancel("R-9", "") is None


def test_a_cancelled_recovery_counts_and_gives_nothing_more(db):
    db.request(a_request())
    db.record_section(section(missed("a")), 1)
    db.cancel("R-1", "")
    assert db.tend(Tending("R-1", room=5), 1).give == ()
    assert db.end("R-1", RecoveryStatus.COMPLETED, "", 1).status is RecoveryStatus.CANCELLED
    row = db.record_section(section(missed("b"), begin=PERIOD.to_us), 1)
    assert row.counts == Counts(detected=1, pending=1)
    agree(db)


def test_a_cancelled_recovery_can_be_resumed_where_it_was(db):
    db.request(a_request())
    db.record_section(section(missed("a"), to=START_US + HOUR_US), 1)
    db.cancel("R-1", "")
    row = db.resume("R-1")
    assert (row.status, row.reason, row.ended_us) == (RecoveryStatus.RUNNING, "", None)
    assert row.listed == START_US + HOUR_US
    assert [ref.key for ref in db.tend(Tending("R-1", room=5), 1).give] == ["a"]


def test_what_somebody_cancelled_the_system_does_not_resume(db):
    for recovery_id, status in (("R-1", RecoveryStatus.STOPPED), ("R-2", RecoveryStatus.FAILED)):
        stop(db, recovery_id, status)
        assert db.resume(recovery_id, cancelled=False).status is RecoveryStatus.RUNNING
        db.cancel(recovery_id, "by ada")
        row = db.resume(recovery_id, cancelled=False)
        assert (row.status, row.reason) == (RecoveryStatus.CANCELLED, "by ada")


def test_what_is_completed_is_not_resumed(db):
    db.request(a_request())
    db.end("R-1", RecoveryStatus.COMPLETED, "", 1)
    assert db.resume("R-1").status is RecoveryStatus.COMPLETED
    assert db.resume("R-9") is None


# -- those that ended before their end ----


def stop(db, recovery_id, status=RecoveryStatus.STOPPED, **more):
    db.request(a_request(recovery_id, **more))
    return db.end(recovery_id, status, "no answer", 1)


def stopped(db):
    return [row.recovery_id for row in db.stopped()]


def test_what_was_stopped_or_failed_is_told_until_it_runs_again_or_is_cancelled(db):
    stop(db, "R-1")
    ids = {"window": None, "ids": ("m-1",), "kind": RecoveryKind.SPECIFIC}
    stop(db, "R-2", RecoveryStatus.FAILED, requested_us=START_US + 1, **ids)
    stop(db, "R-3", dry_run=True)
    stop(db, "R-4", RecoveryStatus.COMPLETED, source="zoom")
    assert stopped(db) == ["R-2", "R-1"]
    assert [(row.ids, row.reason) for row in db.stopped()] == [((), "no answer")] * 2
    db.resume("R-1")
    assert stopped(db) == ["R-2"]
    assert db.cancel("R-2", "by ada").status is RecoveryStatus.CANCELLED
    assert stopped(db) == []


def test_what_another_recovery_completed_since_is_told_no_more(db):
    stop(db, "R-1", window=Window(10, 20))
    stop(db, "R-2", RecoveryStatus.COMPLETED, window=Window(10, 20), source="zoom")
    stop(db, "R-3", RecoveryStatus.COMPLETED, window=Window(10, 20), dry_run=True)
    stop(db, "R-4", RecoveryStatus.COMPLETED, window=Window(10, 19))
    assert stopped(db) == ["R-1"]
    stop(db, "R-5", RecoveryStatus.COMPLETED, window=Window(5, 20))
    assert stopped(db) == []


def test_only_the_newest_hundred_of_them_are_told(db):
    for number in range(103):
        stop(db, f"R-{number:03d}", window=Window(number, 1_000), requested_us=START_US + number)
    assert stopped(db) == [f"R-{number:03d}" for number in range(102, 2, -1)]


# -- the difference ----

MANY = tuple(a_ref(f"other-{number}") for number in range(600))
"""So many that a database may look for them in another way than for a few."""


@pytest.fixture(params=[(), MANY], ids=["a few", "many"])
def beside(request):
    """What else is listed: nothing of it is here."""
    return request.param


def test_the_difference_is_what_is_neither_archived_nor_not_recordable(db, contacts, beside):
    contacts.commit([an_item("here")], names_of(an_item("here")))
    contacts.record_outcome(an_outcome("muted", ItemState.NOT_RECORDABLE), 1)
    contacts.record_outcome(an_outcome("gone", ItemState.GONE), 1)
    contacts.record_outcome(an_outcome("parked", parked=True, retry_at_us=1), 1)
    contacts.record_found([a_ref("found")], [an_event("found")])
    refs = [a_ref(key) for key in ("new", "here", "muted", "gone", "parked", "found")]
    found = db.difference([*refs, *beside])
    assert (found.already_here, found.not_recordable) == (1, 1)
    missing = [ref.key for ref in found.missing[: len(found.missing) - len(beside)]]
    assert missing == ["new", "gone", "parked", "found"]
    assert found.missing[0] == refs[0]
    assert db.difference([]).missing == ()


def test_another_version_is_missing_unless_a_later_one_is_here(db, contacts, beside):
    contacts.commit([an_item("a", version="v2")], names_of(an_item("a")))
    before, after = START_US - 1, START_US + 1
    here = db.difference([a_ref("a", version="v1", changed_us=before), *beside])
    assert here.already_here == 1
    found = db.difference([a_ref("a", version="v3", changed_us=after), *beside])
    assert len(found.missing) == 1 + len(beside)


def test_the_same_version_is_here_at_whatever_instant_it_is_listed(db, contacts, beside):
    contacts.commit([an_item("a")], names_of(an_item("a")))
    for changed_us in (0, START_US - 1, START_US, START_US + 1, 2**60):
        assert db.difference([a_ref("a", changed_us=changed_us), *beside]).already_here == 1


def test_an_item_of_another_source_is_missing(db, contacts, beside):
    contacts.commit([an_item("a", source="zoom")], names_of(an_item("a", source="zoom")))
    assert len(db.difference([a_ref("a"), *beside]).missing) == 1 + len(beside)


def test_any_text_may_be_a_key(db, contacts, beside):
    odd = ["ü\0\udc00", "'; --", "📞", '["a"]', ""]
    for key in odd[:3]:
        item = an_item(key, session=f"s{odd.index(key)}")
        contacts.commit([item], names_of(item))
    found = db.difference([*(a_ref(key) for key in odd), *beside])
    assert found.already_here == 3
    assert [ref.key for ref in found.missing[:2]] == odd[3:]


# -- sections ----


def test_a_section_is_counted_and_what_is_missing_waits(db):
    db.request(a_request())
    row = db.record_section(section(missed("a"), missed("b"), here=7, ends=1), 3)
    assert row.counts == Counts(detected=10, already_here=7, not_recordable=1, pending=2)
    assert (row.listed, row.api_calls, row.node, row.term) == (PERIOD.to_us, 1, "alpha", 3)
    assert row.started_us is not None
    assert row.fetching_us is not None
    assert stages(db) == {"a": Stage.PENDING, "b": Stage.PENDING}
    agree(db)


def test_a_section_written_twice_counts_once(db):
    db.request(a_request())
    middle = START_US + HOUR_US
    for _ in range(2):
        row = db.record_section(section(missed("a"), to=middle, here=2), 1)
    assert row.counts.detected == 3
    assert row.fetching_us is None


def test_an_item_listed_in_two_sections_counts_once_and_in_its_newer_version(db):
    db.request(a_request())
    middle = START_US + HOUR_US
    db.record_section(section(missed("a"), to=middle), 1)
    newer = RecoveryItem(a_ref("a", version="v2", changed_us=middle))
    row = db.record_section(section(newer, begin=middle), 1)
    assert row.counts == Counts(detected=1, pending=1)
    (item,) = db.recovery_items(RecoveryItemQuery("R-1")).items
    assert item.ref.version == "v2"


def test_staged_items_count_with_their_section(db):
    db.request(a_request())
    db.stage([missed("a"), missed("b")], "R-1", first=True)
    assert stages(db) == {}
    assert agree(db).counts == Counts()
    row = db.record_section(section(missed("c"), staged=True), 1)
    assert row.counts == Counts(detected=3, pending=3)
    agree(db)


def test_what_was_staged_by_a_listing_that_broke_off_is_dropped(db):
    db.request(a_request())
    db.stage([missed("a"), missed("b")], "R-1", first=True)
    db.stage([missed("b")], "R-1", first=True)
    assert db.record_section(section(staged=True), 1).counts.detected == 1
    db.request(a_request("R-2", dry_run=True))
    db.stage([missed("a")], "R-2", first=True)
    other = replace(section(missed("c")), recovery_id="R-2")
    assert db.record_section(other, 1).counts.detected == 1
    assert stages(db, "R-2") == {"c": Stage.PENDING}


def test_ids_that_lead_to_nothing_have_an_end_at_once(db):
    ids = ("x", "y")
    db.request(a_request(kind=RecoveryKind.SPECIFIC, window=None, ids=ids))
    unknown = missed("x", stage=Stage.GONE, reason="unknown: no such meeting", asked="x")
    row = db.record_section(section(unknown, missed("f", asked="y"), begin=0, to=2), 1)
    assert row.counts == Counts(detected=2, gone=1, pending=1)
    found = db.recovery_items(RecoveryItemQuery("R-1", (Stage.GONE,))).items
    assert [(one.asked, one.reason) for one in found] == [("x", "unknown: no such meeting")]
    agree(db)


# -- giving, and what becomes of it ----

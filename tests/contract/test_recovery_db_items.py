"""Items of a recovery in hand: their turns, their ends and who may write them, over every database."""

from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.model import ItemState, Window
from recorder.records.recoveries import (
    Counts,
    Forecast,
    RecoveryItemQuery,
    RecoveryStatus,
    Stage,
    Tending,
)
from tests.calls import START_US, a_ref, an_event, an_item, an_outcome, names_of
from tests.contract.recovery_told import HOUR_US, a_request, agree, missed, section, stages


@pytest.fixture
def world(recovery_world):
    return recovery_world


@pytest.fixture
def db(world):
    return world.recoveries("alpha")


@pytest.fixture
def contacts(world):
    return world.node("alpha")


def given(db, *keys, room=5):
    db.request(a_request())
    db.record_section(section(*map(missed, keys)), 1)
    return db.tend(Tending("R-1", room=room), 1)


def test_items_nearest_to_their_deletion_are_given_first_and_no_more_than_there_is_room(db):
    db.request(a_request())
    late = [missed(key, expires_us=START_US + day) for key, day in (("c", 3), ("a", 1), ("b", 2))]
    db.record_section(section(*late), 1)
    tended = db.tend(Tending("R-1", room=2), 1)
    assert [ref.key for ref in tended.give] == ["a", "b"]
    assert tended.in_hand == 2
    assert tended.row.counts.pending == 3
    assert stages(db) == {"a": Stage.GIVEN, "b": Stage.GIVEN, "c": Stage.PENDING}


def test_without_a_deletion_the_oldest_are_given_first(db):
    db.request(a_request())
    db.record_section(section(missed("b", age=2), missed("a", age=3), missed("c", age=1)), 1)
    assert [ref.key for ref in db.tend(Tending("R-1", room=3), 1).give] == ["c", "b", "a"]


def test_a_given_item_is_told_again_only_when_asked(db):
    refs = given(db, "a").give
    assert refs == (a_ref("a"),)
    assert db.tend(Tending("R-1", room=5), 1).give == ()
    assert db.tend(Tending("R-1", room=5, again=True), 1).give == refs


def test_an_archived_item_is_recovered(db, contacts):
    given(db, "a", "b")
    contacts.commit([an_item("a")], names_of(an_item("a")))
    tended = db.tend(Tending("R-1", room=5), 1)
    assert tended.row.counts == Counts(detected=2, recovered=1, pending=1)
    assert (tended.in_hand, tended.row.size_bytes) == (1, 1000)
    assert stages(db)["a"] is Stage.RECOVERED
    agree(db)


def test_an_item_archived_before_its_turn_was_already_here(db, contacts):
    given(db, "a", room=0)
    contacts.commit([an_item("a")], names_of(an_item("a")))
    tended = db.tend(Tending("R-1", room=1), 1)
    assert (tended.give, tended.in_hand) == ((), 0)
    assert tended.row.counts == Counts(detected=1, already_here=1)
    agree(db)


@pytest.mark.parametrize(
    ("state", "parked", "stage"),
    [
        (ItemState.GONE, False, Stage.GONE),
        (ItemState.NOT_RECORDABLE, False, Stage.NOT_RECORDABLE),
        (ItemState.FAILED, True, Stage.FAILED),
    ],
)
def test_an_end_without_media_is_the_end_for_the_recovery_too(db, contacts, state, parked, stage):
    given(db, "a")
    contacts.record_outcome(an_outcome("a", state, parked=parked, retry_at_us=1), 1)
    db.tend(Tending("R-1", room=5), 1)
    (item,) = db.recovery_items(RecoveryItemQuery("R-1")).items
    assert (item.stage, item.reason) == (stage, "unreachable: no answer")
    assert agree(db).counts.pending == 0


def test_an_item_that_failed_for_now_is_waited_for_and_takes_no_room(db, contacts):
    given(db, "a", "b", room=1)
    contacts.record_outcome(an_outcome("a", retry_at_us=1), 1)
    tended = db.tend(Tending("R-1", room=1), 1)
    assert [ref.key for ref in tended.give] == ["b"]
    assert tended.in_hand == 1
    assert tended.row.counts.pending == 2


def test_no_more_than_so_many_wait_in_all(db, contacts):
    given(db, "a", "b", room=1)
    contacts.record_outcome(an_outcome("a", retry_at_us=1), 1)
    assert db.tend(Tending("R-1", room=5, given_max=1), 1).give == ()


@pytest.mark.parametrize(("state", "parked"), [(ItemState.FAILED, True), (ItemState.GONE, False)])
def test_what_is_parked_or_gone_is_made_due_and_judged_by_its_next_try(
    world, db, contacts, state, parked
):
    far_us = world.clock.wall_us() + 100 * HOUR_US
    contacts.record_outcome(an_outcome("a", state, parked=parked, retry_at_us=far_us), 1)
    world.clock.advance(1)
    assert [ref.key for ref in given(db, "a").give] == ["a"]
    world.clock.advance(1)
    (due,) = contacts.due_retries("dyn", world.clock.wall_us(), 5)
    assert due.ref.key == "a"
    assert db.tend(Tending("R-1", room=5), 1).row.counts.pending == 1
    contacts.record_outcome(an_outcome("a", parked=True, retry_at_us=far_us), 1)
    assert db.tend(Tending("R-1", room=5), 1).row.counts.failed == 1
    agree(db)


def test_a_replaced_file_counts_by_what_took_its_place(db, contacts):
    given(db, "a")
    newer = an_item("a", version="v2", changed_us=START_US + 5)
    contacts.record_found([newer.ref], [an_event("a")])
    assert db.tend(Tending("R-1", room=5), 1).row.counts.pending == 1
    contacts.commit([newer], names_of(newer))
    assert db.tend(Tending("R-1", room=5), 1).row.counts.recovered == 1


def test_two_recoveries_share_an_item_without_harm(db, contacts):
    given(db, "a")
    db.request(a_request("R-2", window=Window(0, 1)))
    other = replace(section(missed("a"), begin=0, to=1), recovery_id="R-2")
    db.record_section(other, 1)
    assert len(db.tend(Tending("R-2", room=5), 1).give) == 1
    contacts.commit([an_item("a")], names_of(an_item("a")))
    for name in ("R-1", "R-2"):
        assert db.tend(Tending(name, room=5), 1).row.counts.recovered == 1
        agree(db, name)


# -- ends, terms ----


def test_an_end_is_on_record_with_its_forecast(db):
    db.request(a_request(dry_run=True))
    forecast = Forecast(5_000, is_estimate=True, api_calls=3, minutes=0.5, too_late_keys=("a",))
    db.end("R-1", RecoveryStatus.COMPLETED, "", 2, forecast)
    row = db.recovery("R-1")
    assert (row.status, row.forecast, row.term) == (RecoveryStatus.COMPLETED, forecast, 2)
    assert row.ended_us is not None
    assert db.running() == ()


@pytest.mark.parametrize(
    "write",
    [
        lambda db: db.record_section(section(missed("b"), begin=START_US + HOUR_US), 4),
        lambda db: db.tend(Tending("R-1", room=5), 4),
        lambda db: db.end("R-1", RecoveryStatus.COMPLETED, "", 4),
    ],
)
def test_a_node_of_an_earlier_term_changes_nothing(world, db, write):
    db.request(a_request())
    db.record_section(section(missed("a"), to=START_US + HOUR_US), 4)
    world.see_term(5)
    before = (db.recovery("R-1"), stages(db))
    with pytest.raises(StaleTerm):
        write(db)
    assert (db.recovery("R-1"), stages(db)) == before


def test_the_other_node_goes_on_where_this_one_ended(world, db):
    given(db, "a", "b", room=1)
    world.see_term(2)
    other = world.recoveries("beta")
    assert [row.recovery_id for row in other.running()] == ["R-1"]
    tended = other.tend(Tending("R-1", room=5, again=True), 2)
    assert sorted(ref.key for ref in tended.give) == ["a", "b"]
    assert (tended.row.node, tended.row.term) == ("beta", 2)


# -- what else is known ----


def test_the_oldest_item_and_the_mean_size_are_of_the_source(db, contacts):
    assert db.oldest_us("dyn") is None
    assert db.mean_bytes("dyn") == 0
    for key, age in (("a", 5), ("b", 3)):
        item = an_item(key, session=key, changed_us=START_US + age)
        contacts.commit([item], names_of(item))
    contacts.record_found([a_ref("c", source="zoom", changed_us=1)], [an_event("c")])
    assert db.oldest_us("dyn") == START_US + 3
    assert db.mean_bytes("dyn") == 1000


def test_the_items_of_a_recovery_are_listed_in_pages_and_by_stage(db):
    db.request(a_request())
    db.record_section(section(*(missed(f"i{n}", age=n) for n in range(5))), 1)
    db.tend(Tending("R-1", room=2), 1)
    query = RecoveryItemQuery("R-1", limit=2)
    seen = []
    while True:
        page = db.recovery_items(query)
        seen += [item.ref.key for item in page.items]
        if page.next is None:
            break
        query = replace(query, after=page.next)
    assert seen == ["i0", "i1", "i2", "i3", "i4"]
    pending = db.recovery_items(RecoveryItemQuery("R-1", (Stage.PENDING,))).items
    assert [item.ref.key for item in pending] == ["i2", "i3", "i4"]
    assert pending[0].ref == a_ref("i2", changed_us=START_US + 2)

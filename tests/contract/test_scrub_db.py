"""What every database of the scrub promises: SqlScrubDb and MemoryScrubDb."""

from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.consolidate.contact import contact_id
from recorder.records.retention import Hold, Scope
from recorder.records.scrub import (
    CENSUS,
    READS,
    CensusPage,
    Change,
    Outcome,
    Reading,
    ScrubSummary,
    Walk,
)
from tests.calls import a_file, an_interaction, an_item
from tests.contract.scrub_dbs import scrub_world

WHOLE, DAMAGED, MISSING, STRAY = Outcome.WHOLE, Outcome.DAMAGED, Outcome.MISSING, Outcome.STRAY
FOREVER = 2**60
TERM = 3


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = scrub_world(request.param, request, tmp_path)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.scrub()


def bring(world, *names):
    """Archive one contact with one file for each name; its object is called so too."""
    for name in names:
        item = an_item(
            name,
            session=f"ses-{name}",
            interaction=an_interaction(f"int-{name}", session=f"ses-{name}"),
            files=(a_file(f"med-{name}"),),
        )
        world.node("alpha").commit([item], [[name]])
    return [contact_id("dyn", f"ses-{name}") for name in names]


def a_census(db, *, without_row=(), now_us=1000, stray_after_us=100, after="", upto=None):
    objects = tuple(one for one in db.census(after, 100) if upto is None or one.object_key <= upto)
    page = CensusPage(after, upto, objects, tuple(without_row), now_us, stray_after_us)
    return db.enrol(page, TERM)


def keys(objects):
    return [one.object_key for one in objects]


def due(db, before_us=FOREVER, bad_before_us=0):
    return db.due(before_us, bad_before_us, 100)


def read(db, outcome, at_us, *names, detail=""):
    objects = {one.object_key: one for one in db.census("", 100)}
    return db.record([Reading(objects[name], outcome, detail, at_us) for name in names], TERM)


@pytest.fixture
def abc(world, db):
    homes = bring(world, "a", "b", "c")
    a_census(db)
    return homes


def test_an_empty_database_has_nothing_to_read(db):
    assert db.census("", 10) == ()
    assert due(db) == ()
    assert db.summary() == ScrubSummary()
    assert db.walk(READS) == Walk()


def test_a_census_lists_objects_in_order_of_their_keys_as_they_should_be(world, db):
    homes = bring(world, "b", "a", "c")
    found = db.census("", 2)
    assert keys(found) == ["a", "b"]
    assert keys(db.census("b", 10)) == ["c"]
    first = found[0]
    assert (first.contact_id, first.size_bytes, first.sha256) == (homes[1], 1000, "ab" * 32)
    assert (first.source, first.media_key, first.held) == ("dyn", "med-a", False)


@pytest.mark.usefixtures("abc")
def test_what_was_never_read_is_due_and_what_was_read_is_not_before_its_time(db):
    assert keys(due(db)) == ["a", "b", "c"]
    read(db, WHOLE, 50, "b")
    read(db, WHOLE, 70, "a")
    assert keys(due(db)) == ["c", "b", "a"]
    assert keys(due(db, before_us=70)) == ["c", "b"]
    assert keys(db.due(FOREVER, 0, 1)) == ["c"]


@pytest.mark.usefixtures("abc")
def test_a_second_census_changes_nothing_of_what_was_read(db):
    read(db, WHOLE, 50, "b")
    assert a_census(db, now_us=60) == ()
    assert keys(due(db)) == ["a", "c", "b"]


def test_held_objects_come_first(world, db, abc):
    hold = Hold("h1", "a case", Scope(contact_id=abc[1]), 5, "anna")
    world.retention("alpha").place_hold(hold)
    read(db, WHOLE, 50, "b")
    a_census(db)
    first, *_ = due(db)
    assert (first.object_key, first.held) == ("b", True)
    assert db.summary().held == 1
    world.retention("alpha").release_hold("h1", "anna", "it is over")
    a_census(db)
    assert keys(due(db)) == ["a", "c", "b"]
    assert not any(one.held for one in due(db))


@pytest.mark.usefixtures("abc")
def test_what_is_bad_is_due_before_everything_else_when_its_time_has_come(db):
    read(db, DAMAGED, 50, "c")
    read(db, MISSING, 40, "b")
    assert keys(due(db, before_us=0, bad_before_us=60)) == ["b", "c"]
    assert keys(due(db, before_us=0, bad_before_us=50)) == ["b"]
    assert keys(due(db, before_us=10, bad_before_us=60)) == ["b", "c", "a"]


@pytest.mark.usefixtures("abc")
def test_a_change_for_the_worse_and_back_is_told_once_each(db):
    assert read(db, WHOLE, 10, "a") == ()
    assert read(db, DAMAGED, 20, "a", detail="another hash") == (
        Change("a", WHOLE, DAMAGED, "another hash", 20),
    )
    assert read(db, DAMAGED, 30, "a", detail="another hash") == ()
    assert read(db, WHOLE, 40, "a") == (Change("a", DAMAGED, WHOLE, "", 40),)


@pytest.mark.usefixtures("abc")
def test_what_is_bad_is_listed_with_the_time_it_was_first_found(db):
    read(db, DAMAGED, 20, "a", detail="another hash")
    read(db, DAMAGED, 30, "a", detail="another hash")
    read(db, MISSING, 10, "c", detail="gone")
    rows = db.bad(10)
    assert [(r.object_key, r.outcome, r.since_us, r.read_us, r.times) for r in rows] == [
        ("c", MISSING, 10, 10, 1),
        ("a", DAMAGED, 20, 30, 2),
    ]
    assert len(db.bad(1)) == 1


def test_a_reading_of_what_was_deleted_meanwhile_says_nothing(world, db, abc):
    (one, *_) = due(db)
    world.forget(abc[0])
    assert db.record([Reading(one, MISSING, "gone", 20)], TERM) == ()
    assert db.bad(10) == ()
    assert db.summary().objects == 2


@pytest.mark.usefixtures("abc")
def test_a_reading_of_what_is_another_file_by_now_says_nothing(db):
    (one, *_) = due(db)
    other = replace(one, sha256="cd" * 32)
    assert db.record([Reading(other, DAMAGED, "another hash", 20)], TERM) == ()
    assert db.summary().unread == 3


def test_a_census_forgets_what_was_deleted(world, db, abc):
    read(db, MISSING, 20, "a")
    world.forget(abc[0])
    assert a_census(db) == (Change("a", MISSING, Outcome.UNREAD, "it is no longer there", 1000),)
    assert keys(due(db)) == ["b", "c"]


def test_an_object_without_a_row_is_a_stray_when_it_stays_one(db):
    assert a_census(db, without_row=["x"], now_us=1000) == ()
    assert a_census(db, without_row=["x"], now_us=1099) == ()
    (change,) = a_census(db, without_row=["x"], now_us=1100)
    assert (change.object_key, change.after, change.since_us) == ("x", STRAY, 1000)
    assert a_census(db, without_row=["x"], now_us=1200) == ()
    assert [row.object_key for row in db.bad(10)] == ["x"]
    assert (db.summary().stray, db.summary().objects) == (1, 0)
    assert due(db) == ()


def test_a_stray_that_goes_away_or_is_committed_is_none(world, db):
    a_census(db, without_row=["x", "y"], now_us=1000)
    a_census(db, without_row=["x", "y"], now_us=2000)
    bring(world, "x")
    changes = a_census(db, now_us=3000)
    assert [(one.object_key, one.before, one.after) for one in changes] == [
        ("x", STRAY, Outcome.UNREAD),
        ("y", STRAY, Outcome.UNREAD),
    ]
    assert db.bad(10) == ()
    assert keys(due(db)) == ["x"]


@pytest.mark.usefixtures("abc")
def test_a_page_speaks_of_its_own_range_only(db):
    read(db, WHOLE, 50, "a", "b", "c")
    page = CensusPage("a", "b", (), (), 1000, 100)
    db.enrol(page, TERM)
    assert keys(due(db)) == ["a", "c"]


def test_walks_go_on_where_they_were(world, db):
    walk = Walk("a/b", 5, None, None)
    assert walk.running
    db.save_walk(READS, walk, TERM)
    db.save_walk(CENSUS, Walk("", 9, 10, 9), TERM)
    other = world.scrub()
    assert (other.walk(READS), other.walk(CENSUS)) == (walk, Walk("", 9, 10, 9))
    assert not other.walk(CENSUS).running
    assert (other.summary().reads, other.summary().census) == (walk, Walk("", 9, 10, 9))


@pytest.mark.usefixtures("abc")
def test_the_summary_counts_everything(db):
    db.save_walk(READS, Walk("", 15, None, None), TERM)
    read(db, WHOLE, 10, "a")
    read(db, DAMAGED, 20, "b")
    summary = db.summary()
    assert (summary.objects, summary.unread, summary.read_in_pass) == (3, 1, 1)
    assert (summary.damaged, summary.missing, summary.oldest_read_us) == (1, 0, None)
    read(db, MISSING, 30, "c")
    summary = db.summary()
    assert (summary.unread, summary.read_in_pass, summary.missing) == (0, 2, 1)
    assert summary.oldest_read_us == 10


@pytest.mark.usefixtures("abc")
def test_a_stale_term_changes_nothing(world, db):
    world.see_term(9)
    with pytest.raises(StaleTerm):
        read(db, DAMAGED, 20, "a")
    with pytest.raises(StaleTerm):
        a_census(db)
    with pytest.raises(StaleTerm):
        db.save_walk(READS, Walk("x", 1, None, None), TERM)
    assert db.bad(10) == ()
    assert db.walk(READS) == Walk()


def test_an_object_that_two_rows_name_is_one_object_and_ends_no_page(world, db):
    for name in ("b", "c"):
        item = an_item(
            name,
            session=f"ses-{name}",
            interaction=an_interaction(f"int-{name}", session=f"ses-{name}"),
            files=(a_file(f"med-{name}"),),
        )
        world.node("alpha").commit([item], [["b"]])
    bring(world, "a", "z")
    assert keys(db.census("", 2)) == ["a", "b"]
    assert keys(db.census("b", 2)) == ["z"]

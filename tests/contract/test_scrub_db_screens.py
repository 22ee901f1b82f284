"""Parts of screens and renditions are scrubbed as files of media are: SqlScrubDb and MemoryScrubDb."""

from dataclasses import replace

import pytest

from recorder.records.retention import DeletionState
from recorder.records.scrub import Outcome, Reading
from recorder.scn.rendition_keys import RENDITIONS, SCREENS
from tests.contract.scrub_dbs import scrub_world
from tests.contract.test_retention_db import LATER_US, OVER_US, RULES, WALK, order
from tests.contract.test_screen_db import a_rendition
from tests.contract.test_scrub_db import FOREVER, TERM, a_census, bring, keys
from tests.screens import KEY, a_part

OTHER = "cd" * 16
BESIDE = {
    "peaks_bytes": 7,
    "peaks_sha256": "cd" * 32,
    "timeline_bytes": 9,
    "timeline_sha256": "ef" * 32,
}


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = scrub_world(request.param, request, tmp_path)
    world.see_term(TERM)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.scrub()


@pytest.fixture
def screens(world):
    screens = world.screens()
    screens.record_parts([a_part(), replace(a_part(OTHER), part_key=OTHER)])
    return screens


def test_parts_of_screens_are_objects_until_they_are_forgotten(db, screens):
    (one, other) = db.census("", 10)
    part = a_part()
    assert one.object_key == part.object_key
    assert (one.source, one.media_key, one.sha256) == (SCREENS, KEY, part.sha256)
    assert db.census(one.object_key, 10) == (other,)
    a_census(db)
    assert keys(db.due(FOREVER, FOREVER, 10)) == [one.object_key, other.object_key]
    screens.forget_part(KEY, "nobody needed it")
    assert keys(db.census("", 10)) == [other.object_key]
    assert keys(db.due(FOREVER, FOREVER, 10)) == [other.object_key]


def test_the_newest_rendition_of_a_contact_is_an_object(db, screens):
    for digest in ("d1", "d2"):
        screens.record_rendition(a_rendition(digest))
    made = [one for one in db.census("", 10) if one.source == RENDITIONS]
    assert [one.media_key for one in made] == ["c1/2"]
    assert made[0].object_key == a_rendition("d2").object_key
    assert made[0].contact_id == "c1"


def test_the_files_beside_the_newest_rendition_are_objects_where_their_hashes_are_on_record(
    db, screens
):
    screens.record_rendition(a_rendition("d1", **BESIDE))
    made = screens.record_rendition(a_rendition("d2", **BESIDE))
    assert made.timeline_sha256 == BESIDE["timeline_sha256"]
    screens.record_rendition(a_rendition("d1", contact="c2"))
    found = [one for one in db.census("", 20) if one.source == RENDITIONS]
    assert {one.media_key: (one.object_key, one.size_bytes, one.sha256) for one in found} == {
        "c1/2": (made.object_key, made.size_bytes, made.sha256),
        "c1/2/peaks": (made.peaks_key, 7, BESIDE["peaks_sha256"]),
        "c1/2/timeline": (made.timeline_key, 9, BESIDE["timeline_sha256"]),
        "c2/1": (a_rendition("d1", contact="c2").object_key, 10, "ab" * 32),
    }
    assert {one.contact_id for one in found} == {"c1", "c2"}
    a_census(db)
    assert made.peaks_key in keys(db.due(FOREVER, FOREVER, 20))


@pytest.mark.usefixtures("screens")
def test_what_is_wrong_with_a_screen_is_on_record_and_heals(db):
    a_census(db)
    one = db.due(FOREVER, FOREVER, 1)[0]
    (change,) = db.record([Reading(one, Outcome.DAMAGED, "other bytes", 50)], TERM)
    assert (change.object_key, change.after) == (one.object_key, Outcome.DAMAGED)
    assert keys(db.bad(10)) == [one.object_key]
    assert keys(db.due(0, FOREVER, 10)) == [one.object_key], "what is bad comes first"
    (change,) = db.record([Reading(one, Outcome.WHOLE, "", 60)], TERM)
    assert change.after is Outcome.WHOLE
    assert db.bad(10) == ()


def test_all_kinds_come_in_the_order_of_their_keys_page_by_page(world, db, screens):
    bring(world, "a", "zz")
    screens.record_rendition(a_rendition())
    found, after = [], ""
    while page := db.census(after, 2):
        found += keys(page)
        after = found[-1]
    assert found == sorted(found)
    assert len(found) == 5


def test_a_reading_of_what_was_forgotten_meanwhile_says_nothing(db, screens):
    a_census(db)
    one = db.due(FOREVER, FOREVER, 1)[0]
    screens.forget_part(one.media_key, "deleted: retention")
    assert db.record([Reading(one, Outcome.MISSING, "gone", 50)], TERM) == ()
    assert db.bad(10) == ()


def test_what_a_policy_is_taking_away_is_not_missing(world, db, screens):
    (home,) = bring(world, "a")
    rendition = screens.record_rendition(a_rendition(contact=home))
    a_census(db)
    (one,) = (of for of in db.due(FOREVER, FOREVER, 9) if of.object_key == rendition.object_key)
    retention = world.retention("alpha")
    retention.decide(retention.survey(WALK, RULES, LATER_US).due, RULES, LATER_US, TERM)
    (due,) = retention.ready(OVER_US, 1)
    assert retention.begin_deletion(order(due), TERM).state is DeletionState.DELETING
    assert db.record([Reading(one, Outcome.MISSING, "gone", 50)], TERM) == ()

"""What every contact database promises about items, progress and history."""

from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.errors import DataCenterError
from recorder.model import ItemState, SourceProgress, Window
from recorder.records.contacts import HistoryRow, ItemQuery
from tests.calls import START_US, a_file, a_ref, an_event, an_item, an_outcome, names_of
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world

FAILED, GONE, NOT_RECORDABLE = ItemState.FAILED, ItemState.GONE, ItemState.NOT_RECORDABLE

HOUR_US = 3600 * 1_000_000


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    if request.param == "memory":
        world = MemoryWorld()
    elif request.param == "sqlite":
        world = sqlite_world(tmp_path)
    else:
        world = SqlWorld(request.getfixturevalue("postgres_url"))
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.node("alpha")


def states(db):
    return {row.ref.key: row.state for row in db.items(ItemQuery()).rows}


# -- found and finished ----


def test_nothing_is_finished_in_an_empty_database(db):
    refs = [a_ref("b"), a_ref("a")]
    assert db.unfinished(refs) == tuple(refs)
    assert db.unfinished([]) == ()


def test_a_found_item_is_unfinished_and_its_row_says_who_found_it_when(db):
    db.record_found([a_ref()], [an_event(at_us=START_US + 7)])
    assert db.unfinished([a_ref()]) == (a_ref(),)
    (row,) = db.items(ItemQuery()).rows
    assert (row.ref, row.state, row.found_by, row.found_us) == (
        a_ref(),
        "found",
        "alpha",
        START_US + 7,
    )
    assert row.late_s == pytest.approx(7e-6)


def test_recording_found_again_changes_nothing(world, db):
    db.record_found([a_ref()], [])
    before = db.items(ItemQuery()).rows
    world.clock.advance(10)
    world.node("beta").record_found([a_ref(), a_ref()], [])
    assert db.items(ItemQuery()).rows == before


def test_recording_found_does_not_open_an_archived_item_again(db):
    db.commit([an_item()], names_of(an_item()))
    db.record_found([a_ref()], [])
    assert states(db) == {"rec-1": "archived"}
    assert db.unfinished([a_ref()]) == ()


@pytest.mark.parametrize("state", [GONE, NOT_RECORDABLE])
def test_an_item_that_ended_without_media_is_finished(db, state):
    db.record_outcome(an_outcome(state=state), 1)
    assert db.unfinished([a_ref()]) == ()


def test_a_failed_item_is_unfinished_but_a_parked_one_is_passed_by(db):
    db.record_outcome(an_outcome("a"), 1)
    db.record_outcome(an_outcome("b", parked=True, retry_at_us=START_US), 1)
    assert db.unfinished([a_ref("a"), a_ref("b")]) == (a_ref("a"),)


def test_a_new_version_is_unfinished_whatever_became_of_the_one_before(db):
    db.commit([an_item("a")], names_of(an_item("a")))
    db.record_outcome(an_outcome("b", parked=True), 1)
    newer = [a_ref("a", version="v2"), a_ref("b", version="v2")]
    assert db.unfinished(newer) == tuple(newer)
    db.record_found(newer, [])
    assert states(db) == {"a": "found", "b": "found"}
    assert not any(row.parked for row in db.items(ItemQuery()).rows)


def test_an_older_version_listed_late_does_not_open_a_finished_item(db):
    new = an_item(version="v2", changed_us=START_US + 10)
    db.commit([new], names_of(new))
    db.record_found([a_ref(version="v1")], [])
    assert states(db) == {"rec-1": "archived"}


@pytest.mark.parametrize(("later_us", "state"), [(-1, "archived"), (0, "archived"), (1, "found")])
def test_what_was_listed_a_while_ago_opens_an_item_only_for_a_later_change(db, later_us, state):
    db.commit([an_item(version="v2")], names_of(an_item(version="v2")))
    seen = a_ref(version="v1", changed_us=a_ref().changed_us + later_us)
    db.record_found([seen, a_ref("new")], [], late=True)
    assert states(db) == {"rec-1": state, "new": "found"}


def test_of_two_versions_told_at_once_the_last_is_on_record(db):
    both = [a_ref(version="v1"), a_ref(version="v2")]
    db.record_found(both, [], late=True)
    assert db.item("dyn", "rec-1")[0].ref == both[1]


def test_sources_do_not_share_keys(db):
    db.commit([an_item(source="one")], names_of(an_item(source="one")))
    refs = [a_ref(source="two"), a_ref(source="one")]
    assert db.unfinished(refs) == (a_ref(source="two"),)


def test_thousands_of_items_are_asked_for_at_once_and_keep_their_order(db):
    items = [an_item(f"rec-{n}", session=f"ses-{n}") for n in range(0, 600, 2)]
    db.commit(items, names_of(*items))
    refs = [a_ref(f"rec-{n}", session=f"ses-{n}") for n in range(6000)]
    wanted = tuple(ref for n, ref in enumerate(refs) if n >= 600 or n % 2)
    assert db.unfinished(refs) == wanted


# -- commit ----


def test_a_commit_tells_new_from_already_there(world, db):
    one, two = an_item("a"), an_item("b")
    assert db.commit([one], names_of(one)).new == ("a",)
    result = world.node("beta").commit([one, two], names_of(one, two))
    assert (result.new, result.already) == (("b",), ("a",))
    assert db.commit([], []).new == ()


def test_a_committed_item_says_where_it_went_and_who_brought_it(world, db):
    db.record_found([a_ref()], [an_event(at_us=START_US + 1)])
    world.clock.advance(60)
    world.node("beta").commit([an_item()], names_of(an_item()))
    (row,) = db.item("dyn", "rec-1")
    assert (row.state, row.found_by, row.archived_by) == ("archived", "alpha", "beta")
    assert (row.found_us, row.archived_us) == (START_US + 1, world.clock.wall_us())
    assert row.contact_id == db.contact("ses-1").row.contact_id
    assert (row.size_bytes, row.attempts) == (1000, 1)


def test_a_late_result_of_an_old_version_does_not_end_the_new_one(db):
    db.record_found([a_ref(version="v2", changed_us=START_US + 10)], [])
    old = an_item(version="v1")
    db.commit([old], names_of(old))
    assert states(db) == {"rec-1": "found"}
    assert [media.media_key for media in db.contact("ses-1").media] == ["med-rec-1"]


def test_a_late_commit_of_an_old_version_leaves_the_archived_new_one(db):
    new = an_item(version="v2", changed_us=START_US + 10, files=[a_file("second")])
    db.commit([new], names_of(new))
    old = an_item(version="v1", files=[a_file("first")])
    db.commit([old], names_of(old))
    (row,) = db.item("dyn", "rec-1")
    assert (row.ref.version, row.state) == ("v2", "archived")
    assert db.unfinished([new.ref]) == ()
    assert {one.media_key for one in db.contact("ses-1").media} == {"first", "second"}


def test_of_two_versions_that_changed_at_one_instant_the_one_found_later_stays(world, db):
    old, new = (
        an_item(version=version, found_us=START_US + found_us, files=[a_file(version)])
        for version, found_us in (("v1", 5), ("v2", 9))
    )
    for one in (new, old):
        world.node("beta").commit([one], names_of(one))
    db.record_outcome(replace(an_outcome(state=GONE), ref=old.ref, found_us=START_US + 5), 1)
    (row,) = db.item("dyn", "rec-1")
    assert (row.ref.version, row.state, row.found_us) == ("v2", "archived", START_US + 9)
    assert {one.media_key for one in db.contact("ses-1").media} == {"v1", "v2"}


def test_an_item_twice_in_one_batch_is_one_item(db):
    result = db.commit([an_item(), an_item()], names_of(an_item(), an_item()))
    assert (result.new, result.already) == (("rec-1",), ())
    assert db.contact("ses-1").row.media == 1


def test_a_recording_is_committed_whatever_characters_its_texts_hold(db):
    odd = "Zoë \0 \ud800 \N{GRINNING FACE}"
    item = an_item(files=[a_file(odd)])
    item.ref.hints["odd"] = odd
    db.commit([item], [["dyn/x"]])
    assert db.unfinished([item.ref]) == ()
    assert db.commit([item], [["dyn/x"]]).already == ("rec-1",)
    assert db.contact("ses-1").row.media == 1


# -- outcomes and fences ----


def test_an_archived_item_stays_archived(db):
    db.commit([an_item()], names_of(an_item()))
    for state in (FAILED, GONE, NOT_RECORDABLE):
        db.record_outcome(an_outcome(state=state), 1)
    assert states(db) == {"rec-1": "archived"}


def test_a_failure_does_not_overwrite_an_end(db):
    db.record_outcome(an_outcome(state=GONE), 1)
    db.record_outcome(an_outcome(state=FAILED), 1)
    assert states(db) == {"rec-1": "gone"}


def test_a_commit_overwrites_any_outcome(db):
    db.record_outcome(an_outcome(parked=True, retry_at_us=START_US), 1)
    db.commit([an_item()], names_of(an_item()))
    (row,) = db.items(ItemQuery()).rows
    assert (row.state, row.parked, row.retry_at_us, row.reason) == ("archived", False, None, "")


def test_a_stale_term_changes_neither_outcome_nor_progress(world, db):
    world.see_term(7)
    with pytest.raises(StaleTerm) as caught:
        db.record_outcome(an_outcome(), 6)
    assert (caught.value.term, caught.value.seen) == (6, 7)
    with pytest.raises(StaleTerm):
        db.save_progress(SourceProgress("dyn", 1, 10, 20), 6)
    assert states(db) == {}
    assert db.load_progress() == ()


def test_the_same_and_a_higher_term_are_accepted(world, db):
    world.see_term(7)
    db.record_outcome(an_outcome("a"), 7)
    db.record_outcome(an_outcome("b"), 9)
    db.save_progress(SourceProgress("dyn", 1, 10, 20), 9)
    assert states(db) == {"a": "failed", "b": "failed"}


def test_recordings_are_accepted_whatever_the_term(world, db):
    world.see_term(7)
    assert db.commit([an_item()], names_of(an_item())).new == ("rec-1",)


# -- trying again ----


def test_parked_items_come_back_when_their_time_has_come(db):
    db.record_outcome(an_outcome("late", parked=True, retry_at_us=START_US + 20), 1)
    db.record_outcome(an_outcome("soon", parked=True, retry_at_us=START_US + 10), 1)
    db.record_outcome(an_outcome("failed", retry_at_us=START_US), 1)
    assert db.due_retries("dyn", START_US + 9, 10) == ()
    due = db.due_retries("dyn", START_US + 20, 10)
    assert [row.ref.key for row in due] == ["soon", "late"]
    assert len(db.due_retries("dyn", START_US + 20, 1)) == 1
    assert db.due_retries("other", START_US + 20, 10) == ()


def test_an_item_parked_by_a_clock_that_was_ahead_is_due_at_once(db):
    db.record_outcome(an_outcome(parked=True, retry_at_us=START_US + HOUR_US), 1)
    assert db.due_retries("dyn", START_US + HOUR_US // 2, 10) == ()
    hour_before_us = START_US - HOUR_US
    assert [row.ref.key for row in db.due_retries("dyn", hour_before_us, 10)] == ["rec-1"]


@pytest.mark.parametrize("state", [FAILED, GONE])
def test_an_operator_makes_a_failed_or_gone_item_due(db, state):
    db.record_outcome(an_outcome(state=state), 1)
    assert db.retry_now("dyn", "rec-1", START_US + 5)
    assert [row.ref.key for row in db.due_retries("dyn", START_US + 5, 10)] == ["rec-1"]


def test_there_is_nothing_to_retry_about_other_items(db):
    db.commit([an_item()], names_of(an_item()))
    assert not db.retry_now("dyn", "rec-1", START_US)
    assert not db.retry_now("dyn", "no-such", START_US)


# -- progress ----


def test_progress_keeps_the_higher_mark_and_joins_coverage(world, db):
    db.save_progress(SourceProgress("dyn", 1, 50, 90, (Window(10, 20), Window(30, 40))), 1)
    now = world.node("beta").save_progress(
        SourceProgress("dyn", 1, 40, 95, (Window(20, 30), Window(60, 70))), 1
    )
    assert now == SourceProgress("dyn", 1, 50, 95, (Window(10, 40), Window(60, 70)))
    assert db.load_progress() == (now,)


def test_a_higher_epoch_replaces_and_a_lower_one_is_ignored(db):
    db.save_progress(SourceProgress("dyn", 1, 50, 90, (Window(10, 50),)), 1)
    rewound = SourceProgress("dyn", 2, 20, 20, (Window(10, 20),))
    assert db.save_progress(rewound, 1) == rewound
    assert db.save_progress(SourceProgress("dyn", 1, 99, 99), 1) == rewound


def test_progress_is_kept_by_source(db):
    db.save_progress(SourceProgress("b", 1, 1, 1), 1)
    db.save_progress(SourceProgress("a", 1, 2, 2), 1)
    assert [progress.source for progress in db.load_progress()] == ["a", "b"]


# -- people ----


def test_the_story_of_an_item_is_told_in_order_and_each_step_once(world, db):
    found, fetched = an_event(number=1), an_event(number=2, what="fetching", at_us=START_US + 5)
    other = an_event(number=1, node="beta", what="archived", at_us=START_US + 9)
    db.record_events([fetched])
    db.record_found([a_ref()], [found])
    item = an_item(events=[fetched, other])
    world.node("beta").commit([item], names_of(item))
    db.record_events([found, other, an_event("another", number=9)])
    assert db.story("dyn", "rec-1") == (found, fetched, other)
    assert db.story("dyn", "unheard-of") == ()


def test_items_are_counted_by_source_and_state(db):
    items = [an_item("a"), an_item("b", source="two")]
    db.commit(items, names_of(*items))
    db.record_outcome(an_outcome("c"), 1)
    db.record_outcome(an_outcome("d", parked=True), 1)
    assert db.item_counts() == {
        ("dyn", "archived"): 1,
        ("dyn", "failed"): 1,
        ("dyn", "parked"): 1,
        ("two", "archived"): 1,
    }


def test_an_item_is_found_by_its_own_key_its_session_or_its_media(db):
    items = [an_item("rec-1"), an_item("rec-10", session="ses-2")]
    db.commit(items, names_of(*items))

    def keys(key, source=None):
        return [row.ref.key for row in db.item(source, key)]

    assert keys("rec-1") == ["rec-1"]
    assert keys("ses-2") == ["rec-10"]
    assert keys("med-rec-10") == ["rec-10"]
    assert keys("rec-") == ["rec-1", "rec-10"]
    assert keys("med-") == ["rec-1", "rec-10"]
    assert keys("rec-", "other") == []
    assert keys("%") == []


def test_items_are_filtered_by_source_state_and_parking(db):
    db.commit([an_item("a")], names_of(an_item("a")))
    db.record_outcome(an_outcome("b"), 1)
    db.record_outcome(an_outcome("c", parked=True), 1)
    db.record_outcome(an_outcome("d", source="two"), 1)

    def keys(**query):
        return {row.ref.key for row in db.items(ItemQuery(**query)).rows}

    assert keys(source="two") == {"d"}
    assert keys(states=("archived",)) == {"a"}
    assert keys(states=("failed",)) == {"b", "d"}
    assert keys(states=("failed", "parked")) == {"b", "c", "d"}
    assert keys(parked=True) == {"c"}
    assert keys(parked=False) == {"a", "b", "d"}


def test_pages_of_items_hold_each_untouched_item_once_while_others_change(world, db):
    for n in range(7):
        world.clock.advance(1)
        db.record_found([a_ref(f"rec-{n}")], [])
    seen, after = [], None
    while True:
        page = db.items(ItemQuery(after=after, limit=2))
        seen += [row.ref.key for row in page.rows]
        if page.next is None:
            break
        after = page.next
        world.clock.advance(1)
        db.record_found([a_ref(f"new-{len(seen)}")], [])
        db.record_outcome(an_outcome("rec-6"), 1)
    assert seen == ["rec-6", "rec-5", "rec-4", "rec-3", "rec-2", "rec-1", "rec-0"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "bnVsbA", "WzEsMl0", "\N{SNOWMAN}"])
def test_a_cursor_from_elsewhere_is_refused(db, cursor):
    with pytest.raises(DataCenterError, match="cursor"):
        db.items(ItemQuery(after=cursor))


def test_the_history_of_roles_is_newest_first_and_holds_each_change_once(db):
    rows = [HistoryRow(START_US + n, "alpha", "secondary", "primary", n, "why") for n in range(3)]
    for row in (*rows, *rows):
        db.record_role_change(row)
    assert db.role_history(10) == tuple(reversed(rows))
    assert db.role_history(1) == (rows[2],)

"""What is on record of recoveries, over memory, SQLite and PostgreSQL."""

from collections import Counter
from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.model import ItemState, Window
from recorder.recovery_rows import (
    Cause,
    Counts,
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryItemQuery,
    RecoveryKind,
    RecoveryQuery,
    RecoveryRow,
    RecoveryStatus,
    Stage,
    Tending,
)
from tests.calls import START_US, a_ref, an_event, an_item, an_outcome, names_of
from tests.contract.recovery_dbs import MemoryRecoveries, SqlRecoveries, sqlite_recoveries

HOUR_US = 3600 * 1_000_000
PERIOD = Window(START_US, START_US + 10 * HOUR_US)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    if request.param == "memory":
        world = MemoryRecoveries()
    elif request.param == "sqlite":
        world = sqlite_recoveries(tmp_path)
    else:
        world = SqlRecoveries(request.getfixturevalue("postgres_url"))
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.recoveries("alpha")


@pytest.fixture
def contacts(world):
    return world.node("alpha")


def a_request(recovery_id="R-1", **more):
    facts = {
        "source": "dyn",
        "kind": RecoveryKind.MANUAL,
        "cause": Cause.OPERATOR,
        "requested_us": START_US,
        "requested_by": "ada",
        "window": PERIOD,
        "updated_us": START_US,
    }
    return RecoveryRow(recovery_id, **{**facts, **more})


def missed(key, age=0, **more):
    return RecoveryItem(a_ref(key, changed_us=START_US + age), **more)


def section(*items, begin=PERIOD.from_us, to=PERIOD.to_us, here=0, ends=0, **more):
    return ListedSection("R-1", begin, to, here, ends, tuple(items), 1, **more)


def stages(db, recovery_id="R-1"):
    found = db.recovery_items(RecoveryItemQuery(recovery_id)).items
    return {item.ref.key: item.stage for item in found}


def agree(db, recovery_id="R-1"):
    """Counts and items say the same, and they add up."""
    row = db.recovery(recovery_id)
    found = Counter(stages(db, recovery_id).values())
    counts = row.counts
    assert counts.add_up
    assert counts.pending == found[Stage.PENDING] + found[Stage.GIVEN]
    for stage in (Stage.RECOVERED, Stage.GONE, Stage.FAILED):
        assert getattr(counts, stage.value) == found[stage]
    assert counts.already_here >= found[Stage.ALREADY_HERE]
    assert counts.not_recordable >= found[Stage.NOT_RECORDABLE]
    return row


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


def test_what_is_completed_is_not_resumed(db):
    db.request(a_request())
    db.end("R-1", RecoveryStatus.COMPLETED, "", 1)
    assert db.resume("R-1").status is RecoveryStatus.COMPLETED
    assert db.resume("R-9") is None


# -- the difference ----


def test_the_difference_is_what_is_neither_archived_nor_not_recordable(db, contacts):
    contacts.commit([an_item("here")], names_of(an_item("here")))
    contacts.record_outcome(an_outcome("muted", ItemState.NOT_RECORDABLE), 1)
    contacts.record_outcome(an_outcome("gone", ItemState.GONE), 1)
    contacts.record_outcome(an_outcome("parked", parked=True, retry_at_us=1), 1)
    contacts.record_found([a_ref("found")], [an_event("found")])
    refs = [a_ref(key) for key in ("new", "here", "muted", "gone", "parked", "found")]
    found = db.difference(refs)
    assert (found.already_here, found.not_recordable) == (1, 1)
    assert [ref.key for ref in found.missing] == ["new", "gone", "parked", "found"]
    assert found.missing[0] == refs[0]
    assert db.difference([]).missing == ()


def test_another_version_is_missing_unless_a_later_one_is_here(db, contacts):
    contacts.commit([an_item("a", version="v2")], names_of(an_item("a")))
    before, after = START_US - 1, START_US + 1
    assert db.difference([a_ref("a", version="v1", changed_us=before)]).already_here == 1
    assert len(db.difference([a_ref("a", version="v3", changed_us=after)]).missing) == 1


def test_an_item_of_another_source_is_missing(db, contacts):
    contacts.commit([an_item("a", source="zoom")], names_of(an_item("a", source="zoom")))
    assert len(db.difference([a_ref("a")]).missing) == 1


def test_any_text_may_be_a_key(db, contacts):
    odd = ["ü\0\udc00", "'; --", '["a"]', ""]
    for key in odd[:2]:
        item = an_item(key, session=f"s{odd.index(key)}")
        contacts.commit([item], names_of(item))
    found = db.difference([a_ref(key) for key in odd])
    assert found.already_here == 2
    assert [ref.key for ref in found.missing] == odd[2:]


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

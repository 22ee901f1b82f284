"""What is on record of findings, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.errors import BadCursor
from recorder.model import Window
from recorder.records.findings import (
    ACCEPTED,
    NODE_UP,
    NOTED,
    Closing,
    FindingQuery,
    RunRow,
    Scope,
    Severity,
    Sighting,
    Span,
    Step,
    What,
    Why,
)
from recorder.records.retention import DeletionState
from tests.calls import START_US, a_file, a_ref, an_item, names_of
from tests.contract.finding_dbs import findings_world

HOUR_US = 3600 * 1_000_000
END_US = START_US + 10 * HOUR_US


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = findings_world(request.param, request, tmp_path)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.findings("alpha")


@pytest.fixture
def contacts(world):
    return world.node("alpha")


def a_run(run_id="C-1", **more):
    facts = {
        "source": "dyn",
        "scope": Scope.RECENT,
        "from_us": START_US,
        "to_us": END_US,
        "started_us": START_US,
        "reached_us": START_US,
    }
    return RunRow(run_id, **{**facts, **more})


def seen(subject="rec-1", what=What.NOT_HERE, **more):
    facts = {
        "why": Why.LATE_AT_SOURCE,
        "severity": Severity.CRITICAL,
        "at_us": START_US,
        "detail": "listed late",
    }
    return Sighting("dyn", what, subject, **{**facts, **more})


def step(*sightings, begin=START_US, reached=END_US, closings=(), **counts):
    return Step("C-1", begin, reached, tuple(sightings), tuple(closings), counts)


def listed(db, **query):
    return db.findings(FindingQuery(**query)).rows


def test_a_sighting_opens_a_finding_that_says_all_it_says(world, db):
    db.begin_run(a_run(), 3)
    db.record_step(step(seen()), 3)
    (row,) = listed(db)
    assert (row.source, row.what, row.subject) == ("dyn", What.NOT_HERE, "rec-1")
    assert (row.why, row.severity, row.detail) == (
        Why.LATE_AT_SOURCE,
        Severity.CRITICAL,
        "listed late",
    )
    assert (row.opened_us, row.seen_us, row.is_open) == (world.clock.wall_us(),) * 2 + (True,)
    assert row.run_id == "C-1"
    assert db.finding(row.finding_id) == row
    assert db.finding("F-nobody") is None


def test_what_is_seen_again_stays_one_finding_with_the_latest_cause(world, db):
    db.settle(step(seen()), 3)
    (before,) = listed(db)
    world.clock.advance(60)
    db.settle(step(seen(why=Why.PARKED, detail="not_media: empty")), 3)
    (after,) = listed(db)
    assert after.finding_id == before.finding_id
    assert (after.opened_us, after.seen_us) == (before.opened_us, world.clock.wall_us())
    assert (after.why, after.detail) == (Why.PARKED, "not_media: empty")
    world.clock.advance(60)
    db.settle(step(seen(why=Why.PARKED, detail="not_media: empty")), 3)
    assert listed(db)[0].seen_us == world.clock.wall_us()


def test_what_has_another_instant_by_now_is_the_same_finding_there(db):
    db.settle(step(seen(), seen("object", What.OBJECT_WITHOUT_ROW)), 3)
    before = {row.what: row for row in listed(db)}
    moved = [seen(at_us=9_000), seen("object", What.OBJECT_WITHOUT_ROW, at_us=9_000)]
    db.settle(step(*moved), 3)
    after = {row.what: row for row in listed(db)}
    assert after[What.NOT_HERE] == replace(before[What.NOT_HERE], at_us=9_000)
    assert after[What.OBJECT_WITHOUT_ROW] == before[What.OBJECT_WITHOUT_ROW]


def test_a_finding_closes_with_its_reason_and_comes_back_as_another(world, db):
    db.settle(step(seen()), 3)
    (first,) = listed(db)
    world.clock.advance(60)
    db.settle(step(closings=[Closing(first.finding_id, "archived")]), 3)
    closed = db.finding(first.finding_id)
    assert (closed.closed_us, closed.closed_because) == (world.clock.wall_us(), "archived")
    world.clock.advance(60)
    db.settle(step(closings=[Closing(first.finding_id, "again")]), 3)
    assert db.finding(first.finding_id) == closed
    db.settle(step(seen()), 3)
    assert len(listed(db)) == 2
    (opened,) = listed(db, is_open=True)
    assert opened.finding_id != first.finding_id


@pytest.mark.parametrize("because", [ACCEPTED + "known to the auditor", NOTED + "x"])
def test_what_was_accepted_is_not_opened_again(world, db, because):
    db.settle(step(seen()), 3)
    (row,) = listed(db)
    assert db.close_finding(row.finding_id, because).closed_because == because
    world.clock.advance(60)
    db.settle(step(seen(why=Why.PARKED)), 3)
    (after,) = listed(db)
    assert not after.is_open
    assert after.why is Why.LATE_AT_SOURCE
    assert after.seen_us == world.clock.wall_us()
    assert db.close_finding("F-nobody", "x") is None


def test_what_is_only_noted_is_closed_from_the_begin(db):
    noted = seen(what=What.NOT_AT_SOURCE, why=Why.DELETED_AT_SOURCE, is_noted_only=True)
    db.settle(step(noted), 3)
    db.settle(step(noted), 3)
    (row,) = listed(db)
    assert not row.is_open
    assert row.closed_because.startswith(NOTED)
    assert db.open_counts() == {}


def test_open_findings_are_counted_by_source_severity_and_cause(db):
    more = {"severity": Severity.MINOR, "why": Why.COMMIT_UNFINISHED}
    db.settle(step(seen("a"), seen("b"), seen("c", What.OBJECT_WITHOUT_ROW, **more)), 3)
    assert db.open_counts() == {
        ("dyn", "critical", "late_at_source"): 2,
        ("dyn", "minor", "commit_unfinished"): 1,
    }
    assert db.open_counts("zoom") == {}


def test_findings_are_listed_newest_first_page_by_page(world, db):
    for number in range(5):
        world.clock.advance(1)
        db.settle(step(seen(f"rec-{number}")), 3)
    first = db.findings(FindingQuery(limit=2))
    second = db.findings(FindingQuery(limit=2, after=first.next))
    third = db.findings(FindingQuery(limit=2, after=second.next))
    subjects = [row.subject for page in (first, second, third) for row in page.rows]
    assert subjects == [f"rec-{number}" for number in (4, 3, 2, 1, 0)]
    assert third.next is None
    with pytest.raises(BadCursor):
        db.findings(FindingQuery(after="nonsense"))


def test_findings_of_a_period_are_about_it_or_were_open_in_it(world, db):
    db.settle(step(seen("old"), seen("other", at_us=START_US + HOUR_US)), 3)
    now_us = world.clock.wall_us()
    (row,) = listed(db, subject="old")
    world.clock.advance(10)
    db.settle(step(closings=[Closing(row.finding_id, "archived")]), 3)
    later = {"from_us": now_us + 60_000_000, "to_us": now_us + 120_000_000}
    assert [row.subject for row in listed(db, **later)] == ["other"]
    about = {"from_us": START_US, "to_us": START_US + 1}
    assert {row.subject for row in listed(db, **about)} == {"old", "other"}
    assert [row.subject for row in listed(db, **about, about_only=True)] == ["old"]
    assert listed(db, source="zoom") == ()


def test_a_run_goes_on_where_it_was_and_counts_each_step_once(world, db):
    run = db.begin_run(a_run(), 3)
    assert run.reached_us == START_US
    half = START_US + HOUR_US
    one = step(seen("a"), reached=half, at_source=7, not_here=1)
    db.record_step(one, 3)
    world.clock.advance(5)
    again = world.findings("beta").record_step(one, 4)
    assert (again.reached_us, again.counts) == (half, {"at_source": 7, "not_here": 1})
    last = world.findings("beta").record_step(step(begin=half, at_source=3), 4)
    assert (last.reached_us, last.counts) == (END_US, {"at_source": 10, "not_here": 1})
    assert (last.node, last.term, last.updated_us) == ("beta", 4, world.clock.wall_us())


def test_a_source_has_one_run_at_a_time_whoever_asks(world, db):
    db.begin_run(a_run(), 3)
    other = world.findings("beta")
    assert other.begin_run(a_run("C-2", scope=Scope.RETENTION), 4).run_id == "C-1"
    assert other.begin_run(a_run("C-3", source="zoom"), 4).run_id == "C-3"
    ended = other.end_run("C-1", "", 4)
    assert ended.ended_us == world.clock.wall_us()
    assert other.end_run("C-1", "too late", 4).reason == ""
    world.clock.advance(5)
    late = a_run("C-2", started_us=START_US + 5)
    assert other.begin_run(late, 4).run_id == "C-2"
    assert [run.run_id for run in db.runs("dyn", 10)] == ["C-2", "C-1"]
    assert {run.run_id for run in db.runs(None, 10)} == {"C-1", "C-2", "C-3"}


def test_a_step_of_a_run_that_ended_changes_nothing(db):
    db.begin_run(a_run(), 3)
    db.end_run("C-1", "cancelled", 3)
    db.record_step(step(seen()), 3)
    assert listed(db) == ()


def test_a_stale_term_writes_nothing(world, db):
    db.begin_run(a_run(), 3)
    db.settle(step(seen("rec-0")), 3)
    world.see_term(5)
    writes = [
        lambda: db.begin_run(a_run("C-2", source="zoom"), 4),
        lambda: db.record_step(step(seen("rec-1")), 4),
        lambda: db.end_run("C-1", "", 4),
        lambda: db.settle(step(seen("rec-1")), 4),
        lambda: db.set_recovery("dyn", Window(0, END_US), "R-1", 4),
    ]
    for write in writes:
        with pytest.raises(StaleTerm):
            write()
    (row,) = listed(db)
    assert (row.subject, row.recovery_id) == ("rec-0", "")
    (run,) = db.runs(None, 10)
    assert (run.reached_us, run.ended_us) == (START_US, None)


def test_what_was_accepted_is_told_while_it_is_still_seen_and_a_recovery_is_noted_with_it(
    world, db
):
    db.settle(step(seen("accepted"), seen("noted"), seen("over"), seen("open")), 3)
    ids = {row.subject: row.finding_id for row in listed(db)}
    for subject, because in [("accepted", ACCEPTED), ("noted", NOTED), ("over", "archived")]:
        db.close_finding(ids[subject], because + " %_")
    began_us = world.clock.wall_us()
    assert [row.subject for row in listed(db, accepted_since_us=began_us)] == ["accepted"]
    db.set_recovery("dyn", Window(START_US, END_US), "R-1", 3)
    assert {row.subject for row in listed(db) if row.recovery_id} == {"accepted", "open"}
    world.clock.advance(60)
    assert listed(db, accepted_since_us=world.clock.wall_us()) == ()
    db.settle(step(seen("accepted")), 3)
    assert len(listed(db, accepted_since_us=world.clock.wall_us())) == 1


def test_a_recovery_is_noted_with_what_it_is_to_fetch(db):
    late = seen("late", at_us=END_US)
    lost = seen("lost", What.LOST)
    db.settle(step(seen("a"), late, lost), 3)
    db.set_recovery("dyn", Window(START_US, END_US), "R-1", 3)
    assert {row.subject: row.recovery_id for row in listed(db)} == {
        "a": "R-1",
        "late": "",
        "lost": "",
    }


def test_items_on_record_come_by_their_instant_piece_by_piece(db, contacts):
    refs = [a_ref(f"rec-{n}", changed_us=START_US + n // 2) for n in range(6)]
    contacts.record_found(refs, ())
    contacts.record_found([a_ref("other", source="zoom")], ())
    window = Window(START_US, START_US + 2)
    keys, after = [], None
    while rows := db.held("dyn", window, after, 3):
        keys += [row.ref.key for row in rows]
        after = (rows[-1].ref.changed_us, rows[-1].ref.key)
    assert keys == ["rec-0", "rec-1", "rec-2", "rec-3"]
    assert {row.ref.key for row in db.known("dyn", ["rec-5", "other", "nobody"])} == {"rec-5"}


def test_files_on_record_come_with_their_items(db, contacts):
    files = (a_file("med-1"), a_file("med-2", size_bytes=7))
    item, other = an_item(files=files), an_item("rec-2")
    contacts.commit([item, other], names_of(item, other))
    found = {one.media_key: one for one in db.held_media("dyn", ["rec-1", "nobody"])}
    assert set(found) == {"med-1", "med-2"}
    assert found["med-2"].size_bytes == 7
    assert found["med-1"].object_key == "dyn/med-1"
    assert found["med-1"].item_key == "rec-1"


def test_files_that_are_being_deleted_are_not_asked_after(world, db, contacts):
    item, other = an_item(), an_item("rec-2", session="another")
    contacts.commit([item, other], names_of(item, other))
    homes = {one.ref.key: one.contact_id for one in db.known("dyn", ["rec-1", "rec-2"])}
    world.decide(homes["rec-1"], DeletionState.DUE)
    assert len(db.held_media("dyn", ["rec-1", "rec-2"])) == 2
    world.decide(homes["rec-1"], DeletionState.DELETING)
    assert [one.item_key for one in db.held_media("dyn", ["rec-1", "rec-2"])] == ["rec-2"]


def test_objects_that_no_row_names_are_told_in_order(db, contacts):
    item = an_item()
    contacts.commit([item], names_of(item))
    assert db.objects_without_row(["z/stray", "dyn/med-rec-1", "a/stray"]) == ("z/stray", "a/stray")
    assert db.objects_without_row([]) == ()


def test_open_findings_come_with_their_items_as_they_are_now(db, contacts):
    contacts.record_found([a_ref("a"), a_ref("b")], ())
    stray = seen("object", What.OBJECT_WITHOUT_ROW)
    db.settle(step(seen("a"), seen("b"), seen("unknown"), stray), 3)
    found, after = [], ""
    while some := db.open_items("dyn", after, 2):
        found += some
        after = some[-1].finding.finding_id
    assert {one.finding.subject: one.row is not None for one in found} == {
        "a": True,
        "b": True,
        "unknown": False,
    }


def a_span(code=NODE_UP, begin=0, until=60, closed=None, **more):
    at_us = START_US + begin * 1_000_000
    ended = None if closed is None else START_US + closed * 1_000_000
    facts = {"node": "alpha", "subject": "", **more}
    return Span(
        code=code, opened_us=at_us, seen_us=at_us + until * 1_000_000, closed_us=ended, **facts
    )


def period(begin, end):
    return Window(START_US + begin * 1_000_000, START_US + end * 1_000_000)


def test_a_span_is_extended_when_it_is_told_again(db):
    db.note_spans([a_span(until=10)])
    db.note_spans([a_span(until=90, detail="Ünder\0way"), a_span("poll_failing", 20, closed=30)])
    up, failing = db.spans(period(0, 100), 10)
    assert up.until_us == START_US + 90_000_000
    assert up.detail == "Ünder\N{REPLACEMENT CHARACTER}way"
    assert failing.until_us == START_US + 30_000_000


def test_spans_of_a_period_are_those_that_touch_it(db):
    db.note_spans([a_span(begin=0, until=10), a_span(begin=50, until=10), a_span("x", 5, closed=7)])
    assert len(db.spans(period(0, 100), 10)) == 3
    assert [span.code for span in db.spans(period(6, 9), 10)] == [NODE_UP, "x"]
    assert db.spans(period(11, 50), 10) == ()
    assert [span.opened_us for span in db.spans(period(0, 100), 1)] == [START_US + 50_000_000]


def test_a_new_life_ends_what_the_one_before_left_open(db):
    db.note_spans([a_span(until=10), a_span(node="beta"), a_span(begin=100)])
    db.close_spans("alpha", START_US + 100_000_000)
    first, other, new = db.spans(period(0, 1000), 10)
    assert first.closed_us == first.seen_us
    assert (other.node, other.closed_us, new.closed_us) == ("beta", None, None)


def test_a_thousand_findings_are_one_step(db):
    many = [seen(f"rec-{number}") for number in range(3_000)]
    db.settle(step(*many), 3)
    assert db.open_counts() == {("dyn", "critical", "late_at_source"): 3_000}
    db.settle(step(*many), 3)
    assert db.open_counts() == {("dyn", "critical", "late_at_source"): 3_000}


def test_strange_texts_are_the_same_finding_again(db):
    odd = seen("re\0c\ud800", detail="a\0b")
    db.settle(step(odd), 3)
    db.settle(step(odd), 3)
    assert len(listed(db)) == 1

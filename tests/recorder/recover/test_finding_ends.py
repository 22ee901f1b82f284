"""Findings that ended long ago leave the database, and stay in the audit trail."""

import pytest

from recorder.records.audit import SYSTEM
from recorder.records.findings import (
    KEPT_US,
    Closing,
    FindingQuery,
    RunRow,
    Scope,
    Severity,
    Sighting,
    Step,
    What,
    Why,
)
from recorder.recover.finding_ends import close_unseen, forget
from sim.tables.audit import MemoryAuditStore
from sim.tables.data_center import MemoryContactStore
from sim.tables.findings import FindingTables, MemoryFindingsDb
from tests.recorder.hand_clock import HandClock

KEPT_S = KEPT_US / 1e6


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def trail():
    return MemoryAuditStore()


@pytest.fixture
def db(clock, trail):
    db = MemoryFindingsDb(
        FindingTables(trail=trail), MemoryContactStore(), node="alpha", clock=clock
    )
    seen = [
        Sighting("dyn", What.NOT_HERE, f"rec-{n:03d}", Why.NODE_DOWN, Severity.CRITICAL, 1, "")
        for n in range(250)
    ]
    db.settle(Step("", 0, 0, tuple(seen)), 1)
    ended = [row for row in db.open_items("dyn", "", 1_000) if row.finding.subject != "rec-007"]
    closings = [Closing(one.finding.finding_id, "archived") for one in ended]
    db.settle(Step("", 0, 0, (), tuple(closings)), 1)
    return db


def told(trail):
    return [one for record in trail.records for one in record.entry.detail["findings"]]


def test_they_are_kept_for_more_than_a_year(db, clock, trail):
    clock.advance(KEPT_S - 1)
    assert forget(db, "alpha", clock.wall_us(), 1) == 0
    assert trail.records == []


def test_all_that_ended_goes_and_each_is_on_record(db, clock, trail):
    clock.advance(KEPT_S + 1)
    assert forget(db, "alpha", clock.wall_us(), 1) == 249
    assert [one.finding.subject for one in db.open_items("dyn", "", 9)] == ["rec-007"]
    entries = [record.entry for record in trail.records]
    assert {(one.what, one.subject, one.actor, one.node) for one in entries} == {
        ("findings_forgotten", "findings", SYSTEM, "alpha")
    }
    assert len({one["subject"] for one in told(trail)}) == 249
    assert {one["because"] for one in told(trail)} == {"archived"}
    assert forget(db, "alpha", clock.wall_us(), 1) == 0
    assert len(trail.records) == len(entries)


def test_an_answer_that_was_lost_does_not_stop_it(db, clock, trail):
    clock.advance(KEPT_S + 1)
    db.faults.answers_lost = 1
    with pytest.raises(Exception, match="did not answer"):
        forget(db, "alpha", clock.wall_us(), 1)
    assert forget(db, "alpha", clock.wall_us(), 1) == 249
    assert len(told(trail)) == 249


def test_wherever_the_process_dies_what_went_is_on_record(db, clock, trail):
    clock.advance(KEPT_S + 1)
    deaths = []
    db.faults.on_done = lambda call: deaths.append(call) or 1 / (call != "forget_findings")
    for gone in (100, 200, 249):
        with pytest.raises(ZeroDivisionError):
            forget(db, "alpha", clock.wall_us(), 1)
        assert len(told(trail)) == gone
    assert deaths.count("forget_findings") == 3


def test_what_is_seen_no_more_is_over_only_when_a_run_reaches_beyond_the_end_of_one_that_missed_it(
    clock,
):
    db = MemoryFindingsDb(FindingTables(), MemoryContactStore(), node="alpha", clock=clock)
    seen = Sighting("dyn", What.NOT_HERE, "moved", Why.NODE_DOWN, Severity.CRITICAL, 1, "")
    db.settle(Step("", 0, 0, (seen,)), 1)

    def compare(name, *, behind_s):
        clock.advance(60)
        now_us = clock.wall_us()
        to_us = now_us - int(behind_s * 1e6)
        run = RunRow(name, "dyn", Scope.RECENT, 0, to_us, now_us, to_us)
        close_unseen(db, db.begin_run(run, 1), db.findings(FindingQuery(is_open=True)).rows, 1)
        db.end_run(name, "", 1)
        return len(db.findings(FindingQuery(is_open=True)).rows)

    assert compare("C-1", behind_s=3600) == 1
    assert compare("C-2", behind_s=3600) == 1, "it may have moved to where neither looked"
    assert compare("C-3", behind_s=30) == 0

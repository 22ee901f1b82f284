"""Findings that ended long ago leave the database, and stay in the audit trail."""

import pytest

from recorder.audit_rows import SYSTEM
from recorder.finding_rows import KEPT_US, Closing, Severity, Sighting, Step, What, Why
from recorder.recover.finding_ends import forget
from sim.audit import ListedTrail
from sim.data_center import MemoryContactStore
from sim.finding_tables import FindingTables, MemoryFindingsDb
from tests.recorder.hand_clock import HandClock

KEPT_S = KEPT_US / 1e6


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def db(clock):
    db = MemoryFindingsDb(FindingTables(), MemoryContactStore(), node="alpha", clock=clock)
    seen = [
        Sighting("dyn", What.NOT_HERE, f"rec-{n:03d}", Why.NODE_DOWN, Severity.CRITICAL, 1, "")
        for n in range(250)
    ]
    db.settle(Step("", 0, 0, tuple(seen)), 1)
    ended = [row for row in db.open_items("dyn", "", 1_000) if row.finding.subject != "rec-007"]
    closings = [Closing(one.finding.finding_id, "archived") for one in ended]
    db.settle(Step("", 0, 0, (), tuple(closings)), 1)
    return db


def test_they_are_kept_for_more_than_a_year(db, clock):
    trail = ListedTrail()
    clock.advance(KEPT_S - 1)
    assert forget(db, trail, clock.wall_us(), 1) == 0
    assert trail.told == []


def test_all_that_ended_goes_and_each_is_on_record(db, clock):
    trail = ListedTrail()
    clock.advance(KEPT_S + 1)
    assert forget(db, trail, clock.wall_us(), 1) == 249
    assert [one.finding.subject for one in db.open_items("dyn", "", 9)] == ["rec-007"]
    told = [one for what, _, actor, detail in trail.told for one in detail["findings"]]
    assert {what for what, *_ in trail.told} == {"findings_forgotten"}
    assert {actor for _, _, actor, _ in trail.told} == {SYSTEM}
    assert len({one["subject"] for one in told}) == 249
    assert {one["because"] for one in told} == {"archived"}
    assert forget(db, trail, clock.wall_us(), 1) == 0


def test_an_answer_that_was_lost_does_not_stop_it(db, clock):
    trail = ListedTrail()
    clock.advance(KEPT_S + 1)
    db.faults.answers_lost = 1
    with pytest.raises(Exception, match="did not answer"):
        forget(db, trail, clock.wall_us(), 1)
    assert forget(db, trail, clock.wall_us(), 1) == 249

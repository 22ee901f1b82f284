"""The actor that deletes: only on duty, only what was confirmed, page by page, and no held contact."""

from dataclasses import replace

import pytest

from cluster.messages import DutyEnded, DutyWithdrawn, Ping, Pong
from recorder.errors import ArchiveError
from recorder.messages import FindingClosed, FindingOpened
from recorder.records.retention import (
    DAY_US,
    DeletionState,
)
from recorder.scn.rendition_keys import prefix_of
from sim.tables.data_center import (
    MemoryArchive,
)
from sim.tables.retention import MemoryRetentionDb
from tests.recorder.fakes import Mailbox
from tests.recorder.keep.desk import DAY_S, Desk, ready_to_decide


@pytest.fixture
def desk():
    return Desk()


def test_a_node_without_the_duty_deletes_nothing(desk):
    desk.confirm()
    desk.commit("a")
    desk.clock.advance(31 * DAY_S)
    desk.live(100)
    assert not desk.deletions()
    assert desk.status.phase == "standby"


def test_what_is_old_is_put_on_record_first_and_deleted_a_recycle_period_later():
    desk = ready_to_decide()
    desk.live(30)
    assert [one.state for one in desk.deletions()] == [DeletionState.DUE] * 2
    assert sorted(desk.objects.objects) == ["dyn/a", "dyn/b"]
    (run,) = desk.db.runs(9)
    assert (run.outcome, run.contacts, run.bytes) == ("done", 2, 2000)
    desk.clock.advance(5 * DAY_S)
    desk.live(100)
    assert [one.state for one in desk.deletions()] == [DeletionState.DELETED] * 2
    assert desk.objects.objects == {}
    assert desk.status.deleted == 2
    whats = [what for what, *_ in desk.trail.told]
    assert whats == ["deletions_decided", "contact_deleted", "contact_deleted"]
    assert desk.trail.told[-1][3]["decision"]["keep_days"] == 30


def test_rules_that_nobody_confirmed_delete_nothing_and_say_what_to_do(desk):
    desk.commit("a")
    desk.clock.advance(31 * DAY_S)
    desk.grant()
    desk.live(200)
    assert not desk.deletions()
    assert set(desk.findings()) == {"retention_unconfirmed"}
    assert "tandem retention plan" in desk.monitor.of(FindingOpened)[0].finding.hint
    assert desk.status.refused == "retention_unconfirmed"
    desk.confirm(contacts=1)
    desk.monitor.take()
    desk.live(200)
    assert len(desk.deletions()) == 1
    assert "retention_unconfirmed" in [one.code for one in desk.monitor.of(FindingClosed)]


def test_far_more_than_usual_stops_before_anything_is_decided():
    desk = ready_to_decide(interlock_floor=1)
    desk.live(60)
    assert not desk.deletions()
    assert desk.findings() == ["retention_interlock"]
    assert [run.outcome for run in desk.db.runs(9)] == ["stopped"]
    desk.live(300)
    assert len(desk.db.runs(9)) == 1, "not again before its time"
    assert desk.status.refused == "retention_interlock"
    desk.clock.advance(1)
    desk.confirm(contacts=2)
    desk.live(200)
    assert len(desk.deletions()) == 2


def test_what_was_due_before_an_interlock_stays_too():
    desk = ready_to_decide()
    desk.live(30)
    assert len(desk.deletions(DeletionState.DUE)) == 2
    desk.settings = desk.settings.model_copy(update={"interlock_floor": 0, "interlock_factor": 1.0})
    desk.commit("c", "d", "e")
    desk.behaviour = desk.begin()
    desk.grant(term=4)
    desk.clock.advance(6 * DAY_S)
    desk.live(100)
    assert len(desk.deletions(DeletionState.DUE)) == 2
    assert desk.findings() == ["retention_interlock"]


def test_a_held_contact_is_not_decided_upon_and_counted():
    desk = ready_to_decide()
    desk.hold("a")
    desk.live(30)
    assert [one.session_key for one in desk.deletions()] == ["ses-b"]
    assert desk.status.held == 1


def test_a_hold_in_the_recycle_period_wins():
    desk = ready_to_decide()
    desk.live(30)
    desk.hold("a")
    desk.clock.advance(5 * DAY_S)
    desk.live(100)
    assert sorted(desk.objects.objects) == ["dyn/a"]
    assert desk.status.withdrawn == 1
    assert "deletion_withdrawn" in [what for what, *_ in desk.trail.told]


def test_a_hold_that_finds_a_deletion_half_done_stops_it_and_alarms():
    desk = ready_to_decide()
    desk.live(30)
    (a,) = (one for one in desk.deletions() if one.session_key == "ses-a")
    desk.tables.holds.clear()
    desk.contacts.deletions[a.contact_id, 1] = replace(
        a,
        state=DeletionState.DELETING,
        media=desk.contacts.contacts.facts(a.contact_id).media,
    )
    del desk.objects.objects["dyn/a"]
    desk.hold("a")
    desk.clock.advance(5 * DAY_S)
    desk.live(100)
    assert desk.contacts.contacts.facts(a.contact_id) is not None
    (torn,) = (
        one.finding for one in desk.monitor.of(FindingOpened) if one.finding.code == "deletion_torn"
    )
    assert (torn.subject, torn.level.value) == (a.contact_id, "error")


def test_the_duty_may_end_in_the_middle_and_the_job_in_hand_is_finished():
    desk = ready_to_decide(page=1)
    desk.live(1)
    desk.clock.advance(1)
    desk.me.pump()
    assert desk.lane.waiting() == 1
    pair = Mailbox("pair")
    desk.tell(DutyWithdrawn(pair))
    assert not pair.messages, "not before the page in hand is done"
    desk.lane.run_all()
    desk.me.pump()
    assert pair.messages == [DutyEnded("retention", {})]
    desk.live(60)
    assert not desk.deletions()


def test_a_duty_withdrawn_while_nothing_runs_ends_at_once(desk):
    desk.grant()
    pair = Mailbox("pair")
    desk.tell(DutyWithdrawn(pair))
    assert pair.messages == [DutyEnded("retention", {})]


def test_a_new_reign_begins_a_run_anew_and_forgets_the_job_of_the_old_one():
    desk = ready_to_decide(page=1)
    desk.live(1)
    desk.clock.advance(1)
    desk.me.pump()
    assert desk.lane.waiting() == 1
    desk.tell(DutyWithdrawn(Mailbox("pair")))
    desk.lane.run_all()
    desk.me.pump()
    desk.term = 4
    desk.grant(term=4)
    desk.live(60)
    assert {one.term for one in desk.deletions()} == {4}
    assert len(desk.deletions()) == 2


def test_nothing_begins_after_the_duty_ran_out():
    desk = ready_to_decide()
    desk.grant(for_s=-1.0)
    desk.live(60)
    assert not desk.deletions()
    desk.grant()
    desk.live(60)
    assert len(desk.deletions()) == 2


def test_a_stale_term_ends_the_duty():
    desk = ready_to_decide()
    desk.term = 4
    desk.live(60)
    assert not desk.deletions()
    assert desk.status.phase == "standby"
    desk.grant(term=3)
    assert desk.status.phase == "standby"
    desk.grant(term=4)
    desk.live(60)
    assert len(desk.deletions()) == 2


def test_it_waits_while_the_data_center_is_away():
    desk = ready_to_decide()
    desk.faults.down = True
    desk.live(100)
    assert desk.status.last_error
    assert "retention_failing" in desk.findings()
    desk.faults.down = False
    desk.live(100)
    assert len(desk.deletions()) == 2
    assert not desk.status.last_error
    assert "retention_failing" in [one.code for one in desk.monitor.of(FindingClosed)]


def test_it_waits_while_the_archive_is_away():
    desk = ready_to_decide()
    desk.live(30)
    desk.archive.faults.down = True
    desk.clock.advance(5 * DAY_S)
    desk.live(200)
    assert len(desk.deletions(DeletionState.DELETED)) == 0
    assert "archive" in desk.status.last_error
    desk.archive.faults.down = False
    desk.live(200)
    assert len(desk.deletions(DeletionState.DELETED)) == 2


@pytest.fixture
def stubborn(monkeypatch):
    """Keys of objects that the archive does not let go."""
    keys = {"dyn/a"}
    delete = MemoryArchive.delete

    def refuse(self, key):
        if key in keys:
            raise ArchiveError(f"object {key} cannot be deleted")
        delete(self, key)

    monkeypatch.setattr(MemoryArchive, "delete", refuse)
    return keys


@pytest.mark.usefixtures("stubborn")
def test_one_object_that_cannot_be_deleted_holds_up_no_other():
    desk = ready_to_decide(deletions_at_once=1)
    desk.live(30)
    desk.clock.advance(5 * DAY_S)
    desk.live(100)
    assert [one.session_key for one in desk.deletions(DeletionState.DELETED)] == ["ses-b"]
    (left,) = desk.deletions(DeletionState.DELETING)
    assert left.session_key == "ses-a"
    assert left.trouble == "object dyn/a cannot be deleted"
    assert "retention_failing" not in desk.findings(), "the archive is well"


def test_what_cannot_be_deleted_is_told_tried_later_and_later_and_goes_when_it_is_mended(stubborn):
    desk = ready_to_decide()
    desk.live(30)
    desk.clock.advance(5 * DAY_S)
    desk.live(20)
    (left,) = desk.deletions(DeletionState.DELETING)
    assert left.tries == 1
    assert "deletion_stuck" not in desk.findings(), "it may have been an answer that was lost"
    desk.live(600)
    (left,) = desk.deletions(DeletionState.DELETING)
    assert left.tries in {2, 3}
    assert len(desk.db.runs(9)) == 2, "no other run was begun for it"
    texts = [
        one.finding.what
        for one in desk.monitor.of(FindingOpened)
        if one.finding.code == "deletion_stuck"
    ]
    assert left.contact_id in texts[-1]
    assert "object dyn/a cannot be deleted" in texts[-1]
    stubborn.clear()
    desk.live(3600, step_s=5.0)
    assert len(desk.deletions(DeletionState.DELETED)) == 2
    assert "deletion_stuck" in [one.code for one in desk.monitor.of(FindingClosed)]
    whats = [told[0] for told in desk.trail.told]
    assert whats.count("contact_deleted") == 2
    assert "deletion_delayed" in whats


@pytest.mark.usefixtures("stubborn")
def test_a_hold_on_what_cannot_be_deleted_ends_that():
    desk = ready_to_decide()
    desk.live(30)
    desk.clock.advance(5 * DAY_S)
    desk.live(20)
    desk.hold("a")
    desk.live(200)
    assert desk.deletions(DeletionState.DELETING) == ()
    (kept,) = desk.deletions(DeletionState.WITHDRAWN)
    assert kept.session_key == "ses-a"


def test_a_run_does_not_come_twice_within_its_period():
    desk = ready_to_decide()
    desk.live(600, step_s=10)
    assert len(desk.db.runs(9)) == 1
    desk.clock.advance(DAY_S)
    desk.live(100)
    assert len(desk.db.runs(9)) == 2


def test_a_run_takes_no_more_than_it_may_and_the_next_goes_on():
    desk = ready_to_decide(per_run_max=1, page=1)
    desk.live(60)
    assert len(desk.deletions()) == 1
    desk.clock.advance(DAY_S)
    desk.live(60)
    assert len(desk.deletions()) == 2


def test_a_clock_that_is_ahead_makes_nothing_older():
    desk = Desk()
    desk.db = MemoryRetentionDb(
        desk.tables, desk.contacts, node="alpha", clock=desk.clock, now_us=lambda: start_us + DAY_US
    )
    start_us = desk.clock.wall_us()
    desk.behaviour = desk.begin()
    desk.confirm()
    desk.commit("a")
    desk.clock.advance(400 * DAY_S)
    desk.grant()
    desk.live(60)
    assert not desk.deletions()


def test_without_a_policy_what_was_due_is_withdrawn():
    desk = ready_to_decide()
    desk.live(30)
    desk.settings = desk.settings.model_copy(update={"policies": ()})
    desk.behaviour = desk.begin()
    desk.grant(term=3)
    desk.clock.advance(6 * DAY_S)
    desk.live(100)
    assert {one.state for one in desk.deletions()} == {DeletionState.WITHDRAWN}


def test_a_bug_in_a_job_ends_the_node():
    desk = ready_to_decide()
    desk.db.survey = None
    with pytest.raises(TypeError):
        desk.live(10)


def test_it_answers_pings(desk):
    pings = Mailbox()
    desk.tell(Ping(7, pings))
    assert pings.messages == [Pong("retention", 7)]


def test_the_end_of_a_run_sweeps_step_by_step_what_was_made_of_deleted_contacts(monkeypatch):
    monkeypatch.setattr("recorder.keep.retention_jobs.SWEPT_AT_ONCE", 1)
    desk = ready_to_decide()
    desk.live(30)
    desk.clock.advance(5 * DAY_S)
    desk.live(100)
    for one in desk.deletions():
        desk.objects.objects[f"{prefix_of(one.contact_id)}d/late.webm"] = b"late"
    desk.clock.advance(1 * DAY_S)
    desk.live(30)
    assert desk.objects.objects == {}
    assert [run.outcome for run in desk.db.runs(9)] == ["done"] * 3

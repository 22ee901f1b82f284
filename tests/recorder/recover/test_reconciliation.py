"""Reconciliation by hand: what it finds, when it looks, whom it yields to, and what a takeover costs."""

from dataclasses import replace

import pytest

from recorder.errors import Unreachable
from recorder.messages import RecoveriesChanged
from recorder.model import ItemState
from recorder.records.findings import Scope, Severity, What, Why
from recorder.records.recoveries import Cause, RecoveryKind
from recorder.status import ReconciliationStatus, RecoveryStatus
from tests.calls import a_ref, an_outcome
from tests.recorder.recover.reconciling import DAY_S, HOUR_US, Bench


@pytest.fixture
def bench():
    return Bench()


def test_what_agrees_is_found_to_agree(bench):
    for number in range(20):
        bench.archived(f"rec-{number}", -5 - 10 * number)
    bench.reconcile()
    (run,) = bench.runs
    assert (run.scope, run.reason, run.reached_us) == (Scope.RETENTION, "", run.to_us)
    assert run.ended_us is not None
    assert (run.counts["at_source"], run.counts["here"], run.counts["not_here"]) == (20, 20, 0)
    assert bench.findings() == ()
    assert bench.alarms() == {}
    assert bench.asked == ()


def test_what_is_at_the_source_and_not_here_is_found_fetched_and_closed(bench):
    bench.offer("late", -5)
    bench.archived("other", -6)
    bench.reconcile()
    (row,) = bench.findings()
    assert (row.what, row.why, row.severity) == (
        What.NOT_HERE,
        Why.LATE_AT_SOURCE,
        Severity.CRITICAL,
    )
    (asked,) = bench.asked
    assert (asked.kind, asked.cause) == (RecoveryKind.AUTOMATIC, Cause.RECONCILIATION)
    assert asked.window.from_us <= bench.at(-5) < asked.window.to_us
    assert row.recovery_id == asked.recovery_id
    assert bench.recovery.of(RecoveriesChanged)
    assert "1 late_at_source" in bench.alarms()["recordings_missing"].what
    bench.archived("late", -5)
    bench.run(600)
    (row,) = bench.findings()
    assert row.closed_because.startswith("archived at ")
    assert asked.recovery_id in row.closed_because
    assert bench.alarms() == {}


def test_a_gap_in_the_coverage_is_the_cause_of_what_lies_in_it(bench):
    bench.cover((-240, -30), (-20, -0.5))
    bench.offer("in-gap", -25)
    bench.reconcile()
    assert bench.open()["in-gap"].why is Why.WATERMARK_LOST


def test_what_waits_for_its_turn_is_behind_and_fetches_itself(bench):
    mark = bench.at(-8)
    bench.cover((-240, -8))
    progress = bench.contacts.progress["dyn"]
    bench.contacts.progress["dyn"] = type(progress)("dyn", 1, mark, mark, progress.coverage)
    bench.offer("new", -2)
    bench.reconcile()
    row = bench.open()["new"]
    assert (row.why, row.severity) == (Why.SERVICE_BEHIND, Severity.MAJOR)
    assert bench.asked == ()
    assert set(bench.alarms()) == {"recordings_differ"}


def test_what_is_parked_says_why(bench):
    ref = bench.offer("bad", -5)
    bench.contact_db.record_found([ref], ())
    outcome = an_outcome("bad", parked=True, changed_us=ref.changed_us, session="ses-bad")
    bench.contact_db.record_outcome(outcome, 3)
    bench.reconcile()
    row = bench.open()["bad"]
    assert row.why is Why.SOURCE_FAILING
    assert "unreachable: no answer" in row.detail


def test_what_the_source_deleted_after_it_was_archived_is_noted(bench):
    bench.archived("old", -5, offered=False)
    bench.reconcile()
    (row,) = bench.findings()
    assert (row.what, row.why) == (What.NOT_AT_SOURCE, Why.DELETED_AT_SOURCE)
    assert not row.is_open
    assert bench.source.described == ["old"]
    assert bench.alarms() == {}


def test_what_was_deleted_before_it_was_fetched_is_lost(bench):
    ref = a_ref("lost", changed_us=bench.at(-5))
    bench.contact_db.record_found([ref], ())
    bench.contact_db.record_outcome(
        an_outcome("lost", ItemState.GONE, changed_us=ref.changed_us), 3
    )
    bench.reconcile()
    row = bench.open()["lost"]
    assert (row.what, row.severity) == (What.LOST, Severity.CRITICAL)


def test_what_the_source_shows_at_another_instant_by_now_agrees(bench):
    bench.archived("moved", -50)
    bench.offer("moved", -5)
    bench.reconcile()
    assert bench.findings() == ()


def test_another_size_at_the_source_is_found(bench):
    bench.archived("rec", -5)
    bench.source.sizes["rec"] = 999
    bench.reconcile()
    row = bench.open()["rec"]
    assert (row.what, row.why) == (What.DIFFERS, Why.CHANGED_AT_SOURCE)
    assert "999 bytes at the source, 1000 here" in row.detail


def test_a_row_without_its_object_is_found_and_over_when_it_is_back(bench):
    bench.archived("rec", -5)
    bench.archived("whole", -5)
    body = bench.objects.objects.pop("dyn/med-rec")
    bench.reconcile()
    row = bench.open()["rec"]
    assert (row.what, row.why) == (What.OBJECT_MISSING, Why.ARCHIVE_DAMAGED)
    bench.objects.objects["dyn/med-rec"] = body
    bench.run(DAY_S)
    assert bench.open() == {}
    assert bench.findings()[0].closed_because == "the archive has the file again"


def test_an_object_without_a_row_is_found_the_second_time_it_is_seen(bench):
    bench.objects.objects["dyn/stray"] = b"x"
    bench.objects.objects["other/stray"] = b"x"
    bench.grant()
    bench.run(300)
    assert bench.findings() == ()
    bench.run(900)
    row = bench.open()["dyn/stray"]
    assert (row.what, row.severity) == (What.OBJECT_WITHOUT_ROW, Severity.MINOR)
    del bench.objects.objects["dyn/stray"]
    bench.run(7 * DAY_S)
    assert bench.open() == {}


def test_an_object_on_its_way_to_its_row_is_none(bench):
    bench.objects.objects["dyn/med-rec"] = bytes(1000)
    bench.grant()
    bench.run(300)
    bench.archived("rec", -0.2)
    bench.run(1800)
    assert bench.findings() == ()


def test_the_last_days_are_compared_every_night_and_everything_every_week(bench):
    bench.archived("rec", -200)
    bench.reconcile()
    bench.run(9 * DAY_S)
    scopes = [run.scope for run in reversed(bench.runs)]
    assert scopes == [Scope.RETENTION, *[Scope.RECENT] * 6, Scope.RETENTION, *[Scope.RECENT] * 2]
    recent = next(run for run in bench.runs if run.scope is Scope.RECENT)
    assert recent.to_us - recent.from_us == 72 * HOUR_US


def test_a_run_goes_on_after_a_takeover_and_nothing_is_found_twice(bench):
    for number in range(5):
        bench.offer(f"late-{number}", -30 - 20 * number)
    bench.source.page_size = 1
    bench.grant()
    bench.run(5)
    before = bench.runs[0].reached_us
    bench.start("beta")
    bench.term = 4
    bench.reconcile()
    (run,) = bench.runs
    assert (run.node, run.term, run.counts["not_here"]) == ("beta", 4, 5)
    assert run.reached_us > before
    assert len(bench.findings()) == 5
    assert len({row.recovery_id for row in bench.findings()}) == len(bench.asked)


def test_a_stale_term_ends_the_work_of_this_node(bench):
    bench.offer("late", -5)
    bench.grant()
    bench.contacts.highest_term = lambda: 9
    bench.run(3600)
    assert bench.findings() == ()
    assert not bench.board.read("reconciliation", ReconciliationStatus).on_duty


def test_without_the_duty_nothing_is_asked(bench):
    bench.run(DAY_S)
    assert bench.source.windows == []
    bench.grant()
    bench.run(1)
    bench.withdraw()
    asked = len(bench.source.windows)
    bench.run(DAY_S)
    assert len(bench.source.windows) == asked
    assert bench.alarms() == {}


def test_it_yields_to_live_capture_and_to_recoveries(bench):
    bench.archived("rec", -5)
    bench.status(pending=50)
    bench.grant()
    bench.run(600)
    assert bench.source.windows == []
    status = bench.board.read("reconciliation", ReconciliationStatus)
    assert "live capture" in status.waits_because["dyn"]
    bench.status()
    bench.offer("late", -6)
    bench.run(1800)
    assert bench.runs[0].ended_us is not None
    windows = len(bench.source.windows)
    (row,) = bench.asked
    moves = replace(row, updated_us=bench.now_us + int(2 * DAY_S * 1e6))
    bench.board.publish("recovery", RecoveryStatus(True, (moves,)))
    bench.run(2 * DAY_S)
    assert len(bench.source.windows) == windows
    bench.run(DAY_S)
    assert len(bench.source.windows) > windows, "a recovery that has to wait holds up nobody"


def test_what_a_recovery_is_at_is_not_asked_for_again(bench):
    bench.offer("i", -10)
    bench.reconcile()
    bench.run(DAY_S)
    assert len(bench.runs) == 2
    assert len(bench.asked) == 1
    (row,) = bench.asked
    bench.recoveries.cancel(row.recovery_id, "no")
    bench.run(DAY_S)
    assert len(bench.asked) == 2


def test_a_source_that_fails_for_long_ends_the_run_until_the_next_night(bench):
    bench.source.problem = Unreachable("no answer")
    bench.grant()
    bench.run(3600)
    (run,) = bench.runs
    assert "unreachable: no answer" in run.reason
    assert bench.alarms()["reconciliation_failing"].what == run.reason
    bench.source.problem = None
    bench.run(DAY_S)
    assert len(bench.runs) == 2
    assert bench.runs[0].reason == ""
    assert bench.alarms() == {}


def test_a_data_center_that_is_away_is_waited_for(bench):
    bench.offer("late", -5)
    bench.grant()
    bench.db.faults.down = True
    bench.run(1200)
    bench.db.faults.down = False
    bench.db.faults.answers_lost = 3
    bench.run(3600)
    assert set(bench.open()) == {"late"}
    assert bench.runs[0].counts["not_here"] == 1


def test_errors_about_one_item_say_nothing_of_it(bench):
    bench.archived("old", -5, offered=False)
    real = bench.source.describe

    def describe(ref):
        if ref.key == "old":
            raise Unreachable("no answer")
        return real(ref)

    bench.source.describe = describe
    bench.reconcile()
    assert bench.findings() == ()
    assert bench.runs[0].ended_us is not None


def test_more_findings_than_a_run_may_have_are_counted(bench):
    bench = Bench(findings_max=3)
    for number in range(8):
        bench.offer(f"late-{number}", -5)
    bench.reconcile()
    assert len(bench.findings()) == 3
    assert (bench.runs[0].counts["seen"], bench.runs[0].counts["not_told"]) == (8, 5)


def test_recovering_can_be_switched_off():
    bench = Bench(recover=False)
    bench.offer("late", -5)
    bench.reconcile()
    assert set(bench.open()) == {"late"}
    assert bench.asked == ()


def test_reconciliation_can_be_switched_off():
    bench = Bench(enabled=False)
    bench.offer("late", -5)
    bench.reconcile()
    assert bench.runs == ()


def test_a_dense_source_is_compared_in_shorter_sections(bench, monkeypatch):
    monkeypatch.setattr("recorder.recover.reconcile_plan.ITEMS_MAX", 20)
    for number in range(200):
        bench.archived(f"rec-{number}", -100 + number / 60)
    bench.source.page_size = 10
    bench.grant()
    bench.run(4 * 3600)
    (run,) = bench.runs
    assert run.counts["at_source"] == run.counts["here"] == 200
    assert run.ended_us is not None


def test_what_differs_in_size_stays_open_until_it_was_asked_for_again():
    bench = Bench(described_max=1, retention_every_s=DAY_S)
    for number in range(6):
        bench.archived(f"i{number}", -48 - number)
        bench.source.sizes[f"i{number}"] = 999
    bench.reconcile()
    (one,) = bench.open()
    bench.run(DAY_S)
    assert one in bench.open(), "others may be asked for as well, and this one is"
    bench.source.sizes.clear()
    bench.run(DAY_S)
    bench.run(DAY_S)
    assert bench.open() == {}
    assert {row.closed_because for row in bench.findings()} == {"it agrees again"}


def test_what_differs_in_size_is_for_people_and_not_fetched_again(bench):
    bench.archived("i", -48)
    bench.source.sizes["i"] = 999
    bench.reconcile()
    assert bench.open()["i"].recovery_id == ""
    assert bench.asked == ()


def test_what_is_missing_stays_open_while_it_is_fetched(bench):
    ref = bench.offer("i", -48)
    bench.reconcile()
    bench.contact_db.record_found([ref], ())
    bench.run(DAY_S - 1800)
    assert len(bench.runs) == 2
    assert "i" in bench.open()


def test_what_a_policy_takes_away_while_it_is_compared_is_not_missing(bench):
    bench.archived("i", -48)
    home = next(iter(bench.contacts.contacts.rows))
    archive = bench.archive.info

    def info(key):
        bench.archive.delete(key)
        bench.contacts.contacts.take_out(home)
        return archive(key)

    bench.archive.info = info
    bench.reconcile()
    assert bench.findings() == ()


def test_an_object_of_nobody_is_asked_about_again_after_the_grace_where_that_is_short():
    bench = Bench(grace_s=20)
    bench.objects.objects["dyn/stray"] = b"x"
    bench.grant()
    bench.run(60)
    assert "dyn/stray" in bench.open()


def test_an_archive_that_is_not_mounted_lost_nothing_and_is_waited_for(bench):
    bench.archived("rec", -5)
    bench.archived("other", -6)
    objects = dict(bench.objects.objects)
    bench.objects.objects.clear()
    bench.grant()
    bench.run(2 * 3600)
    assert bench.open() == {}
    status = bench.board.read("reconciliation", ReconciliationStatus)
    assert "is it mounted?" in status.waits_because["dyn"]
    bench.objects.objects.update(objects)
    bench.run(DAY_S)
    assert bench.open() == {}
    assert bench.alarms() == {}

"""Recoveries that ended before their end are findings, one for each, whoever is primary."""

from dataclasses import replace

import pytest

from recorder.errors import AuthRefused
from recorder.messages import FindingOpened, RecoveriesChanged
from recorder.model import Window
from recorder.records.recoveries import RecoveryKind, RecoveryRow, RecoveryStatus
from recorder.recover.stops import RECOVERY_STOPPED, Stops
from tests.by_hand import Inbox
from tests.recorder.recover.recovering import HOUR_US, NOW_US, Desk

BOTH = [(RECOVERY_STOPPED, "R-1"), (RECOVERY_STOPPED, "R-2")]


def a_row(name="R-1", reason="no answer"):
    return RecoveryRow(
        name, "dyn", RecoveryKind.MANUAL, "operator", 0, "ada",
        window=Window(0, 1), status=RecoveryStatus.STOPPED, reason=reason,
    )  # fmt: skip


@pytest.fixture
def desk():
    """Two recoveries of one source that were given up."""
    desk = Desk()
    desk.source.errors = [AuthRefused("the secret is wrong")] * 1000
    desk.request("R-1")
    desk.request("R-2", window=Window(NOW_US - 26 * HOUR_US, NOW_US))
    desk.grant().advance(9000)
    assert {desk.row(name).status for name in ("R-1", "R-2")} == {RecoveryStatus.FAILED}
    desk.source.errors = []
    return desk


def changed(desk):
    desk.tell(RecoveriesChanged())
    return sorted(desk.run().advance(10).findings())


def test_two_recoveries_of_one_source_are_two_findings(desk):
    assert sorted(desk.findings()) == BOTH


def test_a_finding_names_its_recovery_and_how_it_goes_on(desk):
    (told,) = [
        one.finding for one in desk.monitor.of(FindingOpened) if one.finding.subject == "R-2"
    ]
    assert "recovery R-2 of dyn is failed: its credentials are refused" in told.what
    assert "`tandem recovery resume R-2`" in told.hint


def test_the_end_of_one_leaves_the_alarm_of_the_other(desk):
    desk.db.resume("R-1")
    assert changed(desk) == [(RECOVERY_STOPPED, "R-2")]
    assert desk.row("R-1").status is RecoveryStatus.COMPLETED


def test_one_that_nobody_needs_is_cancelled_and_alarms_no_more(desk):
    assert desk.db.cancel("R-2", "by ada").status is RecoveryStatus.CANCELLED
    assert changed(desk) == [(RECOVERY_STOPPED, "R-1")]


def test_another_one_that_completed_the_period_ends_the_alarm(desk):
    desk.request("R-3", window=Window(NOW_US - 25 * HOUR_US, NOW_US))
    assert changed(desk) == [(RECOVERY_STOPPED, "R-2")]


def test_findings_go_with_the_duty_and_outlive_the_node(desk):
    desk.withdraw()
    assert desk.findings() == []
    other = Desk(center=desk.center, source=desk.source, name="b")
    other.grant(term=2)
    assert sorted(other.findings()) == BOTH


def test_a_dry_run_that_failed_is_no_alarm():
    desk = Desk()
    desk.source.errors = [AuthRefused("the secret is wrong")] * 1000
    desk.request(dry_run=True)
    desk.grant().advance(5000)
    assert desk.row().status is RecoveryStatus.FAILED
    assert desk.findings() == []


def test_what_is_as_before_is_told_once_and_another_reason_again():
    monitor = Inbox("monitor")
    stops = Stops(monitor)
    for reason in ("no answer", "no answer", "refused"):
        stops.look([replace(a_row(), reason=reason)])
    assert [one.finding.what.rpartition(": ")[2] for one in monitor.of(FindingOpened)] == [
        "no answer",
        "refused",
    ]

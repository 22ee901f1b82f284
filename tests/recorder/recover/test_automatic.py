"""What the system asks for by itself: at the begin of a duty, and while it lasts."""

import pytest

from recorder.model import Window
from recorder.records.recoveries import Cause, RecoveryKind, RecoveryQuery, RecoveryStatus
from recorder.settings.stages import RecoverySettings
from tests.recorder.recover.recovering import HOUR_US, NOW_US, US, Desk

SETTINGS = RecoverySettings(calls_per_s=1000, look_s=2, check_s=60)
MARK_US = NOW_US - 60 * US


@pytest.fixture
def desk():
    return Desk(settings=SETTINGS)


def asked(desk):
    return desk.db.recoveries(RecoveryQuery()).rows


def hole(desk):
    """Two covered periods with an hour between them; something is missing there."""
    window = Window(NOW_US - 5 * HOUR_US, NOW_US - 4 * HOUR_US)
    desk.source.add("here", age_s=10 * 3600)
    desk.archive("here")
    desk.source.add("lost", age_s=4.5 * 3600)
    start = NOW_US - 10 * HOUR_US
    desk.progress([Window(start, window.from_us), Window(window.to_us, MARK_US)], MARK_US)
    return window


def test_a_gap_is_recovered_without_anybody_asking(desk):
    window = hole(desk)
    desk.grant().serve()
    (row,) = asked(desk)
    assert (row.kind, row.cause, row.requested_by) == (RecoveryKind.AUTOMATIC, Cause.GAP, "system")
    assert (row.window, row.status) == (window, RecoveryStatus.COMPLETED)
    assert row.counts.recovered == 1
    assert row.recovery_id.startswith("R-2023")


def test_a_gap_is_asked_for_once_whoever_is_primary(desk):
    hole(desk)
    desk.source.errors = [ValueError("not now")] * 5
    desk.grant()
    desk.advance(200)
    desk.center.term = 2
    other = Desk(settings=SETTINGS, center=desk.center, source=desk.source)
    other.grant(term=2).advance(200)
    assert len(asked(desk)) == 1


def test_a_gap_that_was_recovered_is_told_to_the_poller_until_it_is_covered(desk):
    window = hole(desk)
    desk.grant()
    desk.archive(*desk.given())
    desk.advance(10)
    assert asked(desk)[0].status is RecoveryStatus.COMPLETED
    desk.poller.take()
    desk.advance(60)
    assert window in desk.proven()
    desk.progress([Window(NOW_US - 10 * HOUR_US, MARK_US)], MARK_US)
    desk.poller.take()
    desk.advance(120)
    assert desk.proven() == []
    assert len(asked(desk)) == 1


def test_a_lost_watermark_is_made_good(desk):
    desk.source.add("old", age_s=9 * 3600)
    desk.archive("old")
    desk.source.add("lost", age_s=8 * 3600)
    desk.progress([Window(NOW_US - HOUR_US, MARK_US)], MARK_US)
    desk.grant().serve()
    (row,) = asked(desk)
    assert row.cause == Cause.WATERMARK_LOST
    assert row.window.to_us == NOW_US - HOUR_US
    assert desk.stages(row.recovery_id) == {"lost": "recovered"}


def test_the_system_lists_nothing_that_the_poller_has_not_passed(desk):
    hole(desk)
    desk.busy(watermark_us=NOW_US - int(4.5 * HOUR_US))
    desk.grant().advance(30)
    (row,) = asked(desk)
    assert row.listed == NOW_US - int(4.5 * HOUR_US)
    desk.busy()
    desk.serve()
    assert asked(desk)[0].status is RecoveryStatus.COMPLETED


def test_a_stop_is_measured_by_the_clock_of_the_source(desk):
    """Where this node's calendar is days ahead, nothing else is told to be done."""
    mark_us = NOW_US - 2 * HOUR_US
    desk.progress([Window(0, mark_us)], mark_us)
    desk.clock.wall += 100 * 24 * HOUR_US
    desk.busy(watermark_us=mark_us, lag_s=None)
    desk.grant().advance(30)
    assert asked(desk) == ()
    desk.busy(watermark_us=mark_us, lag_s=7200.0)
    desk.advance(10)
    (row,) = asked(desk)
    assert (row.cause, row.window) == (Cause.START, Window(mark_us - HOUR_US, NOW_US))


def test_a_failover_without_a_stop_asks_for_nothing(desk):
    desk.progress([Window(0, MARK_US)], MARK_US)
    desk.grant().advance(400)
    assert asked(desk) == ()


def test_a_stop_is_looked_at_once_in_a_duty(desk):
    mark_us = NOW_US - 2 * HOUR_US
    desk.progress([Window(0, mark_us)], mark_us)
    desk.busy(watermark_us=mark_us, lag_s=7200.0)
    desk.grant().advance(600)
    assert len(asked(desk)) == 1


def test_a_schedule_is_kept():
    desk = Desk(settings=RecoverySettings(calls_per_s=1000, check_s=60, every_s=3600, back_s=7200))
    desk.progress([Window(0, MARK_US)], MARK_US)
    desk.grant().advance(30)
    (row,) = asked(desk)
    assert (row.cause, row.window) == (Cause.SCHEDULE, Window(MARK_US - 2 * HOUR_US, MARK_US))
    desk.advance(3500)
    assert len(asked(desk)) == 1
    desk.advance(200)
    assert len(asked(desk)) == 2


def test_it_can_be_switched_off():
    desk = Desk(settings=RecoverySettings(automatic=False))
    hole(desk)
    desk.grant().advance(600)
    assert asked(desk) == ()


def test_a_data_center_that_is_away_is_asked_again(desk):
    hole(desk)
    desk.faults.down = True
    desk.grant().advance(30)
    desk.faults.down = False
    desk.advance(70)
    assert len(asked(desk)) == 1

"""Which recoveries the system asks for: gaps, lost watermarks, stops, a schedule; and which it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.model import SourceProgress, Window
from recorder.records.recoveries import Cause, RecoveryKind, RecoveryRow, RecoveryStatus
from recorder.recover.due import (
    AT_ONCE,
    MARGIN_S,
    Ask,
    Known,
    Prove,
    Resume,
    after_stop,
    holes,
    steps,
)
from recorder.settings.stages import RecoverySettings

US = 1_000_000
HOUR = 3600 * US
NOW = 1_000 * HOUR
SETTINGS = RecoverySettings()


def known(coverage=(), *, at=NOW, oldest=None, recent=()):
    windows = tuple(Window(start, end) for start, end in coverage)
    return Known(SourceProgress("zoom", 0, at, at, windows), oldest, tuple(recent))


def a_row(start, end, status=RecoveryStatus.COMPLETED, *, cause=Cause.GAP, asked=0, ended=None):
    return RecoveryRow(
        "R-1", "zoom", RecoveryKind.AUTOMATIC, cause, asked, "system",
        window=Window(start, end), status=status, ended_us=ended,
    )  # fmt: skip


def found(state, *, retention_s=None, now=NOW, settings=SETTINGS):
    return steps(state, retention_s=retention_s, now_us=now, settings=settings)


# -- gaps ----


def test_a_source_that_is_covered_from_its_first_item_on_needs_nothing():
    assert found(known([(0, NOW)], oldest=5)) == ()


def test_a_source_of_which_nothing_is_on_record_needs_nothing():
    assert found(known([(NOW - HOUR, NOW)])) == ()
    assert found(known()) == ()


def test_a_new_source_needs_nothing_although_it_began_in_the_middle_of_time():
    assert found(known([(NOW - 24 * HOUR, NOW)], oldest=NOW - 23 * HOUR)) == ()


def test_a_hole_in_the_coverage_is_asked_for():
    state = known([(0, NOW - 5 * HOUR), (NOW - 3 * HOUR, NOW)], oldest=0)
    assert found(state) == (Ask(Window(NOW - 5 * HOUR, NOW - 3 * HOUR), Cause.GAP),)


def test_ground_with_items_before_all_coverage_means_that_the_watermark_was_lost():
    state = known([(NOW - HOUR, NOW)], oldest=NOW - 9 * HOUR)
    assert found(state) == (Ask(Window(NOW - 9 * HOUR, NOW - HOUR), Cause.WATERMARK_LOST),)


def test_nothing_is_asked_for_that_the_source_does_not_keep():
    state = known([(NOW - HOUR, NOW)], oldest=NOW - 900 * HOUR)
    (ask,) = found(state, retention_s=10 * 3600)
    assert ask.window == Window(NOW - 10 * HOUR, NOW - HOUR)


def test_a_gap_that_is_being_recovered_or_was_cancelled_is_left_alone():
    coverage = [(0, NOW - 5 * HOUR), (NOW - 3 * HOUR, NOW)]
    for status in (RecoveryStatus.RUNNING, RecoveryStatus.CANCELLED):
        row = a_row(NOW - 6 * HOUR, NOW - 2 * HOUR, status)
        assert found(known(coverage, oldest=0, recent=[row])) == ()


def test_a_gap_that_was_recovered_is_told_to_the_poller_again():
    coverage = [(0, NOW - 5 * HOUR), (NOW - 3 * HOUR, NOW)]
    row = a_row(NOW - 5 * HOUR, NOW - 3 * HOUR)
    gap = Window(NOW - 5 * HOUR, NOW - 3 * HOUR)
    assert found(known(coverage, oldest=0, recent=[row])) == (Prove(gap),)


def test_a_recovery_of_another_period_says_nothing_of_a_gap():
    coverage = [(0, NOW - 5 * HOUR), (NOW - 3 * HOUR, NOW)]
    row = a_row(NOW - 4 * HOUR, NOW - 3 * HOUR)
    assert found(known(coverage, oldest=0, recent=[row]))[0].cause == Cause.GAP


@pytest.mark.parametrize("status", [RecoveryStatus.STOPPED, RecoveryStatus.FAILED])
def test_one_that_was_stopped_goes_on_after_an_hour(status):
    coverage = [(0, NOW - 5 * HOUR), (NOW - 3 * HOUR, NOW)]
    row = a_row(NOW - 5 * HOUR, NOW - 3 * HOUR, status, ended=NOW - HOUR + US)
    state = known(coverage, oldest=0, recent=[row])
    assert found(state) == ()
    assert found(state, now=NOW + 2 * US) == (Resume("R-1"),)


def test_not_too_many_are_asked_for_at_once():
    coverage = [(hour * HOUR, hour * HOUR + 1) for hour in range(50)]
    assert len(found(known(coverage, oldest=0, at=60 * HOUR))) == AT_ONCE


# -- stops ----


def test_a_short_stop_is_no_reason():
    state = known([(0, NOW)], oldest=0)
    assert after_stop(state, now_us=NOW + 200 * US, settings=SETTINGS) == ()


@pytest.mark.parametrize(("stopped_s", "cause"), [(400, Cause.START), (22_000, Cause.LONG_STOP)])
def test_a_longer_stop_is_followed_by_a_look_at_the_time_around_it(stopped_s, cause):
    state = known([(0, NOW)], oldest=0)
    now = NOW + stopped_s * US
    asked = after_stop(state, now_us=now, settings=SETTINGS)
    assert asked == (Ask(Window(NOW - int(MARGIN_S * US), now), cause),)


def test_it_does_not_reach_behind_what_was_ever_covered():
    state = known([(NOW - 60 * US, NOW)])
    (ask,) = after_stop(state, now_us=NOW + HOUR, settings=SETTINGS)
    assert ask.window.from_us == NOW - 60 * US


def test_a_second_start_in_the_same_stop_asks_for_nothing_more():
    start = NOW - int(MARGIN_S * US)
    row = a_row(start, NOW + HOUR, RecoveryStatus.RUNNING, cause=Cause.START)
    state = known([(0, NOW)], oldest=0, recent=[row])
    assert after_stop(state, now_us=NOW + HOUR, settings=SETTINGS) == ()


# -- the schedule ----

WEEKLY = RecoverySettings(every_s=7 * 86_400, back_s=72 * 3600)


def test_by_default_there_is_no_schedule():
    assert found(known([(0, NOW)], oldest=0)) == ()


def test_a_schedule_asks_for_the_last_days_as_far_as_they_are_covered():
    (ask,) = found(known([(0, NOW)], oldest=0), settings=WEEKLY)
    assert ask == Ask(Window(NOW - 72 * HOUR, NOW), Cause.SCHEDULE)
    (ask,) = found(known([(NOW - HOUR, NOW)]), settings=WEEKLY)
    assert ask.window.from_us == NOW - HOUR


def test_a_schedule_waits_its_time_and_for_the_one_before():
    done = a_row(0, NOW, cause=Cause.SCHEDULE, asked=NOW - 24 * HOUR)
    state = known([(0, NOW)], oldest=0, recent=[done])
    assert found(state, settings=WEEKLY) == ()
    assert len(found(state, now=NOW + 6 * 24 * HOUR, settings=WEEKLY)) == 1
    runs = a_row(0, NOW, RecoveryStatus.RUNNING, cause=Cause.SCHEDULE, asked=0)
    assert found(known([(0, NOW)], oldest=0, recent=[runs]), settings=WEEKLY) == ()


def test_a_calendar_that_was_ahead_does_not_keep_the_schedule_from_going_on():
    ahead = a_row(0, NOW, cause=Cause.SCHEDULE, asked=NOW + 5000 * HOUR)
    assert len(found(known([(0, NOW)], oldest=0, recent=[ahead]), settings=WEEKLY)) == 1


# -- laws ----

WINDOWS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6)


@given(WINDOWS, st.integers(0, 60), st.integers(0, 60))
def test_holes_are_exactly_what_no_window_covers(pairs, start, end):
    windows = [Window(min(pair), max(pair)) for pair in pairs]
    uncovered = {
        instant
        for instant in range(start, end)
        if not any(window.from_us <= instant < window.to_us for window in windows)
    }
    gaps = holes(windows, start, end)
    assert {instant for gap in gaps for instant in range(gap.from_us, gap.to_us)} == uncovered
    assert all(gap.from_us < gap.to_us for gap in gaps)
    assert list(gaps) == sorted(gaps, key=lambda gap: gap.from_us)


@given(WINDOWS, st.integers(0, 60), st.integers(1, 60))
def test_once_everything_asked_for_is_covered_nothing_is_asked_for(pairs, oldest, at):
    coverage = [(min(pair), max(pair)) for pair in pairs]
    for _ in range(10):
        asked = found(known(coverage, oldest=oldest, at=at))
        if not asked:
            return
        coverage += [(ask.window.from_us, ask.window.to_us) for ask in asked]
    raise AssertionError("it asks for ever")

"""The beat of polls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import AuthRefused, Throttled, Unreachable
from recorder.poll.schedule import Schedule

S = 1_000_000_000


@pytest.fixture
def schedule():
    made = Schedule(interval_s=60)
    made.start(10 * S)
    return made


def test_the_phase_is_kept_however_long_a_poll_takes(schedule):
    assert schedule.beat_ns(10 * S) == 70 * S
    assert schedule.beat_ns(70 * S) == 130 * S
    assert schedule.beat_ns(199 * S) == 250 * S


def test_a_failure_is_tried_again_before_the_next_beat_with_growing_waits(schedule):
    waits = [schedule.failed(Unreachable("x"), 0.5, 10 * S) - 10 * S for _ in range(8)]
    assert waits[:4] == [S // 2, S, 2 * S, 4 * S]
    assert waits[-1] == 30 * S
    schedule.succeeded()
    assert schedule.failed(Unreachable("x"), 0.5, 10 * S) == 10 * S + S // 2


def test_patience_asked_for_beats_the_beat(schedule):
    again = schedule.failed(Throttled("x", retry_after_s=100), 0.0, 10 * S)
    assert again == 110 * S
    assert not schedule.may_poll(109 * S)
    assert schedule.may_poll(110 * S)
    assert schedule.beat_ns(20 * S) == 110 * S
    assert schedule.beat_ns(110 * S) == 130 * S, "and the phase is as it was"


def test_any_error_may_ask_for_patience(schedule):
    assert schedule.failed(Unreachable("x", retry_after_s=30), 0.0, 10 * S) == 40 * S
    assert not schedule.may_poll(39 * S)


def test_throttling_without_a_time_is_waited_too(schedule):
    schedule.failed(Throttled("x"), 0.5, 10 * S)
    assert not schedule.may_poll(10 * S)


def test_a_new_duty_forgets_the_patience_of_the_last(schedule):
    schedule.failed(Throttled("x", retry_after_s=100), 0.0, 10 * S)
    schedule.start(20 * S)
    assert schedule.may_poll(20 * S)


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True), st.integers(1, 30))
def test_a_retry_is_never_later_than_the_next_beat(now_s, chance, failures):
    schedule = Schedule(interval_s=60)
    schedule.start(0)
    for _ in range(failures):
        again = schedule.failed(AuthRefused("x"), chance, now_s * S)
        assert now_s * S <= again <= schedule.beat_ns(now_s * S)

"""The source's clock, known from whole seconds seen through a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.model import SourceTime
from recorder.poll.source_clock import AGE_MAX_S, LEAP_S, SourceClock

S = 1_000_000_000


def sample(source_s, sent_ns, received_ns):
    return SourceTime(source_s * 1_000_000, sent_ns, received_ns)


def test_it_knows_nothing_before_the_first_sample():
    assert SourceClock().read(0) is None


def test_a_header_of_whole_seconds_is_true_within_half_a_second_and_half_the_round_trip():
    clock = SourceClock()
    clock.add(sample(1000, 0, 200_000_000))
    reading = clock.read(100_000_000)
    assert reading.now_us == 1_000_500_000
    assert reading.error_us == 600_001
    assert reading.surely_us <= 1_000_000_000


def test_time_goes_on_between_samples_and_the_error_grows():
    clock = SourceClock()
    clock.add(sample(1000, 0, 0))
    later = clock.read(100 * S)
    assert later.now_us == 1_100_500_000
    assert later.error_us > clock.read(0).error_us


def test_the_sample_with_the_smaller_error_is_kept():
    clock = SourceClock()
    clock.add(sample(1000, 0, 10_000_000))
    clock.add(sample(1001, S, 3 * S))
    assert clock.read(S).error_us < 600_000


def settled():
    clock = SourceClock()
    for second in range(3):
        clock.add(sample(1000 + second, second * S, second * S))
    return clock


def off_by_s(clock, now_ns):
    return (clock.read(now_ns).now_us - 500_000) / 1e6 - 1000 - now_ns / S


@pytest.mark.parametrize("leap_s", [432_000, -900])
def test_a_clock_that_was_set_is_believed_when_a_later_exchange_agrees(leap_s):
    clock = settled()
    clock.add(sample(1010 + leap_s, 10 * S, 10 * S))
    assert off_by_s(clock, 10 * S) == pytest.approx(0, abs=0.01)
    assert clock.leap_s == pytest.approx(leap_s, abs=1)
    clock.add(sample(1015 + leap_s, 15 * S, 15 * S))
    assert off_by_s(clock, 15 * S) == pytest.approx(0, abs=0.01)
    clock.add(sample(1020 + leap_s, 20 * S, 20 * S))
    assert off_by_s(clock, 20 * S) == pytest.approx(leap_s, abs=0.01)
    assert clock.leap_s == 0


@pytest.mark.parametrize("leap_s", [432_000, -900])
def test_while_in_doubt_only_what_both_say_is_sure(leap_s):
    clock = settled()
    clock.add(sample(1010 + leap_s, 10 * S, 10 * S))
    assert clock.surely_us(10 * S) <= (1010 + min(0, leap_s)) * 1_000_000


def test_an_answer_that_agrees_with_what_was_known_ends_the_doubt():
    clock = settled()
    clock.add(sample(9010, 10 * S, 10 * S))
    clock.add(sample(1020, 20 * S, 20 * S))
    assert clock.leap_s == 0
    clock.add(sample(9030, 30 * S, 30 * S))
    assert clock.leap_s != 0
    assert off_by_s(clock, 30 * S) == pytest.approx(0, abs=0.01)


def test_wrong_answers_that_contradict_each_other_confirm_nothing():
    clock = settled()
    for number in range(1, 10):
        clock.add(sample(1000 + 5000 * number, number * 20 * S, number * 20 * S))
    assert off_by_s(clock, 180 * S) == pytest.approx(0, abs=0.01)


def test_after_a_long_silence_even_a_slow_answer_is_better_than_none():
    clock = settled()
    clock.add(sample(1999, 1000 * S, 1004 * S))
    assert clock.read(1004 * S) is not None


def test_a_long_silence_does_not_make_a_leap_believed():
    clock = settled()
    clock.add(sample(1000 + 432_000, 5000 * S, 5000 * S))
    assert off_by_s(clock, 5000 * S) == pytest.approx(0, abs=0.01)


def test_a_first_answer_far_ahead_of_our_own_clock_is_compared_with_others():
    clock = SourceClock()
    clock.add(sample(432_000 + 1000, 0, 0))
    assert clock.wants_more(0, wall_us=1000 * 1_000_000)
    clock.add(sample(1000, 0, 0))
    assert off_by_s(clock, 0) == pytest.approx(0, abs=0.01)
    assert not clock.wants_more(0, wall_us=1000 * 1_000_000)


def test_three_first_answers_that_agree_are_believed_whatever_our_own_clock_says():
    clock = SourceClock()
    for _ in range(3):
        assert clock.wants_more(0, wall_us=0)
        clock.add(sample(1000, 0, 0))
    assert not clock.wants_more(0, wall_us=0)


@given(wrong_s=st.lists(st.integers(-(10**6), 10**6), max_size=6), data=st.data())
def test_no_single_wrong_answer_moves_what_is_sure_ahead_of_the_truth(wrong_s, data):
    """Every wrong one comes between two true ones."""
    clock, second = settled(), 2
    for wrong in wrong_s:
        for off_s in (wrong, 0):
            second += data.draw(st.integers(1, 400))
            clock.add(sample(1000 + second + off_s, second * S, second * S))
            assert clock.surely_us(second * S) <= (1000 + second + LEAP_S + 2) * 1_000_000


def test_an_old_sample_says_nothing():
    clock = SourceClock()
    clock.add(sample(1000, 0, 0))
    assert clock.read(int(AGE_MAX_S * S)) is not None
    assert clock.read(int(AGE_MAX_S * S) + 1) is None


@given(
    offset_us=st.integers(0, 10**15),
    calls=st.lists(
        st.tuples(st.integers(0, 60 * S), st.integers(0, 2 * S), st.floats(0, 1)),
        min_size=1,
        max_size=12,
    ),
)
def test_the_truth_is_always_within_the_bound(offset_us, calls):
    clock, now_ns = SourceClock(), 0
    for pause_ns, round_trip_ns, share in calls:
        sent_ns = now_ns + pause_ns
        now_ns = sent_ns + round_trip_ns
        stamped_us = offset_us + (sent_ns + int(round_trip_ns * share)) // 1000
        clock.add(SourceTime(stamped_us // 1_000_000 * 1_000_000, sent_ns, now_ns))
        reading = clock.read(now_ns)
        truth_us = offset_us + now_ns // 1000
        assert abs(reading.now_us - truth_us) <= reading.error_us + 2
        assert reading.surely_us <= truth_us + 2

"""The source's clock, known from whole seconds seen through a network."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.model import SourceTime
from recorder.poll.source_clock import AGE_MAX_S, SourceClock

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


def test_a_clock_that_was_set_is_believed():
    clock = SourceClock()
    clock.add(sample(1000, 0, 0))
    clock.add(sample(5000, S, 3 * S))
    assert clock.read(2 * S).now_us == 5_000_500_000


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

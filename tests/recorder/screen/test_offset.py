"""How far a desktop's clock is ahead: the true offset lies within the error that is told."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.screen.offset import GOOD_FOR_NS, OffsetMeter

WALL_US = 1_700_000_000_000_000
trips = st.lists(
    st.tuples(st.integers(0, 800_000), st.floats(0, 1), st.integers(1, 30_000)),
    min_size=1,
    max_size=30,
)


def ask(meter, at_ns, there_us, trip_us, ahead_us):
    """A question asked at `at_ns`, which the desktop sees `there_us` later."""
    meter.answered(
        asked_ns=at_ns,
        heard_ns=at_ns + trip_us * 1000,
        heard_wall_us=WALL_US + at_ns // 1000 + trip_us,
        desktop_us=WALL_US + at_ns // 1000 + there_us + ahead_us,
    )


@given(trips, st.integers(-(10**9), 10**9))
def test_the_true_offset_lies_within_the_error(told, ahead_us):
    meter, now_ns = OffsetMeter(), 0
    for trip_us, place, pause_ms in told:
        ask(meter, now_ns, int(trip_us * place), trip_us, ahead_us)
        now_ns += trip_us * 1000
        best = meter.best(now_ns)
        assert abs(best.ahead_us - ahead_us) <= best.error_us
        now_ns += pause_ms * 10**6
    assert best.error_us <= told[-1][0] // 2 + 2


def test_the_best_answer_is_the_quickest_one_and_is_worth_less_as_it_ages():
    meter = OffsetMeter()
    ask(meter, 0, 5_000, 10_000, 77)
    ask(meter, 10**9, 100, 200, 77)
    ask(meter, 2 * 10**9, 5_000, 10_000, 77)
    soon, later = meter.best(3 * 10**9), meter.best(60 * 10**9)
    assert abs(soon.ahead_us - 77) <= 102
    assert soon.error_us < later.error_us < 10_000


def test_a_clock_that_was_set_is_believed_anew():
    meter = OffsetMeter()
    ask(meter, 0, 100, 200, 0)
    ask(meter, 10**9, 100, 200, 3_600_000_000)
    assert abs(meter.best(10**9).ahead_us - 3_600_000_000) <= 102


def test_nothing_is_known_before_an_answer_and_long_after_the_last():
    meter = OffsetMeter()
    assert meter.best(0) is None
    ask(meter, 0, 1, 2, 0)
    assert meter.best(GOOD_FOR_NS) is not None
    assert meter.best(GOOD_FOR_NS + 10**7) is None

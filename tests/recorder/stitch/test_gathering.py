from hypothesis import given
from hypothesis import strategies as st

from recorder.model import SourceTime
from recorder.stitch.gathering import service_offset

WALL = 1_700_000_000_000_000


@given(
    st.integers(-90_000_000, 90_000_000),
    st.integers(0, 3_000_000),
    st.floats(0, 1),
    st.integers(0, 10**9),
)
def test_the_true_offset_always_lies_within_the_error(ahead_us, trip_us, share, later_ns):
    """The service says in whole seconds what its clock showed at some instant of the exchange."""
    sent_ns = 5_000_000_000
    received_ns = sent_ns + trip_us * 1000
    asked_us = WALL + int(trip_us * share)
    time = SourceTime((asked_us + ahead_us) // 1_000_000 * 1_000_000, sent_ns, received_ns)

    found = service_offset(time, WALL + trip_us + later_ns // 1000, received_ns + later_ns)

    assert abs(found.ahead_us - ahead_us) <= found.error_us + 1

"""How long a look at many contacts rests."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from recorder.keep.pace import rest_s


@given(some.integers(10_000_000, 5_000_000_000), some.floats(0.1, 0.9))
def test_a_step_and_its_rest_keep_the_share(took_ns, share):
    took_s = took_ns / 1e9
    assert took_s / (took_s + rest_s(took_ns, share)) <= share * 1.001


def test_a_step_that_took_no_time_lets_others_come_to_their_turn():
    assert rest_s(0, 1.0) == 0.01


def test_a_step_that_took_for_ever_is_not_answered_with_an_hour_of_rest():
    assert rest_s(3_600_000_000_000, 0.2) == pytest.approx(60)

"""Full-jitter back-off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.backoff import bound_s, delay_s

CHANCES = st.floats(0, 1, exclude_max=True)
TRIES = st.integers(1, 10_000)


def test_the_bound_doubles_up_to_the_cap():
    assert [bound_s(n, 2.0, 12.0) for n in range(1, 6)] == [2, 4, 8, 12, 12]


@given(attempt=TRIES, chance=CHANCES)
def test_a_delay_is_never_negative_and_never_above_the_cap(attempt, chance):
    assert 0 <= delay_s(attempt, base_s=2, cap_s=900, chance=chance) <= 900


@given(attempt=TRIES, chance=CHANCES, asked=st.floats(0, 1e6))
def test_what_the_source_asks_for_is_honoured(attempt, chance, asked):
    waited = delay_s(attempt, base_s=2, cap_s=900, chance=chance, retry_after_s=asked)
    assert asked <= waited <= asked + 2


@given(attempt=TRIES, low=CHANCES, high=CHANCES)
def test_the_delay_grows_with_chance(attempt, low, high):
    low, high = sorted((low, high))
    shorter = delay_s(attempt, base_s=2, cap_s=900, chance=low)
    assert shorter <= delay_s(attempt, base_s=2, cap_s=900, chance=high)


def test_tries_count_from_one():
    with pytest.raises(AssertionError):
        bound_s(0, 2, 900)

"""How many requests were made of late."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.budget import Recent

NS = 1_000_000_000


def test_what_is_older_than_the_period_is_forgotten():
    recent = Recent(60.0)
    for second in range(90):
        recent.add(second * NS)
    assert recent.count(90 * NS) == 60
    assert recent.count(1000 * NS) == 0


def test_a_clock_that_steps_back_loses_nothing():
    recent = Recent(60.0)
    recent.add(10 * NS)
    recent.add(4 * NS)
    assert recent.count(10 * NS) == 2


@given(st.lists(st.integers(0, 3 * NS), max_size=200), st.floats(1.0, 600.0))
def test_the_count_is_true_to_a_sixtieth_of_the_period(gaps_ns, per_s):
    recent, made, slice_ns = Recent(per_s), [], int(per_s * NS) // 60
    for now_ns in itertools.accumulate(gaps_ns):
        recent.add(now_ns)
        made.append(now_ns)
        inside = sum(one > now_ns - slice_ns * 60 for one in made)
        at_most = sum(one >= now_ns - slice_ns * 61 for one in made)
        assert inside <= recent.count(now_ns) <= at_most
        assert len(recent._counts) <= 62

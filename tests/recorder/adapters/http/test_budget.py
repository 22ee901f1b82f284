import itertools

from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.budget import Budget, full_bucket

NS = 1_000_000_000


def test_a_full_bucket_allows_its_burst_at_once_and_then_names_the_wait():
    bucket = full_bucket(Budget(requests=100, per_s=80.0), now_ns=0)
    for _ in range(20):
        bucket, wait_s = bucket.take(0)
        assert wait_s == 0.0

    unchanged, wait_s = bucket.take(0)

    assert unchanged == bucket
    assert wait_s == 1.0


def test_after_the_named_wait_exactly_one_more_is_allowed():
    bucket = full_bucket(Budget(requests=10, per_s=8.0), now_ns=0)
    for _ in range(2):
        bucket, _ = bucket.take(0)
    _, wait_s = bucket.take(0)

    bucket, first = bucket.take(int(wait_s * NS))
    _, second = bucket.take(int(wait_s * NS))

    assert first == 0.0
    assert second > 0.0


def test_a_clock_that_steps_back_only_makes_it_stricter():
    bucket, _ = full_bucket(Budget(10, 8.0), now_ns=100 * NS).take(100 * NS)

    _, wait_s = bucket.take(0)

    assert wait_s > 0.0


@given(
    requests=st.integers(2, 200),
    per_s=st.floats(1.0, 600.0),
    gaps_ns=st.lists(st.integers(0, 20 * NS), max_size=300),
)
def test_no_period_ever_holds_more_than_the_budget(requests, per_s, gaps_ns):
    budget = Budget(requests, per_s)
    bucket = full_bucket(budget, 0)
    taken = []
    for now_ns in itertools.accumulate(gaps_ns):
        bucket, wait_s = bucket.take(now_ns)
        if wait_s == 0.0:
            taken.append(now_ns)

    for begin in taken:
        inside = [one for one in taken if begin <= one < begin + int(per_s * NS)]
        assert len(inside) <= requests


@given(st.integers(2, 200), st.floats(1.0, 600.0))
def test_a_patient_caller_is_always_served(requests, per_s):
    bucket, now_ns = full_bucket(Budget(requests, per_s), 0), 0
    for _ in range(3 * requests):
        after, wait_s = bucket.take(now_ns)
        if wait_s > 0.0:
            now_ns += int(wait_s * NS) + 1
            after, wait_s = bucket.take(now_ns)
        assert wait_s == 0.0
        bucket = after


def test_who_may_wait_takes_a_turn_of_its_own():
    bucket = full_bucket(Budget(requests=10, per_s=8.0), now_ns=0)
    waits = []
    for _ in range(5):
        bucket, wait_s = bucket.take(0, wait_max_s=10.0)
        waits.append(wait_s)

    assert waits == [0.0, 0.0, 1.0, 2.0, 3.0]


def test_too_long_a_queue_takes_nothing():
    bucket = full_bucket(Budget(requests=10, per_s=8.0), now_ns=0)
    for _ in range(4):
        bucket, _ = bucket.take(0, wait_max_s=2.0)

    unchanged, wait_s = bucket.take(0, wait_max_s=2.0)

    assert unchanged == bucket
    assert wait_s == 3.0


@given(
    requests=st.integers(2, 100),
    per_s=st.floats(1.0, 600.0),
    wait_max_s=st.floats(0.0, 20.0),
    gaps_ns=st.lists(st.integers(0, 5 * NS), max_size=200),
)
def test_those_who_wait_keep_the_budget_too(requests, per_s, wait_max_s, gaps_ns):
    bucket = full_bucket(Budget(requests, per_s), 0)
    made = []
    for now_ns in itertools.accumulate(gaps_ns):
        after, wait_s = bucket.take(now_ns, wait_max_s)
        if after != bucket:
            made.append(now_ns + wait_s * NS)
        bucket = after

    for begin in made:
        # A microsecond for the waits, which are floats.
        inside = [one for one in made if begin <= one < begin + per_s * NS - 1_000]
        assert len(inside) <= requests

"""How late items appear."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.poll.lateness import BUCKETS, FORGET_AT, OVERLAP_MAX_S, Lateness


def test_nothing_is_known_before_the_first_item():
    assert Lateness().p999_s() is None
    assert Lateness().overlap_s(floor_s=120, settle_s=90) == 120


def test_one_late_item_in_a_thousand_does_not_count_and_two_do():
    lateness = Lateness()
    for _ in range(999):
        lateness.observe(60)
    lateness.observe(5000)
    assert lateness.p999_s() < 80
    lateness.observe(5000)
    assert lateness.p999_s() >= 5000


@given(st.lists(st.floats(0, 10**7), min_size=1, max_size=200))
def test_the_estimate_is_above_the_truth_by_a_fifth_at_most(values):
    lateness = Lateness()
    for value in values:
        lateness.observe(value)
    truth = max(1.0, sorted(values)[-(-len(values) * 999 // 1000) - 1])
    assert truth <= lateness.p999_s() * 1.0001
    assert lateness.p999_s() <= truth * 1.2


def test_the_overlap_follows_the_lateness_between_its_bounds():
    lateness = Lateness()
    for _ in range(2000):
        lateness.observe(400)
    overlap = lateness.overlap_s(floor_s=120, settle_s=90)
    assert 465 <= overlap <= 600
    for _ in range(100):
        lateness.observe(86_400)
    assert lateness.overlap_s(floor_s=120, settle_s=90) == OVERLAP_MAX_S


def test_memory_is_bounded_and_old_lateness_is_forgotten():
    lateness = Lateness()
    for _ in range(100):
        lateness.observe(100_000)
    for _ in range(FORGET_AT * 8):
        lateness.observe(10)
    assert lateness.p999_s() < 13
    assert len(lateness._counts) == BUCKETS


def test_escapes_are_counted_and_the_newest_named():
    lateness = Lateness()
    for number in range(7):
        lateness.escape(f"item{number}", 4000)
    assert lateness.escapes == 7
    assert list(lateness.escaped) == [f"item{number}" for number in range(2, 7)]
    assert lateness.p999_s() >= 4000
